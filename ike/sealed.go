package ike

import (
	"slices"

	"sallyport/ike/wire"
)

// The word to a peer whose proof is refused, under the keys of a phase 1 that is not over.

// underKeys reports whether the peer can read such a word: its message was encrypted, and
// the keys that decrypted it are right. With a pre-shared key that shows by the HASH.
func (x *handshake) underKeys(p *packet, r *Rejection) bool {
	return p.encrypted() && x.sa.keys != nil && !r.doubtful
}

// tellUnderKeys has the peer told once why its proof is refused, and a second time, with a
// DELETE, if that was the last message of phase 1: the peer has an ISAKMP SA by now, which must
// go. Only when the very same message comes again: the first may have been altered on the
// way, and the genuine one be behind it.
func (x *handshake) tellUnderKeys(p *packet, r *Rejection) {
	switch {
	case !x.toldSealed:
		x.toldSealed, x.refused = true, p.digest
	case !x.deleted && !x.provesLast() && p.digest == x.refused:
		x.deleted, r.final = true, true
	default:
		r.Notify = 0
	}
}

// tellSealed tells the peer why its proof, in p, is refused. The IV is the block that ends p,
// for after that the peer has had nothing from us: RFC 2409 App. B. Nothing of the exchange
// changes: p may be forged.
func (s *sa) tellSealed(p *packet, r *Rejection) {
	e, id := s.engine, s.engine.messageID()
	_, last, err := s.keys.Decrypt(s.keys.FirstIV(s.phase1.inputs), p.body)
	if err != nil {
		return
	}
	payloads := []wire.Payload{r.notify(s.cookieI, s.cookieR)}
	if r.final {
		payloads = append(payloads, wire.DeleteISAKMP(s.cookieI, s.cookieR))
	}
	payloads = append([]wire.Payload{wire.Hash{Data: s.hash1(id, wire.AppendPayloads(nil, payloads))}}, payloads...)
	h := wire.Header{CookieI: s.cookieI, CookieR: s.cookieR, Exchange: wire.Informational, Flags: wire.FlagEncrypted, MessageID: id}
	m := &wire.Message{Header: h, Payloads: payloads}
	spent := s.wear.spent
	b, _ := s.seal(m, s.keys.ExchangeIV(last, id))
	s.wear.spent = spent
	e.emit(Send{p.Local, p.Remote, b}, MessageSent{p.Local, p.Remote, 1, m})
}

// refusesProof reports whether an authenticated error is about what we have proved ourselves
// by. Only the end that proves itself last has an ISAKMP SA by then. Of an error that may as
// well be about a quick mode it is if the SA goes with it.
func (s *sa) refusesProof(n wire.Notify, m *wire.Message) bool {
	if s.phase1 == nil || !s.phase1.provesLast() {
		return false
	}
	switch n.Notify {
	case wire.AuthenticationFailed, wire.InvalidSignature, wire.InvalidCertificate, wire.InvalidCertEncoding, wire.InvalidCertAuthority,
		wire.CertTypeUnsupported, wire.CertificateUnavailable:
		return true
	case wire.InvalidIDInformation:
		return s.deletedBy(m)
	}
	return false
}

// deletedBy reports whether a message deletes s.
func (s *sa) deletedBy(m *wire.Message) bool {
	return slices.ContainsFunc(m.Payloads, func(p wire.Payload) bool {
		d, ok := p.(wire.Delete)
		return ok && d.Protocol == wire.ProtoISAKMP && slices.ContainsFunc(d.SPIs, s.named)
	})
}

// proofRefused tells of such an error. It ends nothing by itself: a deletion does.
func (s *sa) proofRefused(n wire.Notify) {
	word := n.Notify.String()
	s.fail(AuthenticationFail, "peer answers "+word+" to "+s.phase1.mode()+s.phase1.doubt(word))
}

// refused reports whether a message refuses our proof.
func (s *sa) refused(m *wire.Message) bool {
	return slices.ContainsFunc(m.Payloads, func(p wire.Payload) bool {
		n, ok := p.(wire.Notify)
		return ok && s.refusesProof(n, m)
	})
}
