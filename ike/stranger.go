package ike

import (
	"cmp"
	"slices"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// Whom message 1 of aggressive mode is of, and what becomes of it if it is of nobody.

// chooseByID chooses the peer that message 1 is of, and returns the answer to its offer.
func (x *handshake) chooseByID(m *wire.Message) (wire.SA, error) {
	if m.Find(wire.PayloadSA) != 0 {
		return wire.SA{}, reject(UnexpectedPayload, "phase 1 begins with %v, want SA", m.Payloads[0].Type())
	}
	c, err := x.readClaim(m)
	if err != nil {
		return wire.SA{}, err
	}
	offer, kerberos := withoutKerberos(m)
	chosen, err := x.choose(ofOneGroup(offer, m), c.id)
	if err != nil {
		return wire.SA{}, blameKerberos(kerberos, err)
	}
	c.peer, x.stranger = chosen.peer, chosen.stranger
	x.claim = c
	x.meet(m, chosen.peer, chosen.agreed)
	if x.stranger != "" {
		x.failed(IDMismatch, x.stranger)
	}
	return chosen.answer, nil
}

// ofOneGroup returns the offers whose group the public value can be of. Some peers offer other
// groups, too, which would take another message 1.
func ofOneGroup(offer wire.SA, m *wire.Message) wire.SA {
	size := len(m.Payloads[m.Find(wire.PayloadKE)].(wire.KeyExchange).Data)
	offer.Proposals = slices.Clone(offer.Proposals)
	for i := range offer.Proposals {
		p := &offer.Proposals[i]
		p.Transforms = slices.DeleteFunc(slices.Clone(p.Transforms), func(t wire.Transform) bool {
			o, ok := readPhase1(t)
			return ok && o.suite.Supported() && keymat.PublicLen(o.suite.Group) != size
		})
	}
	return offer
}

// A choice is a peer that somebody may be, and what would be agreed on with it.
type choice struct {
	peer     *Peer
	answer   wire.SA
	agreed   phase1
	stranger string // why it is none of ours; empty: it may be this one
}

// choose returns the peer that has an identity, or, with a pre-shared key, one to play the
// part if none has. The error is about the first one that comes near: it could agree on the offer.
func (x *handshake) choose(offer wire.SA, id wire.ID) (choice, error) {
	var unsuited error
	var standIn *choice
	offers := readOffer(offer)
	for _, p := range x.candidates {
		answer, agreed, ok := x.engine.choosePhase1(offers, p)
		if !ok {
			continue
		}
		c := choice{peer: p, answer: answer, agreed: agreed}
		err := x.suits(c, id)
		if err == nil {
			return c, nil
		}
		if c.stranger = reasonOf(err); standIn == nil && methods[agreed.method].preShared {
			standIn = &c
		}
		unsuited = cmp.Or(unsuited, err)
	}
	switch {
	case standIn != nil:
		return *standIn, nil
	case unsuited != nil:
		return choice{}, untold(unsuited)
	}
	return choice{}, x.engine.noneChosen(offer, x.candidates[0], x.sa.remote.Addr())
}

// suits reports whether a peer may say that it is id, and has a key if it takes one.
func (x *handshake) suits(c choice, id wire.ID) error {
	if err := x.accepts(c.peer, id); err != nil {
		return err
	}
	if methods[c.agreed.method].preShared && len(x.preSharedKey(c.peer, id)) == 0 {
		return reject(IDMismatch, "%s", c.peer.noKeyFor(id))
	}
	return nil
}

// untold makes a refusal of an identity one that the peer is not told of.
func untold(err error) error {
	if categoryOf(err) == IDMismatch {
		return reject(IDMismatch, "%s", reasonOf(err))
	}
	return err
}

// failed tells the operator of what the other end, of which there is but message 1, is not told.
func (x *handshake) failed(c Category, reason string) {
	f := Failure{Remote: x.sa.remote, Category: c.String(), Reason: reason}
	if x.sa.peer.single() {
		f.Peer = x.sa.peer.Name
	}
	x.engine.record(failure{f, x.engine.doubtOf(nil, x.sa.remote.Addr())})
}
