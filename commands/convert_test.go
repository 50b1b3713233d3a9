package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func ports(name string) string {
	if name == "FastEthernet0/0" {
		return "eth1"
	}
	return ""
}

func TestConvert(t *testing.T) {
	const file = "branch.ios"
	text, err := os.ReadFile(filepath.Join("..", "testdata", "ios", file))
	if err != nil {
		t.Fatal(err)
	}
	config, faults := Convert(file, string(text), ports, hashOf)
	var b strings.Builder
	for _, fault := range faults {
		fmt.Fprintf(&b, "! not taken: %v: %s\n", fault, fault.Text)
	}
	b.WriteString(config.RenderClear())
	golden(t, filepath.Join("..", "ios", "branch.cfg"), b.String())

	again, refused := Replay(New(), Script{File: "converted", Text: b.String()})
	if len(refused) > 0 || again.RenderClear() != config.RenderClear() {
		t.Errorf("what was converted is refused, %v, or becomes\n%s", refused, again.RenderClear())
	}
}

// TestManualKeysInClear takes a configuration to a box that is not this one.
func TestManualKeysInClear(t *testing.T) {
	c := replayed(t, byHand()+"ipsec policy m 5\n sa string-key inbound esp \"two words\"\n")
	text := c.RenderClear()
	if !strings.Contains(text, digits(20, "a2")) || !strings.Contains(text, `"two words"`) {
		t.Errorf("rendered as\n%s", text)
	}
	if again := replayed(t, text); again.Render(seal) != c.Render(seal) {
		t.Errorf("replayed as\n%s\nwant\n%s", again.Render(seal), c.Render(seal))
	}
}

// TestALineOfIOSIsTakenWholeOrNotAtAll has the last of the lines that stand for one
// refused, in a file and in a session.
func TestALineOfIOSIsTakenWholeOrNotAtAll(t *testing.T) {
	const line = "username u privilege 15 secret short"
	config, faults := Convert("f", line+"\n", ports, hashOf)
	if len(faults) != 1 || config.Render(nil) != New().Render(nil) {
		t.Errorf("faults %v and\n%s", faults, config.Render(nil))
	}
	s := newBox(t).session(operator, "system-view")
	if out := s.Exec(t.Context(), line); out.Err == nil || s.running.config.Render(nil) != New().Render(nil) || s.Prompt() != "[Sallyport]" {
		t.Errorf("%v, prompt %s and\n%s", out.Err, s.Prompt(), s.running.config.Render(nil))
	}
}

// TestAnSPIOfALineThatWasNotTakenIsFree has the first of the lines that stand for one
// taken, and a later one refused.
func TestAnSPIOfALineThatWasNotTakenIsFree(t *testing.T) {
	const line = " set session-key inbound esp 300 cipher "
	config, faults := Convert("f", "crypto map m 1 ipsec-manual\n"+line+"0011\ncrypto map m 2 ipsec-manual\n"+line+digits(16, "00")+"\n", ports, hashOf)
	if len(faults) != 1 || faults[0].Line != 2 || strings.Contains(faults[0].Error()+faults[0].Text, "0011") {
		t.Errorf("faults %v", faults)
	}
	if first, second := config.Policies[PolicyKey{"m", 1}], config.Policies[PolicyKey{"m", 2}]; len(first.SPIs) != 0 || len(second.SPIs) != 1 {
		t.Errorf("SPIs %v and %v, want the second alone", first.SPIs, second.SPIs)
	}
}

func FuzzConvert(f *testing.F) {
	f.Add("crypto map a 1 ipsec-isakmp\n set peer 1.2.3.4\naccess-list 1 permit any\n")
	f.Add(" a\n b\nc")
	f.Fuzz(func(t *testing.T, text string) {
		config, faults := Convert("f", text, ports, hashOf)
		for _, fault := range faults {
			if fault.Line < 0 || fault.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%v is not in the file", fault)
			}
		}
		checkReplays(t, config)
	})
}
