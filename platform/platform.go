// Package platform says what is wanted of the host, as plain types: interfaces,
// addresses, routes. The packages below it each do one thing of the operating
// system. None of them knows IKE, IPsec, access lists or commands.
//
// Start at [Network].
package platform

import "net/netip"

// A Network is the whole wanted state of the host. What it does not name is
// left alone.
type Network struct {
	Interfaces []Interface
	Routes     []Route
}

// An Interface is a Linux network device that the configuration names.
type Interface struct {
	Device    string         // Linux name, such as eth1
	Addresses []netip.Prefix // address and length, in order; the first is primary
	MTU       int            // octets; 0: as it is
	Down      bool           // administratively shut down; false: bring it up
	GRE       *GRE           // it is this tunnel, to be made; nil: it is there
}

// A GRE is a tunnel of RFC 2784 over IPv4. It is comparable.
type GRE struct {
	Local, Remote netip.Addr
	Key           uint32 // RFC 2890, both ways, if HasKey
	HasKey        bool
}

// A Route is a static IPv4 route. Either NextHop or Device may be zero.
type Route struct {
	Destination netip.Prefix // masked
	NextHop     netip.Addr
	Device      string
	Preference  int        // 1-255, lower wins; becomes the kernel's metric
	Source      netip.Addr // of packets of the host's own that take it, an address of Device; zero: the kernel chooses

	// Backstop makes the destination unreachable when Device disappears, as a tunnel's does
	// with a process that is killed: what it protected must not go another way in clear.
	// Another route to the same destination is a way all the same.
	Backstop bool
}
