package ike

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// committing makes a world whose branch sets the commit bit in quick mode, with a quick mode that hq
// has begun; say sends a message under its message ID to hq, with the right HASH if that is empty.
func committing(t *testing.T) (w *world, say func(kind wire.ExchangeType, chained bool, hash wire.Hash, payloads ...wire.Payload)) {
	w = newWorld(t, 1, nil)
	w.route = func(f flight) []flight {
		if h := headerOf(f.in.Octets); h.Exchange == wire.QuickMode && f.to == w.ends[0] {
			f.in.Octets = bytes.Clone(f.in.Octets)
			f.in.Octets[19] |= byte(wire.FlagCommit)
		}
		return []flight{f}
	}
	w.ends[0].acquire()
	w.run(time.Millisecond)
	message3 := w.sent[len(w.sent)-1].in
	return w, func(kind wire.ExchangeType, chained bool, hash wire.Hash, payloads ...wire.Payload) {
		s, h := w.ends[1].engine.current(party{peer: "peer"}), headerOf(message3.Octets)
		iv := s.keys.ExchangeIV(s.lastIV, h.MessageID)
		if chained {
			iv = keymat.IV(message3.Octets[len(message3.Octets)-len(iv):])
		}
		if hash.Data == nil {
			hash.Data = s.hash1(h.MessageID, wire.AppendPayloads(nil, payloads))
		}
		m := &wire.Message{Header: h, Payloads: append([]wire.Payload{hash}, payloads...)}
		m.Exchange = kind
		octets, _ := s.seal(m, iv)
		w.ends[0].step(Datagram{Local: message3.Remote, Remote: message3.Local, Octets: octets})
	}
}

// up reports whether an end has said that a pair came up, and sends on it.
func (n *end) up() bool {
	told := slices.ContainsFunc(n.events, func(out Output) bool { _, ok := out.(Phase2Up); return ok })
	sends := false
	for _, sa := range n.sas {
		sends = sends || sa.Direction == ipsec.Outbound
	}
	if told != sends {
		n.w.t.Errorf("%s says that the pair is up: %v, and sends: %v", n.name, told, sends)
	}
	return told
}

// TestCommitBit checks what ends the wait for CONNECTED.
func TestCommitBit(t *testing.T) {
	connected := func(s *sa) wire.Payload { return wire.NewNotify(wire.Connected, s.cookieI, s.cookieR, nil) }
	for _, test := range []struct {
		name    string
		kind    wire.ExchangeType
		chained bool
		notify  wire.NotifyType
		up      bool
	}{
		{"an informational exchange", wire.Informational, false, wire.Connected, true},
		{"its IV follows message 3", wire.Informational, true, wire.Connected, true},
		{"message 4, as of Windows", wire.QuickMode, true, wire.Connected, true},
		{"message 4 with an IV of its own", wire.QuickMode, false, wire.Connected, true},
		{"something else", wire.Informational, false, wire.ReplayStatus, false},
	} {
		w, say := committing(t)
		hq := w.ends[0]
		if hq.up() {
			t.Fatalf("%s: hq does not wait", test.name)
		}
		p := connected(hq.engine.current(party{peer: "peer"})).(wire.Notify)
		p.Notify = test.notify
		say(test.kind, test.chained, wire.Hash{}, p)
		if hq.up() != test.up {
			t.Errorf("%s: up is %v; refused %v", test.name, !test.up, hq.refused)
		}
		w.run(commitWait)
		if !hq.up() {
			t.Errorf("%s: hq waits longer than %v", test.name, commitWait)
		}
		w.mustAgree()
		say(test.kind, test.chained, wire.Hash{}, p) // once more, or too late
		w.mustAgree()
		w.mustEnd()
	}
}

// TestForgedConnected checks that what is not authentic changes nothing, and the wait goes on.
func TestForgedConnected(t *testing.T) {
	w, say := committing(t)
	hq := w.ends[0]
	a := newAttacker(t, w, 1)
	before := snapshotOf(hq.engine)
	for range 200 {
		d := w.sent[len(w.sent)-1].in // message 3, come back
		d.Local, d.Remote = d.Remote, d.Local
		if d.Octets = a.altered(d.Octets); headerOf(d.Octets).Exchange == wire.QuickMode {
			hq.step(d)
		}
	}
	s := hq.engine.current(party{peer: "peer"})
	for _, kind := range []wire.ExchangeType{wire.QuickMode, wire.Informational} {
		say(kind, true, wire.Hash{Data: make([]byte, 32)}, wire.NewNotify(wire.Connected, s.cookieI, s.cookieR, nil))
	}
	if after := snapshotOf(hq.engine); after != before {
		t.Errorf("a forgery changes something: %s", firstDifference(before, after))
	}
	say(wire.QuickMode, true, wire.Hash{}, wire.NewNotify(wire.Connected, s.cookieI, s.cookieR, nil))
	if !hq.up() {
		t.Errorf("after forgeries the genuine word does not count: %v", hq.refused)
	}
}

// TestCommitBitDuringRekey checks that the old pair carries the traffic while CONNECTED is waited for.
func TestCommitBitDuringRekey(t *testing.T) {
	w, say := committing(t)
	w.run(commitWait)
	w.mustAgree()
	hq := w.ends[0]
	old := hq.outbound().ID
	hq.step(Expire{SA: old})
	w.run(time.Second)
	w.mustAgree()
	if got := hq.outbound().ID; got != old {
		t.Errorf("hq sends on %v, not on %v as before", got, old)
	}
	w.run(commitWait + switchAfter)
	w.mustAgree()
	if got := hq.outbound().ID; got == old {
		t.Errorf("hq still sends on %v", got)
	}
	s := hq.engine.current(party{peer: "peer"})
	say(wire.QuickMode, true, wire.Hash{}, wire.NewNotify(wire.Connected, s.cookieI, s.cookieR, nil)) // of the first one
	w.mustAgree()
	w.mustEnd()
}

// TestCommitBitOfInitiator checks that a responder waits as well, in whichever message the bit is.
func TestCommitBitOfInitiator(t *testing.T) {
	for _, test := range []struct {
		name  string
		first bool // the bit is in message 1
		third bool // and in message 3
		waits bool
	}{
		{"in both", true, true, true},
		{"in message 1", true, false, true},
		{"in message 3", false, true, true},
		{"in none", false, false, false},
	} {
		for _, says := range []bool{true, false} {
			w := newWorld(t, 1, nil)
			hq, branch, number := w.ends[0], w.ends[1], 0
			w.route = func(f flight) []flight {
				if headerOf(f.in.Octets).Exchange == wire.QuickMode && f.to == branch {
					if number++; number == 1 && test.first || number == 2 && test.third {
						f.in.Octets = bytes.Clone(f.in.Octets)
						f.in.Octets[19] |= byte(wire.FlagCommit)
					}
				}
				return []flight{f}
			}
			hq.acquire()
			w.run(time.Second)
			if branch.up() == test.waits || !hq.up() {
				t.Errorf("%s: branch waits: %v, hq is up: %v", test.name, !branch.up(), hq.up())
			}
			if says {
				hq.sayConnected(w.sent[len(w.sent)-1].in)
			} else {
				w.run(commitWait)
			}
			if !branch.up() {
				t.Errorf("%s, with CONNECTED: %v: branch still waits; refused %v", test.name, says, branch.refused)
			}
			w.mustAgree()
			w.mustEnd()
		}
	}
}

// sayConnected sends CONNECTED under the message ID of a message 3 that n has sent, as an informational
// exchange.
func (n *end) sayConnected(message3 Datagram) {
	s, h := n.engine.current(party{peer: "peer"}), headerOf(message3.Octets)
	notify := []wire.Payload{wire.NewNotify(wire.Connected, s.cookieI, s.cookieR, nil)}
	m := &wire.Message{Header: h, Payloads: append([]wire.Payload{wire.Hash{Data: s.hash1(h.MessageID, wire.AppendPayloads(nil, notify))}}, notify...)}
	m.Exchange = wire.Informational
	octets, _ := s.seal(m, s.keys.ExchangeIV(s.lastIV, h.MessageID))
	n.w.send(Send{Local: message3.Remote, Remote: message3.Local, Octets: octets})
	n.w.run(time.Millisecond)
}
