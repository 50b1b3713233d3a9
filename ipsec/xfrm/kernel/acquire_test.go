package kernel

import (
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
)

// TestAcquire: a packet for a policy without states is told of, with what it was.
func TestAcquire(t *testing.T) {
	left, right := newPair(t)
	left.listen(t)
	p := plain.policy(Out, left, right)
	p.Selection.To, p.Selection.From = netip.MustParsePrefix("10.1.2.0/24"), netip.MustParsePrefix("10.1.0.0/16")
	p.Device = left.index(t, "left")
	must(t, left.k.AddPolicy(p, false))
	c := open(t, left, left.inner)
	defer c.Close()
	_, _ = c.WriteToUDPAddrPort([]byte("hello"), netip.AddrPortFrom(right.inner, 9)) // is refused, or waits
	want := Acquire{
		Index: p.Index, ReqID: left.number, Protocol: ipsec.ESP,
		Packet: acl.Tuple{
			Source: left.inner, Destination: right.inner, Protocol: acl.UDP,
			SourcePort: uint16(c.LocalAddr().(*net.UDPAddr).Port), DestinationPort: 9,
		},
	}
	if got := expect[Acquire](t, left); got != want {
		t.Errorf("told is %+v, want %+v", got, want)
	}
	if all, err := left.k.States(); len(all) != 0 || err != nil {
		t.Errorf("what the kernel holds for itself is listed: %v, %v", all, err)
	}
}

// acquireMessage is what a kernel sends for a packet of a policy of ours, as far as we
// look at it.
func acquireMessage(index uint32) message {
	id := nl.XfrmId{Proto: uint8(ipsec.ESP)}
	sel := nl.XfrmSelector{Family: unix.AF_INET, Proto: 1, Sport: swap16(8), SportMask: 0xffff, Dport: 0, DportMask: 0xffff, PrefixlenD: 32, PrefixlenS: 32}
	put(sel.Saddr[:], netip.MustParseAddr("10.1.1.1"))
	put(sel.Daddr[:], netip.MustParseAddr("10.1.2.1"))
	policy := nl.XfrmUserpolicyInfo{Index: index, Dir: 1}
	body := append(id.Serialize(), zeros(nl.SizeofXfrmAddress)...)
	body = append(append(append(body, sel.Serialize()...), policy.Serialize()...), zeros(16)...)
	t := Template{Protocol: ipsec.ESP, ReqID: Ours | 5}
	m := request(nl.XFRM_MSG_ACQUIRE, 0, body).attribute(nl.XFRMA_TMPL, t.info().Serialize()).number(nl.XFRMA_IF_ID, Ours|6)
	m.finish(0, 0)
	return m
}

// TestReadAcquire: the type and code of ICMP are no ports.
func TestReadAcquire(t *testing.T) {
	m := acquireMessage(FirstIndex | 1)
	if got := len(m) - unix.SizeofNlMsghdr - (4 + nl.SizeofXfrmUserTmpl) - 8; got != 280 {
		t.Fatalf("sample is of %d octets before its attributes, want 280", got)
	}
	want := Acquire{
		Index: FirstIndex | 1, ReqID: Ours | 5, IfID: Ours | 6, Protocol: ipsec.ESP,
		Packet: acl.Tuple{Source: netip.MustParseAddr("10.1.1.1"), Destination: netip.MustParseAddr("10.1.2.1"), Protocol: 1},
	}
	if got := readEvents(m); len(got) != 1 || got[0] != Event(want) {
		t.Errorf("it is %+v, want %+v", got, want)
	}
	for n := range acquireSize {
		if got := readAcquire(m[unix.SizeofNlMsghdr:][:n]); got != nil {
			t.Fatalf("%d octets are %+v", n, got)
		}
	}
	if got := readEvents(acquireMessage(9)); got != nil {
		t.Errorf("of another program's policy: %+v", got)
	}
}
