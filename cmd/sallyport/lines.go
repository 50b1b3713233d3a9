package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sallyport/acl"
	"sallyport/commands"
	"sallyport/shell"
)

// lines are the user interfaces of the box: who sits where. A place is taken
// with take and given back with leave.
type lines struct {
	now func() time.Time

	mu    sync.Mutex
	seats map[string]*seat
}

func newLines(now func() time.Time) *lines { return &lines{now: now, seats: make(map[string]*seat)} }

// An occupant is who wants a place.
type occupant struct {
	user   string // empty on the console
	source string // empty on the console
	level  func(line string) int
	hangUp func() // ends the session; it must not wait
}

// A seat is a user interface with somebody on it.
type seat struct {
	lines  *lines
	status commands.LineStatus
	active time.Time // when something was typed last
	hangUp func()
}

// take seats somebody on the first of the lines that nobody is on, and reports
// false if there is none.
func (l *lines) take(names []string, v occupant) (*seat, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if l.seats[name] != nil {
			continue
		}
		now := l.now()
		s := &seat{lines: l, active: now, hangUp: v.hangUp, status: commands.LineStatus{
			Line: name, User: v.user, Source: v.source, Level: v.level(name), Since: now,
		}}
		l.seats[name] = s
		return s, true
	}
	return nil, false
}

// become names who sits there, when he has said it.
func (s *seat) become(user string, level int) {
	s.lines.mu.Lock()
	defer s.lines.mu.Unlock()
	s.status.User, s.status.Level = user, level
}

// leave gives the place back.
func (s *seat) leave() {
	s.lines.mu.Lock()
	defer s.lines.mu.Unlock()
	delete(s.lines.seats, s.status.Line)
}

// Lines returns who sits where, consoles first.
func (l *lines) Lines() []commands.LineStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	all := make([]commands.LineStatus, 0, len(l.seats))
	for _, s := range l.seats {
		status := s.status
		status.Idle = now.Sub(s.active)
		all = append(all, status)
	}
	slices.SortFunc(all, func(a, b commands.LineStatus) int {
		return cmp.Or(cmp.Compare(a.Line[:3], b.Line[:3]), cmp.Compare(len(a.Line), len(b.Line)), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// Hangup ends the session on a line, and reports whether there was one.
func (l *lines) Hangup(name string) bool {
	l.mu.Lock()
	s := l.seats[name]
	l.mu.Unlock()
	if s == nil {
		return false
	}
	s.hangUp()
	return true
}

// network counts those who came over the network.
func (l *lines) network() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range l.seats {
		if name[:len(vtyName)] == vtyName {
			n++
		}
	}
	return n
}

// The names of lines, before their number.
const (
	consoleName = "con"
	vtyName     = "vty"
)

// numbered returns the names of the first n lines of a kind.
func numbered(kind string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", kind, i)
	}
	return names
}

// vtys returns the lines that a source may come in by, lowest first.
func vtys(c *commands.Config, source netip.Addr) []string {
	return slices.DeleteFunc(numbered(vtyName, c.Management.MaxVTY), func(name string) bool {
		list := c.Line(name).ACL
		return list != "" && !permits(c.ACLs[list], source)
	})
}

// permits reports whether a list permits a source. One that is not there permits
// nobody.
func permits(list *acl.ACL, source netip.Addr) bool {
	if list == nil {
		return false
	}
	v := list.Match(acl.Tuple{Source: source, Destination: netip.IPv4Unspecified(), Protocol: acl.TCP})
	return v.Matched && v.Action == acl.Permit
}

// A patient terminal is a script's. When nothing comes from it for as long as the
// idle-timeout of its line it is given up: a script that says nothing must not hold
// the line for good.
type patient struct {
	shell.Terminal
	idle   func() time.Duration // 0: for ever
	hangUp func()
}

// Read returns what the script says next.
func (t patient) Read(p []byte) (int, error) {
	if idle := t.idle(); idle > 0 {
		defer time.AfterFunc(idle, t.hangUp).Stop()
	}
	return t.Terminal.Read(p)
}

// Single passes on whether the script is one line.
func (t patient) Single() bool { return shell.IsSingle(t.Terminal) }

// attended is a terminal that notes when something is typed.
type attended struct {
	shell.Terminal
	seat *seat
}

// attend returns t such that what is typed there counts for the line's idle time.
func (s *seat) attend(t shell.Terminal) shell.Terminal { return attended{t, s} }

// Single passes on whether a script is one line.
func (t attended) Single() bool { return shell.IsSingle(t.Terminal) }

// Read returns what was typed.
func (t attended) Read(p []byte) (int, error) {
	n, err := t.Terminal.Read(p)
	t.seat.lines.mu.Lock()
	defer t.seat.lines.mu.Unlock()
	t.seat.active = t.seat.lines.now()
	return n, err
}
