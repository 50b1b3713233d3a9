package ike

import (
	"net/netip"
	"slices"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// An sa is an ISAKMP SA from its first message to its end.
type sa struct {
	engine           *Engine
	id               uint32 // 0 as long as a responder's peer has not shown that it is where it says
	quickOrder       uint32 // of the last quick mode
	order            uint64 // of its making
	peer             *Peer
	party            party
	initiator        bool
	aggressive       bool // phase 1 was aggressive mode
	cookieI, cookieR wire.Cookie
	authMethod       wire.AuthMethod
	method           method
	local, remote    netip.AddrPort // where the next message goes from and to

	suite    keymat.Suite
	lifetime time.Duration
	keys     *keymat.Keys
	lastIV   keymat.IV // last cipher block of phase 1
	peerCan  Abilities // and we can, too
	nat      nat
	warrant  *warrant // nil: its ends need none beside the ike peer

	phase1      *handshake                    // nil once nobody can need its last message
	quick       map[wire.MessageID]*quickMode // nil: there are none
	used        map[wire.MessageID]struct{}   // by either side, never to be used again
	children    []*child
	remoteID    string
	created     time.Time
	heard       time.Time // when the last message was accepted
	proved      bool      // phase 1 is over
	established bool      // and so is XAUTH: the SA may be used
	fading      bool
	replaced    bool
	gone        bool
	exhausted   bool // no quick mode of ours begins under it any more
	counted     bool // among those whose phase 1 is over
	remoteIDAs  wire.IDType
	firstKey    firstKey // as responder
	memory      saMemory
	access      *access // nil: neither XAUTH nor mode configuration
	puzzle      *puzzle // nil: no message is coming in pieces

	soft, hard, keepAlive deadline
	pulse                 pulse
	wear                  wear
}

// mindIDs replaces an SA that has used up its message IDs, whoever used them.
func (s *sa) mindIDs() {
	if len(s.used) >= maxMessageIDs && s.established && !s.replaced {
		s.rekey()
	}
}

// newSA registers an SA under our own cookie, which it draws.
func (e *Engine) newSA(p *Peer, initiator bool, local, remote netip.AddrPort) *sa {
	s := &sa{
		engine: e, peer: p, initiator: initiator, local: local, remote: remote, created: e.now,
		used: map[wire.MessageID]struct{}{},
	}
	e.made++
	s.order = e.made
	e.census.begin(s)
	own := e.cookie()
	if initiator {
		s.id = e.newID()
		s.cookieI = own
	} else {
		s.cookieR = own
	}
	e.sas[own] = s
	s.party = s.unproved()
	e.byParty[s.party] = append(e.byParty[s.party], s)
	return s
}

// cookie draws a cookie that no other SA of ours has.
func (e *Engine) cookie() wire.Cookie {
	for {
		c := wire.Cookie(e.random(8))
		if _, taken := e.sas[c]; !taken && c != (wire.Cookie{}) {
			return c
		}
	}
}

// own returns our cookie.
func (s *sa) own() wire.Cookie {
	if s.initiator {
		return s.cookieI
	}
	return s.cookieR
}

// agree keeps what phase 1 negotiated.
func (s *sa) agree(a phase1) {
	s.suite, s.lifetime, s.authMethod, s.method = a.suite, a.lifetime, a.method, methods[a.method]
	s.wear.limit, s.wear.cut = a.octets, a.cut
}

// current returns the ISAKMP SA with a party that new exchanges use: the newest
// that is established and not on its way out. nil if there is none.
func (e *Engine) current(with party) *sa {
	for _, s := range slices.Backward(e.byParty[with]) {
		if s.established && !s.replaced {
			return s
		}
	}
	return nil
}

// negotiating returns an ISAKMP SA with a party that we began, or nil.
func (e *Engine) negotiating(with party) *sa {
	for _, s := range slices.Backward(e.byParty[with]) {
		if !s.established && s.initiator {
			return s
		}
	}
	return nil
}

// authenticated takes the end of phase 1.
func (s *sa) authenticated(initialContact bool) {
	s.proved = true
	s.engine.halfOpen.remove(s)
	s.engine.census.prove(s)
	s.admit(initialContact)
}

// establish makes an authenticated SA the current one of its peer and starts
// what waited for it. initialContact is the peer's word that it knows of no
// other SA with us.
func (s *sa) establish(initialContact bool) {
	e := s.engine
	s.established, s.created = true, e.now
	e.contacted[s.party] = true
	if initialContact {
		s.removeOthers(s.phase1.began)
	}
	s.schedule()
	s.takeOver()
	s.watch()
	s.changed()
	e.closeFallback(s.party)
	e.emit(Phase1Up{s.status()})
	s.tellLifetime()
	s.begin()
	s.heir().carryPairs() // what it has taken over may be where the peer was
}

// removeOthers drops what an INITIAL-CONTACT says that the peer has forgotten. An
// SA younger than that word it cannot mean: two negotiations crossed.
func (s *sa) removeOthers(said time.Time) {
	for _, old := range slices.Clone(s.engine.byParty[s.party]) {
		if old != s && old.established && !old.created.After(said) && s.owns(old.remote) {
			old.removeChildren("peer restarted")
			old.remove("peer restarted")
		}
	}
	for _, c := range s.engine.orphans(s.party) {
		if s.owns(c.remote) {
			c.remove("peer restarted")
		}
	}
}

// schedule sets the deadlines of an established SA.
func (s *sa) schedule() {
	e := s.engine
	soft := softLifetime(s.lifetime, s.initiator, e.draw())
	e.schedule.set(&s.soft, e.now.Add(soft), s.rekey)
	e.schedule.set(&s.hard, e.now.Add(s.lifetime), s.expired)
	if s.nat.here {
		s.keepAliveLater()
	}
}

// remove ends the SA without a word to the peer. Its children live on without
// an owner: RFC 2409 does not tie them.
func (s *sa) remove(reason string) {
	e := s.engine
	if s.gone {
		return
	}
	if s.established {
		e.emit(Phase1Down{s.status(), reason})
	}
	s.offline(reason)
	s.gone = true
	e.census.end(s)
	e.forget(s)
	s.closeExchanges()
	if e.negotiating(s.party) == nil && !s.established {
		e.releaseFailed(s.party)
	}
	if s.puzzle != nil {
		s.puzzle.drop()
	}
	for _, d := range []*deadline{&s.soft, &s.hard, &s.keepAlive} {
		e.schedule.clear(d)
	}
	s.watch()
	for _, c := range s.children {
		c.sa, c.roams = nil, s.roams()
	}
	s.children = nil
	if s.keys != nil {
		s.keys.Wipe()
	}
	if s.established {
		e.drop(s.key())
		e.revive(s.party)
	}
}

// closeExchanges ends what is under way.
func (s *sa) closeExchanges() {
	if s.phase1 != nil {
		s.phase1.private.Wipe()
		s.phase1.close()
	}
	s.endAccess()
	for _, q := range s.quickModes() {
		q.abort()
	}
}

// quickModes returns the quick modes in a fixed order.
func (s *sa) quickModes() []*quickMode {
	all := make([]*quickMode, 0, len(s.quick))
	for _, q := range s.quick {
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b *quickMode) int { return int(a.order) - int(b.order) })
	return all
}

// forget takes an SA out of the engine's maps.
func (e *Engine) forget(s *sa) {
	delete(e.sas, s.own())
	e.halfOpen.remove(s)
	if !s.initiator {
		delete(e.firsts, s.firstKey)
	}
	e.leaveParty(s)
}

// end removes the SA and tells the peer.
func (s *sa) end(reason string) {
	if s.proved && !s.gone {
		s.inform(wire.DeleteISAKMP(s.cookieI, s.cookieR))
	}
	s.remove(reason)
}

// rekey negotiates a successor: IKEv1 has no phase 1 rekey but a new phase 1.
func (s *sa) rekey() {
	s.fading = true
	s.changed()
	if e := s.engine; e.negotiating(s.party) == nil {
		e.phase1(s.peer, s.party, s.local, s.remote)
	}
}

// expired ends an SA whose lifetime is over. Its children live on.
func (s *sa) expired() { s.end("phase1 hard expiry") }

// seal encrypts a message under iv and returns its octets and the next IV.
func (s *sa) seal(m *wire.Message, iv keymat.IV) ([]byte, keymat.IV) {
	body, next := s.keys.Encrypt(nil, iv, wire.AppendPayloads(nil, m.Payloads))
	s.spendOctets(len(body))
	b := m.Header.Append(make([]byte, 0, headerLen+len(body)), m.Payloads[0].Type(), headerLen+len(body))
	return append(b, body...), next
}

// headerLen is the length of an ISAKMP header: RFC 2408 §3.1.
const headerLen = wire.HeaderLen
