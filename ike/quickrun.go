package ike

import (
	"errors"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// The life of a quick mode around its table: how it begins, by our wish or by
// the peer's message 1, and how it ends.

// newQuickMode registers a quick mode under its message ID.
func (s *sa) newQuickMode(id wire.MessageID, table []step[*quickMode]) *quickMode {
	s.quickOrder++
	q := &quickMode{table: table, order: s.quickOrder, ups: s.engine.ups}
	q.exchange = exchange{engine: s.engine, sa: s, kind: wire.QuickMode, id: id, began: s.engine.now, iv: s.keys.ExchangeIV(s.lastIV, id)}
	s.keepQuickMode(q)
	return q
}

// keepQuickMode enters a quick mode under its message ID. Most of the time an SA has none, and
// then no table of them either.
func (s *sa) keepQuickMode(q *quickMode) {
	if s.quick == nil {
		s.quick = map[wire.MessageID]*quickMode{}
	}
	s.quick[q.id] = q
}

// dropQuickMode is the reverse of keepQuickMode.
func (s *sa) dropQuickMode(q *quickMode) {
	if delete(s.quick, q.id); len(s.quick) == 0 {
		s.quick = nil
	}
}

// newMessageID draws a message ID that this SA has not seen.
func (s *sa) newMessageID() wire.MessageID {
	for {
		id := s.engine.messageID()
		if _, used := s.used[id]; !used {
			return id
		}
	}
}

// startQuickMode negotiates a pair for a flow.
func (s *sa) startQuickMode(f *flow) {
	e := s.engine
	asked := f
	f, err := s.flowFor(asked)
	if err != nil {
		e.cannotStart(s, asked, err)
		return
	}
	if f != asked && (f.active != nil || f.current() != nil) {
		return // it has what was asked for
	}
	p := e.policies[f.key.policy]
	traffic, offers, err := s.proposed(f)
	if err != nil || len(s.used) >= maxMessageIDs {
		e.cannotStart(s, f, err)
		return
	}
	q := s.newQuickMode(s.newMessageID(), quickModeInitiator)
	s.use(q.id)
	q.flow, q.policy, q.traffic, q.spis = f, p, traffic, q.reserve(offers)
	q.offered = withSPIs(offers, q.spis)
	q.ids = []wire.Payload{selectorID(traffic.Local, traffic.Protocol, traffic.LocalPort), selectorID(traffic.Remote, traffic.Protocol, traffic.RemotePort)}
	q.ni = e.random(nonceLen)
	f.active = q
	if p.PFS == 0 {
		q.outFirst(nil)
		return
	}
	q.private = e.random(keymat.PrivateLen(p.PFS))
	q.state = qmMakingKE
	q.ask(q, DiffieHellman{keymat.DH{Group: p.PFS, Private: q.private}})
}

// proposed returns the traffic of a flow and what we propose for it, without SPIs.
func (s *sa) proposed(f *flow) (ipsec.Selector, []wire.Proposal, error) {
	traffic, err := s.engine.selector(f.key)
	if err != nil {
		return traffic, nil, err
	}
	t := s.terms(s.engine.policies[f.key.policy], traffic)
	if c := f.current(); c != nil {
		t.like = c.in
	}
	offers := t.offers()
	if len(offers) == 0 {
		return traffic, nil, reject(Phase2Mismatch, "%v can propose %s", f.key.policy, t.text())
	}
	return traffic, offers, nil
}

// cannotStart gives up a quick mode before its first message. An ISAKMP SA that
// has used up its message IDs is replaced first.
func (e *Engine) cannotStart(s *sa, f *flow, err error) {
	if len(s.used) >= maxMessageIDs {
		s.rekey()
		err = reject(Limited, "%d message IDs are used up, the ISAKMP SA is replaced", maxMessageIDs)
	}
	if err != nil {
		e.fail(Failure{Remote: s.remote, Peer: s.peer.Name, Category: categoryOf(err).String(), Reason: reasonOf(err)})
	}
	e.failedFlow(f)
}

// inQuickMode takes a quick mode message to its exchange, or begins one.
func (e *Engine) inQuickMode(p *packet) error {
	s, err := e.established(p)
	if err != nil {
		return err
	}
	q := s.quick[p.header.MessageID]
	if q == nil {
		return s.inNewQuickMode(p)
	}
	if q.repeated(p) {
		return nil
	}
	switch q.state {
	case qmDone:
		return reject(UnexpectedMessage, "quick mode is over")
	case qmConfirming:
		return q.receiveConnected(p)
	}
	return q.receive(p)
}

// receive takes a packet through the table. The answer goes where the packet came
// from, if that is where the peer is now.
func (q *quickMode) receive(p *packet) error {
	s := q.sa
	m, next, err := p.open(s.keys, q.iv)
	if err != nil {
		return err
	}
	local, remote := s.local, s.remote
	moved := s.follow(p.Local, p.Remote)
	if err := receive(q, q.table, p, m, next); err != nil {
		s.local, s.remote = local, remote
		return err
	}
	if moved {
		s.carryPairs()
	}
	return nil
}

// inNewQuickMode begins a quick mode as responder.
func (s *sa) inNewQuickMode(p *packet) error {
	if _, used := s.used[p.header.MessageID]; used {
		return reject(UnexpectedMessage, "message ID %#08x was used before", uint32(p.header.MessageID))
	}
	if s.unfinished() >= maxQuickModes || len(s.children) >= maxChildren || len(s.used) >= maxMessageIDs {
		return reject(Limited, "too many quick modes, SAs or message IDs under this ISAKMP SA")
	}
	q := s.newQuickMode(p.header.MessageID, quickModeResponder)
	if err := q.receive(p); err != nil {
		s.discard(q)
		return err
	}
	s.mindIDs()
	return nil
}

// discard undoes newQuickMode for a message 1 that was refused, at once or after the mathematics. A
// repetition of it begins anew.
func (s *sa) discard(q *quickMode) {
	q.close()
	q.private.Wipe()
	s.dropQuickMode(q)
	if s.quickOrder == q.order { // else others have begun meanwhile
		s.quickOrder--
	}
	if q.flow != nil {
		q.release()
		s.engine.idle(q.flow)
	}
}

// unfinished counts the quick modes under way.
func (s *sa) unfinished() (n int) {
	for _, q := range s.quick {
		if q.state != qmDone {
			n++
		}
	}
	return n
}

// established returns the ISAKMP SA of a message that needs one.
func (e *Engine) established(p *packet) (*sa, error) {
	s, err := e.proved(p)
	if err == nil && !s.established {
		return nil, reject(UnexpectedMessage, "XAUTH or mode configuration is not over")
	}
	return s, err
}

// finish makes the pair the flow's. The exchange stays to answer repetitions.
func (q *quickMode) finish() {
	q.state = qmDone
	q.release()
	q.endAfter(linger, q.forget)
	q.child.complete()
}

// claim begins, as responder, the negotiation's claim on its flow: packets that come before message
// 3 start nothing, and the flow is not forgotten during the mathematics. One that goes on already
// keeps its own.
func (q *quickMode) claim(f *flow) {
	q.flow = f
	if f.active == nil {
		f.active = q
	}
}

// release ends the negotiation's claim on its flow, in favour of one that has crossed with
// it and goes on.
func (q *quickMode) release() {
	if q.flow == nil || q.flow.active != q {
		return
	}
	q.flow.active = nil
	for _, o := range q.sa.quickModes() {
		if o != q && o.flow == q.flow && o.state == qmMakingKeys && !o.initiated() {
			q.flow.active = o
			return
		}
	}
	for _, c := range q.engine.pairs[q.sa.party] {
		if c.flow == q.flow && !c.up && !c.gone && c.negotiation != q {
			q.flow.active = c.negotiation
			return
		}
	}
}

// forget drops what only repetitions needed.
func (q *quickMode) forget() {
	q.close()
	q.sa.dropQuickMode(q)
	if q.child != nil && q.child.up {
		q.child.negotiation = nil
	}
}

// computed takes the result of the Diffie-Hellman work.
func (q *quickMode) computed(r Result) error {
	if r.DH.Public == nil {
		r.DH.Public = q.result.DH.Public
	}
	q.job, q.result = 0, r
	err := reject(InvalidKeyExchange, "%v", r.Err)
	if r.Err == nil {
		err = run(q, q.table, nil)
	}
	var noGood *keymat.PublicError
	switch {
	case err == nil:
	case q.initiated() && q.number > 0:
		q.resume(q.timedOut)
	case q.initiated() || errors.As(r.Err, &noGood): // nothing of ours is out that could be answered again
		q.abort()
	default: // it was not done: the peer's repetition may have more luck
		q.sa.discard(q)
	}
	return err
}

// about returns nothing: quick mode does not answer what mathematics refuses.
func (q *quickMode) about() *packet { return &packet{} }

// initiated reports whether we began the exchange.
func (q *quickMode) initiated() bool { return q.offered != nil }

// timedOut gives up for want of an answer.
func (q *quickMode) timedOut() {
	e, s := q.engine, q.sa
	e.emit(TimedOut{Remote: s.remote, Exchange: q.kind, After: e.now.Sub(q.began), Policy: q.flow.key.policy})
	reason := "no answer to quick mode message 1"
	if !q.initiated() {
		reason = "message 3 of quick mode did not come"
	}
	if q.hint != "" {
		reason += ": the peer says " + q.hint
	}
	e.fail(Failure{Remote: s.remote, Peer: s.peer.Name, Category: NoAnswer.String(), Reason: reason})
	if !q.initiated() {
		q.unconfirmed()
		return
	}
	q.abort()
	s.unanswered(q)
}

// unconfirmed ends the exchange of a responder that has waited for message 3 in
// vain. For the peer the pair may be up, and a delete may be lost like message 3:
// so we make a pair ourselves, whose messages are repeated.
func (q *quickMode) unconfirmed() {
	e := q.engine
	q.sa.inform(q.spis.deletes()...)
	q.abort()
	f := e.flow(q.flow.key)
	e.want(f)
	e.idle(f)
}

// withdraw ends, as responder, an exchange whose message 2 is out. It is not forgotten at
// once, for message 3 may still come.
func (q *quickMode) withdraw() {
	q.abort()
	q.state, q.sent = qmWithdrawn, nil
	q.sa.keepQuickMode(q)
	q.endAfter(quickModeWait, q.forget)
}

// abort ends an exchange that is not over; one that is, is forgotten.
func (q *quickMode) abort() {
	done := q.state == qmDone || q.state == qmWithdrawn
	q.sa.use(q.id)
	q.private.Wipe()
	q.forget()
	q.release()
	if done {
		return
	}
	if q.child != nil {
		q.child.remove("negotiation failed")
	}
	if q.flow != nil && (q.initiated() || len(q.flow.children) > 0) {
		q.engine.failedFlow(q.flow)
	}
	if q.flow != nil {
		q.engine.idle(q.flow)
	}
}
