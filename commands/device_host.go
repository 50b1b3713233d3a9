package commands

import (
	"context"
	"net/netip"
	"time"
)

// A Host is the machine that the box runs on: its interfaces, routes and load. An
// error of its methods is one line for the operator.
type Host interface {
	Interfaces() ([]InterfaceStatus, error) // in the kernel's order
	Routes() ([]RouteStatus, error)         // by destination, of each the one in use first
	Neighbours() ([]Neighbour, error)       // by address
	CPU() (CPUStatus, error)
	Memory() (MemoryStatus, error)

	// ResetCounters has the counters of a Linux device, or with "" of all, count
	// from here on.
	ResetCounters(device string) error

	// SetClock sets the machine's clock.
	SetClock(time.Time) error

	// Trace sends probes of growing TTL and calls hop for each answer or loss, until
	// the host has answered, it is clear that it will not, or ctx ends.
	Trace(ctx context.Context, t Trace, hop func(Hop)) error
}

// An InterfaceStatus is a Linux device as it is now.
type InterfaceStatus struct {
	Name      string // such as GigabitEthernet0/0/2; the device's own if it has no other
	Device    string
	Address   string // hardware address, such as 02:00:5e:00:53:01; empty: none
	MTU       int    // octets
	Up        bool   // administratively
	Running   bool   // up, and its cable works
	Loopback  bool
	Speed     uint64         // bits per second; 0: not known
	Addresses []netip.Prefix // the first is primary
	Counters  InterfaceCounters
	Rate      InterfaceRate
}

// InterfaceCounters are an interface's, since it was made or they were reset.
type InterfaceCounters struct {
	InPackets   uint64 `json:"input_packets"`
	InOctets    uint64 `json:"input_octets"`
	InErrors    uint64 `json:"input_errors"`
	InDrops     uint64 `json:"input_drops"`
	InMulticast uint64 `json:"input_multicast_packets"`
	OutPackets  uint64 `json:"output_packets"`
	OutOctets   uint64 `json:"output_octets"`
	OutErrors   uint64 `json:"output_errors"`
	OutDrops    uint64 `json:"output_drops"`
}

// An InterfaceRate is what an interface did lately, on average: in the last 300
// seconds, or since the box has known it.
type InterfaceRate struct {
	Period                time.Duration // 0: there was none
	InPackets, InOctets   float64       // per second
	OutPackets, OutOctets float64
}

// A RouteStatus is a route that the machine has, or an address of its own.
type RouteStatus struct {
	Destination netip.Prefix
	NextHop     netip.Addr // zero: on the link
	Source      netip.Addr // of packets that go there; zero: any
	Device      string     // Linux name; empty: packets are dropped
	Local       bool       // the destination is the box itself
	Origin      int        // Linux's number of who added it
	Metric      int        // Linux's; of static routes the preference
	InUse       bool       // no other route to the same destination wins
}

// The origins of routes that VRP has names for: Linux's rtnetlink.h, and ours.
const (
	originKernel = 2
	originBoot   = 3 // by hand, without a word on it
	originStatic = 4
	originDHCP   = 16
	originOurs   = 83
	originBGP    = 186
	originISIS   = 187
	originOSPF   = 188
	originRIP    = 189
)

// A Neighbour is an entry of the ARP table.
type Neighbour struct {
	Addr    netip.Addr
	Address string // hardware address; empty: it has not answered
	Device  string
	Static  bool
}

// A CPUStatus is what the processors did lately, on average: in the last 60 seconds,
// or since the box has run.
type CPUStatus struct {
	Period     time.Duration
	Busy       float64 // of all processors, 0 to 1
	Own        float64 // of Busy: by the gateway
	Processors int
	Load       [3]float64 // processes that want to run, over 1, 5 and 15 minutes
}

// A MemoryStatus is the machine's memory in octets.
type MemoryStatus struct {
	Total     uint64
	Available uint64 // to programs, without pushing others out
	Own       uint64 // the gateway's
}

// A Trace is what `tracert` was asked to do.
type Trace struct {
	Host    netip.Addr
	Source  netip.Addr // zero: the system's choice
	First   int        // TTL of the first probes
	Last    int        // TTL of the last
	Probes  int        // for each TTL
	Port    int        // of the first probe; each further one has the next
	Timeout time.Duration
}

// A Hop is the answer to one probe of a Trace, or its loss.
type Hop struct {
	TTL     int // of the probe
	Lost    bool
	From    netip.Addr
	Time    time.Duration
	Reached bool   // From is the host
	Mark    string // why it goes no further, such as !H; mostly empty
}
