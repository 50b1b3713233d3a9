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

// How long the times are that rates are averages over, as on the model.
const (
	ratePeriods = int(300 * time.Second / samplePeriod)
	cpuPeriods  = int(60 * time.Second / samplePeriod)
)

var _ commands.Host = (*host)(nil)

// newHost takes the first look, from which the first rates count.
func newHost(g *gateway) *host {
	h := &host{ports: &g.ports, proc: proc.Open(), now: time.Now, resets: make(map[string]link.Counters)}
	h.look()
	return h
}

// watch looks again each period, until the function that it returns is called.
func (h *host) watch() (stop func() error) {
	var group sync.WaitGroup
	done := make(chan struct{})
	group.Go(func() {
		ticker := time.NewTicker(samplePeriod)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				h.look()
			case <-done:
				return
			}
		}
	})
	return func() error { close(done); group.Wait(); return nil }
}

// look keeps what the devices and the processors have done so far. What cannot be
// read is left out; displays say why.
func (h *host) look() {
	statuses, linkErr := link.Statuses()
	cpu, cpuErr := h.proc.CPU()
	h.mu.Lock()
	defer h.mu.Unlock()
	if linkErr == nil {
		h.devices.keep(ratePeriods, sample[map[string]link.Counters]{h.now(), counted(statuses)})
	}
	if cpuErr == nil {
		h.cpu.keep(cpuPeriods, sample[proc.CPU]{h.now(), cpu})
	}
}

// counted returns the devices' counters by their names.
func counted(statuses []link.Status) map[string]link.Counters {
	all := make(map[string]link.Counters, len(statuses))
	for _, s := range statuses {
		all[s.Device] = s.Counters
	}
	return all
}

// Interfaces returns the devices, with their rates and without what was reset.
func (h *host) Interfaces() ([]commands.InterfaceStatus, error) {
	statuses, err := link.Statuses()
	if err != nil {
		return nil, fmt.Errorf("read the interfaces: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.devices.with(sample[map[string]link.Counters]{h.now(), counted(statuses)})
	all := make([]commands.InterfaceStatus, len(statuses))
	for i, s := range statuses {
		all[i] = h.interfaceStatus(s)
		all[i].Rate = rateSince(kept, s.Device)
	}
	return all, nil
}

// rateSince returns what a device did on average from the first look that saw it to
// the last.
func rateSince(kept samples[map[string]link.Counters], device string) commands.InterfaceRate {
	last := kept[len(kept)-1]
	for _, first := range kept {
		if before, there := first.value[device]; there {
			return rateOf(before, last.value[device], last.at.Sub(first.at))
		}
	}
	return commands.InterfaceRate{}
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

// CPU returns what the processors did lately.
func (h *host) CPU() (commands.CPUStatus, error) {
	now, err := h.proc.CPU()
	if err != nil {
		return commands.CPUStatus{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.cpu.with(sample[proc.CPU]{h.now(), now})
	first, last := kept[0], kept[len(kept)-1]
	s := commands.CPUStatus{Period: last.at.Sub(first.at), Processors: now.Processors, Load: now.Load}
	if total := last.value.Total - first.value.Total; s.Period > 0 && total > 0 {
		s.Busy = float64(last.value.Busy-first.value.Busy) / float64(total)
		s.Own = float64(last.value.Own-first.value.Own) / float64(total)
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

// name returns the name that a Linux device has when nothing else is configured: the
// one that the operator said, that of the N-th Ethernet device, or its own.
func (p *ports) name(device string) string {
	if tunnel := tunnelOf(device); tunnel != "" {
		return tunnel
	}
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
