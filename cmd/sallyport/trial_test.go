package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/commands"
)

// A trialBox is a device whose clock is late, so that a trial is over as soon as
// the lock is let go.
type trialBox struct {
	commands.Device
	late    time.Duration
	refuse  bool
	applied chan string // the names of the configurations, those that are refused too
}

func (b *trialBox) Apply(c *commands.Config) error {
	b.applied <- c.Sysname
	if b.refuse {
		return errors.New("the kernel has no ESP")
	}
	return nil
}

func (b *trialBox) About() commands.About {
	return commands.About{Now: time.Now().Add(-b.late)}
}

func (b *trialBox) Keep(commands.Point, func() string) {}

func (b *trialBox) Points() ([]commands.Point, error) { return nil, nil }

// A trialTest is a lock over a session that does not wait between its lines.
type trialTest struct {
	*sessionsLock
	t      *testing.T
	box    *trialBox
	folder *boxFolder
}

func newTrialTest(t *testing.T, late time.Duration) *trialTest {
	t.Helper()
	test := &trialTest{t: t, box: &trialBox{late: late, applied: make(chan string, 10)}, folder: newBoxFolder(t)}
	test.sessionsLock = &sessionsLock{running: commands.NewRunning(commands.New()), device: test.box, log: test.folder.log}
	return test
}

// run runs lines under the lock; then calls f.
func (x *trialTest) run(f func(), lines ...string) {
	x.t.Helper()
	x.do(func() {
		s := commands.NewSession(x.box, x.running, commands.Options{Level: managementLevel})
		for _, line := range append([]string{"system-view"}, lines...) {
			if out := s.Exec(x.t.Context(), line); out.Err != nil {
				x.t.Errorf("%q: %v", line, out.Err)
			}
		}
		f()
	})
}

// end stops the lock and returns the log.
func (x *trialTest) end() string {
	x.t.Helper()
	if err := x.stop(); err != nil {
		x.t.Error(err)
	}
	if x.timer != nil {
		x.t.Error("a timer is left")
	}
	return x.folder.logged()
}

// A trial is undone although the session that began it is gone.
func TestTrialIsUndoneByItself(t *testing.T) {
	x := newTrialTest(t, time.Hour)
	x.run(func() {}, "sysname Before", "configuration commit trial 10", "sysname Trial")
	for _, want := range []string{"Before", "Trial", "Before"} {
		if got := <-x.box.applied; got != want {
			t.Errorf("applied %s, want %s", got, want)
		}
	}
	if log := x.end(); !strings.Contains(log, "not confirmed in time and is undone") {
		t.Errorf("logged %q", log)
	}
	if got := x.running.Config().Sysname; got != "Before" {
		t.Errorf("in force is %s", got)
	}
}

func TestTrialThatIsConfirmed(t *testing.T) {
	x := newTrialTest(t, 0)
	x.run(func() {}, "configuration commit trial 65535", "sysname Trial")
	x.do(func() {
		if due, is := x.running.Deadline(); !is || x.timer == nil || !x.due.Equal(due) {
			t.Errorf("the deadline is %v, %v, and the timer's %v", due, is, x.due)
		}
	})
	x.run(func() {}, "configuration commit")
	x.do(func() {
		if x.timer != nil {
			t.Error("a timer is left")
		}
	})
	if log := x.end(); log != "" {
		t.Errorf("logged %q", log)
	}
}

// A trial that the device does not let go is tried again later, and the gateway
// ends without it.
func TestTrialThatCannotBeUndone(t *testing.T) {
	x := newTrialTest(t, time.Hour)
	x.run(func() { x.box.refuse = true }, "configuration commit trial 10", "sysname Trial")
	<-x.box.applied
	<-x.box.applied // and is refused
	x.do(func() {
		if due, is := x.running.Deadline(); !is || time.Until(due) <= 0 {
			t.Errorf("the deadline is %v, %v, want a later one", due, is)
		}
	})
	x.do(func() {
		if x.timer == nil {
			t.Error("no timer is set")
		}
	})
	if log := x.end(); !strings.Contains(log, "cannot be undone yet: the kernel has no ESP") {
		t.Errorf("logged %q", log)
	}
	if got := x.running.Config().Sysname; got != "Trial" {
		t.Errorf("in force is %s", got)
	}
}
