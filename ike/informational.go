package ike

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Informational exchanges: RFC 2409 §5.7. One message, never answered.

// inform sends protected payloads under an established ISAKMP SA.
func (s *sa) inform(payloads ...wire.Payload) {
	id := s.newMessageID()
	s.use(id)
	x := exchange{engine: s.engine, sa: s, kind: wire.Informational, id: id, iv: s.keys.ExchangeIV(s.lastIV, id)}
	after := wire.AppendPayloads(nil, payloads)
	x.send(append([]wire.Payload{wire.Hash{Data: s.hash1(id, after)}}, payloads...)...)
	s.mindIDs()
}

// inInformational takes notifications and deletes. Those in clear are hints.
func (e *Engine) inInformational(p *packet) error {
	if !p.encrypted() {
		return e.inHints(p)
	}
	s, err := e.proved(p)
	if err != nil {
		if e.inUnfinished(p) {
			return nil
		}
		return err
	}
	if q := s.quick[p.header.MessageID]; q != nil && q.state == qmConfirming {
		return q.receiveConnected(p)
	}
	m, err := s.openInformational(p)
	if err != nil {
		return err
	}
	if n, ok := signOfLife(m); ok {
		return s.inSignOfLife(p, m, n)
	}
	s.use(p.header.MessageID)
	s.spend(p)
	s.hear()
	s.mindIDs()
	if s.follow(p.Local, p.Remote) {
		s.carryPairs()
	}
	e.emit(MessageReceived{p.Local, p.Remote, 1, m})
	if !s.established {
		s.informedEarly(m)
		return nil
	}
	s.inform1(m)
	return nil
}

// openInformational returns the message in a packet if its HASH is right and its message ID new.
func (s *sa) openInformational(p *packet) (*wire.Message, error) {
	id := p.header.MessageID
	if _, used := s.used[id]; used {
		return nil, reject(UnexpectedMessage, "message ID %#08x was used before", uint32(id))
	}
	if len(s.used) >= 2*maxMessageIDs { // quick modes stop at half of it, deletes must still come through
		return nil, reject(Limited, "message IDs of this ISAKMP SA are used up")
	}
	m, _, err := p.open(s.keys, s.keys.ExchangeIV(s.lastIV, id))
	if err != nil {
		return nil, err
	}
	return m, s.checkInformational(id, m)
}

// inform1 acts on the payloads of an authenticated informational message.
func (s *sa) inform1(m *wire.Message) {
	for _, p := range m.Payloads {
		switch p := p.(type) {
		case wire.Notify:
			s.inNotify(p, m)
		case wire.Delete:
			s.inDelete(p)
		}
		if s.gone { // what follows the deletion of the SA itself has no meaning
			return
		}
	}
	s.answerProbes(m)
}

// answerProbes answers the last R-U-THERE of a message that has others, or something else, besides.
func (s *sa) answerProbes(m *wire.Message) {
	for _, n := range slices.Backward(allOf[wire.Notify](m)) {
		if n.Notify != wire.RUThere {
			continue
		}
		if number, err := s.numberOf(n); err == nil {
			s.inform(wire.NewDPD(wire.RUThereAck, s.cookieI, s.cookieR, number))
		}
		return
	}
}

// inHints keeps what a clear notification says, for the words of a failure.
func (e *Engine) inHints(p *packet) error {
	m, _, err := p.open(nil, nil)
	if err != nil {
		return err
	}
	s := e.lookUp(p.header)
	if s == nil || s.established || s.remote.Addr() != p.Remote.Addr() {
		return reject(InvalidCookie, "a clear notification for no negotiation of ours")
	}
	for _, payload := range m.Payloads {
		if n, ok := payload.(wire.Notify); ok && s.phase1 != nil {
			e.emit(Notified{p.Remote, n.Notify, false})
			s.phase1.hinted(n.Notify.String(), unproved)
		}
	}
	return nil
}

// inNotify handles an authenticated notification of m.
func (s *sa) inNotify(n wire.Notify, m *wire.Message) {
	e := s.engine
	e.emit(Notified{s.remote, n.Notify, true})
	switch {
	case n.Notify == wire.InitialContact:
		s.contactedFirst()
	case n.Notify == wire.ResponderLifetime:
		s.inLifetime(n)
	case s.refusesProof(n, m):
		s.proofRefused(n)
	case n.Notify < wire.Connected: // 1-16383 are errors: RFC 2408 §3.14.1
		s.refusedByPeer(n)
	}
}

// refusedByPeer ends the quick mode that an authenticated error is about: the one with that SPI,
// or, if the error names no SA, the only one. An SPI that is none of ours may be of anything:
// then the error is a hint. INVALID-SPI is about ESP or AH that came.
func (s *sa) refusedByPeer(n wire.Notify) {
	open := slices.DeleteFunc(s.quickModes(), func(q *quickMode) bool { return !q.initiated() || q.state == qmDone })
	about := slices.IndexFunc(open, func(q *quickMode) bool { return q.spis.any(n.SPI) })
	switch {
	case about >= 0:
		open[about].refused(n)
	case len(open) != 1 || n.Notify == wire.InvalidSPI:
	case s.namesNoSA(n):
		open[0].refused(n)
	default:
		open[0].hint = n.Notify.String() + open[0].advice(n.Notify)
	}
}

// namesNoSA reports whether a notification has no SPI but that of the ISAKMP SA.
func (s *sa) namesNoSA(n wire.Notify) bool {
	return len(bytes.Trim(n.SPI, "\x00")) == 0 || s.named(n.SPI)
}

// refused ends a quick mode that the peer refuses.
func (q *quickMode) refused(n wire.Notify) {
	s := q.sa
	s.engine.fail(Failure{Remote: s.remote, Peer: s.peer.Name, Category: refusalCategory(n.Notify).String(), Reason: q.whyRefused(n)})
	q.abort()
}

// whyRefused puts what we proposed beside the peer's word, and says which lines that was made of.
func (q *quickMode) whyRefused(n wire.Notify) string {
	return "peer answers " + n.Notify.String() + " to quick mode for " + q.traffic.String() + " with " + wire.NewSA(q.offered...).String() + q.advice(n.Notify)
}

// inDelete removes what its sender says is gone: SAs of this box only.
func (s *sa) inDelete(d wire.Delete) {
	for _, spi := range d.SPIs {
		switch {
		case d.Protocol == wire.ProtoISAKMP && len(spi) == 16:
			s.deleteISAKMP(spi)
		case (d.Protocol == wire.ProtoESP || d.Protocol == wire.ProtoAH) && len(spi) == 4:
			s.deleteChild(d.Protocol, ipsec.SPI(binary.BigEndian.Uint32(spi)))
		}
	}
}

// deleteISAKMP removes the ISAKMP SA with these cookies if the peer owns it.
func (s *sa) deleteISAKMP(cookies []byte) {
	for _, o := range slices.Clone(s.engine.byParty[s.party]) {
		if o.named(cookies) && s.owns(o.remote) {
			o.remove("peer request")
			return
		}
	}
}

// deleteChild removes the pair with the peer whose outbound SA has this SPI; a bundle goes
// with either of its parts. Under which ISAKMP SA it was made does not matter: of two that
// crossed the peer may use another than we do.
func (s *sa) deleteChild(protocol wire.ProtocolID, spi ipsec.SPI) {
	for _, c := range s.engine.pairs[s.party] {
		if !spisOf(c.out).has(protocol, spi) || !s.ownsPair(c) {
			continue
		}
		if !c.up {
			c.negotiation.abort()
			return
		}
		c.remove("peer request")
		return
	}
}

// hasNotify reports whether m carries a notification of that type.
func hasNotify(m *wire.Message, t wire.NotifyType) bool {
	return slices.ContainsFunc(m.Payloads, func(p wire.Payload) bool {
		n, ok := p.(wire.Notify)
		return ok && n.Notify == t
	})
}

// inUnfinished looks at what comes encrypted while we wait for message 6: the
// peer's reason for not sending it. If our keys do not read it, that is a reason
// in itself. It is a hint like those in clear: the peer has not proved itself. It
// reports whether there was one.
func (e *Engine) inUnfinished(p *packet) bool {
	s := e.lookUp(p.header)
	if s == nil || s.phase1 == nil || s.phase1.state != sentID || !s.initiator || s.remote.Addr() != p.Remote.Addr() {
		return false
	}
	m, _, err := p.open(s.keys, s.keys.ExchangeIV(s.phase1.iv, p.header.MessageID))
	if err != nil || checkHash(m, s.hash1(p.header.MessageID, m.After(0))) != nil {
		s.phase1.hinted("something that our keys do not decrypt", unproved)
		return false
	}
	said := false
	for _, payload := range m.Payloads {
		if n, ok := payload.(wire.Notify); ok {
			said = true
			e.emit(Notified{p.Remote, n.Notify, false})
			s.phase1.hinted(n.Notify.String(), sealedUnproved)
		}
	}
	return said
}

// How a word came that may be no word of the peer's.
const (
	unproved       = "(not authenticated)"
	sealedUnproved = "(under the keys, but not authenticated)"
)

// hinted tells at once what a notification says that came in clear, or otherwise
// without proof. It ends nothing: it may be forged.
func (x *handshake) hinted(text, how string) {
	hint := text + " " + how
	if x.hint == hint || x.hints == maxHints {
		return
	}
	x.hint, x.hints = hint, x.hints+1
	category, reason := PeerRefused, "peer answers "+hint+" to "+x.mode()
	switch {
	case x.state == sentSA && x.kind == wire.Aggressive && text == wire.InvalidIDInformation.String():
		category = IDMismatch
		reason += fmt.Sprintf(" message 1: does the peer accept our ID %s (`local-id-type` and `local-id` of ike peer %s)?", x.ourName(), x.sa.peer.Name)
	case x.state == sentSA:
		category = Phase1Mismatch
		reason += " with " + wire.NewSA(wire.Proposal{Number: 1, Protocol: wire.ProtoISAKMP, Transforms: x.offered}).String() + x.compare()
	case x.state == sentID:
		category = AuthenticationFail
		reason += x.doubt(text)
	}
	x.sa.fail(category, reason)
}
