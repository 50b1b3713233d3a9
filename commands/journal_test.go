package commands

import (
	"strings"
	"testing"
)

// TestChangesNameThePromptBefore types lines that move.
func TestChangesNameThePromptBefore(t *testing.T) {
	b := newBox(t)
	s := b.session(Options{Level: everything, Interactive: true}, "system-view", "sysname H", "sysname X", "user-interface vty 0 4", "ike peer b", "remote-address 192.0.2.2",
		"local-address 192.0.2.1", "rollback configuration to last 1", "y", "super password", rightPassword, rightPassword)
	got := ""
	for _, c := range s.running.journal.latest(journalSize) {
		got += c.View + c.Text + "\n"
	}
	want := "[Sallyport]sysname H\n[H]sysname X\n[X]user-interface vty 0 4\n[X-ui-vty0-4]ike peer b\n[X-ike-peer-b]remote-address 192.0.2.2\n" +
		"[X-ike-peer-b]local-address 192.0.2.1\n[X-ike-peer-b]rollback configuration to last 1\n"
	if !strings.HasPrefix(got, want) || !strings.Contains(got[len(want):], "]super password ") {
		t.Errorf("noted\n%s\nwant\n%s", got, want)
	}
}
