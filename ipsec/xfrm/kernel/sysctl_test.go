package kernel

import (
	"os"
	"strings"
	"testing"
)

// TestWaiting is set in its namespace, and in no other.
func TestWaiting(t *testing.T) {
	s, other := newSide(t), newSide(t)
	before, err := other.k.Waiting()
	must(t, err)
	for _, want := range []Waiting{{Drop: false, Expires: 10}, {Drop: true, Expires: 30}, {Drop: !before.Drop, Expires: before.Expires + 1}} {
		must(t, s.k.SetWaiting(want))
		if got, err := s.k.Waiting(); got != want || err != nil {
			t.Errorf("set is %+v, %v, want %+v", got, err, want)
		}
	}
	if got, err := other.k.Waiting(); got != before || err != nil {
		t.Errorf("in the other namespace it became %+v, %v", got, err)
	}
	if err := s.k.SetWaiting(Waiting{Expires: -1 << 40}); err == nil || !strings.HasPrefix(err.Error(), "sysctl net.core.xfrm_acq_expires: ") {
		t.Errorf("a number out of range: %v", err)
	}
}

// TestSettingsThatAreNone are told in a line.
func TestSettingsThatAreNone(t *testing.T) {
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	must(t, err)
	defer root.Close()
	k := &Kernel{settings: root}
	const missing = "sysctl net.core.xfrm_larval_drop: openat xfrm_larval_drop: no such file or directory"
	if _, err := k.Waiting(); err == nil || err.Error() != missing {
		t.Errorf("not there: %v", err)
	}
	if err := k.SetWaiting(Waiting{}); err == nil || err.Error() != missing {
		t.Errorf("not there to be set: %v", err)
	}
	must(t, os.WriteFile(folder+"/xfrm_larval_drop", []byte("many\n"), 0o600))
	if _, err := k.Waiting(); err == nil || err.Error() != `sysctl net.core.xfrm_larval_drop is "many\n", want a number` {
		t.Errorf("no number: %v", err)
	}
}
