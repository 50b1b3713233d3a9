package ike

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// An attacker sees every datagram and may send any, from any address. The keys
// it does not know.
type attacker struct {
	t       *testing.T
	w       *world
	rng     *rand.Rand
	tainted bool // a message in clear was accepted that nobody can tell from a genuine one
	tried   int
	proved  bool              // who knows our cookie is where it says, and what it repeats is answered as before
	seen    map[*end]string   // how the ends are, if nothing but injections has happened since
	open    func([]byte) bool // of an encrypted message: it may have been altered where no HASH covers it
}

func newAttacker(t *testing.T, w *world, seed uint64) *attacker {
	return &attacker{t: t, w: w, rng: rand.New(rand.NewPCG(seed, 77))}
}

// inject gives an end a datagram and checks that it changed nothing, or, for one
// in clear before there are keys, was accepted as it might be genuine.
func (a *attacker) inject(n *end, d Datagram, why string) {
	a.tried++
	a.ripen(n, d)
	before := a.seen[n]
	if before == "" {
		before = snapshotOf(n.engine)
	}
	in, out, refused := n.octetsIn, n.octetsOut, len(n.refused)
	first := cookieR(d.Octets) == (wire.Cookie{}) // what the kit keeps an account of
	flying, sent := slices.Clone(a.w.flying), len(a.w.sent)
	n.step(d)
	own := n.engine.lookUp(headerOf(d.Octets)) // message 3 to a peer that we have called ourselves may be long
	counts := len(n.refused) > refused || !first && !a.proved
	if most := n.octetsIn - in; n.octetsOut-out > most && counts && (own == nil || !own.initiator || len(n.refused) > refused) {
		a.t.Errorf("%s: %s answers %d octets with %d", why, n.name, n.octetsIn-in, n.octetsOut-out)
	}
	if after := snapshotOf(n.engine); after != before {
		if len(n.refused) > refused || encrypted(d.Octets) && !loose(d.Octets) && (a.open == nil || !a.open(d.Octets)) {
			a.t.Errorf("%s: %s changed by %x (%v)\n%s", why, n.name, d.Octets, n.refused[refused:], firstDifference(before, after))
		}
		a.tainted = true
		return
	}
	if a.seen != nil {
		a.seen[n] = before
	}
	a.w.flying, a.w.sent = flying, a.w.sent[:sent] // answers to forgeries are of no use to anybody
}

// ripen has an end make the keys of aggressive mode's message 3, as anything does that has its
// cookies: that proves nothing and is no harm.
func (a *attacker) ripen(n *end, d Datagram) {
	s := n.engine.lookUp(headerOf(d.Octets))
	if s == nil || s.phase1 == nil || !s.phase1.lacksKeys() || s.remote.Addr() != d.Remote.Addr() {
		return
	}
	d.Octets = clearMessage(s.cookieI, s.cookieR, wire.Aggressive, 0, wire.Hash{Data: make([]byte, 32)})
	n.step(d)
	delete(a.seen, n)
}

// headerOf returns the header of a message, or a zero one.
func headerOf(b []byte) wire.Header {
	h, _, _, _ := wire.ParseHeader(b)
	return h
}

// loose reports whether a message is of aggressive mode, of which HASH_I covers nothing else that is
// in message 3.
func loose(b []byte) bool { return headerOf(b).Exchange == wire.Aggressive }

func encrypted(b []byte) bool { return len(b) > 19 && b[19]&1 != 0 }

// altered returns one of the ways to spoil a message. Flags that mean nothing to
// us and padding are left alone: IKEv1 does not protect them.
func (a *attacker) altered(octets []byte) []byte {
	b := bytes.Clone(octets)
	at := a.rng.IntN(len(b))
	switch a.rng.IntN(8) {
	case 0:
		b = b[:at] // cut short
	case 1:
		b = fixLength(b[:at])
	case 2:
		b = append(b, make([]byte, 1+a.rng.IntN(15))...) // longer
	case 3:
		b = fixLength(append(b, byte(a.rng.Uint32())))
	case 4:
		other := a.w.sent[a.rng.IntN(len(a.w.sent))].in.Octets // the head of one and the tail of another
		b = fixLength(append(b[:at:at], other[min(at, len(other)):]...))
	case 5:
		to := a.rng.IntN(len(b)) // two octets change places
		b[at], b[to] = b[to], b[at]
	case 6:
		b[at] = byte(a.rng.Uint32())
	default:
		b[at] ^= 1 << a.rng.IntN(8)
	}
	if len(b) > 19 {
		b[19] = b[19]&^6 | octets[19]&6
	}
	return b
}

// fixLength makes the length field right.
func fixLength(b []byte) []byte {
	if len(b) >= wire.HeaderLen {
		binary.BigEndian.PutUint32(b[24:], uint32(len(b)))
	}
	return b
}

// TestAlteredMessages spoils every message of main mode, quick mode and a rekey
// in passing, before the genuine one arrives, which then must still do its work.
func TestAlteredMessages(t *testing.T) {
	tried := 0
	for seed := range uint64(40) {
		w := newWorld(t, seed, func(_ string, c *Config) {
			c.Policies[0].PFS = wire.Group19 * wire.Group(seed%2)
			wrapped(c, ipsec.Transform(seed/2%3))
		})
		a := newAttacker(t, w, seed)
		w.before = func(f flight) {
			for range 12 {
				d := f.in
				if d.Octets = a.altered(f.in.Octets); !bytes.Equal(d.Octets, f.in.Octets) && !a.tainted {
					a.inject(f.to, d, "altered")
				}
			}
		}
		w.ends[0].acquire()
		w.run(time.Second)
		if !a.tainted {
			w.mustAgree()
			w.ends[0].step(Expire{SA: w.ends[0].outbound().ID})
			w.run(time.Second)
			w.mustAgree()
		}
		w.before = nil
		w.persist(3 * time.Minute)
		if a.tainted && !w.agree() { // NAT-D is never authenticated: what it said lasts as long as the ISAKMP SA
			w.ends[0].step(Reset{})
			w.persist(time.Minute)
		}
		w.mustAgree()
		w.mustEnd()
		tried += a.tried
	}
	t.Logf("%d injections", tried)
}

// persist lets time pass with traffic that asks for SAs once a second.
func (w *world) persist(d time.Duration) {
	for range int(d / time.Second) {
		w.ends[0].want()
		w.run(time.Second)
	}
}

// TestForgedEncrypted is the same against an established SA, with many more
// forgeries of each encrypted message and from other addresses.
func TestForgedEncrypted(t *testing.T) {
	for seed := range uint64(4) {
		w := connected(t, seed, nil)
		a := newAttacker(t, w, seed)
		for range 300 {
			f := w.sent[a.rng.IntN(len(w.sent))]
			d := f.in
			d.Octets = a.altered(f.in.Octets)
			if a.rng.IntN(4) == 0 {
				d.Remote = kitPort(1+a.rng.IntN(9), uint16(a.rng.Uint32()))
			}
			if to := w.ends[a.rng.IntN(2)]; !bytes.Equal(d.Octets, f.in.Octets) && cookieR(d.Octets) != (wire.Cookie{}) {
				a.inject(to, d, "forged") // as often to its own sender
			}
		}
		w.mustAgree()
		w.mustEnd()
	}
}

// cookieR returns the responder's cookie, zero for what is too short.
func cookieR(b []byte) (c wire.Cookie) {
	if len(b) >= 16 {
		copy(c[:], b[8:])
	}
	return c
}

// TestReplays repeats every datagram of a session to both ends, in any order, at
// any time, from any address.
func TestReplays(t *testing.T) {
	for seed := range uint64(4) {
		w := connected(t, seed, nil)
		a := newAttacker(t, w, seed)
		w.ends[0].step(Expire{SA: w.ends[0].outbound().ID})
		w.run(20 * time.Second)
		for range 400 {
			f := w.sent[a.rng.IntN(len(w.sent))]
			d := f.in
			if a.rng.IntN(3) == 0 {
				d.Remote = kitPort(1+a.rng.IntN(9), 500)
			}
			if to := w.ends[a.rng.IntN(2)]; cookieR(d.Octets) != (wire.Cookie{}) {
				a.inject(to, d, "replayed")
			}
			w.run(time.Duration(a.rng.IntN(300)) * time.Millisecond)
		}
		w.mustAgree()
		w.mustEnd()
	}
}

// clearMessage builds what anybody can send who knows the cookies.
func clearMessage(i, r wire.Cookie, kind wire.ExchangeType, id wire.MessageID, payloads ...wire.Payload) []byte {
	m := wire.Message{Header: wire.Header{CookieI: i, CookieR: r, Exchange: kind, MessageID: id}, Payloads: payloads}
	return m.Append(nil)
}

// forgeries are messages in clear with the right cookies.
func forgeries(i, r wire.Cookie, spi uint32) map[string][]byte {
	return map[string][]byte{
		"delete of the ISAKMP SA":  clearMessage(i, r, wire.Informational, 7, wire.DeleteISAKMP(i, r)),
		"delete of an IPsec SA":    clearMessage(i, r, wire.Informational, 7, wire.DeleteSA(wire.ProtoESP, spi)),
		"delete, message ID 0":     clearMessage(i, r, wire.Informational, 0, wire.DeleteISAKMP(i, r)),
		"INITIAL-CONTACT":          clearMessage(i, r, wire.Informational, 7, wire.NewNotify(wire.InitialContact, i, r, nil)),
		"R-U-THERE":                clearMessage(i, r, wire.Informational, 7, wire.NewDPD(wire.RUThere, i, r, 1)),
		"NO-PROPOSAL-CHOSEN":       clearMessage(i, r, wire.Informational, 7, wire.NewNotify(wire.NoProposalChosen, i, r, nil)),
		"AUTHENTICATION-FAILED":    clearMessage(i, r, wire.Informational, 0, wire.NewNotify(wire.AuthenticationFailed, i, r, nil)),
		"quick mode in clear":      clearMessage(i, r, wire.QuickMode, 7, wire.Hash{Data: make([]byte, 32)}),
		"a HASH that covers it":    clearMessage(i, r, wire.Informational, 7, wire.Hash{Data: make([]byte, 32)}, wire.DeleteISAKMP(i, r)),
		"a fragment":               clearMessage(i, r, wire.MainMode, 0, wire.Unknown{PayloadType: 132, Data: []byte{0, 1, 1, 1, 9, 9}}),
		"an ID in clear":           clearMessage(i, r, wire.MainMode, 0, wire.ID{IDType: wire.IDIPv4Addr, Data: []byte{192, 0, 2, 1}}, wire.Hash{Data: make([]byte, 32)}),
		"aggressive mode":          clearMessage(i, r, wire.Aggressive, 0, wire.Hash{Data: make([]byte, 32)}),
		"transaction":              clearMessage(i, r, wire.Transaction, 7, wire.Hash{Data: make([]byte, 32)}),
		"new group":                clearMessage(i, r, wire.NewGroupMode, 7, wire.Hash{Data: make([]byte, 32)}),
		"nothing but a header":     fixLength(clearMessage(i, r, wire.Informational, 7, wire.Hash{})[:28]),
		"half a header":            clearMessage(i, r, wire.Informational, 7, wire.Hash{})[:14],
		"nothing":                  {},
		"a certificate, not asked": clearMessage(i, r, wire.MainMode, 0, wire.Certificate{Encoding: 4, Data: []byte{1, 2, 3}}),
	}
}

// TestForgedInClear sends messages in clear with the right cookies after every
// datagram of a negotiation, and against the SA when it is established.
func TestForgedInClear(t *testing.T) {
	w := newWorld(t, 1, nil)
	a := newAttacker(t, w, 1)
	attack := func(f flight) {
		for _, n := range w.ends {
			for name, octets := range forgeries(cookieOf(f), cookieR(f.in.Octets), 0x1000) {
				a.inject(n, Datagram{Local: f.in.Local, Remote: kitPort(2-slices.Index(w.ends[:], n), 500), Octets: octets}, name)
			}
		}
	}
	w.before, w.after = attack, attack
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	for range 5 {
		attack(w.sent[len(w.sent)-1])
		w.run(time.Second)
	}
	if a.tainted {
		t.Error("a forgery in clear was accepted")
	}
	w.mustAgree()
	w.mustEnd()
}

// TestFloodOfFirstMessages sends forged first messages: from the peer's own
// address, which is the worst, from strangers, and in the middle of a negotiation.
func TestFloodOfFirstMessages(t *testing.T) {
	w := connected(t, 1, nil)
	hq, branch := w.ends[0], w.ends[1]
	first := w.sent[0].in
	flood := func(n int) {
		in, out, sent := branch.octetsIn, branch.octetsOut, len(w.sent)
		w.route = func(flight) []flight { return nil }
		for i := range n {
			d := first
			d.Octets = bytes.Clone(first.Octets)
			binary.BigEndian.PutUint64(d.Octets, uint64(i)+1<<40)
			if i%3 == 0 {
				d.Remote = kitPort(3+i%200, 500)
			}
			branch.step(d)
		}
		w.route, w.sent = nil, w.sent[:sent]
		if branch.octetsOut-out > branch.octetsIn-in {
			t.Errorf("%d octets answered with %d", branch.octetsIn-in, branch.octetsOut-out)
		}
	}
	flood(5000)
	if s := branch.engine.size(); s.sas > maxHalfOpenKnown+1 || s.halfOpen > maxHalfOpenKnown || s.firsts > maxHalfOpenKnown+1 || s.deadlines > 2*maxHalfOpenKnown+20 {
		t.Errorf("after the flood: %+v", s)
	}
	w.mustAgree()
	hq.step(Expire{SA: hq.outbound().ID})
	w.run(time.Second)
	w.mustAgree()
	hq.step(Reset{}) // and now a new negotiation, with a flood once message 3 is there
	w.after = func(f flight) {
		if f.to == branch && f.in.Octets[16] == byte(wire.PayloadKE) {
			flood(1000)
		}
	}
	w.run(10 * time.Second)
	hq.acquire()
	w.run(time.Second)
	w.mustAgree()
	w.after = nil
	w.run(time.Minute)
	if s := branch.engine.size(); s.halfOpen != 0 || s.perAddr != 0 || s.sas != 1 {
		t.Errorf("a minute after the flood: %+v", s)
	}
	w.mustEnd()
}
