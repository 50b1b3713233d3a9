package wire

import (
	"fmt"
	"net/netip"
)

// A NATOA is an address as its sender sees it, before any NAT: RFC 3947 §5.2.
type NATOA struct{ Addr netip.Addr }

// Type returns PayloadNATOA.
func (NATOA) Type() PayloadType { return PayloadNATOA }

// String returns, for example, "NAT-OA[10.0.0.1]".
func (n NATOA) String() string { return fmt.Sprintf("NAT-OA[%v]", n.Addr) }

func parseNATOA(r *reader) Payload {
	at := r.offset
	t := IDType(r.uint8())
	r.skip(3)
	size := map[IDType]int{IDIPv4Addr: 4, IDIPv6Addr: 16}[t]
	if size == 0 {
		r.failAt(at, "ID type "+t.String(), "an IPv4 or IPv6 address")
	}
	addr, _ := netip.AddrFromSlice(r.bytes(size)) // what is short has failed, what is long fails at end
	return NATOA{addr}
}

func (n NATOA) appendTo(b []byte) []byte {
	t := IDIPv4Addr
	if n.Addr.Is6() {
		t = IDIPv6Addr
	}
	return append(append(b, byte(t), 0, 0, 0), n.Addr.AsSlice()...)
}
