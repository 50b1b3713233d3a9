// Package iketest drives engines over a fake clock, a seeded entropy source and
// a network that can lose, repeat, hold and translate datagrams, as a session
// file says, and writes down what they do. It is for tests only.
//
// Start at [Run]. A session file holds comments (#), commands, and, after each
// command, what it brought about: lines that begin with a time in seconds.
//
//	host hq 192.0.2.1 peer=192.0.2.2 rule=10.1.0.0/24>10.2.0.0/24
//	                    a host and its configuration; see config.go for the words
//	hq acquire [RULE]   a packet of the rule has no SA
//	hq config WORD…     words of the host line that change
//	hq reset [children] the operator's reset
//	hq restart          the daemon is killed and starts anew
//	hq crash            the daemon is killed; the SAs stay in its dataplane
//	hq resume           and its successor goes on with what was remembered
//	hq refuse [policy]  the dataplane refuses the next SA, or policy
//	hq expire [hard]    the newest outbound SA has reached its octet limit
//	lose N              of the datagrams that follow, the N-th is lost
//	hold N              the N-th is held back until `release`
//	release             what was held arrives
//	again N             the N-th datagram since the start arrives once more
//	alter N OFFSET      the N-th since the start arrives once more with an octet changed
//	nat ADDR [HOST…]    the datagrams of the hosts, or of the first one, come from ADDR and other
//	                    ports: 20000 higher, or SHIFT higher with HOST+SHIFT
//	hq forge WHAT       somebody says something in clear in its name: forge.go
//	hq esp              a packet of hq's arrives under its newest SA
//	hq unmovable        its dataplane moves no SA
//	branch commit       its quick mode messages have the commit bit from now on
//	branch connected    it says CONNECTED to its newest quick mode
//	hq login            the users that wait for `login=later` are let in, or not
//	hq sends [lost]     a packet of hq's is counted under its newest SA, and by the other end
//	cut, mend           nothing arrives any more, or everything again
//	jump DURATION       the clock does
//	run DURATION        time passes
//	show                all SAs, as displays know them
package iketest

import (
	"bufio"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sallyport/ike"
)

// start is when every session begins; its value means nothing.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A session is a run of a session file.
type session struct {
	now    time.Time
	hosts  []*host
	queue  []*datagram // under way
	all    []*datagram // sent so far
	held   []*datagram
	lose   int // counts down to the datagram to be lost; 0: none
	hold   int
	cut    bool // nothing arrives
	nat    []mapping
	output strings.Builder
}

// A datagram is on its way from one host to the other.
type datagram struct {
	from, to *host
	in       ike.Datagram
}

// Run executes a session file and returns it with the outcome written anew.
func Run(text string) (string, error) {
	s := &session{now: start}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if outcome(line) {
			continue // what it brought about last time
		}
		s.output.WriteString(line + "\n")
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(line, "#") {
			if err := s.command(words); err != nil {
				return "", fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	return s.output.String(), nil
}

// command executes one line.
func (s *session) command(words []string) error {
	if h := s.host(words[0]); h != nil && len(words) > 1 {
		return h.command(words[1], words[2:])
	}
	switch words[0] {
	case "host":
		return s.addHost(words[1:])
	case "run":
		return s.run(words[1])
	case "lose", "hold", "again", "alter":
		return s.network(words)
	case "release":
		s.queue, s.held = append(s.queue, s.held...), nil
		s.deliver()
		return nil
	case "nat":
		return s.setNAT(words[1:])
	case "cut", "mend":
		s.cut = words[0] == "cut"
		return nil
	case "jump":
		return s.jump(words[1])
	case "show":
		s.show()
		return nil
	}
	return fmt.Errorf("unknown command %q", words[0])
}

// network sets up or repeats what happens to a datagram.
func (s *session) network(words []string) error {
	n, err := strconv.Atoi(words[1])
	if err != nil {
		return err
	}
	switch words[0] {
	case "lose":
		s.lose = n
		return nil
	case "hold":
		s.hold = n
		return nil
	}
	if n < 1 || n > len(s.all) {
		return fmt.Errorf("there are %d datagrams so far", len(s.all))
	}
	d := *s.all[n-1]
	s.log("%s>%s  datagram %d again", d.from.plan.name, d.to.plan.name, n)
	if words[0] == "alter" {
		at, err := strconv.Atoi(words[2])
		if err != nil || at >= len(d.in.Octets) {
			return fmt.Errorf("no octet %s", words[2])
		}
		d.in.Octets = append([]byte(nil), d.in.Octets...)
		d.in.Octets[at] ^= 1
	}
	s.queue = append(s.queue, &d)
	s.deliver()
	return nil
}

func (s *session) host(name string) *host {
	for _, h := range s.hosts {
		if h.plan.name == name {
			return h
		}
	}
	return nil
}

// log writes an outcome line.
func (s *session) log(format string, args ...any) {
	fmt.Fprintf(&s.output, "%.3f "+format+"\n", append([]any{s.now.Sub(start).Seconds()}, args...)...)
}

// deliver hands over what is under way until nothing is.
func (s *session) deliver() {
	for len(s.queue) > 0 {
		d := s.queue[0]
		s.queue = s.queue[1:]
		d.to.step(d.in)
	}
}

// run lets time pass, from deadline to deadline.
func (s *session) run(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	end := s.now.Add(d)
	for {
		h, at := s.next()
		if h == nil || at.After(end) {
			break
		}
		if at.After(s.now) {
			s.now = at
		}
		h.step(ike.Tick{})
		s.deliver()
	}
	s.now = end
	return nil
}

// next returns the host that wants the earliest Tick.
func (s *session) next() (first *host, at time.Time) {
	for _, h := range s.hosts {
		if t, ok := h.engine.Deadline(); ok && !h.dead && (first == nil || t.Before(at)) {
			first, at = h, t
		}
	}
	return first, at
}

// send puts a datagram on its way, or loses or holds it.
func (s *session) send(from *host, out ike.Send) (fate string) {
	in := ike.Datagram{Local: out.Remote, Remote: out.Local, Octets: out.Octets}
	to := s.to(from, &in)
	switch {
	case to == nil:
		return " (nobody there)"
	case len(in.Octets) == 1:
		return "" // a NAT keep-alive, which the loop drops
	}
	if m := to.plan.speak(in.Octets); m != nil {
		in.Octets = m.Append(nil)
	}
	d := &datagram{from, to, in}
	s.all = append(s.all, d)
	if s.cut {
		return " (lost)"
	}
	if s.lose--; s.lose == 0 {
		return " (lost)"
	}
	if s.hold--; s.hold == 0 {
		s.held = append(s.held, d)
		return " (held)"
	}
	s.queue = append(s.queue, d)
	return ""
}

// to finds the receiver and translates addresses on the way.
func (s *session) to(from *host, in *ike.Datagram) *host {
	in.Local, in.Remote = s.translate(from, in.Local, in.Remote)
	return s.at(in.Local.Addr())
}

// at returns the host with an address.
func (s *session) at(a netip.Addr) *host {
	for _, h := range s.hosts {
		if h.plan.addr == a {
			return h
		}
	}
	return nil
}

// show writes what displays show.
func (s *session) show() {
	for _, h := range s.hosts {
		for _, st := range h.engine.Status() {
			s.log("%s  isakmp %d %v ready=%v fading=%v replaced=%v nat=%v%s", h.plan.name, st.ConnectionID, st.Remote,
				st.Ready, st.Fading, st.Replaced, st.NAT, accessText(st))
			for _, c := range st.Children {
				s.log("%s    ipsec %d in %08x out %08x fading=%v replaced=%v", h.plan.name, c.ConnectionID,
					uint32(c.Inbound.ID.SPI), uint32(c.Outbound.ID.SPI), c.Fading, c.Replaced)
			}
		}
		h.showLife()
		s.log("%s  dataplane %s", h.plan.name, h.installed())
	}
}
