package commands

import (
	"reflect"
	"strings"
	"testing"
)

// drawnBranch is a branch with names that are drawn often.
var drawnBranch = strings.NewReplacer("policy1 5", "a 1", "policy1", "a").Replace(branch)

// drawnByHand is a manual tunnel likewise.
var drawnByHand = strings.NewReplacer("policy m 5", "policy a 1", "policy m", "policy a").Replace(byHand())

// TestVersions types lines at random and looks at every version of the configuration
// that they make: each is without a fault, though only the rows have looked at it;
// what is made of it with the help of the version before is what would be made of it
// alone; and no later line changes it.
func TestVersions(t *testing.T) {
	for seed := range uint64(25) {
		d := newTypist(t, 3000+seed)
		for line := range strings.Lines([]string{drawnBranch, drawnByHand}[seed%2]) {
			d.session.Exec(t.Context(), strings.TrimSpace(line))
		}
		versions := map[*Config]string{}
		for range 150 {
			d.types(1)
			c := d.session.running.config
			if versions[c] != "" {
				continue
			}
			versions[c] = c.Render(seal)
			if d.IntN(4) > 0 { // the next version may find one that nothing was made of
				checkCompiled(t, c)
			}
			if faults := c.Validate(); len(faults) > 0 {
				t.Errorf("typed, and not valid: %v\n%s", faults, versions[c])
			}
		}
		for c, text := range versions {
			if again := c.Render(seal); again != text {
				t.Errorf("a version became\n%s\nand was\n%s", again, text)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// checkCompiled compares what is made of a version with what would be made of it if
// there had been none before.
func checkCompiled(t *testing.T, c *Config) {
	t.Helper()
	alone := *c
	alone.compiled = nil
	got, err := c.Protection(port)
	want, wantErr := alone.Protection(port)
	if err != nil || wantErr != nil {
		if err == nil || wantErr == nil {
			t.Errorf("Protection() = %v, alone %v", err, wantErr)
		}
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("made %d policies that differ from the %d made of it alone:\n%s", len(got.Policies), len(want.Policies), c.Render(seal))
	}
}

// TestCompareIsRender compares configurations drawn at random: two differ by their
// texts if they differ by their values, and one replayed from its own text does not.
func TestCompareIsRender(t *testing.T) {
	var last string
	for seed := range uint64(20) {
		d := newTypist(t, 4000+seed)
		d.types(150)
		text := d.session.running.config.Render(seal)
		again, _ := Replay(New(), Script{Text: text, Open: open})
		if differences := compareTexts(text, again.Render(seal)); len(differences) > 0 {
			t.Errorf("seed %d: differs from itself: %v\n%s", seed, differences, text)
		}
		if differences := compareTexts(text, last); (len(differences) == 0) != (text == last) {
			t.Errorf("seed %d: %d differences between\n%s\nand\n%s", seed, len(differences), text, last)
		}
		last = text
	}
}

// TestListsOfVersions has versions of one configuration each get rules that the others have not: the
// room behind the rules that they share is nobody's.
func TestListsOfVersions(t *testing.T) {
	const few = "acl number 3000\n rule 5 permit ip\n rule 10 permit tcp\n rule 15 permit udp\n"
	for _, test := range []struct{ name, base string }{
		{"some rules", few},
		{"rules that are gone", few + " undo rule 5\n undo rule 10\n undo rule 15\n"},
		{"a rule that is gone", few + " undo rule 15\n"},
		{"none yet", "acl number 3000\n"},
	} {
		base := replayed(t, test.base)
		var versions []*Config
		lines := []string{"rule 20 permit icmp", "rule 20 deny tcp source 192.0.2.1 0", "rule 20 permit ospf\n rule 25 permit 88"}
		for _, line := range lines {
			c, refused := Replay(base, Script{Text: "acl number 3000\n " + line})
			if len(refused) > 0 {
				t.Fatal(refused[0])
			}
			versions = append(versions, c)
		}
		for n, c := range versions {
			if text := c.Render(seal); !strings.Contains(text, lines[n]+"\n") {
				t.Errorf("%s: version %d has not got %q any more:\n%s", test.name, n, lines[n], text)
			}
		}
	}
}
