package ike

import (
	"slices"

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
	qmWithdrawn  // by us, as responder, when message 2 was out
	qmConfirming // 3 is out or in, and the peer wants to say when it is ready
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
		{from: qmConfirming, need: of(wire.PayloadHash, wire.PayloadNotify), encrypted: true, do: (*quickMode).inConnected, to: qmDone},
	}
	quickModeResponder = []step[*quickMode]{
		{from: qmStarted, need: proposal, may: proposalMay, encrypted: true, do: (*quickMode).inFirst, to: qmMakingKeys},
		{from: qmMakingKeys, computed: true, do: (*quickMode).outAnswer, to: qmSent},
		{from: qmSent, need: of(wire.PayloadHash), encrypted: true, do: (*quickMode).inHash, to: qmDone},
		{from: qmConfirming, need: of(wire.PayloadHash, wire.PayloadNotify), encrypted: true, do: (*quickMode).inConnected, to: qmDone},
		{from: qmWithdrawn, need: of(wire.PayloadHash), encrypted: true, do: (*quickMode).inHashTooLate, to: qmDone},
	}
}

// A quickMode is phase 2 under way, or over and waiting for repetitions.
type quickMode struct {
	exchange
	table    []step[*quickMode]
	order    uint32 // among those of its ISAKMP SA
	ups      uint64 // of the engine when it began
	flow     *flow
	policy   *Policy
	offered  []wire.Proposal // as initiator
	ids      []wire.Payload  // IDci and IDcr, as sent or received; none: the two peers
	traffic  ipsec.Selector
	original ipsec.Ends // as the peer knows the two ends, in transport mode through a NAT
	agreed   phase2
	answer   wire.SA // as responder
	spis     spis    // ours
	ni, nr   []byte  // Ni_b and Nr_b
	private  secret.Octets
	peerKE   []byte // nil without PFS
	commit   bool   // the peer has set the commit bit
	child    *child // from the moment that an SA is installed
}

// outSA sends message 1 when our public value is there.
func (q *quickMode) outSA(*wire.Message) error {
	q.outFirst(q.result.DH.Public)
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
	return slices.Concat(p, q.ids, q.ourView(sa))
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
	nonce, ke, err := q.keyPayloads(m)
	if err != nil {
		return about(err, offer)
	}
	traffic, ids, err := q.clientIDs(m)
	if err != nil {
		return about(err, offer)
	}
	traffic = q.sa.throughNAT(m, traffic)
	found, err := q.engine.match(q.sa, traffic)
	if err != nil {
		return about(err, offer)
	}
	answer, agreed, err := q.sa.terms(found.policy, traffic).choose(offer, ke != nil)
	if err != nil {
		return about(err, offer)
	}
	if err := q.checkKE(ke, agreed.group); err != nil {
		return about(err, offer)
	}
	rule, p, err := q.engine.hold(q.sa, found, traffic, modeOf(agreed.encap))
	if err != nil {
		return about(err, offer)
	}
	q.spis = q.reserve(answer)
	q.claim(q.engine.flow(rule))
	q.policy, q.traffic, q.ids, q.original = p, traffic, ids, q.theirView(m)
	q.commit = m.Flags&wire.FlagCommit != 0
	q.answer, q.agreed, q.ni, q.nr = wire.NewSA(withSPIs(answer, q.spis)...), agreed, nonce, q.engine.random(nonceLen)
	return q.answerOrAsk(ke)
}

// about names the offer that an error is about by its first proposal.
func about(err error, offer wire.SA) error {
	if r, ok := err.(*Rejection); ok && len(offer.Proposals) > 0 && len(offer.Proposals[0].SPI) == 4 {
		r.protocol, r.spi = offer.Proposals[0].Protocol, offer.Proposals[0].SPI
	}
	return err
}

// answerOrAsk goes on with message 2, or first has the mathematics done.
func (q *quickMode) answerOrAsk(ke []byte) error {
	q.peerKE = ke
	if ke == nil {
		return q.outAnswer(nil)
	}
	q.private = q.engine.random(keymat.PrivateLen(q.agreed.group))
	q.ask(q, DiffieHellman{keymat.DH{Group: q.agreed.group, Private: q.private, Peer: ke}})
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

// outAnswer sends message 2. The inbound SA is installed before the peer can
// know of it. Only now is the message ID used up: of an answer that a crash prevents nothing is
// remembered, and a successor answers the peer's repetition.
func (q *quickMode) outAnswer(*wire.Message) error {
	if q.engine.policies[q.flow.key.policy] == nil {
		return reject(FlowMismatch, "%v has gone meanwhile", q.flow.key.policy)
	}
	q.claim(q.engine.flow(q.flow.key)) // another negotiation may have held it, and be over
	q.sa.use(q.id)
	q.makeChild(false)
	q.engine.emit(InstallSA{q.child.in})
	q.sendHashed(q.hash2, append(q.body(q.answer, q.nr, q.result.DH.Public), q.lifetimeNotice()...)...)
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
	agreed.lifetime = told(m, effective(q.policy.Lifetime, agreed.lifetime))
	q.agreed, q.nr, q.peerKE, q.original = agreed, nonce, ke, q.theirView(m)
	q.commit = m.Flags&wire.FlagCommit != 0
	if ke == nil {
		return q.outHash(nil)
	}
	q.ask(q, DiffieHellman{keymat.DH{Group: agreed.group, Private: q.private, Public: q.result.DH.Public, Peer: ke}})
	return nil
}

// outHash installs both SAs and sends message 3. As long as an older pair carries
// the flow, the outbound one waits for child.switchOver. A pair that the peer's is
// preferred to is not made.
func (q *quickMode) outHash(*wire.Message) error {
	if q.outdone() {
		q.giveUp()
		return nil
	}
	q.makeChild(true)
	q.engine.emit(InstallSA{q.child.in})
	if !q.commit && q.flow.current() == nil {
		q.child.install()
	}
	q.send(wire.Hash{Data: q.sa.keys.Hash3(q.id, q.ni, q.nr)})
	if q.commit {
		q.awaitConnected()
		return nil
	}
	q.finish()
	return nil
}

// inHash takes message 3: the peer is ready to receive, or will say when it is.
func (q *quickMode) inHash(m *wire.Message) error {
	if err := checkHash(m, q.sa.keys.Hash3(q.id, q.ni, q.nr)); err != nil {
		return err
	}
	q.stopRepeating()
	q.sent = nil
	if q.commit || m.Flags&wire.FlagCommit != 0 {
		q.awaitConnected()
		return nil
	}
	q.child.install()
	q.finish()
	return nil
}

// inHashTooLate takes message 3 for a pair that we have withdrawn. The peer has it up, so
// our delete was lost or has overtaken message 2.
func (q *quickMode) inHashTooLate(m *wire.Message) error {
	if err := checkHash(m, q.sa.keys.Hash3(q.id, q.ni, q.nr)); err != nil {
		return err
	}
	q.sa.inform(q.spis.deletes()...)
	return nil
}
