package ike

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// TestFollow checks who follows.
func TestFollow(t *testing.T) {
	for _, test := range []struct {
		nat       nat
		initiator bool
		want      uint16
	}{
		{nat{}, false, 500}, {nat{here: true}, false, 500}, {nat{there: true}, false, 7}, {nat{there: true}, true, 7},
		{nat{here: true, there: true}, true, 500},
		{nat{here: true, there: true}, false, 7}, // a gateway behind a NAT that forwards to it
		{nat{forced: true}, false, 500},
	} {
		s := &sa{nat: test.nat, initiator: test.initiator, local: kitPort(1, 500), remote: kitPort(2, 500)}
		if s.follow(kitPort(1, 500), kitPort(2, 7)); s.remote.Port() != test.want {
			t.Errorf("%+v, initiator %v: follows to port %d, want %d", test.nat, test.initiator, s.remote.Port(), test.want)
		}
	}
}

// ports returns those of every SA at an end, which are to be the same.
func (n *end) ports() (p ipsec.Ports) {
	for _, sa := range n.sas {
		if p != (ipsec.Ports{}) && p != sa.Encapsulation {
			n.w.t.Errorf("%s has SAs with ports %+v and %+v", n.name, p, sa.Encapsulation)
		}
		p = sa.Encapsulation
	}
	return p
}

// TestPairsMove checks that a pair goes along with a peer whose mapping has changed, whatever
// shows it, keeps its keys, and can be removed afterwards.
func TestPairsMove(t *testing.T) {
	for _, test := range []struct {
		name string
		show func(w *world)
	}{
		{"ESP", func(w *world) {
			w.ends[1].step(Moved{SA: w.ends[1].engine.childrenSorted()[0].in.ID, Remote: netip.AddrPortFrom(kitAddr(0), 34500)})
		}},
		{"a probe", func(w *world) {
			w.inform(func(s *sa) wire.Payload { return wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, 7) })
		}},
		{"another informational exchange", func(w *world) {
			w.inform(func(s *sa) wire.Payload {
				return wire.NewNotify(wire.ReplayStatus, s.cookieI, s.cookieR, []byte{0, 0, 0, 1})
			})
		}},
	} {
		shift := uint16(20000)
		w := behindNAT(t, &shift)
		hq, branch := w.ends[0], w.ends[1]
		branch.remembers()
		hq.acquire()
		w.run(time.Second)
		w.mustAgree()
		out := branch.outbound().ID
		shift = 30000
		test.show(w)
		w.run(time.Second)
		w.mustAgree()
		if got := branch.ports(); got != (ipsec.Ports{Local: 4500, Remote: 34500}) {
			t.Errorf("%s: after the move the ports are %+v", test.name, got)
		}
		if got := branch.outbound().ID; got != out {
			t.Errorf("%s: the pair is another one: %v, not %v", test.name, got, out)
		}
		if got := branch.engine.Status()[0]; got.Remote.Port() != 34500 || got.Children[0].Remote.Port() != 34500 {
			t.Errorf("%s: shown is %v with %v", test.name, got.Remote, got.Children[0].Remote)
		}
		hq.step(Expire{SA: hq.outbound().ID})
		w.run(time.Minute)
		w.mustAgree()
		w.mustEnd()
	}
}

// inform has hq send a notification.
func (w *world) inform(what func(*sa) wire.Payload) {
	hq := w.ends[0]
	hq.engine.now = w.now
	s := hq.engine.current(party{peer: "peer"})
	s.inform(what(s))
	hq.perform(hq.engine.outputs())
}

// mappedTo checks that branch has its pair with the peer at a port, and that it is the one that it was.
func (w *world) mappedTo(port uint16, out ipsec.SAID) {
	w.t.Helper()
	w.mustAgree()
	branch := w.ends[1]
	if got := branch.ports(); got != (ipsec.Ports{Local: 4500, Remote: port}) {
		w.t.Errorf("the ports are %+v, want %d", got, port)
	}
	if got := branch.outbound().ID; got != out {
		w.t.Errorf("the pair is another one: %v, not %v", got, out)
	}
}

// mapped makes a world in which hq, behind a NAT, has a pair with branch.
func mapped(t *testing.T, shift *uint16) (w *world, out ipsec.SAID) {
	w = behindNAT(t, shift)
	for _, n := range w.ends {
		n.remembers()
	}
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	return w, w.ends[1].outbound().ID
}

// TestPairsMoveWithANewISAKMPSA has phase 1 come through another mapping than the one before: the
// pairs that the new ISAKMP SA takes over go there, whether they had one or none.
func TestPairsMoveWithANewISAKMPSA(t *testing.T) {
	for _, orphans := range []bool{false, true} {
		shift := uint16(20000)
		w, out := mapped(t, &shift)
		hq := w.ends[0]
		hq.engine.now = w.now
		s := kitSA(hq)
		if orphans {
			s.end("test")
			w.perform(hq)
			shift = 30000
			hq.engine.startPhase1(s.peer, s.party, s.local.Addr())
		} else {
			shift = 30000
			s.rekey()
		}
		w.perform(hq)
		w.run(time.Second)
		w.mappedTo(34500, out)
		w.run(time.Minute)
		w.mustAgree()
		w.mustEnd()
	}
}

// perform does what an end's engine wants.
func (w *world) perform(n *end) {
	for _, in := range n.perform(n.engine.outputs()) {
		n.step(in)
	}
	w.run(0)
}

// TestPairsStayWithoutNAT has a new ISAKMP SA that sees no NAT, on port 500, take over a pair in UDP.
func TestPairsStayWithoutNAT(t *testing.T) {
	shift := uint16(20000)
	w, out := mapped(t, &shift)
	hq, branch := w.ends[0], w.ends[1]
	hq.engine.now = w.now
	s := kitSA(hq)
	w.route = nil
	hq.engine.startPhase1(s.peer, s.party, s.local.Addr())
	w.perform(hq)
	w.run(time.Second)
	if got := kitSA(branch); got.nat.found() || len(got.children) != 1 {
		t.Fatalf("a NAT was found: %v, %d pairs", got.nat, len(got.children))
	}
	w.mappedTo(24500, out)
}

// TestMovesThatTheISAKMPSAKnows has ESP come from where the ISAKMP SA is already.
func TestMovesThatTheISAKMPSAKnows(t *testing.T) {
	shift := uint16(20000)
	w, out := mapped(t, &shift)
	branch := w.ends[1]
	elsewhere := netip.AddrPortFrom(kitAddr(0), 34500)
	kitSA(branch).remote = elsewhere
	branch.step(Moved{SA: branch.engine.childrenSorted()[0].in.ID, Remote: elsewhere})
	w.mappedTo(34500, out)
}

// TestOrphansMove has ESP come from another port when the ISAKMP SA has gone: of who was behind a
// NAT, and not of who was not.
func TestOrphansMove(t *testing.T) {
	shift := uint16(20000)
	w, out := mapped(t, &shift)
	for _, n := range w.ends {
		n.engine.now = w.now
		kitSA(n).remove("test")
		w.perform(n)
	}
	hq, branch := w.ends[0], w.ends[1]
	branch.step(Moved{SA: branch.engine.childrenSorted()[0].in.ID, Remote: netip.AddrPortFrom(kitAddr(0), 34500)})
	w.mappedTo(34500, out)
	hq.step(Moved{SA: hq.engine.childrenSorted()[0].in.ID, Remote: netip.AddrPortFrom(kitAddr(1), 34500)})
	if got := hq.ports(); got != (ipsec.Ports{Local: 4500, Remote: 4500}) {
		t.Errorf("the peer of an initiator behind a NAT has moved: %+v", got)
	}
	w.mustMatch()
}

// TestPairsMoveWithATransaction has a client's request come from elsewhere.
func TestPairsMoveWithATransaction(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	hq, branch := w.ends[0], w.ends[1]
	s, elsewhere := hq.engine.sasSorted()[0], kitPort(9, 34500)
	s.nat.there, s.local = true, kitPort(1, PortNATT)
	c := s.children[0]
	for _, sa := range []*ipsec.SA{c.in, c.out} {
		sa.Encapsulation = ipsec.Ports{Local: 4500, Remote: 4500}
	}
	branch.engine.now = w.now
	branch.engine.sasSorted()[0].transact(transactionOrder{kind: wire.CfgRequest, list: []wire.CfgAttribute{wire.CfgEmpty(wire.CfgIP4DNS)}, failed: func() {}})
	moves := 0
	for _, out := range branch.engine.outputs() {
		if request, ok := out.(Send); ok {
			for _, o := range hq.engine.Step(w.now, Datagram{Local: kitPort(1, PortNATT), Remote: elsewhere, Octets: request.Octets}) {
				if m, ok := o.(MoveSA); ok && m.To == elsewhere {
					moves++
				}
			}
		}
	}
	if moves != 2 || c.remote != elsewhere || s.remote != elsewhere {
		t.Errorf("%d SAs have moved, the pair is at %v and the ISAKMP SA at %v, want 2 and %v", moves, c.remote, s.remote, elsewhere)
	}
}

// TestPairsThatCannotMove checks that they are succeeded by others.
func TestPairsThatCannotMove(t *testing.T) {
	shift := uint16(20000)
	w := behindNAT(t, &shift)
	hq, branch := w.ends[0], w.ends[1]
	branch.remembers()
	hq.acquire()
	w.run(time.Second)
	w.mustAgree()
	out := branch.outbound().ID
	branch.unmovable = true
	shift = 30000
	branch.step(Moved{SA: branch.engine.childrenSorted()[0].in.ID, Remote: netip.AddrPortFrom(kitAddr(0), 34500)})
	w.run(time.Minute)
	w.mustAgree()
	if got := branch.ports(); got != (ipsec.Ports{Local: 4500, Remote: 34500}) || branch.outbound().ID == out {
		t.Errorf("the pair is %v with ports %+v", branch.outbound().ID, got)
	}
	w.mustMatch()
	w.mustEnd()
}

// TestMovesToAnotherAddress checks the names of SAs, which hold the address of an outbound one.
func TestMovesToAnotherAddress(t *testing.T) {
	for _, transport := range []bool{false, true} {
		e := connected(t, 1, nil).ends[1].engine
		c := e.childrenSorted()[0]
		c.sa.nat.there, c.sa.local = true, kitPort(2, PortNATT)
		for _, sa := range []*ipsec.SA{c.in, c.out} {
			sa.Encapsulation = ipsec.Ports{Local: 4500, Remote: 4500}
			if transport {
				sa.Mode = ipsec.Transport
			}
		}
		in, out, elsewhere := c.in.ID, c.out.ID, kitPort(9, 24500)
		var moves []MoveSA
		for _, o := range e.Step(kitStart.Add(time.Minute), Moved{SA: in, Remote: elsewhere}) {
			if m, ok := o.(MoveSA); ok {
				moves = append(moves, m)
			}
		}
		if transport {
			if len(moves) != 0 || !c.fading {
				t.Errorf("in transport mode: %v, rekeyed %v", moves, c.fading)
			}
			continue
		}
		renamed := out
		renamed.Destination = elsewhere.Addr()
		if len(moves) != 2 || moves[0].name() != in || moves[1].name() != renamed || e.find(renamed) != c || e.find(out) != nil {
			t.Errorf("moves are %v", moves)
		}
		e.Step(kitStart.Add(time.Minute), Failed{moves[1], errors.New("refused")})
		if e.find(out) != c || e.find(renamed) != nil || c.in.Remote != elsewhere.Addr() || !c.fading {
			t.Errorf("after a refusal: %v, %v", c.in, c.out)
		}
	}
}
