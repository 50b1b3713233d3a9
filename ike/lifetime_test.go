package ike

import (
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

func TestFewer(t *testing.T) {
	for _, test := range []struct{ a, b, want uint64 }{
		{0, 0, 0}, {1 << 20, 0, 1 << 20}, {0, 1 << 20, 1 << 20}, {1 << 20, 1 << 21, 1 << 20}, {1 << 21, 1 << 20, 1 << 20},
		{1 << 20, 1, minOctets}, {1, 0, minOctets},
	} {
		if got := fewer(test.a, test.b); got != test.want {
			t.Errorf("fewer(%d, %d) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestBounds(t *testing.T) {
	const mega = 1 << 20
	ours := &Proposal{Lifetime: time.Hour, Octets: 8 * mega}
	for _, test := range []struct {
		name          string
		ours          *Proposal
		offer         phase1
		life          time.Duration
		octets        uint64
		lessThanAsked bool
	}{
		{"the same", ours, phase1{lifetime: time.Hour, octets: 8 * mega}, time.Hour, 8 * mega, false},
		{"the peer's are shorter", ours, phase1{lifetime: time.Minute, octets: mega}, time.Minute, mega, false},
		{"ours are shorter", ours, phase1{lifetime: 2 * time.Hour, octets: 9 * mega}, time.Hour, 8 * mega, true},
		{"one of each", ours, phase1{lifetime: time.Minute, octets: 9 * mega}, time.Minute, 8 * mega, true},
		{"the peer names none", ours, phase1{}, time.Hour, 8 * mega, true},
		{"we have no limit in octets", &Proposal{Lifetime: time.Hour}, phase1{lifetime: time.Hour, octets: 9 * mega}, time.Hour, 9 * mega, false},
		{"hardly any", ours, phase1{lifetime: time.Second, octets: 1}, minLifetime, minOctets, false},
	} {
		got := test.ours.bounds(test.offer)
		if got.lifetime != test.life || got.octets != test.octets || got.cut != test.lessThanAsked {
			t.Errorf("%s: bounds = %v, %d, %v, want %v, %d, %v", test.name, got.lifetime, got.octets, got.cut, test.life, test.octets, test.lessThanAsked)
		}
	}
}

// TestLifetimesTwice reads them as Cisco's and vpnc write them.
func TestLifetimesTwice(t *testing.T) {
	four := func(v byte, kind wire.AttributeType) wire.Attribute {
		return wire.Attribute{Type: kind, Long: true, Value: []byte{0, 0, v, 0}}
	}
	huge := wire.Attribute{Type: wire.AttrLifeDuration, Long: true, Value: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	unit := func(u wire.LifeType) wire.Attribute { return wire.Basic(wire.AttrLifeType, uint16(u)) }
	for _, test := range []struct {
		name   string
		list   []wire.Attribute
		life   time.Duration
		octets uint64
	}{
		{"both units", []wire.Attribute{unit(1), four(1, wire.AttrLifeDuration), unit(2), four(2, wire.AttrLifeDuration)}, 256 * time.Second, 512 * 1024},
		{"seconds twice, the smaller first", []wire.Attribute{unit(1), four(1, wire.AttrLifeDuration), unit(1), four(2, wire.AttrLifeDuration)}, 256 * time.Second, 0},
		{"and last", []wire.Attribute{unit(1), four(2, wire.AttrLifeDuration), unit(1), four(1, wire.AttrLifeDuration)}, 256 * time.Second, 0},
		{"more than fits", []wire.Attribute{unit(1), huge, unit(2), huge}, 100 * 365 * 24 * time.Hour, 1 << 63},
	} {
		good := strong.transform(1)
		good.Attributes = append(good.Attributes[:5:5], test.list...) // without its own
		got, ok := readPhase1(good)
		if !ok || got.lifetime != test.life || got.octets != test.octets {
			t.Errorf("%s: readPhase1 = %v, %d, %v, want %v, %d", test.name, got.lifetime, got.octets, ok, test.life, test.octets)
		}
	}
}

// octetsOffered makes a world in which hq offers a limit of its ISAKMP SA in octets.
func octetsOffered(t *testing.T, limit uint64) *world {
	return connected(t, 1, func(name string, c *Config) {
		if name == "hq" {
			c.Proposals[0].Octets = limit
		}
	})
}

// TestOctetsOfTheISAKMPSA uses the limit up. The initiator makes a new SA at nine tenths of it; the
// pair lives on under that one.
func TestOctetsOfTheISAKMPSA(t *testing.T) {
	w := octetsOffered(t, minOctets)
	hq, branch := w.ends[0], w.ends[1]
	first := [2]*sa{kitSA(hq), kitSA(branch)}
	for i, s := range first {
		if s.wear.limit != minOctets || s.wear.spent == 0 || s.wear.spent != first[0].wear.spent {
			t.Errorf("end %d: limit %d, spent %d", i, s.wear.limit, s.wear.spent)
		}
	}
	for first[0].wear.spent < minOctets/10*9-200 {
		w.ends[1].step(hq.datagram(func(s *sa) { s.inform(wire.NewNotify(wire.ReplayStatus, s.cookieI, s.cookieR, make([]byte, 80))) }))
		w.run(time.Millisecond)
	}
	if kitSA(hq) != first[0] || first[0].fading {
		t.Fatal("replaced too early")
	}
	for range 5 {
		w.ends[1].step(hq.datagram(func(s *sa) { s.inform(wire.NewNotify(wire.ReplayStatus, s.cookieI, s.cookieR, make([]byte, 80))) }))
	}
	w.run(time.Second)
	if s := kitSA(hq); s == first[0] || len(s.children) != 1 {
		t.Errorf("not replaced after %d of %d octets", first[0].wear.spent, minOctets)
	}
	w.run(time.Minute)
	w.mustAgree()
	w.mustEnd()
}

// TestOctetsHardLimit: without a successor the SA ends with the limit, and says so.
func TestOctetsHardLimit(t *testing.T) {
	w := octetsOffered(t, minOctets)
	hq := w.ends[0]
	s := kitSA(hq)
	w.route = func(flight) []flight { return nil }
	s.spendOctets(minOctets)
	sent := len(w.sent)
	w.run(time.Millisecond)
	if !s.gone || len(w.sent) < sent+2 {
		t.Errorf("gone %v after the limit, %d datagrams", s.gone, len(w.sent)-sent)
	}
}

// TestForgedOctetsDoNotCount lets anybody send what looks encrypted.
func TestForgedOctetsDoNotCount(t *testing.T) {
	w := octetsOffered(t, minOctets)
	hq, branch := w.ends[0], w.ends[1]
	good := branch.datagram(func(s *sa) { s.inform(wire.NewNotify(wire.ReplayStatus, s.cookieI, s.cookieR, make([]byte, 16))) })
	spent := kitSA(hq).wear.spent
	for i := range good.Octets {
		bad := good
		bad.Octets = append([]byte(nil), good.Octets...)
		bad.Octets[i] ^= 0x80
		hq.step(bad)
	}
	if got := kitSA(hq).wear.spent; got != spent {
		t.Errorf("%d octets spent by forged messages", got-spent)
	}
}

// TestShorten gives the initiator's SA and pair a RESPONDER-LIFETIME.
func TestShorten(t *testing.T) {
	for _, test := range []struct {
		name       string
		said       wire.Lifetime
		after      time.Duration // that the SA was up
		life, left time.Duration // of the SA then: all in all, and from now to its end at most
		limit      uint64
	}{
		{"longer than ours", wire.Lifetime{Seconds: 100 * 86400}, 0, 24 * time.Hour, 24 * time.Hour, 0},
		{"nothing", wire.Lifetime{}, 0, 24 * time.Hour, 24 * time.Hour, 0},
		{"shorter", wire.Lifetime{Seconds: 3600}, 0, time.Hour, time.Hour, 0},
		{"over already", wire.Lifetime{Seconds: 3600}, 2 * time.Hour, time.Hour, minLifetime, 0},
		{"a second", wire.Lifetime{Seconds: 1}, 0, minLifetime, minLifetime, 0},
		{"octets", wire.Lifetime{Kilobytes: 1024}, 0, 24 * time.Hour, 24 * time.Hour, 1 << 20},
		{"hardly an octet", wire.Lifetime{Kilobytes: 1}, 0, 24 * time.Hour, 24 * time.Hour, minOctets},
		{"more octets than there are", wire.Lifetime{Kilobytes: 1<<64 - 1}, 0, 24 * time.Hour, 24 * time.Hour, 1 << 63},
	} {
		w := connected(t, 1, func(_ string, c *Config) { c.Policies[0].Lifetime.Duration = 20 * time.Hour })
		hq, branch := w.ends[0], w.ends[1]
		w.run(test.after)
		s := kitSA(hq)
		soft := s.soft.at
		hq.step(branch.datagram(func(s *sa) {
			own := wire.NewNotify(wire.ResponderLifetime, s.cookieI, s.cookieR, nil)
			s.inform(wire.NewResponderLifetime(wire.ProtoISAKMP, own.SPI, test.said))
		}))
		if s.lifetime != test.life || s.wear.limit != test.limit || s.hard.at.Sub(w.now) > test.left || s.soft.at.After(soft) {
			t.Errorf("%s: lifetime %v, limit %d, %v left, want %v, %d, %v", test.name, s.lifetime, s.wear.limit, s.hard.at.Sub(w.now), test.life, test.limit, test.left)
		}
		if s.hard.at.Sub(w.now) < minLifetime || !s.soft.at.Before(s.hard.at) {
			t.Errorf("%s: %v left, soft limit %v before the hard one", test.name, s.hard.at.Sub(w.now), s.hard.at.Sub(s.soft.at))
		}
		w.run(2 * time.Minute)
		w.mustAgree()
	}
}

// TestShortenPair gives the initiator's pair a RESPONDER-LIFETIME of its own.
func TestShortenPair(t *testing.T) {
	w := connected(t, 1, nil)
	hq, branch := w.ends[0], w.ends[1]
	c := kitSA(hq).children[0]
	hq.step(branch.datagram(func(s *sa) {
		_, spi := spisOf(s.children[0].in).first()
		s.inform(wire.NewResponderLifetime(wire.ProtoESP, spi, wire.Lifetime{Seconds: 600}))
	}))
	if left := c.hard.at.Sub(w.now); left > 10*time.Minute || !c.soft.at.Before(c.hard.at) {
		t.Errorf("%v left, soft limit %v before that", left, c.hard.at.Sub(c.soft.at))
	}
	w.run(20 * time.Minute)
	if !c.gone {
		t.Error("the pair is there still")
	}
	w.mustAgree()
}

// TestShortenPairInOctets has the initiator told a limit of its pair in octets, after counters have gone up
// and before.
func TestShortenPairInOctets(t *testing.T) {
	const mega = 1 << 20
	for _, test := range []struct {
		name    string
		said    wire.Lifetime
		carried uint64 // when it is said
		grows   uint64 // an hour later, which is the pair's life, it is made anew anyway
		after   time.Duration
		fades   bool // after that
	}{
		{"nothing is said", wire.Lifetime{}, 10 * mega, 0, 20 * time.Second, false},
		{"more than was agreed", wire.Lifetime{Kilobytes: 200 << 10}, 99 * mega, 0, 20 * time.Second, false},
		{"used already", wire.Lifetime{Kilobytes: 1024}, mega, 0, 0, true},
		{"nine tenths are used", wire.Lifetime{Kilobytes: 10 << 10}, 9 * mega, 0, 0, true},
		{"less is used", wire.Lifetime{Kilobytes: 10 << 10}, 8 * mega, 8 * mega, 40 * time.Minute, false},
		{"it is used later", wire.Lifetime{Kilobytes: 10 << 10}, 8 * mega, 10 * mega, limitLook, true},
		{"its time is over before", wire.Lifetime{Kilobytes: 10 << 10}, 0, 0, 55 * time.Minute, true},
		{"the time that is said with it", wire.Lifetime{Seconds: 600, Kilobytes: 10 << 10}, 0, 0, 10 * time.Minute, true},
	} {
		w := newWorld(t, 1, func(_ string, c *Config) { c.Policies[0].Lifetime.Octets = 100 * mega })
		hq, branch := w.ends[0], w.ends[1]
		hq.remembers()
		hq.acquire()
		w.run(time.Second)
		carried := test.carried
		hq.engine.Use(Options{Remember: true, Counters: func(id ipsec.SAID) (ipsec.Counters, bool) {
			if hq.sas[id].Direction == ipsec.Inbound {
				return ipsec.Counters{}, true
			}
			return ipsec.Counters{Octets: carried}, true
		}})
		c := kitSA(hq).children[0]
		hq.step(branch.datagram(func(s *sa) {
			_, spi := spisOf(s.children[0].in).first()
			s.inform(wire.NewResponderLifetime(wire.ProtoESP, spi, test.said))
		}))
		w.run(0)
		carried = max(carried, test.grows)
		w.run(test.after)
		if c.fading != test.fades {
			t.Errorf("%s: after %v the pair is rekeyed: %v, want %v", test.name, test.after, c.fading, test.fades)
		}
		carried = 0
		w.run(2 * time.Hour)
		w.mustAgree()
	}
}

// TestShortenPairWithoutCounters: nobody can tell when a limit in octets is used.
func TestShortenPairWithoutCounters(t *testing.T) {
	w := connected(t, 1, nil)
	hq, branch := w.ends[0], w.ends[1]
	c := kitSA(hq).children[0]
	soft := c.soft.at
	hq.step(branch.datagram(func(s *sa) {
		_, spi := spisOf(s.children[0].in).first()
		s.inform(wire.NewResponderLifetime(wire.ProtoESP, spi, wire.Lifetime{Kilobytes: 64}))
	}))
	if !c.soft.at.Equal(soft) {
		t.Errorf("the pair is rekeyed at %v, want %v", c.soft.at, soft)
	}
}

func TestTold(t *testing.T) {
	ours := ipsec.Lifetime{Duration: time.Hour, Octets: 1 << 30}
	notice := func(p wire.ProtocolID, l wire.Lifetime) wire.Payload {
		return wire.NewResponderLifetime(p, []byte{1, 2, 3, 4}, l)
	}
	for _, test := range []struct {
		name string
		list []wire.Payload
		want ipsec.Lifetime
	}{
		{"nothing", nil, ours},
		{"shorter", []wire.Payload{notice(wire.ProtoESP, wire.Lifetime{Seconds: 600, Kilobytes: 1024})}, ipsec.Lifetime{Duration: 10 * time.Minute, Octets: 1 << 20}},
		{"longer", []wire.Payload{notice(wire.ProtoESP, wire.Lifetime{Seconds: 6000, Kilobytes: 1 << 30})}, ours},
		{"too short", []wire.Payload{notice(wire.ProtoAH, wire.Lifetime{Seconds: 1, Kilobytes: 1})}, ipsec.Lifetime{Duration: minLifetime, Octets: minOctets}},
		{"of the ISAKMP SA", []wire.Payload{notice(wire.ProtoISAKMP, wire.Lifetime{Seconds: 600})}, ours},
		{"two of them", []wire.Payload{notice(wire.ProtoESP, wire.Lifetime{Seconds: 600}), notice(wire.ProtoESP, wire.Lifetime{Kilobytes: 1024})},
			ipsec.Lifetime{Duration: 10 * time.Minute, Octets: 1 << 20}},
		{"no attributes", []wire.Payload{wire.Notify{Protocol: wire.ProtoESP, Notify: wire.ResponderLifetime, Data: []byte{1, 2, 3}}}, ours},
	} {
		if got := told(&wire.Message{Payloads: test.list}, ours); got != test.want {
			t.Errorf("%s: told = %v, want %v", test.name, got, test.want)
		}
	}
}

// TestWhenTheInitiatorIsTold counts RESPONDER-LIFETIMEs: only of what is shorter, and only if it is
// configured.
func TestWhenTheInitiatorIsTold(t *testing.T) {
	for _, test := range []struct {
		name         string
		notify       bool
		life1, life2 time.Duration // the responder's; the initiator has a day and an hour
		want         int
	}{
		{"the same", true, 24 * time.Hour, time.Hour, 0},
		{"longer", true, 48 * time.Hour, 2 * time.Hour, 0},
		{"shorter in phase 1", true, time.Hour, time.Hour, 1},
		{"shorter in phase 2", true, 24 * time.Hour, 30 * time.Minute, 1},
		{"shorter in both", true, time.Hour, 30 * time.Minute, 2},
		{"shorter, and not configured", false, time.Hour, 30 * time.Minute, 0},
	} {
		w := connected(t, 1, func(name string, c *Config) {
			p := *c.Policies[0].Peer
			p.LifetimeNotification = test.notify
			c.Policies[0].Peer = &p
			if name == "branch" {
				c.Proposals[0].Lifetime, c.Policies[0].Lifetime.Duration = test.life1, test.life2
			}
		})
		got := 0
		for _, e := range w.ends[1].events {
			if m, ok := e.(MessageSent); ok && hasNotify(m.Message, wire.ResponderLifetime) {
				got++
			}
		}
		if got != test.want {
			t.Errorf("%s: told %d times, want %d", test.name, got, test.want)
		}
		s := kitSA(w.ends[0])
		if c := s.children[0]; test.notify && (s.lifetime != min(24*time.Hour, test.life1) || c.in.Hard.Duration != min(time.Hour, test.life2)) {
			t.Errorf("%s: the initiator goes by %v and %v", test.name, s.lifetime, c.in.Hard.Duration)
		}
	}
}
