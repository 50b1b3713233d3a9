package kernel

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec/selection"
)

// TestSelectorsComeBack, whatever they say.
func TestSelectorsComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	prefix := func() netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(256)), byte(r.IntN(256)), 1}), r.IntN(33)).Masked()
	}
	ports := func() selection.PortBits {
		return selection.PortBits{Value: uint16(r.Uint32()), Mask: uint16(r.Uint32())}
	}
	for range 1000 {
		s := selection.Selection{From: prefix(), To: prefix(), Protocol: uint8(r.IntN(256)), FromPort: ports(), ToPort: ports()}
		x := selectorOf(s, r.IntN(10))
		if got := selectionOf(nl.DeserializeXfrmSelector(x.Serialize())); got != s || x.Family != unix.AF_INET {
			t.Fatalf("%v comes back as %v", s, got)
		}
	}
}

// TestSelectorOctets: ports are in the network's order, and no prefix is any address.
func TestSelectorOctets(t *testing.T) {
	x := selectorOf(selection.Selection{FromPort: selection.OnePort(0x1234), ToPort: selection.PortBits{Value: 0x0500, Mask: 0xff00}}, 0x01020304)
	b := x.Serialize()
	for at, want := range map[int]byte{
		32: 5, 33: 0, 34: 0xff, 35: 0, 36: 0x12, 37: 0x34, 38: 0xff, 39: 0xff, // dport, mask, sport, mask
		42: 0, 43: 0, 44: 0, 48: 4, 49: 3, 50: 2, 51: 1, // prefixes, protocol, device
	} {
		if b[at] != want {
			t.Errorf("octet %d is %#x, want %#x, of % x", at, b[at], want, b)
		}
	}
}

// TestTupleOf reads ports of the protocols that have them.
func TestTupleOf(t *testing.T) {
	for _, test := range []struct {
		protocol uint8
		ports    bool
	}{{acl.TCP, true}, {acl.UDP, true}, {1, false}, {47, false}, {132, false}} {
		x := selectorOf(selection.Selection{Protocol: test.protocol, FromPort: selection.OnePort(1000), ToPort: selection.OnePort(2000)}, 0)
		want := acl.Tuple{Source: netip.IPv4Unspecified(), Destination: netip.IPv4Unspecified(), Protocol: test.protocol}
		if test.ports {
			want.SourcePort, want.DestinationPort = 1000, 2000
		}
		if got := tupleOf(&x); got != want {
			t.Errorf("a packet is %+v, want %+v", got, want)
		}
	}
}
