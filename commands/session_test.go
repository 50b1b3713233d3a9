package commands

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sallyport/commands/grammar"
	"sallyport/ike"
	"sallyport/ipsec"
)

// A box is a device with its configuration in force, for several sessions.
type box struct {
	t       *testing.T
	device  *fakeDevice
	running *Running
}

func newBox(t *testing.T) *box {
	return &box{t, &fakeDevice{}, NewRunning(New())}
}

// session returns a session that has run the lines; none may be refused.
func (b *box) session(options Options, lines ...string) *Session {
	b.t.Helper()
	s := NewSession(b.device, b.running, options)
	for _, line := range lines {
		if out := s.Exec(b.t.Context(), line); out.Err != nil {
			b.t.Fatalf("%q: %v", line, out.Err)
		}
	}
	return s
}

var operator = Options{Level: everything}

func TestApplyIsToldTheWholeConfiguration(t *testing.T) {
	b := newBox(t)
	b.session(operator, "system-view", "ike proposal 10", "dh group19", "display this", "quit", "# nothing", "undo ike proposal 10")
	if len(b.device.applied) != 3 {
		t.Fatalf("applied %d times, want 3: on making, changing and deleting", len(b.device.applied))
	}
	first, second := b.device.applied[0].IKEProposals[10], b.device.applied[1].IKEProposals[10]
	if first == second || first.Group == second.Group {
		t.Error("the proposal was changed in place")
	}
	if b.device.applied[2] != b.running.Config() {
		t.Error("what was applied last is not in force")
	}
}

func TestUnchangedObjectsAreShared(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "ike proposal 10", "ike peer b", "acl 3000", "rule permit ip", "ike peer b")
	before := b.running.Config()
	s.Exec(t.Context(), "remote-address 192.0.2.2")
	after := b.running.Config()
	if before.IKEPeers["b"] == after.IKEPeers["b"] {
		t.Error("the peer was changed in place")
	}
	if before.IKEProposals[10] != after.IKEProposals[10] || before.ACLs["3000"] != after.ACLs["3000"] {
		t.Error("an object that was not touched was copied")
	}
}

// TestOldVersionsStay changes a list in every way and looks at the versions in
// between, which an engine may still be using.
func TestOldVersionsStay(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "acl 3000")
	var versions []*Config
	var texts []string
	for _, line := range []string{
		"rule permit tcp", "rule permit udp", "rule permit icmp", "undo rule 15", "rule permit gre", "rule 5 permit tcp source 10.0.0.0 0.255.255.255",
		"rule 7 deny ospf", "undo rule 5", "rule 10 description x", "undo rule 10 description", "rule permit esp",
	} {
		if out := s.Exec(t.Context(), line); out.Err != nil {
			t.Fatalf("%q: %v", line, out.Err)
		}
		versions = append(versions, b.running.Config())
		texts = append(texts, b.running.Config().Render(seal))
	}
	for i, c := range versions {
		if got := c.Render(seal); got != texts[i] {
			t.Errorf("version %d became\n%s\nwant\n%s", i, got, texts[i])
		}
	}
}

func TestDeviceRefuses(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "ike peer b")
	before, prompt := b.running.Config(), s.Prompt()
	b.device.refuse = errors.New("the kernel has no ESP")
	for _, line := range []string{"remote-address 192.0.2.2", "sysname X", "ike peer c", "undo ike peer b"} {
		out := s.Exec(t.Context(), line)
		if out.Text != "Error: The kernel has no ESP.\n" || out.Err == nil {
			t.Errorf("%q: %q, %v", line, out.Text, out.Err)
		}
		if b.running.Config() != before || s.Prompt() != prompt {
			t.Errorf("%q changed something, prompt %s", line, s.Prompt())
		}
	}
}

func TestTwoSessions(t *testing.T) {
	b := newBox(t)
	one := b.session(operator, "system-view", "ike peer b")
	two := b.session(operator, "system-view", "ike peer b", "remote-address 192.0.2.2")
	if !strings.Contains(one.Exec(t.Context(), "display this").Rendered().Text, "192.0.2.2") {
		t.Error("one does not see what two did")
	}
	two.Exec(t.Context(), "undo ike peer b")
	if got := one.Prompt(); got != "[Sallyport]" {
		t.Errorf("the peer is gone, and one is at %s", got)
	}
	if out := one.Exec(t.Context(), "local-address 192.0.2.1"); out.Err == nil {
		t.Error("a peer that is gone was changed")
	}
}

func TestLevels(t *testing.T) {
	b := newBox(t)
	for _, test := range []struct {
		line  string
		level int
	}{
		{"ping 192.0.2.1", 0}, {"quit", 0}, {"return", 0}, {"display version", 1}, {"display ike sa", 1},
		{"system-view", 2}, {"reset ipsec sa", 2}, {"reset ike sa", 3}, {"save", 3},
	} {
		for level := range 4 {
			out := b.session(Options{Level: level}).Exec(t.Context(), test.line)
			var bad *grammar.Error
			if errors.As(out.Err, &bad) != (level < test.level) {
				t.Errorf("%q at level %d: %v", test.line, level, out.Err)
			}
		}
	}
}

func TestResets(t *testing.T) {
	b := newBox(t)
	b.session(operator, "system-view", "ipsec policy p 3 manual")
	b.session(operator, "reset ike sa", "reset ike sa all", "reset ike sa conn-id 7", "reset ike sa remote 192.0.2.9",
		"reset ipsec sa", "reset ipsec sa policy p", "reset ipsec sa policy p 3", "reset ipsec sa remote 192.0.2.9", "reset ipsec sa parameters 192.0.2.9 esp 256")
	remote := b.session(operator).addr("192.0.2.9")
	want := []ike.Reset{
		{}, {}, {ConnectionID: 7}, {Remote: remote},
		{ChildrenOnly: true}, {ChildrenOnly: true, Policy: "p"}, {ChildrenOnly: true, Policy: "p", Sequence: 3}, {ChildrenOnly: true, Remote: remote},
		{ChildrenOnly: true, SA: ipsec.SAID{Destination: remote, Protocol: ipsec.ESP, SPI: 256}},
	}
	for i, got := range b.device.resets {
		if got != want[i] {
			t.Errorf("reset %d is %+v, want %+v", i, got, want[i])
		}
	}
	if len(b.device.resets) != len(want) {
		t.Errorf("%d resets, want %d", len(b.device.resets), len(want))
	}
}

func TestPingArguments(t *testing.T) {
	b := newBox(t)
	s := b.session(operator)
	for _, line := range []string{"ping 192.0.2.9", "ping -m 1 -t 2 -s 30 -c 1 -a 192.0.2.1 192.0.2.9"} {
		say(s, line)
	}
	first, second := pingDefaults.Ping, Ping{Count: 1, Size: 30, Timeout: 2e6, Interval: 1e6}
	first.Host, second.Host, second.Source = s.addr("192.0.2.9"), s.addr("192.0.2.9"), s.addr("192.0.2.1")
	if len(b.device.pings) != 2 || b.device.pings[0] != first || b.device.pings[1] != second {
		t.Errorf("pings %+v", b.device.pings)
	}
}

// TestPingHeader is printed at once, unless a source may be wrong.
func TestPingHeader(t *testing.T) {
	s := newBox(t).session(operator)
	for _, test := range []struct {
		line, at, then string
	}{
		{"ping -c 1 192.0.2.9", "  PING 192.0.2.9: 56  data bytes, press CTRL_C to break\n", "    Request time out\n"},
		{"ping -c 1 -a 192.0.2.1 192.0.2.9", "", "  PING 192.0.2.9: 56  data bytes, press CTRL_C to break\n    Request time out\n"},
	} {
		out := s.Exec(t.Context(), test.line)
		var printed []string
		err := out.Long(t.Context(), func(text string) { printed = append(printed, text) })
		if !errors.Is(err, ErrNoReply) || out.Text != test.at || len(printed) != 2 || printed[0] != test.then || strings.Contains(printed[1], "PING") {
			t.Errorf("%q: %q, then %q, %v, want %q, then %q and the sum", test.line, out.Text, printed, err, test.at, test.then)
		}
	}
}

func TestIsAnswer(t *testing.T) {
	for line, want := range map[string]bool{"y": true, " YES ": true, "No": true, "n": true, "": false, "yeah": false, "display version": false, "y n": false} {
		if got := IsAnswer(line); got != want {
			t.Errorf("IsAnswer(%q) = %v, want %v", line, got, want)
		}
	}
}

func TestPingStoppedByTheOperator(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := b.session(operator).Exec(t.Context(), "ping 127.0.0.1")
	cancel()
	var text strings.Builder
	if err := out.Long(ctx, func(s string) { text.WriteString(s) }); err != nil || !strings.Contains(text.String(), "statistics") {
		t.Errorf("%v, %q", err, text.String())
	}
}

func TestLongLine(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view")
	if out := s.Exec(t.Context(), "sysname "+strings.Repeat(" ", longestLine)); out.Err == nil || out.Text != "Error: The line is longer than 1024 characters.\n" {
		t.Errorf("%q, %v", out.Text, out.Err)
	}
	if out := s.Exec(t.Context(), "sysname "+strings.Repeat(" ", longestLine-9)+"X"); out.Err != nil {
		t.Errorf("a line of 1024: %v", out.Err)
	}
}

func TestSaveFails(t *testing.T) {
	b := newBox(t)
	b.device.broken = errors.New("the disk is full")
	s := b.session(operator, "save")
	if out := s.Exec(t.Context(), "y"); out.Err == nil || out.Text != "Error: The configuration was not saved: the disk is full.\n" {
		t.Errorf("%q, %v", out.Text, out.Err)
	}
	s.Exec(t.Context(), "save")
	if out := s.Exec(t.Context(), "display version").Rendered(); out.Err == nil || !strings.Contains(out.Text, "uptime is") {
		t.Errorf("the line after a save that went wrong: %q, %v", out.Text, out.Err)
	}
	s.Exec(t.Context(), "save")
	if out := s.Finish(t.Context()); out.Err == nil {
		t.Error("no error at the end")
	}
	if got := s.Exec(t.Context(), "display saved-configuration").Rendered().Text; got != "Error: The disk is full.\n" {
		t.Errorf("display saved-configuration: %q", got)
	}
}

func TestFinishAtATerminalSavesNothing(t *testing.T) {
	b := newBox(t)
	s := b.session(Options{Level: everything, Interactive: true}, "save")
	if out := s.Finish(t.Context()); out.Text != "" || len(b.device.saved) > 0 {
		t.Errorf("%q, saved %q", out.Text, b.device.saved)
	}
}

func TestEnded(t *testing.T) {
	s := newBox(t).session(operator)
	if out := s.Exec(t.Context(), "quit"); !out.Ended {
		t.Error("quit in user view does not end the session")
	}
	if out := s.Exec(t.Context(), "display version"); !out.Ended || out.Text != "" {
		t.Errorf("a line after the end: %+v", out)
	}
	if out := s.Finish(t.Context()); out.Text != "" {
		t.Errorf("finish after the end: %q", out.Text)
	}
}

func TestNothingSecretIsShown(t *testing.T) {
	const key = "Correct-Horse-Battery"
	b := newBox(t)
	s := b.session(Options{Level: everything, Interactive: true}, "system-view", "ike peer b", "pre-shared-key "+key)
	texts := []string{b.running.Config().Render(seal), b.running.Config().Render(nil)}
	for _, line := range []string{"display this", "display current-configuration", "display ike peer", "display ike peer name b", "save", "y", "display saved-configuration"} {
		texts = append(texts, say(s, line))
	}
	for _, text := range append(texts, b.device.saved["vrpcfg.cfg"]) {
		if text == "" || strings.Contains(text, key) {
			t.Errorf("shown: %q", text)
		}
	}
	if got := string(b.running.Config().IKEPeers["b"].Key); got != key {
		t.Error("the key is not the one that was typed")
	}
}

func TestWarningsOnlyForAPerson(t *testing.T) {
	lines := []string{"system-view", "ike proposal 1", "encryption-algorithm des", "ike peer b", "pre-shared-key short"}
	for _, interactive := range []bool{true, false} {
		s := newBox(t).session(Options{Level: everything, Interactive: interactive}, lines[0])
		warned := 0
		for _, line := range lines[1:] {
			warned += strings.Count(say(s, line), "Warning: ")
		}
		if (warned > 0) != interactive {
			t.Errorf("interactive %v: %d warnings", interactive, warned)
		}
	}
}

// TestTheViewIsLeft has another session delete what a view is about: the one in it is told, once.
func TestTheViewIsLeft(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "ike peer b")
	b.session(operator, "system-view", "undo ike peer b")
	got := s.Exec(t.Context(), "ike proposal 5").Text
	if want := "Info: What the view was about does not exist any more, the view was left.\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	if got := s.Exec(t.Context(), "quit").Text; got != "" {
		t.Errorf("said %q afterwards, want nothing", got)
	}
	own := b.session(operator, "system-view", "ike peer b")
	if got := own.Exec(t.Context(), "undo ike peer b").Text + own.Prompt() + own.Exec(t.Context(), "quit").Text; got != "[Sallyport]" {
		t.Errorf("the session that deletes it itself: %q", got)
	}
}
