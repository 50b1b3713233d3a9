package ipsec

import (
	"net/netip"

	"sallyport/acl"
)

// An Event is what a dataplane tells its owner.
type Event interface{ ipsecEvent() }

// An Acquire asks for an SA: a packet matched a policy that has none for it.
type Acquire struct {
	Policy PolicyID
	Rule   uint32 // ID of the ACL rule that the packet matched
	Packet acl.Tuple
}

// An Expired says that an SA reached its soft or hard octet or packet limit.
type Expired struct {
	SA   SAID
	Hard bool
}

// A Moved says that an authentic packet of an inbound UDP-encapsulated SA came
// from another address or port than before (RFC 3947 §6).
type Moved struct {
	SA     SAID
	Remote netip.AddrPort
}

func (Acquire) ipsecEvent() {}
func (Expired) ipsecEvent() {}
func (Moved) ipsecEvent()   {}
