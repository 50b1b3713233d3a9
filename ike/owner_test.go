package ike

import (
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// other gives an end another party of the same ike peer, with an ISAKMP SA and a pair.
func (n *end) other() (*sa, *child) {
	e, mine := n.engine, kitSA(n)
	s := e.newSA(mine.peer, false, mine.local, mine.remote)
	e.regroup(s, party{peer: "peer", who: "another"})
	s.cookieI = wire.Cookie{1, 2, 3}
	s.keys, s.suite, s.lastIV, s.lifetime = mine.keys, mine.suite, mine.lastIV, mine.lifetime
	s.proved, s.established, s.created = true, true, e.now
	e.census.prove(s)
	s.schedule()
	in, out := *mine.children[0].in, *mine.children[0].out
	in.ID.SPI, out.ID.SPI = 0x11223344, 0x55667788
	c := &child{engine: e, id: e.newID(), sa: s, flow: e.flow(flowKey{ipsec.PolicyID{Interface: "wan", Name: "other"}, 5}), party: s.party, peer: s.peer,
		remote: s.remote, in: &in, out: &out, up: true, sending: true}
	s.children, c.flow.children = []*child{c}, []*child{c}
	c.register()
	return s, c
}

// TestOnlyTheirOwn has a peer say of what another party has that it is gone, in every way that
// there is.
func TestOnlyTheirOwn(t *testing.T) {
	for _, test := range []struct {
		name     string
		payloads func(mine, theirs *sa, c *child) []wire.Payload
		mine     bool // whether the sender's own ISAKMP SA and pair stay
	}{
		{"the pair", func(_, _ *sa, c *child) []wire.Payload {
			return []wire.Payload{wire.DeleteSA(wire.ProtoESP, uint32(c.out.ID.SPI), uint32(c.in.ID.SPI))}
		}, true},
		{"the ISAKMP SA", func(_, theirs *sa, _ *child) []wire.Payload {
			return []wire.Payload{wire.DeleteISAKMP(theirs.cookieI, theirs.cookieR)}
		}, true},
		{"INITIAL-CONTACT", func(mine, _ *sa, _ *child) []wire.Payload {
			return []wire.Payload{wire.NewNotify(wire.InitialContact, mine.cookieI, mine.cookieR, nil)}
		}, true},
		{"INITIAL-CONTACT with the other's cookies", func(_, theirs *sa, _ *child) []wire.Payload {
			return []wire.Payload{wire.NewNotify(wire.InitialContact, theirs.cookieI, theirs.cookieR, nil)}
		}, true},
		{"RESPONDER-LIFETIME of the pair", func(_, _ *sa, c *child) []wire.Payload {
			_, spi := spisOf(c.out).first()
			return []wire.Payload{wire.NewResponderLifetime(wire.ProtoESP, spi, wire.Lifetime{Seconds: 60})}
		}, true},
		{"RESPONDER-LIFETIME of the ISAKMP SA", func(_, theirs *sa, _ *child) []wire.Payload {
			n := wire.NewNotify(wire.ResponderLifetime, theirs.cookieI, theirs.cookieR, nil)
			return []wire.Payload{wire.NewResponderLifetime(wire.ProtoISAKMP, n.SPI, wire.Lifetime{Seconds: 60})}
		}, true},
		{"all, its own last", func(mine, theirs *sa, c *child) []wire.Payload {
			own := spisOf(mine.children[0].out)
			return []wire.Payload{wire.DeleteSA(wire.ProtoESP, uint32(c.out.ID.SPI)), wire.DeleteISAKMP(theirs.cookieI, theirs.cookieR),
				wire.DeleteSA(wire.ProtoESP, uint32(own.esp)), wire.DeleteISAKMP(mine.cookieI, mine.cookieR), wire.DeleteISAKMP(theirs.cookieI, theirs.cookieR)}
		}, false},
	} {
		w := connected(t, 1, nil)
		hq, branch := w.ends[0], w.ends[1]
		theirs, c := hq.other()
		mine, pair := kitSA(hq), kitSA(hq).children[0]
		hard, life := c.hard, theirs.hard
		hq.step(branch.datagram(func(s *sa) { s.inform(test.payloads(mine, theirs, c)...) }))
		if theirs.gone || c.gone || theirs.hard.at != life.at || c.hard.at != hard.at || hq.engine.find(c.in.ID) != c {
			t.Errorf("%s: gone are SA %v, pair %v", test.name, theirs.gone, c.gone)
		}
		if mine.gone == test.mine || pair.gone == test.mine {
			t.Errorf("%s: of the sender's own are gone: SA %v, pair %v", test.name, mine.gone, pair.gone)
		}
	}
}

// TestInitialContactLater has a peer that has restarted say so in a message of its own: what it had
// before goes, and what it has now stays.
func TestInitialContactLater(t *testing.T) {
	w := connected(t, 1, nil)
	hq, branch := w.ends[0], w.ends[1]
	w.run(time.Minute)
	branch.start(2)
	branch.engine.contacted[party{peer: "peer"}] = true
	branch.acquire()
	w.run(time.Second)
	if n := len(hq.engine.inbound); n != 2 {
		t.Fatalf("%d pairs before", n)
	}
	branch.w.send(func() Send {
		d := branch.datagram(func(s *sa) { s.inform(wire.NewNotify(wire.InitialContact, s.cookieI, s.cookieR, nil)) })
		return Send{d.Remote, d.Local, d.Octets}
	}())
	w.run(time.Second)
	if s := hq.engine.size(); s.sas != 1 || s.inbound != 1 || kitSA(hq) == nil {
		t.Errorf("left are %+v", s)
	}
	w.mustAgree()
}
