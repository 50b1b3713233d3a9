package ike

import (
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// TestDetectNAT is the matrix of RFC 3947 §3.2.
func TestDetectNAT(t *testing.T) {
	s := &sa{peerCan: Abilities{NATT: nattRFC3947}, cookieI: wire.Cookie{1}, cookieR: wire.Cookie{2}, local: kitPort(1, 500), remote: kitPort(2, 500), suite: strong.suite}
	hash := func(a netip.AddrPort) wire.Payload {
		return wire.NATD{Hash: keymat.NATD(s.suite.Hash, s.cookieI, s.cookieR, a)}
	}
	us, them, other := hash(s.local), hash(s.remote), hash(kitPort(9, 500))
	for _, test := range []struct {
		name     string
		payloads []wire.Payload
		want     nat
		ok       bool
	}{
		{"no NAT", []wire.Payload{us, them}, nat{}, true},
		{"we are behind one", []wire.Payload{other, them}, nat{here: true}, true},
		{"the peer is", []wire.Payload{us, other}, nat{there: true}, true},
		{"both are", []wire.Payload{other, other}, nat{here: true, there: true}, true},
		{"several own addresses", []wire.Payload{us, other, other, them}, nat{}, true},
		{"several, none of them right", []wire.Payload{us, other, other}, nat{there: true}, true},
		{"another port is a NAT too", []wire.Payload{hash(kitPort(1, 501)), them}, nat{here: true}, true},
		{"only the first", []wire.Payload{us}, nat{there: true}, true},
		{"the first does not count as the peer", []wire.Payload{them}, nat{here: true, there: true}, true},
		{"none at all", nil, nat{}, true},
		{"too short", []wire.Payload{us, wire.NATD{Hash: make([]byte, 31)}}, nat{}, false},
		{"too long", []wire.Payload{wire.NATD{Hash: make([]byte, 33)}, them}, nat{}, false},
		{"empty", []wire.Payload{us, wire.NATD{}}, nat{}, false},
		{"a right beginning", []wire.Payload{wire.NATD{Hash: us.(wire.NATD).Hash[:16]}, them}, nat{}, false},
	} {
		got, err := s.detectNAT(&wire.Message{Payloads: test.payloads})
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("%s: detectNAT = %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
	s.peerCan.NATT = noNATT
	if got, err := s.detectNAT(&wire.Message{Payloads: []wire.Payload{other, other}}); got != (nat{}) || err != nil {
		t.Errorf("without the vendor ID: %+v, %v", got, err)
	}
}

func TestEncapsulation(t *testing.T) {
	for _, test := range []struct {
		mode ipsec.Mode
		nat  nat
		want wire.EncapsulationMode
	}{
		{ipsec.Tunnel, nat{}, wire.EncapTunnel},
		{ipsec.Tunnel, nat{here: true}, wire.EncapUDPTunnel},
		{ipsec.Tunnel, nat{there: true}, wire.EncapUDPTunnel},
		{ipsec.Transport, nat{}, wire.EncapTransport},
		{ipsec.Transport, nat{here: true, there: true}, wire.EncapUDPTransport},
	} {
		got := encapsulation(test.mode, test.nat)
		if got != test.want || modeOf(got) != test.mode {
			t.Errorf("encapsulation(%v, %+v) = %v (and back: %v), want %v", test.mode, test.nat, got, modeOf(got), test.want)
		}
	}
}

// behindNAT makes a world in which hq's datagrams come from other ports, as many
// above its own as shift says at the time.
func behindNAT(t *testing.T, shift *uint16) *world {
	w := newWorld(t, 1, func(name string, c *Config) {
		if name == "branch" {
			c.Policies[0].Peer.RemoteID = kitAddr(0)
		}
	})
	w.route = func(f flight) []flight {
		if f.to == w.ends[1] {
			f.in.Remote = netip.AddrPortFrom(f.in.Remote.Addr(), f.in.Remote.Port()+*shift)
		} else if f.in.Local.Port() < *shift {
			return nil // to a mapping that is gone
		} else {
			f.in.Local = netip.AddrPortFrom(f.in.Local.Addr(), f.in.Local.Port()-*shift)
		}
		return []flight{f}
	}
	return w
}

// TestNATMoves checks that a responder follows its peer to a new mapping, only
// for what is authentic and new, and that a pair made then has the new port.
func TestNATMoves(t *testing.T) {
	shift := uint16(20000)
	w := behindNAT(t, &shift)
	hq, branch := w.ends[0], w.ends[1]
	hq.acquire()
	w.run(time.Second)
	w.mustAgree()
	if got := branch.outbound().Encapsulation; got != (ipsec.Ports{Local: 4500, Remote: 24500}) {
		t.Fatalf("the ports are %+v", got)
	}
	old := w.sent[len(w.sent)-1].in
	old.Remote = netip.AddrPortFrom(kitAddr(0), 44500)
	branch.step(old) // a replay from elsewhere
	if got := branch.engine.current(party{peer: "peer"}).remote.Port(); got != 24500 {
		t.Errorf("a replay moved the peer to port %d", got)
	}
	shift = 30000
	hq.step(Expire{SA: hq.outbound().ID})
	w.run(500 * time.Millisecond)
	w.mustAgree()
	if got := branch.outbound().Encapsulation; got != (ipsec.Ports{Local: 4500, Remote: 34500}) {
		t.Errorf("after the move the ports are %+v", got)
	}
	w.mustEnd()
}

// TestFollow checks who follows.
func TestFollow(t *testing.T) {
	for _, test := range []struct {
		nat  nat
		want uint16
	}{{nat{}, 500}, {nat{here: true}, 500}, {nat{there: true}, 7}, {nat{true, true}, 500}} {
		s := &sa{nat: test.nat, local: kitPort(1, 500), remote: kitPort(2, 500)}
		if s.follow(kitPort(1, 500), kitPort(2, 7)); s.remote.Port() != test.want {
			t.Errorf("%+v follows to port %d, want %d", test.nat, s.remote.Port(), test.want)
		}
	}
}
