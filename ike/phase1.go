package ike

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// Negotiation of phase 1: RFC 2409 Appendix A, RFC 2408 §4.2.

// A phase1 is what a transform of phase 1 says.
type phase1 struct {
	suite    keymat.Suite
	method   wire.AuthMethod
	lifetime time.Duration // 0: none given
	octets   uint64        // likewise
	cut      bool          // it is less than was offered
}

// proposals returns the `ike proposal`s that a peer may use, in order.
func (e *Engine) proposals(p *Peer) []*Proposal {
	if p.Proposal == 0 {
		return e.config.Proposals
	}
	i := slices.IndexFunc(e.config.Proposals, func(o *Proposal) bool { return o.Number == p.Proposal })
	if i < 0 {
		return nil
	}
	return e.config.Proposals[i : i+1]
}

// choices returns every combination that a proposal stands for with a peer, in order; the
// methods are those of the end that began, us if initiator.
func (p *Proposal) choices(as *Peer, initiator bool) []phase1 {
	var all []phase1
	for _, c := range p.Encryptions {
		for _, h := range p.Hashes {
			all = append(all, phase1{keymat.Suite{Cipher: c, Hash: h, Group: p.Group}, as.method(p.Method, initiator), p.Lifetime, p.Octets, false})
		}
	}
	return all
}

// offersPhase1 returns the transforms that we offer a peer, numbered from 1.
func (e *Engine) offersPhase1(p *Peer) []wire.Transform {
	var offers []wire.Transform
	for _, proposal := range e.proposals(p) {
		for _, c := range proposal.choices(p, true) {
			if len(offers) < maxOffers {
				offers = append(offers, c.transform(uint8(len(offers)+1)))
			}
		}
	}
	return offers
}

// maxOffers keeps message 1 below the size that paths fragment.
const maxOffers = 24

// transform writes a choice. The key length is there for AES only: RFC 2409 App. A.
func (a phase1) transform(number uint8) wire.Transform {
	attributes := []wire.Attribute{wire.Basic(wire.AttrEncryption, uint16(a.suite.Cipher.Algorithm))}
	if a.suite.Cipher.KeyBits != 0 {
		attributes = append(attributes, wire.Basic(wire.AttrKeyLength, uint16(a.suite.Cipher.KeyBits)))
	}
	attributes = append(attributes,
		wire.Basic(wire.AttrHash, uint16(a.suite.Hash)),
		wire.Basic(wire.AttrAuthMethod, uint16(a.method)),
		wire.Basic(wire.AttrGroup, uint16(a.suite.Group)),
		wire.Basic(wire.AttrLifeType, uint16(wire.LifeSeconds)),
		wire.Number(wire.AttrLifeDuration, uint64(a.lifetime/time.Second)),
	)
	if a.octets != 0 {
		attributes = append(attributes, wire.Basic(wire.AttrLifeType, uint16(wire.LifeKilobytes)), wire.Number(wire.AttrLifeDuration, a.octets/1024))
	}
	return wire.Transform{Number: number, ID: uint8(wire.KeyIKE), Attributes: attributes}
}

// readPhase1 reads a transform of phase 1. It is false for one that we cannot
// accept whatever is configured: an attribute unknown, doubled or missing.
func readPhase1(t wire.Transform) (phase1, bool) {
	seen, ok := numbersOf(t, wire.AttrLifeType, wire.AttrLifeDuration)
	if !ok || t.ID != uint8(wire.KeyIKE) || !onlyThese(seen, wire.AttrEncryption, wire.AttrKeyLength, wire.AttrHash, wire.AttrAuthMethod,
		wire.AttrGroup, wire.AttrLifeType, wire.AttrLifeDuration) {
		return phase1{}, false
	}
	c := keymat.Cipher{Algorithm: wire.EncryptionAlgorithm(seen[wire.AttrEncryption]), KeyBits: int(seen[wire.AttrKeyLength])}
	life := lifetimes(t, wire.AttrLifeType, wire.AttrLifeDuration)
	return phase1{
		suite:    keymat.Suite{Cipher: c, Hash: wire.HashAlgorithm(seen[wire.AttrHash]), Group: wire.Group(seen[wire.AttrGroup])},
		method:   wire.AuthMethod(seen[wire.AttrAuthMethod]),
		lifetime: seconds(life[wire.LifeSeconds]),
		octets:   kilobytes(life[wire.LifeKilobytes]),
	}, true
}

// numbersOf returns the values of a transform's attributes by type. It is false
// if one is doubled or no number of 16 bits, but for the life types given.
func numbersOf(t wire.Transform, life ...wire.AttributeType) (map[wire.AttributeType]uint16, bool) {
	seen := make(map[wire.AttributeType]uint16, len(t.Attributes))
	for _, a := range t.Attributes {
		v, ok := a.Uint()
		_, doubled := seen[a.Type]
		if !slices.Contains(life, a.Type) && (doubled || !ok || v > 0xffff) {
			return nil, false
		}
		seen[a.Type] = uint16(min(v, 0xffff))
	}
	return seen, true
}

// onlyThese reports whether no attribute is of another type.
func onlyThese(seen map[wire.AttributeType]uint16, known ...wire.AttributeType) bool {
	for a := range seen {
		if !slices.Contains(known, a) {
			return false
		}
	}
	return true
}

// lifetimes reads the pairs of life type and duration: RFC 2407 §4.5, RFC 2409
// App. A. A duration without a type in front of it is not one.
func lifetimes(t wire.Transform, kind, duration wire.AttributeType) map[wire.LifeType]uint64 {
	found := map[wire.LifeType]uint64{}
	var unit wire.LifeType
	for _, a := range t.Attributes {
		v, _ := a.Uint()
		switch a.Type {
		case kind:
			unit = wire.LifeType(min(v, 0xffff))
		case duration:
			if old, twice := found[unit]; !twice || v < old {
				found[unit] = v
			}
		}
	}
	return found
}

// seconds makes a duration of a number of seconds that may be any.
func seconds(n uint64) time.Duration {
	const longest = uint64(100 * 365 * 24 * time.Hour / time.Second)
	return time.Duration(min(n, longest)) * time.Second
}

// shorter returns the lifetime that runs when two were named; 0 is none. Below
// minLifetime nobody could keep up.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		a = b
	}
	if a != 0 {
		a = max(a, minLifetime)
	}
	return a
}

// An offered1 is a transform of a message 1 that we understand.
type offered1 struct {
	phase1
	transform wire.Transform
	number    uint8 // of its proposal
}

// readOffer returns the transforms of a message 1 that we understand, in order: once for all
// the peers that it may be of.
func readOffer(offer wire.SA) (all []offered1) {
	for _, proposal := range offer.Proposals {
		if proposal.Protocol != wire.ProtoISAKMP {
			continue
		}
		for _, t := range proposal.Transforms {
			if got, ok := readPhase1(t); ok {
				all = append(all, offered1{got, t, proposal.Number})
			}
		}
	}
	return all
}

// choosePeer takes the first of the peers that somebody at an address may be with whom an
// offer can be agreed on. The error is about the first one.
func (e *Engine) choosePeer(offer wire.SA, candidates []*Peer, from netip.Addr) (*Peer, wire.SA, phase1, error) {
	offers := readOffer(offer)
	for _, p := range candidates {
		if answer, agreed, ok := e.choosePhase1(offers, p); ok {
			return p, answer, agreed, nil
		}
	}
	return nil, wire.SA{}, phase1{}, e.noneChosen(offer, candidates[0], from)
}

// choosePhase1 takes the first transform of an offer that we have too and
// returns the answer: the transform as it came.
func (e *Engine) choosePhase1(offers []offered1, p *Peer) (wire.SA, phase1, bool) {
	ours := e.proposals(p)
	for _, o := range offers {
		if want := findPhase1(ours, o.phase1, p); want != nil {
			answer := wire.Proposal{Number: o.number, Protocol: wire.ProtoISAKMP, Transforms: []wire.Transform{o.transform}}
			return wire.NewSA(answer), want.bounds(o.phase1), true
		}
	}
	return wire.SA{}, phase1{}, false
}

// findPhase1 returns the proposal of ours that allows a transform, or nil.
func findPhase1(ours []*Proposal, got phase1, as *Peer) *Proposal {
	if methods[got.method].preShared && len(as.Key) == 0 && as.UserTable == 0 {
		return nil // nobody proves anything by a key that there is not
	}
	for _, p := range ours {
		if p.allows(got, as) {
			return p
		}
	}
	return nil
}

// allows reports whether a transform is one of the combinations that a proposal stands for with
// a peer that began: lifetime never decides.
func (p *Proposal) allows(got phase1, as *Peer) bool {
	return p.Group == got.suite.Group && as.method(p.Method, false) == got.method &&
		slices.Contains(p.Encryptions, got.suite.Cipher) && slices.Contains(p.Hashes, got.suite.Hash)
}

// chosenPhase1 checks that the responder's answer is one of our transforms,
// unmodified (RFC 2408 §4.2) but for the lifetime.
func chosenPhase1(answer wire.SA, offered []wire.Transform) (phase1, error) {
	if len(answer.Proposals) != 1 || answer.Proposals[0].Protocol != wire.ProtoISAKMP || len(answer.Proposals[0].Transforms) != 1 {
		return phase1{}, reject(Phase1Mismatch, "the answer %v is not one proposal with one transform", answer)
	}
	t := answer.Proposals[0].Transforms[0]
	i := slices.IndexFunc(offered, func(o wire.Transform) bool { return sameAttributes(o, t, wire.AttrLifeType, wire.AttrLifeDuration) })
	if i < 0 {
		return phase1{}, reject(Phase1Mismatch, "the answer %v is none of our offers", answer)
	}
	ours, _ := readPhase1(offered[i])
	got, _ := readPhase1(t)
	got.lifetime, got.octets = shorter(ours.lifetime, got.lifetime), fewer(ours.octets, got.octets)
	return got, nil
}

// sameAttributes reports whether two transforms say the same, whatever the order of their
// attributes and their own numbers are: those are the responder's to choose. So is a lifetime, of
// which the shorter one runs: life are the types of its attributes.
func sameAttributes(a, b wire.Transform, life ...wire.AttributeType) bool {
	others := func(t wire.Transform) []wire.Attribute {
		return slices.DeleteFunc(slices.Clone(t.Attributes), func(x wire.Attribute) bool { return slices.Contains(life, x.Type) })
	}
	said, saidToo := others(a), others(b)
	if a.ID != b.ID || len(said) != len(saidToo) {
		return false
	}
	for _, attribute := range said {
		if !slices.ContainsFunc(saidToo, attribute.Equal) {
			return false
		}
	}
	return true
}

// noneChosen refuses an offer that nothing of ours fits with a peer. Anybody can send one, and to
// explain it costs more than all else that is done with it: only so many a second are explained.
func (e *Engine) noneChosen(offer wire.SA, p *Peer, from netip.Addr) error {
	why := whyNotExplained
	if e.explains(from) {
		why = explainPhase1(offer, e.proposals(p), p)
	}
	return rejectWith(Phase1Mismatch, wire.NoProposalChosen, "%s", why)
}

// whyNotExplained stands for an explanation beyond what a second has.
const whyNotExplained = "no `ike proposal` allows what the peer offers; too many are refused in this second to say more"

// explains reports whether a refusal of an offer from an address is to be explained now.
func (e *Engine) explains(from netip.Addr) bool {
	if e.directory.single[from] != nil {
		return e.explainedKnown.allow(e.now, from, maxExplainedTo, maxExplained)
	}
	return e.explainedStrange.allow(e.now, from, maxExplainedTo, maxExplained)
}

// explainPhase1 says what was offered, what is configured, and which lines of
// the nearest proposal would have to change.
func explainPhase1(offer wire.SA, ours []*Proposal, p *Peer) string {
	if onlyRSAEncryption(offer) {
		return "peer offers " + offer.String() + ": " + whyNoRSAEncryption
	}
	var b strings.Builder
	fmt.Fprintf(&b, "peer offers %v; ike peer %s allows %s", offer, p.Name, textOf(ours, p))
	if near, lines := nearestPhase1(offer, ours, p); near != nil {
		fmt.Fprintf(&b, "; to accept it, in %s: %s", near, strings.Join(lines, ", "))
	}
	return b.String()
}

// textOf lists proposals for an operator.
func textOf(ours []*Proposal, as *Peer) string {
	if len(ours) == 0 {
		return "none: its ike-proposal does not exist"
	}
	var parts []string
	for _, p := range ours {
		for _, c := range p.choices(as, false) {
			parts = append(parts, fmt.Sprintf("%s[%s]", p, c.transform(1).Text(wire.ProtoISAKMP)))
		}
	}
	return strings.Join(parts, ", ")
}

// String names a proposal as a command does.
func (p *Proposal) String() string {
	if p.Number == 0 {
		return "ike proposal default"
	}
	return fmt.Sprintf("ike proposal %d", p.Number)
}

// nearestPhase1 finds the offer and the proposal that differ in the fewest
// lines, and returns those lines as they would have to be.
func nearestPhase1(offer wire.SA, ours []*Proposal, as *Peer) (near *Proposal, lines []string) {
	for _, proposal := range offer.Proposals {
		for _, t := range proposal.Transforms {
			got, ok := readPhase1(t)
			if !ok {
				continue
			}
			for _, p := range ours {
				if d := p.differences(got, as); near == nil || len(d) < len(lines) {
					near, lines = p, d
				}
			}
		}
	}
	return near, lines
}

// differences returns the lines of p that an offer contradicts.
func (p *Proposal) differences(got phase1, as *Peer) (lines []string) {
	if !slices.Contains(p.Encryptions, got.suite.Cipher) {
		lines = append(lines, line(got.suite.Cipher.Supported(), "encryption-algorithm", cipherWord(got.suite.Cipher)))
	}
	if !slices.Contains(p.Hashes, got.suite.Hash) {
		lines = append(lines, line(keymat.HashSupported(got.suite.Hash), "authentication-algorithm", got.suite.Hash.String()))
	}
	if p.Group != got.suite.Group {
		lines = append(lines, line(keymat.GroupSupported(got.suite.Group), "dh", fmt.Sprintf("group%d", uint16(got.suite.Group))))
	}
	if methods[got.method].preShared && len(as.Key) == 0 && as.UserTable == 0 {
		lines = append(lines, "`pre-shared-key` of ike peer "+as.Name)
	}
	switch ours := as.method(p.Method, false); {
	case ours == got.method:
	case ours.Base() == got.method.Base(): // one of the two wants a user
		lines = append(lines, fmt.Sprintf("`client-authentication` of ike peer %s (the peer's is %v)", as.Name, got.method))
	default:
		lines = append(lines, fmt.Sprintf("`authentication-method` (the peer's is %v)", got.method))
	}
	return lines
}

// line is a command with a value of the peer's, or says that the command has no such value.
func line(known bool, command, value string) string {
	if !known {
		return fmt.Sprintf("`%s` cannot be what the peer has (%s, unknown here)", command, value)
	}
	return "`" + command + " " + value + "`"
}

// cipherWord names a cipher as a command does.
func cipherWord(c keymat.Cipher) string {
	switch c.Algorithm {
	case wire.EncDES:
		return "des"
	case wire.Enc3DES:
		return "3des"
	case wire.EncAES:
		return fmt.Sprintf("aes-%d", c.KeyBits)
	}
	return c.Algorithm.String()
}
