package main

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
)

// logs are what the commands see of the information centre, and of what is
// remembered of tunnels.
type logs struct {
	*centre
	engine    remembering
	dataplane interface{ Statistics() ipsec.Statistics }

	clearing sync.Mutex // over base
	base     ipsec.Statistics
}

// remembering is the engine, as far as it remembers what has been.
type remembering interface {
	Input(ike.Input)
	Offlines() []ike.Offline
	History() []ike.History
}

var _ commands.Logs = (*logs)(nil)

func newLogs(g *gateway) *logs {
	return &logs{centre: g.log.centre, engine: g.loop, dataplane: g.plane}
}

// LogBuffer returns what the log buffer holds.
func (c *centre) LogBuffer() commands.LogBuffer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return commands.LogBuffer{Lines: c.buffer.newest(), Dropped: c.buffer.dropped, Overwritten: c.buffer.overwritten}
}

// ResetLogBuffer empties the log buffer.
func (c *centre) ResetLogBuffer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buffer.reset()
}

// LogServers says what each log host was sent.
func (c *centre) LogServers() []commands.LogServerStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]commands.LogServerStatus, 0, len(c.hosts))
	for _, h := range c.hosts {
		all = append(all, h.status())
	}
	slices.SortFunc(all, func(a, b commands.LogServerStatus) int { return a.Address.Compare(b.Address) })
	return all
}

// Terminal sets a switch of the terminal on a line.
func (c *centre) Terminal(line string, which commands.TerminalSwitch, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for m := range c.lines {
		if m.line == line {
			m.enabled[which] = on
		}
	}
}

// Debug turns debugging on or off.
func (c *centre) Debug(kinds commands.DebugKind, remote netip.Addr, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all commands.DebugKind
	for kind := range eachKind {
		switch {
		case kind&kinds != 0 && on:
			c.switches[kind] = remote
		case kind&kinds != 0:
			delete(c.switches, kind)
		}
		if _, debugged := c.switches[kind]; debugged {
			all |= kind
		}
	}
	c.debugging.Store(uint32(all))
}

// Debugging returns the switches that are on.
func (c *centre) Debugging() (on []commands.DebugSwitch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for kind := range eachKind {
		if remote, debugged := c.switches[kind]; debugged {
			on = append(on, commands.DebugSwitch{Kind: kind, Remote: remote})
		}
	}
	return on
}

// eachKind yields the single things that can be debugged.
func eachKind(yield func(commands.DebugKind) bool) {
	for kind := commands.DebugKind(1); kind&(commands.DebugIKE|commands.DebugIPsec) != 0; kind <<= 1 {
		if !yield(kind) {
			return
		}
	}
}

// Offlines returns the peers that went offline lately.
func (l *logs) Offlines() []ike.Offline { return l.engine.Offlines() }

// History returns the tunnels that went down lately.
func (l *logs) History() []ike.History { return l.engine.History() }

// Clear has the engine forget.
func (l *logs) Clear(c ike.Clear) { l.engine.Input(c) }

// ClearStatistics has the dataplane's sums count from now on.
func (l *logs) ClearStatistics() {
	l.clearing.Lock()
	defer l.clearing.Unlock()
	l.base = l.dataplane.Statistics()
}

// sinceCleared returns sums without what they were when they were last cleared.
func (l *logs) sinceCleared(s ipsec.Statistics) ipsec.Statistics {
	l.clearing.Lock()
	defer l.clearing.Unlock()
	s.InPackets -= l.base.InPackets
	s.OutPackets -= l.base.OutPackets
	s.InOctets -= l.base.InOctets
	s.OutOctets -= l.base.OutOctets
	for reason := range s.Drops {
		s.Drops[reason] -= l.base.Drops[reason]
	}
	return s
}

// apply has lines go where a configuration wants them. That a log host cannot be
// sent anything is no reason to refuse the rest.
func (c *centre) apply(config *commands.Config) {
	if err := c.configure(config); err != nil {
		c.add(time.Now(), entry{kind: systemNotice, text: "log host: " + err.Error(), own: true})
	}
}
