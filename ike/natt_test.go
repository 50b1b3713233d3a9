package ike

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// TestDetectNAT is the matrix of RFC 3947 §3.2.
func TestDetectNAT(t *testing.T) {
	s := &sa{peer: &Peer{}, peerCan: Abilities{NATT: nattRFC3947}, cookieI: wire.Cookie{1}, cookieR: wire.Cookie{2}, local: kitPort(1, 500), remote: kitPort(2, 500), suite: strong.suite}
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
	s.peer.NAT, s.peerCan.NATT = NATForce, nattDraft02
	if got, err := s.detectNAT(&wire.Message{Payloads: []wire.Payload{us, them}}); got != (nat{forced: true, draft: true}) || err != nil {
		t.Errorf("forced, with a draft: %+v, %v", got, err)
	}
	if got, err := s.detectNAT(&wire.Message{}); got != (nat{}) || err != nil {
		t.Errorf("forced, and the peer has sent none: %+v, %v", got, err)
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
		{ipsec.Tunnel, nat{forced: true}, wire.EncapUDPTunnel},
		{ipsec.Tunnel, nat{there: true, draft: true}, wire.EncapUDPTunnelDraft},
		{ipsec.Transport, nat{here: true, draft: true}, wire.EncapUDPTransportDraft},
		{ipsec.Tunnel, nat{draft: true}, wire.EncapTunnel},
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

// TestKeepAlive checks that one is sent only where nothing else was.
func TestKeepAlive(t *testing.T) {
	e := New(&Config{NATKeepAlive: 10 * time.Second}, nil)
	e.now = kitStart
	s := &sa{engine: e, peer: &Peer{}, local: kitPort(1, PortNATT), remote: kitPort(2, PortNATT)}
	at := func(d time.Duration) int {
		sent := 0
		for _, out := range e.Step(kitStart.Add(d), Tick{}) {
			if o, ok := out.(Send); ok && len(o.Octets) == 1 && o.Octets[0] == 0xff {
				sent++
			}
		}
		return sent
	}
	s.keptAlive()
	if _, set := e.Deadline(); set {
		t.Error("what needs no keep-alive has one")
	}
	s.keepAliveLater()
	for _, step := range []struct {
		at   time.Duration
		send bool // a message, after the tick
		want int
	}{
		{9 * time.Second, false, 0}, {10 * time.Second, false, 1}, {15 * time.Second, true, 0}, {20 * time.Second, false, 0},
		{24 * time.Second, false, 0}, {25 * time.Second, false, 1}, {35 * time.Second, false, 1},
	} {
		if got := at(step.at); got != step.want {
			t.Errorf("after %v: %d keep-alives, want %d", step.at, got, step.want)
		}
		if step.send {
			s.transmit([]byte("message"))
		}
	}
}

// TestHiddenNAT checks when a failure names a NAT that nothing is to be done about.
func TestHiddenNAT(t *testing.T) {
	for _, test := range []struct {
		name string
		nat  NATTraversal
		port uint16
		peer string
		want bool
	}{
		{"a translated port", NATOff, 24500, "peer", true},
		{"port 500", NATOff, 500, "peer", false},
		{"port 4500", NATOff, 4500, "peer", false},
		{"no port", NATOff, 0, "peer", false},
		{"NAT traversal", NATDetect, 24500, "peer", false},
		{"a stranger", NATOff, 24500, "", false},
	} {
		e := New(&Config{Policies: []*Policy{{Peer: &Peer{Name: "peer", Remote: kitAddr(1), NAT: test.nat}}}}, nil)
		e.fail(Failure{Remote: kitPort(2, test.port), Peer: test.peer, Reason: "it failed"})
		if got := strings.Contains(e.Failures()[0].Reason, "there is a NAT on the way"); got != test.want {
			t.Errorf("%s: %q", test.name, e.Failures()[0].Reason)
		}
	}
}

// TestNATVersion names what the NAT on the way is passed by.
func TestNATVersion(t *testing.T) {
	for _, test := range []struct {
		nat  nat
		can  NATTVersion
		want string
	}{
		{nat{}, nattRFC3947, ""},
		{nat{here: true}, nattRFC3947, "RFC 3947"},
		{nat{there: true, draft: true}, nattDraft03, "draft-ietf-ipsec-nat-t-ike-03"},
		{nat{forced: true, draft: true}, nattDraft02, "draft-ietf-ipsec-nat-t-ike-02"},
		{nat{here: true, draft: true}, nattDraft02N, "draft-ietf-ipsec-nat-t-ike-02"},
	} {
		s := &sa{engine: &Engine{}, peer: &Peer{}, nat: test.nat, peerCan: Abilities{NATT: test.can}}
		if got := s.alone().NATVersion; got != test.want {
			t.Errorf("with %+v and version %d: %q, want %q", test.nat, test.can, got, test.want)
		}
	}
}
