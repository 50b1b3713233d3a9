package ike

import (
	"fmt"

	"sallyport/acl"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// Quick mode: RFC 2409 §5.5.
//
//	     Initiator                                       Responder
//	1    HDR*, HASH(1), SA, Ni, [KE], IDci, IDcr  -->
//	2                        <--    HDR*, HASH(2), SA, Nr, [KE], IDci, IDcr
//	3    HDR*, HASH(3)                            -->
const (
	qmStarted    state = iota
	qmMakingKE         // our public value is being made, for PFS
	qmSent             // 1 or 2 is out
	qmMakingKeys       // g(qm)^xy is being made
	qmDone
)

// proposal are the payloads of messages 1 and 2.
var proposal = of(wire.PayloadHash, wire.PayloadSA, wire.PayloadNonce)

// proposalMay are those that depend on what is negotiated.
var proposalMay = of(wire.PayloadKE, wire.PayloadID, wire.PayloadNATOA)

var quickModeInitiator, quickModeResponder []step[*quickMode]

// The steps lead back to the tables, which Go refuses in an initializer.
func init() {
	quickModeInitiator = []step[*quickMode]{
		{from: qmMakingKE, computed: true, do: (*quickMode).outSA, to: qmSent},
		{from: qmSent, need: proposal, may: proposalMay, encrypted: true, do: (*quickMode).inSA, to: qmMakingKeys},
		{from: qmMakingKeys, computed: true, do: (*quickMode).outHash, to: qmDone},
	}
	quickModeResponder = []step[*quickMode]{
		{from: qmStarted, need: proposal, may: proposalMay, encrypted: true, do: (*quickMode).inFirst, to: qmMakingKeys},
		{from: qmMakingKeys, computed: true, do: (*quickMode).outAnswer, to: qmSent},
		{from: qmSent, need: of(wire.PayloadHash), encrypted: true, do: (*quickMode).inHash, to: qmDone},
	}
}

// A quickMode is phase 2 under way, or over and waiting for repetitions.
type quickMode struct {
	exchange
	table   []step[*quickMode]
	order   uint32 // among those of its ISAKMP SA
	flow    *flow
	policy  *Policy
	offered []wire.Proposal // as initiator
	ids     []wire.Payload  // IDci and IDcr, as sent or received; none: the two peers
	traffic ipsec.Selector
	agreed  phase2
	answer  wire.SA // as responder
	spi     ipsec.SPI
	ni, nr  []byte // Ni_b and Nr_b
	private secret.Octets
	peerKE  []byte // nil without PFS
	child   *child // from the moment that an SA is installed
}

// newQuickMode registers a quick mode under its message ID.
func (s *sa) newQuickMode(id wire.MessageID, table []step[*quickMode]) *quickMode {
	s.quickOrder++
	q := &quickMode{table: table, order: s.quickOrder}
	q.exchange = exchange{engine: s.engine, sa: s, kind: wire.QuickMode, id: id, began: s.engine.now, iv: s.keys.ExchangeIV(s.lastIV, id)}
	s.quick[id], s.used[id] = q, struct{}{}
	return q
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
	p := e.policies[f.key.policy]
	traffic, err := e.selector(f.key)
	if err != nil || p == nil || len(s.used) >= maxMessageIDs {
		e.cannotStart(s, f, err)
		return
	}
	q := s.newQuickMode(s.newMessageID(), quickModeInitiator)
	q.flow, q.policy, q.traffic, q.spi = f, p, traffic, e.spi()
	q.offered = offersPhase2(p, s.nat, q.spi)
	q.ids = []wire.Payload{selectorID(traffic.Local, traffic.Protocol, traffic.LocalPort), selectorID(traffic.Remote, traffic.Protocol, traffic.RemotePort)}
	q.ni = e.random(nonceLen)
	f.active = q
	if p.PFS == 0 {
		q.outFirst(nil)
		return
	}
	q.private = e.random(keymat.PrivateLen(p.PFS))
	q.state = qmMakingKE
	q.ask(q, keymat.DH{Group: p.PFS, Private: q.private})
}

// cannotStart gives up a quick mode before its first message. An ISAKMP SA that
// has used up its message IDs is replaced first.
func (e *Engine) cannotStart(s *sa, f *flow, err error) {
	if len(s.used) >= maxMessageIDs {
		s.rekey()
		err = reject(Limited, "%d message IDs are used up, the ISAKMP SA is replaced", maxMessageIDs)
	}
	if err != nil {
		e.fail(Failure{Remote: s.remote, Peer: s.peer.Name, Category: categoryOf(err).String(), Reason: err.Error()})
	}
	e.failedFlow(f)
}

// selectorID writes one side of a selector: RFC 2407 §4.6.2.
func selectorID(r ipsec.Range, protocol uint8, port uint16) wire.ID {
	id := wire.RangeID(r.First, r.Last)
	if p, ok := r.Prefix(); ok {
		id = wire.PrefixID(p)
	}
	id.Protocol, id.Port = protocol, port
	return id
}

// outSA sends message 1 when our public value is there.
func (q *quickMode) outSA(*wire.Message) error {
	q.outFirst(q.result.Public)
	return nil
}

// outFirst sends message 1; public is nil without PFS.
func (q *quickMode) outFirst(public []byte) {
	q.sendHashed(q.sa.hash1, q.body(wire.NewSA(q.offered...), q.ni, public)...)
	q.expectAnswer(q.timedOut)
	q.state = qmSent
}

// body returns the payloads of message 1 or 2 after the HASH.
func (q *quickMode) body(sa wire.SA, nonce, public []byte) []wire.Payload {
	p := []wire.Payload{sa, wire.Nonce{Data: nonce}}
	if public != nil {
		p = append(p, wire.KeyExchange{Data: public})
	}
	return append(p, q.ids...)
}

// sendHashed sends payloads behind the HASH that covers them.
func (q *quickMode) sendHashed(hash func(wire.MessageID, []byte) []byte, payloads ...wire.Payload) {
	h := wire.Hash{Data: hash(q.id, wire.AppendPayloads(nil, payloads))}
	q.send(append([]wire.Payload{h}, payloads...)...)
}

// hash1 is HASH(1), which informational messages have too.
func (s *sa) hash1(id wire.MessageID, after []byte) []byte { return s.keys.Hash1(id, after) }

// hash2 is HASH(2).
func (q *quickMode) hash2(id wire.MessageID, after []byte) []byte {
	return q.sa.keys.Hash2(id, q.ni, after)
}

// checkHash checks that m begins with the HASH over the rest of it.
func checkHash(m *wire.Message, want []byte) error {
	h, ok := m.Payloads[0].(wire.Hash)
	if !ok {
		return reject(InvalidHash, "the message begins with %v, want HASH", m.Payloads[0].Type())
	}
	if !secret.Octets(h.Data).Equal(want) {
		return reject(InvalidHash, "the HASH is wrong")
	}
	return nil
}

// inFirst takes message 1 as responder.
func (q *quickMode) inFirst(m *wire.Message) error {
	if err := checkHash(m, q.sa.hash1(q.id, m.After(0))); err != nil {
		return err
	}
	offer, ok := m.Payloads[1].(wire.SA)
	if !ok {
		return reject(UnexpectedPayload, "HASH is followed by %v, want SA", m.Payloads[1].Type())
	}
	spi := offerSPI(offer)
	nonce, ke, err := q.keyPayloads(m)
	if err != nil {
		return about(err, spi)
	}
	traffic, ids, err := q.clientIDs(m)
	if err != nil {
		return about(err, spi)
	}
	f, p, err := q.engine.match(q.sa, traffic)
	if err != nil {
		return about(err, spi)
	}
	ours := q.engine.spi()
	answer, agreed, err := choosePhase2(offer, p, q.sa.nat, ke != nil, ours)
	if err != nil {
		return about(err, spi)
	}
	if err := q.checkKE(ke, agreed.group); err != nil {
		return about(err, spi)
	}
	q.flow, q.policy, q.traffic, q.ids, q.spi = f, p, traffic, ids, ours
	q.answer, q.agreed, q.ni, q.nr = answer, agreed, nonce, q.engine.random(nonceLen)
	return q.answerOrAsk(ke)
}

// about names the SPI of the offer that an error is about.
func about(err error, spi []byte) error {
	if r, ok := err.(*Rejection); ok {
		r.spi = spi
	}
	return err
}

// offerSPI returns the SPI of the first proposal.
func offerSPI(sa wire.SA) []byte {
	if len(sa.Proposals) == 0 || len(sa.Proposals[0].SPI) != 4 {
		return nil
	}
	return sa.Proposals[0].SPI
}

// answerOrAsk goes on with message 2, or first has the mathematics done.
func (q *quickMode) answerOrAsk(ke []byte) error {
	q.peerKE = ke
	if ke == nil {
		return q.outAnswer(nil)
	}
	q.private = q.engine.random(keymat.PrivateLen(q.agreed.group))
	q.ask(q, keymat.DH{Group: q.agreed.group, Private: q.private, Peer: ke})
	return nil
}

// keyPayloads returns the bodies of NONCE and KE, which may be missing.
func (q *quickMode) keyPayloads(m *wire.Message) (nonce, ke []byte, err error) {
	n := m.Payloads[m.Find(wire.PayloadNonce)].(wire.Nonce)
	if err := checkNonce(n); err != nil {
		return nil, nil, err
	}
	if i := m.Find(wire.PayloadKE); i >= 0 {
		ke = m.Payloads[i].(wire.KeyExchange).Data
	}
	return n.Data, ke, nil
}

// groupServed reports whether we can do Diffie-Hellman in a group.
func groupServed(g wire.Group) bool { return keymat.GroupSupported(g) }

// checkKE holds the KE payload against the group: RFC 2407 §4.5 wants both or
// neither.
func (q *quickMode) checkKE(ke []byte, g wire.Group) error {
	switch {
	case (ke != nil) != (g != 0):
		return rejectWith(Phase2Mismatch, wire.NoProposalChosen, "KE and group attribute must come together")
	case ke != nil && len(ke) != keymat.PublicLen(g):
		return rejectWith(Phase2Mismatch, wire.NoProposalChosen, "public value has %d octets, want %d for group %d", len(ke), keymat.PublicLen(g), g)
	}
	return nil
}

// clientIDs reads IDci and IDcr as our selector. Without them the traffic is
// that between the two peers: RFC 2409 §5.5.
func (q *quickMode) clientIDs(m *wire.Message) (ipsec.Selector, []wire.Payload, error) {
	var ids []wire.Payload
	for _, p := range m.Payloads {
		if _, ok := p.(wire.ID); ok {
			ids = append(ids, p)
		}
	}
	switch len(ids) {
	case 0:
		return ipsec.Selector{Local: ipsec.AddrRange(q.sa.local.Addr()), Remote: ipsec.AddrRange(q.sa.remote.Addr())}, nil, nil
	case 2:
		s, err := selectorOf(ids[1].(wire.ID), ids[0].(wire.ID)) // the initiator's first
		return s, ids, err
	}
	return ipsec.Selector{}, nil, rejectWith(FlowMismatch, wire.InvalidIDInformation, "%d ID payload, want two or none", len(ids))
}

// selectorOf makes a selector of two client IDs.
func selectorOf(local, remote wire.ID) (s ipsec.Selector, err error) {
	if s.Local.First, s.Local.Last, err = local.Range(); err == nil {
		s.Remote.First, s.Remote.Last, err = remote.Range()
	}
	if err != nil {
		return s, rejectWith(FlowMismatch, wire.InvalidIDInformation, "%v", err)
	}
	if local.Protocol != remote.Protocol || local.Protocol == 0 && (local.Port != 0 || remote.Port != 0) {
		return s, rejectWith(FlowMismatch, wire.InvalidIDInformation, "client IDs %s and %s differ in protocol, or have a port without one",
			local.Text(), remote.Text())
	}
	s.Protocol, s.LocalPort, s.RemotePort = local.Protocol, local.Port, remote.Port
	return s, nil
}

// match finds the permit rule whose traffic is just what the peer proposes.
func (e *Engine) match(s *sa, traffic ipsec.Selector) (*flow, *Policy, error) {
	var ours []string
	for _, p := range e.config.Policies {
		if p.Peer.Name != s.peer.Name {
			continue
		}
		for _, r := range p.ACL.Rules {
			want, ok := ipsec.SelectorOf(r)
			if r.Action != acl.Permit || !ok {
				continue
			}
			if want == traffic {
				return e.flow(flowKey{p.ID, r.ID}), p, nil
			}
			ours = append(ours, fmt.Sprintf("acl %d rule %d: %v", p.ACL.Number, r.ID, want))
		}
	}
	return nil, nil, rejectWith(FlowMismatch, wire.InvalidIDInformation,
		"peer proposes %v (seen from here), no rule is its mirror: %v", traffic, ours)
}

// outAnswer sends message 2. The inbound SA is installed before the peer can
// know of it.
func (q *quickMode) outAnswer(*wire.Message) error {
	q.makeChild(false)
	if q.flow.active == nil {
		q.flow.active = q // packets that come before message 3 start nothing
	}
	q.engine.emit(InstallSA{q.child.in})
	q.sendHashed(q.hash2, q.body(q.answer, q.nr, q.result.Public)...)
	q.expectAnswer(q.timedOut)
	q.endAfter(quickModeWait, q.timedOut)
	q.state = qmSent
	return nil
}

// inSA takes message 2 as initiator.
func (q *quickMode) inSA(m *wire.Message) error {
	if err := checkHash(m, q.hash2(q.id, m.After(0))); err != nil {
		return err
	}
	answer, ok := m.Payloads[1].(wire.SA)
	if !ok {
		return reject(UnexpectedPayload, "HASH is followed by %v, want SA", m.Payloads[1].Type())
	}
	nonce, ke, err := q.keyPayloads(m)
	if err != nil {
		return err
	}
	agreed, err := chosenPhase2(answer, q.offered)
	if err != nil {
		return err
	}
	if err := q.checkKE(ke, agreed.group); err != nil {
		return err
	}
	if err := q.sameIDs(m); err != nil {
		return err
	}
	agreed.lifetime = effective(q.policy.Lifetime, agreed.lifetime)
	q.agreed, q.nr, q.peerKE = agreed, nonce, ke
	if ke == nil {
		return q.outHash(nil)
	}
	q.ask(q, keymat.DH{Group: agreed.group, Private: q.private, Public: q.result.Public, Peer: ke})
	return nil
}

// sameIDs checks that the responder returns the client IDs that it got.
func (q *quickMode) sameIDs(m *wire.Message) error {
	got, ids, err := q.clientIDs(m)
	if err != nil {
		return err
	}
	if ids != nil { // the first is the initiator's, and that is we
		got.Local, got.Remote = got.Remote, got.Local
		got.LocalPort, got.RemotePort = got.RemotePort, got.LocalPort
	}
	if got != q.traffic {
		return reject(FlowMismatch, "the answer is for %v, asked was %v", got, q.traffic)
	}
	return nil
}

// outHash installs both SAs and sends message 3.
func (q *quickMode) outHash(*wire.Message) error {
	q.makeChild(true)
	q.engine.emit(InstallSA{q.child.in}, InstallSA{q.child.out})
	q.send(wire.Hash{Data: q.sa.keys.Hash3(q.id, q.ni, q.nr)})
	q.finish()
	return nil
}

// inHash takes message 3: the peer is ready to receive.
func (q *quickMode) inHash(m *wire.Message) error {
	if err := checkHash(m, q.sa.keys.Hash3(q.id, q.ni, q.nr)); err != nil {
		return err
	}
	q.stopRepeating()
	q.sent = nil
	q.engine.emit(InstallSA{q.child.out})
	q.finish()
	return nil
}

// finish makes the pair the flow's. The exchange stays to answer repetitions.
func (q *quickMode) finish() {
	q.state = qmDone
	q.release()
	q.endAfter(linger, q.forget)
	q.child.complete()
}

// release ends the negotiation's claim on its flow.
func (q *quickMode) release() {
	if q.flow != nil && q.flow.active == q {
		q.flow.active = nil
	}
}

// forget drops what only repetitions needed.
func (q *quickMode) forget() {
	q.close()
	delete(q.sa.quick, q.id)
}

// computed takes the result of the Diffie-Hellman work.
func (q *quickMode) computed(r keymat.DHResult) error {
	if r.Public == nil {
		r.Public = q.result.Public
	}
	q.job, q.result = 0, r
	if r.Err == nil {
		return run(q, q.table, nil)
	}
	err := reject(InvalidKeyExchange, "%v", r.Err)
	if q.number == 0 || !q.initiated() { // nothing of ours is out that could be answered again
		q.abort()
		return err
	}
	q.goBack()
	q.expectAnswer(q.timedOut)
	return err
}

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
	q.abort()
}

// abort ends an exchange that is not over; one that is, is forgotten.
func (q *quickMode) abort() {
	done := q.state == qmDone
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
	if q.state == qmDone {
		return reject(UnexpectedMessage, "quick mode is over")
	}
	m, next, err := p.open(s.keys, q.iv)
	if err != nil {
		return err
	}
	if err := receive(q, q.table, p, m, next); err != nil {
		return err
	}
	s.follow(p.Local, p.Remote)
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
	m, next, err := p.open(s.keys, q.iv)
	if err == nil {
		err = receive(q, q.table, p, m, next)
	}
	if err != nil {
		s.discard(q)
		return err
	}
	s.follow(p.Local, p.Remote)
	return nil
}

// discard undoes newQuickMode for a message that was refused.
func (s *sa) discard(q *quickMode) {
	q.close()
	delete(s.quick, q.id)
	delete(s.used, q.id)
	s.quickOrder--
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
	s := e.lookUp(p.header)
	switch {
	case s == nil:
		return nil, reject(InvalidCookie, "no ISAKMP SA has these cookies")
	case !s.established:
		return nil, reject(UnexpectedMessage, "phase 1 is not over")
	case p.header.MessageID == 0:
		return nil, reject(UnexpectedMessage, "message ID is 0 after phase 1")
	case !p.encrypted():
		return nil, reject(InvalidFlags, "a message in clear under an established ISAKMP SA")
	}
	return s, nil
}
