package ike

import (
	"net/netip"

	"sallyport/ipsec"
)

// An Output is something the caller must do, in the order given.
type Output interface{ output() }

// A Send is a datagram to be sent. Over port 4500 the caller puts the non-ESP
// marker in front (RFC 3948 §2.2), except before a NAT keep-alive, the single
// octet FF. It cannot fail: loss is the protocol's business.
type Send struct {
	Local, Remote netip.AddrPort
	Octets        []byte // not changed by anyone
}

// An InstallSA adds one direction to the dataplane.
type InstallSA struct{ SA *ipsec.SA }

// A RemoveSA takes one direction out of the dataplane.
type RemoveSA struct{ ID ipsec.SAID }

// A Compute is work to be done elsewhere; its result comes back as Computed.
type Compute struct {
	Job  uint64
	Work Work
}

func (Send) output()      {}
func (InstallSA) output() {}
func (RemoveSA) output()  {}
func (Compute) output()   {}
