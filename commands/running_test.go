package commands

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// runs has a session run lines, of which none may be refused; a question is
// answered with yes.
func runs(t *testing.T, s *Session, lines ...string) {
	t.Helper()
	for _, line := range lines {
		out := s.Exec(t.Context(), line)
		if s.question != nil {
			out = s.answer(true)
		}
		if out.Err != nil {
			t.Fatalf("%q: %v", line, out.Err)
		}
	}
}

func TestTrial(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "sysname Before", "configuration commit trial 60")
	start := s.now()
	if due, is := b.running.Deadline(); !is || !due.Equal(start.Add(time.Minute)) {
		t.Fatalf("Deadline() = %v, %v", due, is)
	}
	runs(t, s, "sysname Trial", "ike peer b")
	if undone, err := b.running.Expire(start.Add(59*time.Second), b.device); undone || err != nil {
		t.Errorf("Expire a second early = %v, %v", undone, err)
	}
	during := b.running.Config()
	b.device.refuse = errors.New("the kernel has no ESP")
	if undone, err := b.running.Expire(start.Add(time.Minute), b.device); undone || err == nil || b.running.Config() != during {
		t.Errorf("Expire that the device refuses = %v, %v", undone, err)
	}
	if due, is := b.running.Deadline(); !is || !due.Equal(start.Add(70*time.Second)) {
		t.Errorf("then Deadline() = %v, %v, want ten seconds later", due, is)
	}
	b.device.refuse = nil
	if undone, err := b.running.Expire(start.Add(70*time.Second), b.device); !undone || err != nil {
		t.Errorf("Expire = %v, %v", undone, err)
	}
	if got := s.Prompt(); got != "[Before]" {
		t.Errorf("the session is at %s", got)
	}
	if got := b.running.Config().Render(seal); got != "#\nsysname Before\n#\nreturn\n" {
		t.Errorf("in force is\n%s", got)
	}
	if last := b.device.applied[len(b.device.applied)-1]; last != b.running.Config() {
		t.Error("the device was not told")
	}
	if _, is := b.running.Deadline(); is {
		t.Error("there is still a deadline")
	}
	if text := say(s, "display configuration changes last 1"); !strings.Contains(text, "not confirmed in time") {
		t.Errorf("the journal says\n%s", text)
	}
}

func TestTrialThatIsConfirmed(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "configuration commit trial 10", "system-view", "sysname Trial", "configuration commit")
	if undone, err := b.running.Expire(s.now().Add(time.Hour), b.device); undone || err != nil {
		t.Errorf("Expire of what was confirmed = %v, %v", undone, err)
	}
	if got := s.Prompt(); got != "[Trial]" {
		t.Errorf("the session is at %s", got)
	}
}

// A trial that changed nothing needs nothing of the device.
func TestTrialOfNothing(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "configuration commit trial 10")
	b.device.refuse = errors.New("nothing may be applied")
	if undone, err := b.running.Expire(s.now().Add(time.Hour), b.device); !undone || err != nil {
		t.Errorf("Expire = %v, %v", undone, err)
	}
}

// Between save's question and its answer a trial may begin.
func TestSaveDuringTrial(t *testing.T) {
	b := newBox(t)
	s, other := b.session(Options{Level: everything, Interactive: true}), b.session(operator)
	s.Exec(t.Context(), "save")
	runs(t, other, "configuration commit trial 10")
	if out := s.Exec(t.Context(), "y"); out.Err == nil || len(b.device.saved) > 0 {
		t.Errorf("saved during a trial: %q, %v", out.Text, b.device.saved)
	}
}

func TestSavedStateStaysWhenTheDiskIsFull(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "sysname A")
	runs(t, s, "save", "sysname B")
	b.device.broken = errors.New("no space left on device")
	s.Exec(t.Context(), "save")
	out := s.Exec(t.Context(), "y")
	if out.Text != "Error: The configuration was not saved: no space left on device.\n" || out.Err == nil {
		t.Errorf("%q, %v", out.Text, out.Err)
	}
	if !strings.Contains(b.device.saved["vrpcfg.cfg"], "sysname A") || s.Prompt() != "[B]" {
		t.Errorf("saved %q, at %s", b.device.saved["vrpcfg.cfg"], s.Prompt())
	}
}

func TestPointsAreMade(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines []string
		want  int // points, with that of the start
	}{
		{"nothing changed", []string{"system-view", "ike peer b", "undo ike peer b", "return"}, 2},
		{"only looked", []string{"system-view", "display this", "return"}, 0},
		{"still in system view", []string{"system-view", "sysname A", "quit", "system-view", "sysname B"}, 2},
		{"back by return", []string{"system-view", "sysname A", "return"}, 2},
		{"back by quit", []string{"system-view", "sysname A", "quit", "system-view", "quit"}, 2},
		{"saved", []string{"system-view", "sysname A", "save"}, 2},
		{"saved and back", []string{"system-view", "sysname A", "save", "return"}, 2},
		{"before a trial", []string{"system-view", "sysname A", "configuration commit trial 10"}, 2},
		{"before a rollback, and after", []string{"system-view", "sysname A", "rollback configuration last 1", "return"}, 3},
	} {
		b := newBox(t)
		runs(t, b.session(operator), test.lines...)
		want := test.want
		if test.name == "nothing changed" {
			want = 1 // the text is that of the start
		}
		if len(b.device.points) != want {
			t.Errorf("%s: %d points, want %d", test.name, len(b.device.points), want)
		}
	}
}

func TestCloseMakesAPoint(t *testing.T) {
	b := newBox(t)
	s := b.session(Options{Level: everything, User: "admin", Line: "vty0"}, "system-view", "sysname A")
	s.Close()
	if p := b.device.points[0]; p.User != "admin" || p.Line != "vty0" || !strings.Contains(p.text, "sysname A") {
		t.Errorf("the newest point is %+v", p)
	}
	if out := s.Exec(t.Context(), "sysname B"); !out.Ended {
		t.Error("a session that was closed goes on")
	}
	s.Close()
	if len(b.device.points) != 2 {
		t.Errorf("%d points, want 2", len(b.device.points))
	}
}

// Numbers count on over a start, and at most 20 points are kept.
func TestPointsCountOn(t *testing.T) {
	b := newBox(t)
	for n := range 30 {
		b.running = NewRunning(b.running.Config()) // another start
		b.session(operator, "system-view", fmt.Sprint("sysname H", n), "return")
	}
	ids := map[uint64]bool{}
	for i, p := range b.device.points {
		ids[p.ID] = true
		if want := fmt.Sprint("sysname H", 29-i); !strings.Contains(p.text, want+"\n") {
			t.Errorf("point %d is\n%s\nwant %s", i, p.text, want)
		}
	}
	if len(ids) != PointsKept {
		t.Errorf("%d numbers, want %d", len(ids), PointsKept)
	}
}

// TestRollbackToARandomPoint types at random and goes back to a point at random,
// again and again: what is in force is then just what it was.
func TestRollbackToARandomPoint(t *testing.T) {
	for seed := range uint64(10) {
		d := newTypist(t, 5000+seed)
		for range 12 {
			d.types(25)
			d.session.answer(false)
			runs(t, d.session, "configuration commit", "return")
			p := d.device.points[d.IntN(len(d.device.points))]
			runs(t, d.session, fmt.Sprint("rollback configuration to commit-id ", p.ID))
			if got := d.session.running.config.Render(seal); got != p.text {
				t.Fatalf("seed %d: back at %d is\n%s\nwant\n%s", seed, p.ID, got, p.text)
			}
			checkReplays(t, d.session.running.config)
		}
	}
}

// A rollback is whole or not at all.
func TestRollbackRefused(t *testing.T) {
	b := newBox(t)
	b.device.put("bad.cfg", "sysname A\nike proposal 10\n dh group99\nacl 3000\nnonsense\n")
	b.device.put("good.cfg", "sysname A\n")
	b.device.put("nul.cfg", "sysname A\n\x00")
	s := b.session(operator, "system-view", "sysname H", "ike peer b")
	before := b.running.Config()
	for _, test := range []struct {
		line, want string
		refuse     error
	}{
		{"rollback configuration to file bad.cfg", "Error: 2 line(s) of the configuration are refused, nothing was changed:\n" +
			"file bad.cfg:3:5: Error: Unrecognized command found at '^' position.\nfile bad.cfg:5:1: Error: Unrecognized command found at '^' position.\n", nil},
		{"rollback configuration to file good.cfg", "Error: The kernel has no ESP.\n", errors.New("the kernel has no ESP")},
		{"rollback configuration to file nul.cfg", "Error: nul.cfg: it is not text.\n", nil},
		{"rollback configuration to commit-id 1000000777", "Error: There is no such rollback point.\n", nil},
	} {
		b.device.refuse = test.refuse
		s.Exec(t.Context(), test.line)
		out := s.Exec(t.Context(), "y")
		if out.Text != test.want || out.Err == nil || b.running.Config() != before || s.Prompt() != "[H-ike-peer-b]" {
			t.Errorf("%q: %q, %v, at %s", test.line, out.Text, out.Err, s.Prompt())
		}
	}
}

// The session stays where it is as long as that exists.
func TestRollbackSettles(t *testing.T) {
	b := newBox(t)
	other := b.session(operator, "system-view", "ike peer b")
	s := b.session(operator, "system-view", "ike peer b", "remote-address 192.0.2.2", "configuration commit", "ike peer c", "configuration commit")
	runs(t, s, "rollback configuration last 1")
	if a, b := s.Prompt(), other.Prompt(); a != "[Sallyport]" || b != "[Sallyport-ike-peer-b]" {
		t.Errorf("at %s and %s", a, b)
	}
	runs(t, other, "rollback configuration last 3")
	if got := other.Prompt(); got != "[Sallyport]" {
		t.Errorf("the peer is gone, and the session is at %s", got)
	}
}

func TestChangesSayWhoAndWhere(t *testing.T) {
	b := newBox(t)
	one := b.session(Options{Level: everything, User: "admin", Line: "vty0", Source: "198.51.100.9"}, "system-view", "sysname A")
	b.device.elapsed = time.Hour
	b.session(Options{Level: everything, Line: "con0"}, "system-view", "ike peer b", "pre-shared-key Key@2026")
	text := say(one, "display configuration changes")
	for _, want := range []string{
		"2026-05-07 11:03:00  admin       vty0  198.51.100.9     [Sallyport]sysname A\n",
		"2026-05-07 12:03:00  -           con0  -                [A-ike-peer-b]pre-shared-key ******\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("shown\n%s\nwant %q", text, want)
		}
	}
}

func TestTheJournalIsBounded(t *testing.T) {
	var j journal
	for n := range journalSize + 7 {
		j.add(change{Text: fmt.Sprint(n)})
	}
	all := j.latest(journalSize)
	if len(all) != journalSize || all[0].Text != "7" || all[journalSize-1].Text != fmt.Sprint(journalSize+6) {
		t.Errorf("%d changes from %s to %s", len(all), all[0].Text, all[len(all)-1].Text)
	}
	if last := j.latest(2); len(last) != 2 || last[1].Text != fmt.Sprint(journalSize+6) {
		t.Errorf("the last two are %v", last)
	}
}

// A line that nobody in the journal's place may see is not in it.
func TestTheJournalHidesSecrets(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "ike peer b", "pre-shared-key Key@2026-secret")
	for _, line := range []string{"display configuration changes", "display configuration commit list"} {
		if text := say(s, line); strings.Contains(text, "Key@2026") {
			t.Errorf("%s shows\n%s", line, text)
		}
	}
}
