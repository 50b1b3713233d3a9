package main

import (
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/commands"
)

// A centre is the information centre: it gives lines their number and hands them
// to the log buffer, the terminals and the log hosts, as far as each wants them.
// Nothing in it waits.
type centre struct {
	plain *plainLog // takes every line; nil: nobody does

	mu       sync.Mutex // over what follows
	sysname  string
	zone     *time.Location // of the times in lines
	config   commands.Logging
	sequence uint64 // of the last line
	buffer   logBuffer
	lines    map[*monitor]struct{}
	hosts    map[netip.Addr]*logHost
	switches map[commands.DebugKind]netip.Addr // whose debugging is on, of which peer; zero: all
	logs     limiter
	debug    limiter

	debugging atomic.Uint32 // the kinds of switches
}

// newCentre makes one that is configured as a box that never was.
func newCentre() *centre {
	fresh := commands.New()
	return &centre{
		sysname: fresh.Sysname, zone: fresh.Zone.Location(), config: fresh.Logging, buffer: logBuffer{size: fresh.Logging.Buffer},
		lines: map[*monitor]struct{}{}, hosts: map[netip.Addr]*logHost{}, switches: map[commands.DebugKind]netip.Addr{},
		logs: newLimiter(logRate), debug: newLimiter(debugRate),
	}
}

// debugs reports whether any of the things is debugged.
func (c *centre) debugs(kinds commands.DebugKind) bool {
	return commands.DebugKind(c.debugging.Load())&kinds != 0
}

// add logs an entry, unless there were too many of its kind, and shows it to who
// debugs.
func (c *centre) add(now time.Time, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	logged := false
	if !e.trace {
		if logged = e.own || c.logs.allow(e.reason); logged {
			c.log(now, e.kind, e.words())
		} else {
			c.buffer.dropped++
		}
	}
	if remote, on := c.switches[e.debug]; on && (!remote.IsValid() || remote == e.remote) && c.debug.allow(e.reason) {
		c.show(now, e, logged)
	}
}

// log hands a line to everybody who wants it.
func (c *centre) log(now time.Time, kind logKind, text string) {
	line := kind.line(text)
	if c.plain != nil {
		c.plain.add(now, line.Text)
	}
	if c.config.Disabled {
		return
	}
	c.sequence++
	line.Time, line.Host, line.Sequence = now.In(c.zone), c.sysname, c.sequence
	if line.Severity <= c.config.Levels.Buffer {
		c.buffer.add(line)
	}
	if line.Severity <= c.config.Levels.Host {
		for _, h := range c.hosts {
			h.send(line)
		}
	}
	for m := range c.lines {
		if m.logs(line.Severity, c.config.Levels) {
			m.offer(line.String())
		}
	}
}

// show hands debugging to the terminals that want it and have not been handed
// the same as a log line.
func (c *centre) show(now time.Time, e entry, logged bool) {
	if c.config.Disabled {
		return
	}
	line := e.kind.line(e.words())
	line.Time, line.Host = now.In(c.zone), c.sysname
	for m := range c.lines {
		if m.debugs() && !(logged && m.logs(line.Severity, c.config.Levels)) {
			m.offer(line.Debug())
		}
	}
}

// summaries begins a new period for the limits and tells what the last one has
// kept back.
func (c *centre) summaries(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range c.logs.summaries() {
		c.log(now, logKeptBack, text)
	}
	for _, text := range c.debug.summaries() {
		c.show(now, entry{kind: logKeptBack, text: text}, false)
	}
	if c.plain == nil {
		return
	}
	if text := c.plain.losses(); text != "" {
		c.log(now, logLost, text)
	}
}

// configure changes where lines go, and returns the first error of a log host's.
func (c *centre) configure(config *commands.Config) error {
	c.mu.Lock()
	c.sysname, c.zone, c.config = config.Sysname, config.Zone.Location(), config.Logging
	c.buffer.resize(config.Logging.Buffer)
	gone, err := c.setHosts(config.Logging.Hosts)
	c.mu.Unlock()
	for _, h := range gone { // it sends what it has, which may take a moment
		h.close()
	}
	return err
}

// setHosts opens and forgets log hosts, and returns those that are to be closed.
func (c *centre) setHosts(wanted map[netip.Addr]commands.LogServer) (gone []*logHost, err error) {
	for a, h := range c.hosts {
		if w, stays := wanted[a]; !stays || w.Port != h.Port {
			gone = append(gone, h)
			delete(c.hosts, a)
		}
	}
	for a, w := range wanted {
		if h := c.hosts[a]; h != nil {
			h.LogServer = w
			continue
		}
		h, fault := openLogHost(w)
		if fault != nil {
			err = fault
			continue
		}
		c.hosts[a] = h
	}
	return gone, err
}

// close ends the log hosts.
func (c *centre) close() {
	c.mu.Lock()
	hosts := c.hosts
	c.hosts = map[netip.Addr]*logHost{}
	c.mu.Unlock()
	for h := range maps.Values(hosts) {
		h.close()
	}
}
