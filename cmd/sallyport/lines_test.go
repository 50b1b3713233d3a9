package main

import (
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/acl"
	"sallyport/commands"
	"sallyport/shell"
)

// sit seats a visitor of level 2.
func sit(l *lines, user string, names ...string) *seat {
	s, ok := l.take(names, occupant{user: user, source: "192.0.2.1", level: func(string) int { return 2 }, hangUp: func() {}})
	if !ok {
		return nil
	}
	return s
}

func TestLines(t *testing.T) {
	p := newPorter(t)
	l := p.lines
	names := numbered(vtyName, 3)
	anna, bert, carl := sit(l, "anna", names...), sit(l, "bert", names...), sit(l, "carl", names...)
	if sit(l, "dora", names...) != nil {
		t.Error("a fourth is seated on three lines")
	}
	console := sit(l, "", numbered(consoleName, 1)...)
	bert.leave()
	p.wait(time.Minute)
	emil := sit(l, "emil", names...)
	for s, want := range map[*seat]string{anna: "vty0", emil: "vty1", carl: "vty2", console: "con0"} {
		if s.status.Line != want {
			t.Errorf("%s sits on %s, want %s", s.status.User, s.status.Line, want)
		}
	}
	start := p.clock().Add(-time.Minute)
	want := []commands.LineStatus{
		{Line: "con0", Source: "192.0.2.1", Level: 2, Since: start, Idle: time.Minute},
		{Line: "vty0", User: "anna", Source: "192.0.2.1", Level: 2, Since: start, Idle: time.Minute},
		{Line: "vty1", User: "emil", Source: "192.0.2.1", Level: 2, Since: p.clock()},
		{Line: "vty2", User: "carl", Source: "192.0.2.1", Level: 2, Since: start, Idle: time.Minute},
	}
	if got := l.Lines(); !slices.Equal(got, want) {
		t.Errorf("Lines() = %+v, want %+v", got, want)
	}
	if got := l.network(); got != 3 {
		t.Errorf("%d over the network, want 3", got)
	}
}

// vty10 comes behind vty2.
func TestLinesOrder(t *testing.T) {
	l := newPorter(t).lines
	for _, name := range []string{"vty10", "vty2", "con1", "con0"} {
		sit(l, "anna", name)
	}
	var got []string
	for _, s := range l.Lines() {
		got = append(got, s.Line)
	}
	if want := []string{"con0", "con1", "vty2", "vty10"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestHangup(t *testing.T) {
	l := newPorter(t).lines
	hung := false
	l.take([]string{"vty0"}, occupant{level: func(string) int { return 0 }, hangUp: func() { hung = true }})
	if l.Hangup("vty1") || hung {
		t.Error("an empty line was hung up")
	}
	if !l.Hangup("vty0") || !hung {
		t.Error("the line was not hung up")
	}
}

// A readable is a terminal with something to read.
type readable struct {
	shell.Terminal
	text *strings.Reader
}

func (r readable) Read(p []byte) (int, error) { return r.text.Read(p) }

func TestAttended(t *testing.T) {
	p := newPorter(t)
	s := sit(p.lines, "anna", "vty0")
	terminal := s.attend(readable{text: strings.NewReader("display clock")})
	p.wait(time.Minute)
	if _, err := terminal.Read(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	p.wait(time.Second)
	if got := p.Lines()[0].Idle; got != time.Second {
		t.Errorf("idle for %v, want since the last key: 1s", got)
	}
}

// TestPatient waits for a script that says nothing until its line's idle-timeout.
func TestPatient(t *testing.T) {
	for _, idle := range []time.Duration{time.Minute, 0} {
		synctest.Test(t, func(t *testing.T) {
			read, write := io.Pipe()
			var hung atomic.Bool
			terminal := patient{piped{PipeReader: read}, func() time.Duration { return idle }, func() { hung.Store(true) }}
			go func() {
				time.Sleep(59 * time.Second)
				write.Write([]byte("quit"))
				time.Sleep(time.Hour)
				write.Close()
			}()
			if n, err := terminal.Read(make([]byte, 9)); n != 4 || err != nil || hung.Load() {
				t.Errorf("Read() = %d, %v, hung up %v, want the word", n, err, hung.Load())
			}
			if _, err := terminal.Read(make([]byte, 9)); err != io.EOF || hung.Load() != (idle > 0) {
				t.Errorf("after an hour: %v, hung up %v, want that of idle-timeout %v", err, hung.Load(), idle)
			}
		})
	}
}

// A piped terminal is one end of a pipe.
type piped struct {
	shell.Terminal
	*io.PipeReader
}

func (p piped) Read(b []byte) (int, error) { return p.PipeReader.Read(b) }

func TestVTYs(t *testing.T) {
	c := commands.New()
	c.Management.MaxVTY = 3
	list := acl.New(2000)
	source := acl.NewWildcard(netip.MustParseAddr("192.0.2.0"), 0xff)
	list.Put(acl.Rule{ID: 5, Action: acl.Permit, Source: source})
	c.ACLs["2000"] = list
	first := commands.LineRange{VTY: true, First: 0, Last: 0}
	second := commands.LineRange{VTY: true, First: 1, Last: 1}
	c.Management.Lines[first] = &commands.UserInterface{LineRange: first, ACL: "2000"}
	c.Management.Lines[second] = &commands.UserInterface{LineRange: second, ACL: "not there"}
	for address, want := range map[string]string{"192.0.2.9": "vty0 vty2", "198.51.100.1": "vty2", "2001:db8::1": "vty2"} {
		if got := strings.Join(vtys(c, netip.MustParseAddr(address)), " "); got != want {
			t.Errorf("%s may come in by %q, want %q", address, got, want)
		}
	}
	deny := list.Clone()
	deny.Put(acl.Rule{ID: 1, Action: acl.Deny, Source: source})
	if permits(deny, netip.MustParseAddr("192.0.2.9")) {
		t.Error("a list that denies permits")
	}
}
