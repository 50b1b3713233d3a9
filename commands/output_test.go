package commands

import (
	"reflect"
	"testing"
)

func TestLinesOf(t *testing.T) {
	for text, want := range map[string][]string{
		"": {}, "\n": {""}, "a\n": {"a"}, "a\n\nb\n": {"a", "", "b"},
	} {
		d := linesOf(text)
		if !reflect.DeepEqual(d.Lines, want) || d.text() != text {
			t.Errorf("linesOf(%q) = %q, its text %q", text, d.Lines, d.text())
		}
	}
}

// TestLayoutIsMadeLate looks that nobody lays out a display before it is rendered.
func TestLayoutIsMadeLate(t *testing.T) {
	made := 0
	out := Output{Text: "first\n", Display: layout(func() string { made++; return "second\n" })}
	if made != 0 {
		t.Error("it was laid out when it was made")
	}
	rendered := out.Rendered()
	if rendered.Text != "first\nsecond\n" || !rendered.Paged || rendered.Display != nil || made != 1 {
		t.Errorf("rendered as %+v, laid out %d times", rendered, made)
	}
	if again := rendered.Rendered(); again.Text != rendered.Text || !again.Paged {
		t.Errorf("rendered again as %+v", again)
	}
}

// TestDisplaysThatAreLate displays what may be much, and changes the configuration
// before it is laid out.
func TestDisplaysThatAreLate(t *testing.T) {
	for _, line := range []string{"display current-configuration", "display this", "display current-configuration configuration ike-peer"} {
		s := newBox(t).session(operator, "system-view", "ike peer b", "remote-address 192.0.2.1")
		before := s.Exec(t.Context(), line).Rendered().Text
		out := s.Exec(t.Context(), line)
		for _, change := range []string{"remote-address 192.0.2.9", "undo ike peer b"} {
			if err := s.Exec(t.Context(), change).Err; err != nil {
				t.Fatal(err)
			}
		}
		if after := out.Rendered().Text; after != before {
			t.Errorf("%q became\n%s, want\n%s", line, after, before)
		}
	}
}

func TestBriefFormHasTheWholeJSON(t *testing.T) {
	full := newIKEPeerDisplay(IKEGlobal{}, manyPeers())
	brief := inBrief{full}
	short, _ := jsonText(brief)
	long, _ := jsonText(full)
	if short != long || brief.text() == full.text() {
		t.Error("the brief form is not another text of the same value")
	}
}
