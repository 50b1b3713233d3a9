package commands

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestBurstsAreAsLines runs random lines one by one, and in bursts, and compares.
func TestBurstsAreAsLines(t *testing.T) {
	for seed := range uint64(30) {
		d := newTypist(t, seed)
		a, all := d.session, newBox(t)
		b := all.session(operator, "system-view")
		var lines, want, got []string
		for len(lines) < 200 {
			line, place := "system-view", a.place
			if place.system {
				line = d.line("", d.choose(place.groups()))
			}
			trial := a.running.trial
			r := Result{a.Prompt(), a.Exec(t.Context(), line)}
			if a.question != nil || r.Long != nil && a.running.trial == trial {
				a.question, a.place = nil, place
				continue
			}
			lines, want = append(lines, line), append(want, said(r))
		}
		for rest := lines; len(rest) > 0; {
			results := b.ExecAll(t.Context(), rest)
			for _, r := range results {
				got = append(got, said(r))
			}
			rest = rest[len(results):]
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("seed %d: %q says\n%s\nin a burst, want\n%s", seed, lines[i], got[i], want[i])
			}
		}
		if a.running.config.Render(seal) != b.running.config.Render(seal) || a.Prompt() != b.Prompt() {
			t.Fatalf("seed %d: the configurations differ", seed)
		}
		if x, y := a.running.journal.latest(journalSize), b.running.journal.latest(journalSize); fmt.Sprint(x) != fmt.Sprint(y) {
			t.Fatalf("seed %d: the journals differ:\n%v\n%v", seed, x, y)
		}
	}
}

// said is what a person sees of a result.
func said(r Result) string {
	out := r.Rendered()
	return fmt.Sprint(r.Prompt, "|", out.Text, out.Err, out.Ended, out.Long != nil)
}

func TestABurstIsAppliedOnce(t *testing.T) {
	box := newBox(t)
	s := box.session(operator, "system-view")
	lines := strings.Split("ike proposal 1\ndh group2\nquit\nsysname A\nfrobnicate\nsysname B\ndisplay this\nsysname C", "\n")
	before := len(box.device.applied)
	results := s.ExecAll(t.Context(), lines)
	if n := len(box.device.applied) - before; n != 1 || len(results) != 6 || results[4].Err == nil {
		t.Errorf("applied %d times for %d lines, want once for what stands before the display: %v", n, len(results), results)
	}
	if c := box.device.applied[len(box.device.applied)-1]; c.Sysname != "B" || c != s.running.config {
		t.Errorf("applied %q, in force %q, want B", c.Sysname, s.running.config.Sysname)
	}
}

// TestTheLineThatTheDeviceRefusesIsNamed has a device that cannot have what a line
// of a burst makes.
func TestTheLineThatTheDeviceRefusesIsNamed(t *testing.T) {
	box := newBox(t)
	box.device.whims = func(c *Config) error {
		if c.IKEProposals[7] != nil {
			return errors.New("there is no seventh")
		}
		return nil
	}
	s := box.session(operator, "system-view")
	results := s.ExecAll(t.Context(), []string{"sysname A", "ike proposal 7", "quit", "sysname B"})
	var got []string
	for _, r := range results {
		got = append(got, said(r))
	}
	const want = "[Sallyport]|<nil> false false; [A]|Error: There is no seventh.\nError: There is no seventh. false false; [A]|<nil> false false; <A>|"
	if all := strings.Join(got, "; "); !strings.HasPrefix(all, want) || s.running.config.IKEProposals[7] != nil {
		t.Errorf("said %q, want %q", all, want)
	}
}
