package ike

import (
	"math/rand/v2"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// An insider is an authenticated peer that means ill: it knows the keys and sends
// what it likes, encrypted and with the right HASH.
type insider struct {
	n    *end // the victim
	rng  *rand.Rand
	next wire.MessageID
}

// send encrypts payloads under a new message ID, with HASH(1) in front of them,
// or what stands in its place if the dice say so, and delivers the message.
func (i *insider) send(kind wire.ExchangeType, after []byte, first wire.PayloadType) {
	s := i.n.engine.current(party{peer: "peer"})
	if s == nil {
		return
	}
	i.next++
	hash := s.keys.Hash1(i.next, after)
	plain := append([]byte{byte(first), 0, 0, byte(4 + len(hash))}, hash...)
	body, _ := s.keys.Encrypt(nil, s.keys.ExchangeIV(s.lastIV, i.next), append(plain, after...))
	h := wire.Header{CookieI: s.cookieI, CookieR: s.cookieR, Exchange: kind, Flags: wire.FlagEncrypted, MessageID: i.next}
	i.n.step(Datagram{Local: s.local, Remote: s.remote, Octets: append(h.Append(nil, wire.PayloadHash, 28+len(body)), body...)})
}

// octets draws n octets, half of them small, so that lengths make sense.
func (i *insider) octets(n int) []byte {
	b := make([]byte, n)
	for k := range b {
		if b[k] = byte(i.rng.Uint32()); i.rng.IntN(2) == 0 {
			b[k] &= 3
		}
	}
	return b
}

// spoilt alters some octets of well-formed payloads.
func (i *insider) spoilt(b []byte) []byte {
	for range i.rng.IntN(4) {
		if len(b) > 0 {
			b[i.rng.IntN(len(b))] ^= 1 << i.rng.IntN(8)
		}
	}
	return b
}

// payloads builds what some genuine message carries behind its HASH.
func (i *insider) payloads() []wire.Payload {
	s := i.n.engine.current(party{peer: "peer"})
	offer := withSPIs(s.terms(i.n.config.Policies[0], ipsec.Selector{}).offers(), spis{0x12345678, 0x12345678})
	id := func(last byte) wire.ID {
		return wire.ID{IDType: wire.IDIPv4Subnet, Data: []byte{10, last, 0, 0, 255, 255, 255, 0}}
	}
	local, remote := id(1), id(2)
	if i.n.name == "hq" {
		local, remote = remote, local
	}
	proposal := []wire.Payload{wire.NewSA(offer...), wire.Nonce{Data: i.octets(32)}, local, remote}
	return [][]wire.Payload{
		proposal, proposal, proposal,
		append(proposal, wire.KeyExchange{Data: i.octets(64)}),
		{wire.NewSA(append(offer, offer...)...), wire.Nonce{Data: i.octets(8)}},
		{wire.SA{DOI: 1, Situation: 1}, wire.Nonce{Data: i.octets(300)}, local},
		{wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, 5)},
		{wire.NewNotify(wire.NoProposalChosen, s.cookieI, s.cookieR, nil)},
		{wire.NewNotify(wire.InitialContact, s.cookieI, s.cookieR, nil)},
		{wire.DeleteSA(wire.ProtoESP, i.spis()...)},
		{wire.DeleteSA(wire.ProtoAH, i.spis()...), wire.DeleteSA(wire.ProtoESP), wire.NewDPD(wire.RUThereAck, s.cookieI, s.cookieR, 5)},
		{wire.DeleteISAKMP(s.cookieI, s.cookieR), wire.DeleteISAKMP(s.cookieI, s.cookieR), wire.DeleteSA(wire.ProtoESP, i.spis()...)},
	}[i.rng.IntN(12)]
}

// spis returns all SPIs that the victim sends to.
func (i *insider) spis() (all []uint32) {
	for _, c := range i.n.engine.childrenSorted() {
		all = append(all, uint32(spisOf(c.out).esp), uint32(spisOf(c.out).ah))
	}
	return all
}

// TestInsider lets an authenticated peer send whatever it likes. It may hurt the
// SAs that it has with us, but no more.
func TestInsider(t *testing.T) {
	for seed := range uint64(20) {
		w := connected(t, seed, func(_ string, c *Config) { wrapped(c, ipsec.Transform(seed/2%3)) })
		i := &insider{n: w.ends[seed%2], rng: rand.New(rand.NewPCG(seed, 3)), next: 1 << 20}
		for range 150 {
			if i.n.engine.current(party{peer: "peer"}) == nil {
				w.ends[0].acquire()
				w.run(10 * time.Second)
				continue
			}
			payloads := i.payloads()
			kind := wire.QuickMode
			if i.rng.IntN(2) == 0 {
				kind = wire.Informational
			}
			i.send(kind, i.spoilt(wire.AppendPayloads(nil, payloads)), payloads[0].Type())
			if i.rng.IntN(10) == 0 {
				w.run(time.Duration(i.rng.IntN(4000)) * time.Millisecond)
			}
			i.bounded(t)
		}
		w.run(3 * time.Minute)
		other := w.ends[(seed+1)%2] // in whose name it all was, and who knows nothing of it
		other.step(Reset{})
		other.start(seed + 1000)
		other.acquire()
		w.run(10 * time.Second)
		w.mustAgree()
		w.mustEnd()
	}
}

// bounded checks the victim's size against limits.go.
func (i *insider) bounded(t testing.TB) {
	for _, s := range i.n.engine.sas {
		if s.unfinished() > maxQuickModes || len(s.children) > maxChildren || len(s.used) > 2*maxMessageIDs+1 {
			t.Errorf("%d quick modes, %d children, %d message IDs", s.unfinished(), len(s.children), len(s.used))
		}
	}
	if s := i.n.engine.size(); s.flows > 1 || s.sas > 2+maxHalfOpenPerAddr || len(i.n.engine.failures) > maxFailures {
		t.Errorf("size %+v", s)
	}
}

// FuzzEngine feeds an engine that has an SA with a sequence of messages under
// its keys: for each, an octet for the exchange, one for the first payload, one
// for the length, and the payloads.
func FuzzEngine(f *testing.F) {
	seeds := &insider{n: connected(f, 1, nil).ends[1], rng: rand.New(rand.NewPCG(1, 1))}
	for range 40 {
		payloads := seeds.payloads()
		octets := wire.AppendPayloads(nil, payloads)
		f.Add(append([]byte{byte(len(payloads)), byte(payloads[0].Type()), byte(len(octets))}, octets...))
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		w := connected(t, 1, nil)
		i := &insider{n: w.ends[1], rng: rand.New(rand.NewPCG(1, 1)), next: 1 << 20}
		for len(program) > 3 {
			kind, first, n := program[0], program[1], min(int(program[2]), len(program)-3)
			i.step(w, kind, wire.PayloadType(first), program[3:3+n])
			i.bounded(t)
			program = program[3+n:]
		}
		w.run(2 * time.Minute)
		w.mustEnd()
	})
}

// step is one message of a fuzzer's program, in clear or encrypted.
func (i *insider) step(w *world, kind byte, first wire.PayloadType, octets []byte) {
	switch kind % 5 {
	case 0, 1:
		i.send(wire.QuickMode, octets, first)
	case 2:
		i.send(wire.Informational, octets, first)
	case 3:
		w.run(time.Duration(len(octets)) * time.Second)
	default:
		h := wire.Header{CookieI: wire.Cookie{kind}, Exchange: wire.MainMode}
		if s := i.n.engine.current(party{peer: "peer"}); s != nil && kind > 128 {
			h.CookieI, h.CookieR = s.cookieI, s.cookieR
		}
		i.n.step(Datagram{Local: kitPort(2, 500), Remote: kitPort(1, 500), Octets: append(h.Append(nil, first, 28+len(octets)), octets...)})
	}
}
