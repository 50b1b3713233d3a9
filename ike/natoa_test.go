package ike

import (
	"net/netip"
	"reflect"
	"testing"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// encapsulated returns an SA payload with a transform of each of these modes.
func encapsulated(modes ...wire.EncapsulationMode) wire.SA {
	p := wire.Proposal{Number: 1, Protocol: wire.ProtoESP, SPI: []byte{1, 2, 3, 4}}
	for _, m := range modes {
		p.Transforms = append(p.Transforms, phase2{offer: ipsec.Offer{Encryption: ipsec.AES128, Integrity: ipsec.SHA1}, encap: m}.transform(wire.ProtoESP))
	}
	return wire.NewSA(p)
}

// TestThroughNAT checks which client IDs are replaced by the two ends.
func TestThroughNAT(t *testing.T) {
	private, net := ipsec.AddrRange(netip.MustParseAddr("10.1.0.1")), ipsec.PrefixRange(netip.MustParsePrefix("10.1.0.0/24"))
	us, them := ipsec.AddrRange(kitAddr(0)), ipsec.AddrRange(kitAddr(1))
	for _, test := range []struct {
		name  string
		nat   nat
		modes []wire.EncapsulationMode
		named ipsec.Range // of the peer
		want  ipsec.Range
	}{
		{"transport mode", nat{there: true}, []wire.EncapsulationMode{wire.EncapUDPTransport}, private, them},
		{"as of the drafts", nat{here: true, draft: true}, []wire.EncapsulationMode{wire.EncapUDPTransportDraft}, private, them},
		{"as it is", nat{there: true}, []wire.EncapsulationMode{wire.EncapUDPTransport}, them, them},
		{"the first mode counts", nat{there: true}, []wire.EncapsulationMode{wire.EncapUDPTransport, wire.EncapUDPTunnel}, private, them},
		{"tunnel mode between hosts", nat{there: true}, []wire.EncapsulationMode{wire.EncapUDPTunnel}, private, private},
		{"tunnel mode first", nat{there: true}, []wire.EncapsulationMode{wire.EncapUDPTunnel, wire.EncapUDPTransport}, private, private},
		{"a network", nat{there: true}, []wire.EncapsulationMode{wire.EncapUDPTransport}, net, net},
		{"no NAT", nat{}, []wire.EncapsulationMode{wire.EncapUDPTransport}, private, private},
		{"nothing that we understand", nat{there: true}, nil, private, private},
	} {
		s := &sa{nat: test.nat, local: kitPort(1, PortNATT), remote: kitPort(2, PortNATT)}
		m := &wire.Message{Payloads: []wire.Payload{wire.Hash{}, encapsulated(test.modes...)}}
		named := ipsec.Selector{Local: us, Remote: test.named, Protocol: 17, LocalPort: 1701}
		want := named
		want.Remote = test.want
		if got := s.throughNAT(m, named); got != want {
			t.Errorf("%s: throughNAT(%v) = %v, want %v", test.name, named, got, want)
		}
	}
}

// TestNATOA checks what the two ends tell each other.
func TestNATOA(t *testing.T) {
	transport, tunnel := encapsulated(wire.EncapUDPTunnel, wire.EncapUDPTransport), encapsulated(wire.EncapUDPTunnel)
	us, them := kitAddr(0), kitAddr(1)
	for _, test := range []struct {
		name      string
		initiator bool
		nat       nat
		sa        wire.SA
		want      []wire.Payload
	}{
		{"initiator", true, nat{here: true}, transport, []wire.Payload{wire.NATOA{Addr: us}, wire.NATOA{Addr: them}}},
		{"responder", false, nat{there: true}, transport, []wire.Payload{wire.NATOA{Addr: them}, wire.NATOA{Addr: us}}},
		{"drafts", true, nat{here: true, draft: true}, transport, []wire.Payload{wire.NATOA{Addr: us, Draft: true}, wire.NATOA{Addr: them, Draft: true}}},
		{"tunnel mode", true, nat{here: true}, tunnel, nil},
		{"no NAT", true, nat{}, transport, nil},
	} {
		q := &quickMode{exchange: exchange{sa: &sa{nat: test.nat, local: kitPort(1, PortNATT), remote: kitPort(2, PortNATT)}}}
		if test.initiator {
			q.offered = test.sa.Proposals
		}
		if got := q.ourView(test.sa); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: ourView = %v, want %v", test.name, got, test.want)
		}
	}
}

// TestTheirView checks what is made of it.
func TestTheirView(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("203.0.113.1")
	both, one := []wire.Payload{wire.NATOA{Addr: a}, wire.NATOA{Addr: b}}, []wire.Payload{wire.NATOA{Addr: a, Draft: true}}
	for _, test := range []struct {
		name      string
		initiator bool
		nat       nat
		payloads  []wire.Payload
		want      ipsec.Ends
	}{
		{"as initiator we are the first", true, nat{here: true}, both, ipsec.Ends{Local: a, Remote: b}},
		{"as responder the second", false, nat{there: true}, both, ipsec.Ends{Local: b, Remote: a}},
		{"draft 02: the sender alone", false, nat{there: true}, one, ipsec.Ends{Local: kitAddr(0), Remote: a}},
		{"draft 02, behind a NAT of our own", false, nat{here: true, there: true}, one, ipsec.Ends{}},
		{"none", false, nat{there: true}, nil, ipsec.Ends{}},
	} {
		q := &quickMode{exchange: exchange{sa: &sa{nat: test.nat, local: kitPort(1, PortNATT), remote: kitPort(2, PortNATT)}}}
		if test.initiator {
			q.offered = []wire.Proposal{{}}
		}
		if got := q.theirView(&wire.Message{Payloads: test.payloads}); got != test.want {
			t.Errorf("%s: theirView = %v, want %v", test.name, got, test.want)
		}
	}
}
