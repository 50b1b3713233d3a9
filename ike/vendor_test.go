package ike

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// unknownID is a vendor ID that means nothing to us.
var unknownID = wire.VendorID{Data: []byte("somebody's router")}

// TestVendorIDs pins down what is said, and in which order.
func TestVendorIDs(t *testing.T) {
	fragments := wire.VendorFragments.With(0x80000000)
	for _, test := range []struct {
		name      string
		initiator bool
		peer      Peer
		peerCan   Abilities
		want      []wire.Payload
	}{
		{"initiator", true, Peer{}, Abilities{}, []wire.Payload{wire.VendorRFC3947, wire.VendorNATT03, wire.VendorNATT02N, wire.VendorNATT02, wire.VendorDPD, fragments}},
		{"without NAT traversal", true, Peer{NAT: NATOff}, Abilities{}, []wire.Payload{wire.VendorDPD, fragments}},
		{"without fragments", true, Peer{NAT: NATOff, Fragmentation: Fragmentation{Off: true}}, Abilities{}, []wire.Payload{wire.VendorDPD}},
		{"a client", true, Peer{NAT: NATOff, XAUTH: XAUTHClient}, Abilities{}, []wire.Payload{wire.VendorDPD, fragments, wire.VendorXAUTH, wire.VendorUnity}},
		{"responder of a silent peer", false, Peer{}, Abilities{}, nil},
		{"the version that was chosen", false, Peer{}, Abilities{NATT: nattDraft02N, DPD: true}, []wire.Payload{wire.VendorNATT02N, wire.VendorDPD}},
		{"responder", false, Peer{}, Abilities{NATT: nattRFC3947, Fragments: true}, []wire.Payload{wire.VendorRFC3947, fragments}},
	} {
		s := &sa{initiator: test.initiator, peer: &test.peer, peerCan: test.peerCan}
		if got := s.vendorIDs(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: vendorIDs = %v, want %v", test.name, got, test.want)
		}
	}
}

// TestKnows checks what is learnt from a peer, and that what we are not to do is not.
func TestKnows(t *testing.T) {
	all := []wire.Payload{wire.VendorNATT02, wire.VendorRFC3947, wire.VendorNATT03, wire.VendorDPD, wire.VendorFragments, wire.VendorXAUTH,
		wire.VendorUnity, wire.VendorWindows.With(8), wire.VendorGSSAPI}
	everything := Abilities{NATT: nattRFC3947, DPD: true, Fragments: true, XAUTH: true, Unity: true, Windows: true, GSSAPI: true}
	without := everything
	without.NATT, without.Fragments = noNATT, false
	for _, test := range []struct {
		name     string
		peer     Peer
		payloads []wire.Payload
		want     Abilities
	}{
		{"all", Peer{}, all, everything},
		{"all, and two of them are off", Peer{NAT: NATOff, Fragmentation: Fragmentation{Off: true}}, all, without},
		{"the best draft", Peer{}, []wire.Payload{wire.VendorNATT02, wire.VendorNATT02N}, Abilities{NATT: nattDraft02N}},
		{"drafts that do not float", Peer{}, []wire.Payload{wire.VendorNATT00}, Abilities{}},
		{"fragments with capabilities", Peer{}, []wire.Payload{wire.VendorFragments.With(0xc0000000)}, Abilities{Fragments: true}},
		{"only a beginning", Peer{}, []wire.Payload{wire.VendorID{Data: wire.VendorDPD.Data[:8]}}, Abilities{}},
		{"unknown", Peer{}, []wire.Payload{unknownID}, Abilities{}},
	} {
		s := &sa{engine: &Engine{}, peer: &test.peer}
		s.knows(&wire.Message{Payloads: append([]wire.Payload{wire.SA{}}, test.payloads...)})
		if s.peerCan != test.want {
			t.Errorf("%s: knows %+v, want %+v", test.name, s.peerCan, test.want)
		}
	}
}

// TestLateVendorIDs takes those of message 4, but for NAT traversal's.
func TestLateVendorIDs(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.route = func(f flight) []flight {
		m, err := wire.Parse(f.in.Octets)
		if err == nil {
			m.Payloads = slices.DeleteFunc(m.Payloads, func(p wire.Payload) bool { _, ok := p.(wire.VendorID); return ok })
			if m.Find(wire.PayloadKE) >= 0 && f.to == w.ends[0] {
				m.Payloads = append(m.Payloads, wire.VendorXAUTH, wire.VendorDPD, wire.VendorRFC3947, wire.VendorFragments.With(0xc0000000))
			}
			f.in.Octets = m.Append(nil)
		}
		return []flight{f}
	}
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	if got, want := w.ends[0].engine.current(party{peer: "peer"}).peerCan, (Abilities{DPD: true, Fragments: true, XAUTH: true}); got != want {
		t.Errorf("hq knows %+v, want %+v", got, want)
	}
}

// TestUnknownVendors checks that they are told once at each end, and change nothing.
func TestUnknownVendors(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.route = func(f flight) []flight {
		if m, err := wire.Parse(f.in.Octets); err == nil {
			m.Payloads = append(m.Payloads, unknownID, wire.VendorNATT00)
			f.in.Octets = m.Append(nil)
		}
		return []flight{f}
	}
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	for _, n := range w.ends {
		told := 0
		for _, out := range n.events {
			if e, ok := out.(UnknownVendors); ok {
				told++
				if len(e.IDs) != 1 || !e.IDs[0].Equal(unknownID) {
					t.Errorf("%s tells of %v", n.name, e.IDs)
				}
			}
		}
		if told != 1 {
			t.Errorf("%s tells of unknown vendor IDs %d times, want once", n.name, told)
		}
	}
}

// TestKerberos refuses method 65001 of a peer whose vendor ID says that it is Kerberos, by that
// reason, and takes the peer's other offers.
func TestKerberos(t *testing.T) {
	offer := func(methods ...wire.AuthMethod) wire.SA {
		p := wire.Proposal{Number: 1, Protocol: wire.ProtoISAKMP}
		for i, m := range methods {
			p.Transforms = append(p.Transforms, phase1{suite: strong.suite, method: m, lifetime: time.Hour}.transform(uint8(i+1)))
		}
		return wire.NewSA(p)
	}
	for _, test := range []struct {
		name    string
		methods []wire.AuthMethod
		vendor  wire.VendorID
		user    XAUTHRole
		agreed  wire.AuthMethod // 0: none
		told    bool
	}{
		{"Kerberos alone", []wire.AuthMethod{wire.AuthXAUTHInitPSK}, wire.VendorGSSAPI, XAUTHGateway, 0, true},
		{"Kerberos, and a pre-shared key", []wire.AuthMethod{wire.AuthXAUTHInitPSK, wire.AuthPSK}, wire.VendorGSSAPI, NoXAUTH, wire.AuthPSK, false},
		{"another reason", []wire.AuthMethod{wire.AuthDSS}, wire.VendorGSSAPI, NoXAUTH, 0, false},
		{"XAUTH", []wire.AuthMethod{wire.AuthXAUTHInitPSK}, wire.VendorXAUTH, XAUTHGateway, wire.AuthXAUTHInitPSK, false},
	} {
		e := New(&Config{Proposals: []*Proposal{{Number: 10, Method: wire.AuthPSK, Group: strong.suite.Group, Lifetime: time.Hour,
			Encryptions: []keymat.Cipher{strong.suite.Cipher}, Hashes: []wire.HashAlgorithm{strong.suite.Hash}}}}, nil)
		x := &handshake{exchange: exchange{engine: e, sa: &sa{}}, candidates: []*Peer{{Name: "peer", Key: secret.Octets("key"), XAUTH: test.user}}}
		m := &wire.Message{Payloads: []wire.Payload{offer(test.methods...), test.vendor}}
		_, answer, agreed, err := x.choosePeer(m)
		if agreed.method != test.agreed || (err == nil) != (test.agreed != 0) {
			t.Errorf("%s: agreed on %v, %v", test.name, agreed.method, err)
		}
		if err == nil && len(answer.Proposals[0].Transforms) != 1 {
			t.Errorf("%s: the answer is %v", test.name, answer)
		}
		if told := err != nil && strings.Contains(err.Error(), "Kerberos"); told != test.told {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := m.Payloads[0].(wire.SA).Proposals[0].Transforms; len(got) != len(test.methods) {
			t.Errorf("%s: the message is changed: %v", test.name, got)
		}
	}
}
