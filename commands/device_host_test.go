package commands

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// fakeHost is the host of a fakeDevice. What its errors say, all readings say.
type fakeHost struct {
	unreadable error
	reset      []string // devices whose counters were reset
	clock      []time.Time
	traces     []Trace
}

// hostInterfaces are those of the reference's examples, and a device without a
// name.
func hostInterfaces() []InterfaceStatus {
	prefixes := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	return []InterfaceStatus{
		{Name: "lo", Device: "lo", MTU: 65536, Up: true, Running: true, Loopback: true, Addresses: prefixes("127.0.0.1/8")},
		{Name: "GigabitEthernet0/0/2", Device: "eth2", Address: "00:e0:fc:11:7a:02", MTU: 1500, Up: true, Running: true,
			Speed: 1_000_000_000, Addresses: prefixes("192.0.2.1/24", "192.0.2.7/24"),
			Counters: InterfaceCounters{InPackets: 12, InOctets: 1200, InDrops: 3, InMulticast: 2, OutPackets: 10, OutOctets: 1000, OutErrors: 1},
			Rate:     InterfaceRate{Period: 30 * time.Second, InPackets: 10, InOctets: 12500, OutPackets: 20, OutOctets: 25000}},
		{Name: "GigabitEthernet0/0/1", Device: "eth1", Address: "00:e0:fc:11:7a:01", MTU: 1500, Up: true, Running: true,
			Speed: 1_000_000_000, Addresses: prefixes("172.20.4.1/24")},
		{Name: "GigabitEthernet0/0/10", Device: "eth10", Address: "00:e0:fc:11:7a:10", MTU: 1500, Up: true},
		{Name: "GigabitEthernet0/0/3", Device: "eth3", Address: "00:e0:fc:11:7a:03", MTU: 1500},
		{Name: "wg\x1b0", Device: "wg\x1b0", MTU: 1420, Up: true, Running: true, Addresses: prefixes("10.0.0.1/32")},
	}
}

func (h *fakeHost) Interfaces() ([]InterfaceStatus, error) { return hostInterfaces(), h.unreadable }

func (h *fakeHost) Routes() ([]RouteStatus, error) { return hostRoutes(), h.unreadable }

// hostRoutes has a route of each kind.
func hostRoutes() []RouteStatus {
	to, addr := netip.MustParsePrefix, netip.MustParseAddr
	return []RouteStatus{
		{Destination: to("0.0.0.0/0"), NextHop: addr("192.0.2.254"), Device: "eth2", Origin: originDHCP, Metric: 100, InUse: true},
		{Destination: to("0.0.0.0/0"), NextHop: addr("172.20.4.254"), Device: "eth1", Origin: originStatic, Metric: 200},
		{Destination: to("10.66.0.0/16"), Origin: originStatic, Metric: 5, InUse: true},
		{Destination: to("10.77.8.0/24"), NextHop: addr("192.0.2.254"), Device: "eth2", Origin: originOurs, Metric: 60, InUse: true},
		{Destination: to("10.78.0.0/16"), NextHop: addr("192.0.2.253"), Device: "eth2", Origin: 12, Metric: 20, InUse: true},
		{Destination: to("10.78.0.0/16"), NextHop: addr("192.0.2.252"), Device: "eth2", Origin: 12, Metric: 20, InUse: true},
		{Destination: to("10.79.0.0/16"), Device: "eth1", Origin: originBoot, InUse: true},
		{Destination: to("10.80.0.0/16"), Device: "eth3", Origin: originBoot, InUse: true},
		{Destination: to("172.20.4.0/24"), Source: addr("172.20.4.1"), Device: "eth1", Origin: originKernel, Metric: 100, InUse: true},
		{Destination: to("172.20.4.1/32"), Source: addr("172.20.4.1"), Device: "eth1", Origin: originKernel, Local: true, InUse: true},
		{Destination: to("192.0.2.0/24"), Source: addr("192.0.2.1"), Device: "eth2", Origin: originKernel, InUse: true},
	}
}

func (h *fakeHost) Neighbours() ([]Neighbour, error) {
	return []Neighbour{
		{Addr: netip.MustParseAddr("172.20.4.9"), Address: "00:e0:fc:00:00:09", Device: "eth1", Static: true},
		{Addr: netip.MustParseAddr("192.0.2.9"), Device: "eth2"},
		{Addr: netip.MustParseAddr("192.0.2.254"), Address: "00:e0:fc:12:34:56", Device: "eth2"},
	}, h.unreadable
}

func (h *fakeHost) CPU() (CPUStatus, error) {
	return CPUStatus{Period: 10 * time.Second, Busy: 0.034, Own: 0.011, Processors: 2, Load: [3]float64{0.1, 0.08, 1.5}}, h.unreadable
}

func (h *fakeHost) Memory() (MemoryStatus, error) {
	return MemoryStatus{Total: 184549376, Available: 108019712, Own: 20971520}, h.unreadable
}

func (h *fakeHost) ResetCounters(device string) error {
	h.reset = append(h.reset, device)
	return h.unreadable
}

func (h *fakeHost) SetClock(t time.Time) error {
	if t.Year() == firstYear {
		return errors.New("the clock is not ours to set")
	}
	h.clock = append(h.clock, t)
	return h.unreadable
}

// Trace is answered by a router, by nobody, by two routers and by the host, to which
// 127.0.0.1 has no route.
func (h *fakeHost) Trace(ctx context.Context, t Trace, hop func(Hop)) error {
	h.traces = append(h.traces, t)
	if t.Host.As4()[0] == 127 {
		return errors.New("trace 127.0.0.1: no route to the host")
	}
	a, b := netip.MustParseAddr("192.0.2.254"), netip.MustParseAddr("198.51.100.9")
	for ttl := t.First; ttl <= min(t.Last, 4); ttl++ {
		for n := range t.Probes {
			answer := Hop{TTL: ttl, From: [...]netip.Addr{a, a, b, t.Host}[ttl-1], Time: time.Duration(ttl+n) * time.Millisecond, Reached: ttl == 4}
			if ttl == 3 && n == 1 {
				answer.From = a
			}
			if ttl == 2 || ttl == 3 && n == 2 {
				answer = Hop{TTL: ttl, Lost: true}
			}
			hop(answer)
		}
	}
	return nil
}
