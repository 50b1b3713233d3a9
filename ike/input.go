package ike

import (
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
)

// An Input is something that happened outside the engine.
type Input interface{ input() }

// A Datagram was received on Local from Remote; a non-ESP marker is removed.
// The engine keeps Octets.
type Datagram struct {
	Local, Remote netip.AddrPort
	Octets        []byte
}

// A Tick says that time has passed.
type Tick struct{}

// An Acquire is the dataplane's wish for an SA.
type Acquire struct {
	Policy ipsec.PolicyID
	Rule   uint32
	Packet acl.Tuple
}

// An Expire says that an IPsec SA reached an octet or packet limit.
type Expire struct {
	SA   ipsec.SAID
	Hard bool
}

// A Moved says that authentic ESP of an inbound SA came from a new address.
type Moved struct {
	SA     ipsec.SAID
	Remote netip.AddrPort
}

// A SetConfig replaces the whole configuration.
type SetConfig struct{ Config *Config }

// A Reset is the operator's `reset ike sa`, `reset ipsec sa` or `cut access-user`. Zero fields do
// not restrict.
type Reset struct {
	ChildrenOnly bool // reset ipsec sa: ISAKMP SAs stay
	ConnectionID uint32
	Remote       netip.Addr
	Policy       string // group name, with ChildrenOnly
	Sequence     uint32 // entry of the group
	Interface    string // that the policy is on, with ChildrenOnly
	SA           ipsec.SAID
	User         string     // whom XAUTH has let in: cut access-user
	Client       netip.Addr // that a client has from us: cut access-user
	Quiet        bool       // shutting down: delete everything and start nothing again
}

// A Computed brings the result of a Compute.
type Computed struct {
	Job    uint64
	Result Result
}

// A Failed says that an output could not be performed; the outputs after it in
// its batch were not tried, but for a MoveSA.
type Failed struct {
	Output Output
	Err    error
}

func (Datagram) input()  {}
func (Tick) input()      {}
func (Acquire) input()   {}
func (Expire) input()    {}
func (Moved) input()     {}
func (SetConfig) input() {}
func (Reset) input()     {}
func (Computed) input()  {}
func (Failed) input()    {}
