package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/platform/icmp"
	"sallyport/platform/link"
	"sallyport/platform/proc"
)

// A host is the machine that the box runs on. It reads the network namespace of the
// calling thread.
type host struct {
	ports *ports
	proc  proc.Reader
	now   func() time.Time

	mu      sync.Mutex               // over what follows
	resets  map[string]link.Counters // by device: what `reset counters` takes off
	devices samples[map[string]link.Counters]
	cpu     samples[proc.CPU]
}

var _ commands.Host = (*host)(nil)

// newHost takes the first looks, from which the first rates count.
func newHost(g *gateway) *host {
	h := &host{ports: &g.ports, proc: proc.Open(), now: time.Now, resets: make(map[string]link.Counters)}
	h.Interfaces() // an error is that of the display
	h.CPU()
	return h
}

// Interfaces returns the devices, with their rates and without what was reset.
func (h *host) Interfaces() ([]commands.InterfaceStatus, error) {
	statuses, err := link.Statuses()
	if err != nil {
		return nil, fmt.Errorf("read the interfaces: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	counted := make(map[string]link.Counters, len(statuses))
	for _, s := range statuses {
		counted[s.Device] = s.Counters
	}
	before, period := h.devices.look(h.now(), counted)
	all := make([]commands.InterfaceStatus, len(statuses))
	for i, s := range statuses {
		all[i] = h.interfaceStatus(s)
		if old, known := before[s.Device]; known {
			all[i].Rate = rateOf(old, s.Counters, period)
		}
	}
	return all, nil
}

// interfaceStatus returns a device as commands want it, without its rates.
func (h *host) interfaceStatus(s link.Status) commands.InterfaceStatus {
	return commands.InterfaceStatus{
		Name: h.ports.name(s.Device), Device: s.Device, Address: s.Address.String(), MTU: s.MTU,
		Up: s.Up, Running: s.Running, Loopback: s.Loopback, Speed: s.Speed, Addresses: s.Addresses,
		Counters: commands.InterfaceCounters(since(h.resets[s.Device], s.Counters)),
	}
}

// since takes off what was counted before.
func since(before, now link.Counters) link.Counters {
	return link.Counters{
		InPackets: more(before.InPackets, now.InPackets), InOctets: more(before.InOctets, now.InOctets),
		InErrors: more(before.InErrors, now.InErrors), InDrops: more(before.InDrops, now.InDrops),
		InMulticast: more(before.InMulticast, now.InMulticast),
		OutPackets:  more(before.OutPackets, now.OutPackets), OutOctets: more(before.OutOctets, now.OutOctets),
		OutErrors: more(before.OutErrors, now.OutErrors), OutDrops: more(before.OutDrops, now.OutDrops),
	}
}

// more returns how much a counter has grown. One that is smaller belongs to a new
// device of the same name.
func more(before, now uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// rateOf returns what a device did on average.
func rateOf(before, now link.Counters, period time.Duration) commands.InterfaceRate {
	if period <= 0 {
		return commands.InterfaceRate{}
	}
	d, seconds := since(before, now), period.Seconds()
	return commands.InterfaceRate{
		Period:    period,
		InPackets: float64(d.InPackets) / seconds, InOctets: float64(d.InOctets) / seconds,
		OutPackets: float64(d.OutPackets) / seconds, OutOctets: float64(d.OutOctets) / seconds,
	}
}

// ResetCounters remembers what is to be taken off from here on. The kernel's own
// counters cannot be set back.
func (h *host) ResetCounters(device string) error {
	statuses, err := link.Statuses()
	if err != nil {
		return fmt.Errorf("read the interfaces: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range statuses {
		if device == "" || device == s.Device {
			h.resets[s.Device] = s.Counters
		}
	}
	return nil
}

// Routes returns the routes of table main, and the box's own addresses.
func (h *host) Routes() ([]commands.RouteStatus, error) {
	found, err := link.RouteStatuses()
	if err != nil {
		return nil, fmt.Errorf("read the routes: %w", err)
	}
	all := make([]commands.RouteStatus, len(found))
	for i, r := range found {
		all[i] = commands.RouteStatus(r)
	}
	return all, nil
}

// Neighbours returns the ARP table.
func (h *host) Neighbours() ([]commands.Neighbour, error) {
	found, err := link.Neighbours()
	if err != nil {
		return nil, fmt.Errorf("read the ARP table: %w", err)
	}
	all := make([]commands.Neighbour, len(found))
	for i, n := range found {
		all[i] = commands.Neighbour{Addr: n.Addr, Address: n.Address.String(), Device: n.Device, Static: n.Static}
	}
	return all, nil
}

// CPU returns what the processors did since an earlier look.
func (h *host) CPU() (commands.CPUStatus, error) {
	now, err := h.proc.CPU()
	if err != nil {
		return commands.CPUStatus{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	before, period := h.cpu.look(h.now(), now)
	s := commands.CPUStatus{Period: period, Processors: now.Processors, Load: now.Load}
	if total := now.Total - before.Total; period > 0 && total > 0 {
		s.Busy = float64(now.Busy-before.Busy) / float64(total)
		s.Own = float64(now.Own-before.Own) / float64(total)
	}
	return s, nil
}

// Memory returns the machine's memory.
func (h *host) Memory() (commands.MemoryStatus, error) {
	m, err := h.proc.Memory()
	return commands.MemoryStatus(m), err
}

// SetClock sets the machine's clock.
func (h *host) SetClock(t time.Time) error { return proc.SetClock(t) }

// Trace sends probes from the box itself.
func (h *host) Trace(ctx context.Context, t commands.Trace, hop func(commands.Hop)) error {
	return icmp.Trace(ctx, icmp.Path(t), func(h icmp.Hop) { hop(commands.Hop(h)) })
}

// samplePeriod is the least time between two looks that are kept.
const samplePeriod = 10 * time.Second

// samples are two looks at something that grows, so that what came in between is
// known: the one before the last that was kept, and that. With looks that are
// frequent a rate is over one to two periods, else over the time since the last.
type samples[T any] struct {
	base, last     T
	baseAt, lastAt time.Time // zero: there was none
}

// look returns the earlier look to compare with, and how long ago it was.
func (s *samples[T]) look(now time.Time, v T) (before T, period time.Duration) {
	switch {
	case s.baseAt.IsZero():
		*s = samples[T]{v, v, now, now}
	case now.Sub(s.lastAt) >= samplePeriod:
		*s = samples[T]{s.last, v, s.lastAt, now}
	}
	return s.base, now.Sub(s.baseAt)
}

// name returns the name that a Linux device has when nothing else is configured: the
// one that the operator said, that of the N-th Ethernet device, or its own.
func (p *ports) name(device string) string {
	for _, port := range p.named {
		if port.device == device {
			return port.name
		}
	}
	n := slices.Index(p.ethernet, device)
	name := fmt.Sprintf("%s%d", portPrefix, n+1)
	if found, err := p.device(name); n < 0 || err != nil || found != device {
		return device
	}
	return name
}
