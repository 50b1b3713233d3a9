package ipsec

import (
	"fmt"
	"net/netip"
)

// A SelectorHeld says that an instance cannot be added: its packets are also those of
// another one, in transport mode, and nothing tells which peer one of them is for. So it
// is with two hosts behind one NAT that use the same port, as L2TP's do.
type SelectorHeld struct {
	Policy, Holder PolicyID
	Peer           netip.Addr // of the holder
	Selector       string     // that both want, in words
}

// Error names both, and the packets.
func (e *SelectorHeld) Error() string {
	return fmt.Sprintf("policy %v: %s is held by %v with %v, and packets for the two cannot be told apart",
		e.Policy, e.Selector, e.Holder, e.Peer)
}
