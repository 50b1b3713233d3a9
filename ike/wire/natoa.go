package wire

import (
	"fmt"
	"net/netip"
)

// A NATOA is an address as its sender sees it, before any NAT: RFC 3947 §5.2.
type NATOA struct {
	Addr  netip.Addr
	Draft bool // with the number of the drafts before the RFC, 131
}

// Type returns PayloadNATOA, or PayloadNATOADraft.
func (n NATOA) Type() PayloadType {
	if n.Draft {
		return PayloadNATOADraft
	}
	return PayloadNATOA
}

// String returns, for example, "NAT-OA[10.0.0.1]", or "NAT-OA-draft[10.0.0.1]".
func (n NATOA) String() string { return fmt.Sprintf("%v[%v]", n.Type(), n.Addr) }

func parseNATOA(r *reader) Payload { return NATOA{Addr: r.address()} }

func parseNATOADraft(r *reader) Payload { return NATOA{Addr: r.address(), Draft: true} }

// address reads an ID type, three reserved octets and an address of that type.
func (r *reader) address() netip.Addr {
	at := r.offset
	t := IDType(r.uint8())
	r.skip(3)
	size := map[IDType]int{IDIPv4Addr: 4, IDIPv6Addr: 16}[t]
	if size == 0 {
		r.failAt(at, "ID type "+t.String(), "an IPv4 or IPv6 address")
	}
	addr, _ := netip.AddrFromSlice(r.bytes(size)) // what is short has failed, what is long fails at end
	return addr
}

func (n NATOA) appendTo(b []byte) []byte {
	t := IDIPv4Addr
	if n.Addr.Is6() {
		t = IDIPv6Addr
	}
	return append(append(b, byte(t), 0, 0, 0), n.Addr.AsSlice()...)
}
