package ike

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// An accent is how some peer speaks: what it makes of the messages of an engine of ours that
// takes its part, whose HASHes and IVs follow.
type accent struct {
	w       *world
	who     *end
	message func(m *wire.Message) []wire.Payload // nil: as it is
	padding []byte                               // behind the last payload, then up to a whole block
}

// speaks lets an end speak with an accent.
func (a accent) speaks() {
	a.w.route = func(f flight) []flight {
		if f.to != a.who && len(f.in.Octets) > wire.HeaderLen {
			f.in.Octets = a.translated(f)
		}
		return []flight{f}
	}
}

// translated makes the peer's message of ours.
func (a accent) translated(f flight) []byte {
	s := a.who.engine.lookUp(headerOf(f.in.Octets))
	if !encrypted(f.in.Octets) {
		m, err := wire.Parse(f.in.Octets)
		if err != nil || a.message == nil {
			return f.in.Octets
		}
		m.Payloads = a.message(m)
		return m.Append(nil)
	}
	t, chain, ok := f.overheard()
	if !ok || s == nil { // nil: it has just said that it goes away
		return f.in.Octets
	}
	m, _ := wire.ParsePayloads(t.h, chain.First, chain.Octets)
	payloads := m.Payloads
	if a.message != nil {
		payloads = a.message(m)
	}
	return a.sealed(t, s, payloads)
}

// sealed encrypts payloads, with the HASH that is right for them.
func (a accent) sealed(t tongue, s *sa, payloads []wire.Payload) []byte {
	after := wire.AppendPayloads(nil, payloads[1:])
	switch {
	case t.h.MessageID == 0 && s.phase1.kind == wire.MainMode && s.method.preShared:
		payloads[1] = wire.Hash{Data: s.phase1.hash(s.initiator, wire.Body(payloads[0]))}
	case t.h.MessageID != 0 && len(payloads) > 1:
		hash := s.keys.Hash1(t.h.MessageID, after)
		if q := s.quick[t.h.MessageID]; q != nil && !q.initiated() {
			hash = s.keys.Hash2(t.h.MessageID, q.ni, after)
		}
		payloads[0] = wire.Hash{Data: hash}
	}
	plain := append(wire.AppendPayloads(nil, payloads), a.padding...)
	body, iv := s.keys.Encrypt(nil, t.iv, plain)
	s.goOnWith(t.h, iv)
	return append(t.h.Append(nil, payloads[0].Type(), wire.HeaderLen+len(body)), body...)
}

// goOnWith makes iv that of the exchange's next message.
func (s *sa) goOnWith(h wire.Header, iv keymat.IV) {
	switch q, t := s.quick[h.MessageID], s.transaction(h.MessageID); {
	case h.MessageID == 0:
		if s.phase1.iv = iv; s.phase1.state == established {
			s.lastIV = iv
		}
	case q != nil:
		q.iv = iv
	case t != nil:
		t.iv = iv
	}
}

// vid is a vendor ID in hexadecimal digits.
func vid(digits string) wire.Payload {
	b, _ := hex.DecodeString(digits)
	return wire.VendorID{Data: b}
}

// inClear adds payloads to the messages in clear.
func inClear(added ...wire.Payload) func(*wire.Message) []wire.Payload {
	return func(m *wire.Message) []wire.Payload {
		if m.Flags&wire.FlagEncrypted != 0 {
			return m.Payloads
		}
		return append(slices.Clone(m.Payloads), added...)
	}
}

// quickSA changes the payloads of quick mode's messages that have an SA.
func quickSA(change func(sa wire.SA, rest []wire.Payload) []wire.Payload) func(*wire.Message) []wire.Payload {
	return func(m *wire.Message) []wire.Payload {
		if m.Exchange != wire.QuickMode || len(m.Payloads) < 3 {
			return m.Payloads
		}
		return append([]wire.Payload{m.Payloads[0]}, change(m.Payloads[1].(wire.SA), m.Payloads[2:])...)
	}
}

// TestAccents has peers of other makers begin and answer. None of their ways keeps a pair from
// coming up.
func TestAccents(t *testing.T) {
	windows := []wire.Payload{vid("1e2b516905991c7d7c96fcbfb587e46100000009"), vid("4048b7d56ebce88525e7de7f00d6c2d3"),
		vid("fb1de3cdf341b7ea16b7e5be0855f120"), vid("26244d38eddb61b3172a36e3d0cfb819"), vid("e3a5966a76379fe707228231e5ce8652")}
	asa := []wire.Payload{vid("12f5f28c457168a9702d9fe274cc0100"), vid("09002689dfd6b712"), vid("4048b7d56ebce88525e7de7f00d6c2d3c0000000"),
		vid("1f07f70eaa6514d3b0fa96542a500100")}
	for _, test := range []struct {
		name    string
		message func(*wire.Message) []wire.Payload
		padding []byte
	}{
		{"strongSwan pads by a whole block", nil, make([]byte, siegeBlock)},
		{"racoon pads with anything", nil, []byte{0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 0xff}},
		{"padding that looks like a payload", nil, []byte{byte(wire.PayloadDelete), 0, 0, 12, 0, 0, 0, 1}},
		{"Windows' vendor IDs", inClear(windows...), nil},
		{"ASA's vendor IDs, in each message in clear", inClear(asa...), nil},
		{"a vendor ID of no octets, and one of many", inClear(wire.VendorID{}, wire.VendorID{Data: make([]byte, 200)}), nil},
		{"a private payload", inClear(wire.Unknown{PayloadType: 200, Data: []byte("hello")}), nil},
		{"Cisco's RESPONDER-LIFETIME in message 2", quickSA(func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			spi := sa.Proposals[0].SPI
			n := wire.Notify{DOI: 1, Protocol: wire.ProtoESP, Notify: wire.ResponderLifetime, SPI: spi, Data: []byte{0x80, 1, 0, 2, 0, 2, 0, 4, 0, 0x46, 0x50, 0}}
			return append(append([]wire.Payload{sa}, rest...), n)
		}), nil},
		{"REPLAY-STATUS, of old ones", quickSA(func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			n := wire.Notify{DOI: 1, Protocol: wire.ProtoESP, Notify: wire.ReplayStatus, SPI: sa.Proposals[0].SPI, Data: []byte{0, 0, 0, 1}}
			return append(append([]wire.Payload{sa}, rest...), n)
		}), nil},
		{"strongSwan's second proposal in an answer", quickSA(func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			more := sa.Proposals[0]
			more.Number = 2
			return append([]wire.Payload{wire.NewSA(sa.Proposals[0], more)}, rest...)
		}), nil},
		{"nonces behind the identities", quickSA(func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			return append([]wire.Payload{sa}, append(slices.Clone(rest[1:]), rest[0])...)
		}), nil},
	} {
		for who := range 2 {
			w := newWorld(t, 1, nil)
			accent{w, w.ends[who], test.message, test.padding}.speaks()
			w.ends[0].acquire()
			w.run(time.Second)
			if !w.agree() {
				t.Errorf("%s, by end %d: no pair; refused %v, %v", test.name, who, w.ends[0].refused, w.ends[1].refused)
				continue
			}
			w.ends[1].step(Expire{SA: w.ends[1].outbound().ID})
			w.run(time.Second)
			w.mustAgree()
			w.mustEnd()
		}
	}
}

// TestRefusedAccents has peers begin in ways that are not served: they are told so, and the
// operator is in words.
func TestRefusedAccents(t *testing.T) {
	comp := func(number uint8) wire.Proposal {
		return wire.Proposal{Number: number, Protocol: wire.ProtoIPComp, SPI: []byte{0x58, 0x62}, Transforms: []wire.Transform{{Number: 1, ID: 2}}}
	}
	for _, test := range []struct {
		name   string
		change func(sa wire.SA, rest []wire.Payload) []wire.Payload
		want   string // in the words for the operator; empty: a pair comes up
		notify wire.NotifyType
	}{
		{"IPComp alone", func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			return append([]wire.Payload{wire.NewSA(comp(1))}, rest...)
		}, "IPComp is not served", wire.NoProposalChosen},
		{"ESP with IPComp", func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			return append([]wire.Payload{wire.NewSA(sa.Proposals[0], comp(1))}, rest...)
		}, "IPComp is not served", wire.NoProposalChosen},
		{"ESP with IPComp, or without", func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			alone := sa.Proposals[0]
			alone.Number = 2
			return append([]wire.Payload{wire.NewSA(sa.Proposals[0], comp(1), alone)}, rest...)
		}, "", 0},
		{"a name for its network", func(sa wire.SA, rest []wire.Payload) []wire.Payload {
			return []wire.Payload{sa, rest[0], wire.ID{IDType: wire.IDFQDN, Data: []byte("hq.test")}, rest[2]}
		}, "ID type fqdn", wire.InvalidIDInformation},
	} {
		w := newWorld(t, 1, nil)
		hq, branch := w.ends[0], w.ends[1]
		accent{w, hq, quickSA(test.change), nil}.speaks()
		hq.acquire()
		w.run(time.Second)
		if test.want == "" {
			if len(branch.sas) == 0 { // hq knows nothing of what it is said to have offered
				t.Errorf("%s: no pair; refused %v", test.name, branch.refused)
			}
			continue
		}
		failures := branch.engine.Failures()
		if len(branch.sas) != 0 || len(failures) == 0 || !strings.Contains(failures[0].Reason, test.want) {
			t.Errorf("%s: %v, want it to say %q", test.name, failures, test.want)
		}
		if !w.told(hq, test.notify) {
			t.Errorf("%s: hq is not told %v", test.name, test.notify)
		}
	}
}

// told reports whether an end has had a notification.
func (w *world) told(n *end, what wire.NotifyType) bool {
	return slices.ContainsFunc(n.events, func(out Output) bool {
		e, ok := out.(Notified)
		return ok && e.Notify == what
	})
}

// TestPhase1Accents has an initiator say that it is a network, as isakmpd may.
func TestPhase1Accents(t *testing.T) {
	subnet := wire.ID{IDType: wire.IDIPv4Subnet, Data: []byte{10, 1, 0, 0, 255, 255, 255, 0}}
	for _, test := range []struct {
		name string
		peer func(*Peer) // branch's, which is called
		up   bool
	}{
		{"whoever it is", func(p *Peer) { p.RemoteIDType = IDAny }, true},
		{"its address is wanted", func(*Peer) {}, false},
	} {
		w := newWorld(t, 1, func(name string, c *Config) {
			if name == "branch" {
				test.peer(c.Policies[0].Peer)
			}
		})
		accent{w, w.ends[0], func(m *wire.Message) []wire.Payload {
			if m.Exchange == wire.MainMode && m.Payloads[0].Type() == wire.PayloadID {
				m.Payloads[0] = subnet
			}
			return m.Payloads
		}, nil}.speaks()
		w.ends[0].acquire()
		w.run(time.Second)
		if w.agree() != test.up {
			t.Errorf("%s: a pair is %v, want %v; refused %v", test.name, w.agree(), test.up, w.ends[1].refused)
		}
	}
}

// TestNotifiesOfPeers sends what peers say under an established SA: none of it ends anything,
// or moves the tunnel.
func TestNotifiesOfPeers(t *testing.T) {
	for _, test := range []struct {
		name   string
		notify wire.NotifyType
		data   []byte
	}{
		{"Cisco's redirect", wire.UnityLoadBalance, []byte{192, 0, 2, 9}},
		{"a redirect without an address", wire.UnityLoadBalance, nil},
		{"an unknown status", 40000, []byte{1, 2, 3}},
		{"an unknown error", 9999, []byte{1, 2, 3}},
		{"INVALID-SPI", wire.InvalidSPI, []byte{1, 2, 3, 4}},
		{"INVALID-COOKIE", wire.InvalidCookie, nil},
		{"CONNECTED, late", wire.Connected, nil},
		{"REPLAY-STATUS, late", wire.ReplayStatus, []byte{0, 0, 0, 1}},
	} {
		for _, protected := range []bool{true, false} {
			w := connected(t, 1, nil)
			hq, branch := w.ends[0], w.ends[1]
			s := kitSA(hq)
			n := wire.NewNotify(test.notify, s.cookieI, s.cookieR, test.data)
			if protected {
				hq.engine.now = w.now
				s.inform(n)
				hq.perform(hq.engine.outputs())
			} else {
				branch.step(Datagram{Local: kitPort(2, 500), Remote: kitPort(1, 500), Octets: clearMessage(s.cookieI, s.cookieR, wire.Informational, 7, n)})
			}
			w.run(time.Second)
			w.mustAgree()
			if remote := kitSA(branch).remote; remote != kitPort(1, 500) {
				t.Errorf("%s: branch follows to %v", test.name, remote)
			}
			w.mustEnd()
		}
	}
}

// TestMessageIDReuse begins another quick mode, and says something else, under a message ID
// that was used before: it is dropped, and what is there stays.
func TestMessageIDReuse(t *testing.T) {
	w := connected(t, 1, nil)
	hq, branch := w.ends[0], w.ends[1]
	var first flight
	for _, f := range w.sent {
		if f.to == branch && headerOf(f.in.Octets).Exchange == wire.QuickMode {
			first = f
			break
		}
	}
	w.run(2 * linger) // whoever waited for repetitions does not any more
	s := kitSA(branch)
	before := snapshotOf(branch.engine)
	for _, kind := range []wire.ExchangeType{wire.QuickMode, wire.Informational, wire.Transaction} {
		h := headerOf(first.in.Octets)
		h.Exchange = kind
		tongue := tongue{s, h, s.keys.ExchangeIV(s.lastIV, h.MessageID)}
		plain, _, err := s.keys.Decrypt(tongue.iv, first.in.Octets[wire.HeaderLen:])
		if err != nil {
			t.Fatal(err)
		}
		body, _ := s.keys.Encrypt(nil, tongue.iv, plain)
		d := first.in
		d.Octets = append(h.Append(nil, wire.PayloadHash, wire.HeaderLen+len(body)), body...)
		refused, sent := len(branch.refused), len(w.sent)
		branch.step(d)
		if len(branch.refused) != refused+1 || len(w.sent) != sent {
			t.Errorf("%v: refused %v, %d answers", kind, branch.refused[refused:], len(w.sent)-sent)
		}
	}
	if after := snapshotOf(branch.engine); after != before {
		t.Error(firstDifference(before, after))
	}
	if hq.outbound() == nil {
		t.Error("the pair has gone")
	}
	w.mustAgree()
}
