package ike

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Negotiation of phase 2: RFC 2407 §4.5, RFC 2409 §5.5.

// A phase2 is what a transform of phase 2 says, and the SPI of its proposal.
type phase2 struct {
	offer    ipsec.Offer
	encap    wire.EncapsulationMode
	group    wire.Group // 0: no PFS
	lifetime ipsec.Lifetime
	spi      ipsec.SPI
}

// defaultLifetime runs when a transform names none: RFC 2407 §4.5.
const defaultLifetime = 28800 * time.Second

// espTransform is a cipher of ours as a transform says it.
type espTransform struct {
	id      wire.ESPTransform
	keyBits uint16 // the attribute; 0: not there
}

var espTransforms = map[ipsec.Encryption]espTransform{
	ipsec.Null:      {wire.ESPNull, 0},
	ipsec.DES:       {wire.ESPDES, 0},
	ipsec.TripleDES: {wire.ESP3DES, 0},
	ipsec.AES128:    {wire.ESPAESCBC, 128},
	ipsec.AES192:    {wire.ESPAESCBC, 192},
	ipsec.AES256:    {wire.ESPAESCBC, 256},
	ipsec.AES128GCM: {wire.ESPAESGCM16, 128},
	ipsec.AES192GCM: {wire.ESPAESGCM16, 192},
	ipsec.AES256GCM: {wire.ESPAESGCM16, 256},
}

var authentications = map[ipsec.Integrity]wire.Authentication{
	ipsec.NoIntegrity: 0, // the attribute is not there
	ipsec.MD5:         wire.HMACMD5,
	ipsec.SHA1:        wire.HMACSHA1,
	ipsec.SHA256:      wire.HMACSHA256,
	ipsec.SHA384:      wire.HMACSHA384,
	ipsec.SHA512:      wire.HMACSHA512,
}

// encapsulation returns the mode as attribute 4 says it: RFC 3947 §5.1.
func encapsulation(m ipsec.Mode, n nat) wire.EncapsulationMode {
	mode := wire.EncapTunnel
	if m == ipsec.Transport {
		mode = wire.EncapTransport
	}
	if n.found() {
		mode += wire.EncapUDPTunnel - wire.EncapTunnel
	}
	return mode
}

// offersPhase2 returns a proposal for each `ipsec proposal` of a policy, with
// a transform for each combination of its algorithms.
func offersPhase2(p *Policy, n nat, spi ipsec.SPI) []wire.Proposal {
	var all []wire.Proposal
	for i, proposal := range p.Proposals {
		w := wire.Proposal{Number: uint8(i + 1), Protocol: wire.ProtoESP, SPI: binary.BigEndian.AppendUint32(nil, uint32(spi))}
		for j, o := range proposal.Offers() {
			a := phase2{offer: o, encap: encapsulation(proposal.Mode, n), group: p.PFS, lifetime: p.Lifetime}
			w.Transforms = append(w.Transforms, a.transform(uint8(j+1)))
		}
		all = append(all, w)
	}
	return all
}

// transform writes a choice.
func (a phase2) transform(number uint8) wire.Transform {
	t := wire.Transform{Number: number, ID: uint8(espTransforms[a.offer.Encryption].id)}
	add := func(kind wire.AttributeType2, v uint64) {
		if v != 0 {
			t.Attributes = append(t.Attributes, wire.Number(wire.AttributeType(kind), v))
		}
	}
	life := func(unit wire.LifeType, v uint64) {
		if v != 0 {
			add(wire.Attr2LifeType, uint64(unit))
			add(wire.Attr2LifeDuration, v)
		}
	}
	add(wire.Attr2Group, uint64(a.group))
	add(wire.Attr2Encapsulation, uint64(a.encap))
	add(wire.Attr2Authentication, uint64(authentications[a.offer.Integrity]))
	add(wire.Attr2KeyLength, uint64(espTransforms[a.offer.Encryption].keyBits))
	life(wire.LifeSeconds, uint64(a.lifetime.Duration/time.Second))
	life(wire.LifeKilobytes, a.lifetime.Octets/1024)
	return t
}

// readPhase2 reads an ESP transform. It is false for one that we cannot accept
// whatever is configured.
func readPhase2(t wire.Transform) (phase2, bool) {
	kind := func(a wire.AttributeType2) wire.AttributeType { return wire.AttributeType(a) }
	seen, ok := numbersOf(t, kind(wire.Attr2LifeType), kind(wire.Attr2LifeDuration))
	if !ok || !onlyThese(seen, kind(wire.Attr2LifeType), kind(wire.Attr2LifeDuration), kind(wire.Attr2Group),
		kind(wire.Attr2Encapsulation), kind(wire.Attr2Authentication), kind(wire.Attr2KeyLength)) {
		return phase2{}, false
	}
	offer, ok := offerOf(espTransform{wire.ESPTransform(t.ID), seen[kind(wire.Attr2KeyLength)]},
		wire.Authentication(seen[kind(wire.Attr2Authentication)]))
	return phase2{
		offer:    offer,
		encap:    wire.EncapsulationMode(seen[kind(wire.Attr2Encapsulation)]),
		group:    wire.Group(seen[kind(wire.Attr2Group)]),
		lifetime: lifetimePhase2(lifetimes(t, kind(wire.Attr2LifeType), kind(wire.Attr2LifeDuration))),
	}, ok
}

// offerOf finds our names for the algorithms of a transform.
func offerOf(cipher espTransform, auth wire.Authentication) (ipsec.Offer, bool) {
	for e, c := range espTransforms {
		for i, a := range authentications {
			if c == cipher && a == auth && ipsec.Compatible(e, i) {
				return ipsec.Offer{Encryption: e, Integrity: i}, true
			}
		}
	}
	return ipsec.Offer{}, false
}

// lifetimePhase2 makes a Lifetime of the durations that a transform names.
func lifetimePhase2(found map[wire.LifeType]uint64) ipsec.Lifetime {
	l := ipsec.Lifetime{Duration: seconds(found[wire.LifeSeconds])}
	if found[wire.LifeSeconds] == 0 {
		l.Duration = defaultLifetime
	}
	l.Octets = min(found[wire.LifeKilobytes], 1<<53) * 1024
	return l
}

// spiOf reads the SPI of a proposal. 0-255 are nobody's: RFC 4303 §2.1.
func spiOf(p wire.Proposal) (ipsec.SPI, bool) {
	if p.Protocol != wire.ProtoESP || len(p.SPI) != 4 {
		return 0, false
	}
	spi := ipsec.SPI(binary.BigEndian.Uint32(p.SPI))
	return spi, spi > 255
}

// choosePhase2 takes the first transform of an offer that a policy allows and
// returns the answer: the transform as it came, with our SPI. withKE says that
// the message has a KE payload.
func choosePhase2(offer wire.SA, p *Policy, n nat, withKE bool, ours ipsec.SPI) (wire.SA, phase2, error) {
	for _, proposal := range offer.Proposals {
		spi, ok := spiOf(proposal)
		if !ok || bundled(offer, proposal.Number) {
			continue
		}
		for _, t := range proposal.Transforms {
			got, ok := readPhase2(t)
			if !ok || !p.allows(got, n) || (got.group != 0) != withKE {
				continue
			}
			got.spi, got.lifetime = spi, effective(p.Lifetime, got.lifetime)
			answer := wire.Proposal{Number: proposal.Number, Protocol: wire.ProtoESP, Transforms: []wire.Transform{t},
				SPI: binary.BigEndian.AppendUint32(nil, uint32(ours))}
			return wire.NewSA(answer), got, nil
		}
	}
	return wire.SA{}, phase2{}, rejectWith(Phase2Mismatch, wire.NoProposalChosen, "%s", explainPhase2(offer, p, n))
}

// bundled reports whether a number stands for more than one protocol: all of
// them or none (RFC 2408 §4.2), and we serve only ESP alone.
func bundled(offer wire.SA, number uint8) bool {
	n := 0
	for _, p := range offer.Proposals {
		if p.Number == number {
			n++
		}
	}
	return n > 1
}

// allows reports whether a policy accepts a transform. PFS that only the peer
// asks for is welcome: it is stronger.
func (p *Policy) allows(got phase2, n nat) bool {
	if p.PFS != 0 && got.group != p.PFS || got.group != 0 && !groupServed(got.group) {
		return false
	}
	return slices.ContainsFunc(p.Proposals, func(o *ipsec.Proposal) bool {
		return got.encap == encapsulation(o.Mode, n) && slices.Contains(o.Offers(), got.offer)
	})
}

// effective returns the shorter of two lifetimes.
func effective(ours, theirs ipsec.Lifetime) ipsec.Lifetime {
	l := ours.Min(theirs)
	l.Duration = max(l.Duration, minLifetime)
	return l
}

// chosenPhase2 checks that the responder's answer is one of our transforms,
// unmodified. Of several proposals the first counts: strongSwan appends others.
func chosenPhase2(answer wire.SA, offered []wire.Proposal) (phase2, error) {
	first := answer.Proposals[0]
	spi, ok := spiOf(first)
	if !ok || len(first.Transforms) != 1 {
		return phase2{}, reject(Phase2Mismatch, "the answer %v is not one ESP transform with an SPI", answer)
	}
	for _, o := range offered {
		for _, t := range o.Transforms {
			if sameAttributes(t, first.Transforms[0]) {
				got, _ := readPhase2(t)
				got.spi = spi
				return got, nil
			}
		}
	}
	return phase2{}, reject(Phase2Mismatch, "the answer %v is none of our offers", answer)
}

// explainPhase2 says what was offered, what is configured, and what to change.
func explainPhase2(offer wire.SA, p *Policy, n nat) string {
	var ours []string
	for _, w := range offersPhase2(p, n, 0) {
		for _, t := range w.Transforms {
			ours = append(ours, fmt.Sprintf("%s[%s]", p.Proposals[w.Number-1].Name, t.Text(wire.ProtoESP)))
		}
	}
	text := fmt.Sprintf("peer offers %v; %v allows %s", offer, p.ID, strings.Join(ours, ", "))
	if lines := differencesPhase2(offer, p, n); len(lines) > 0 {
		text += "; to accept it: " + strings.Join(lines, ", ")
	}
	return text
}

// differencesPhase2 returns the lines that the peer's first offer contradicts.
func differencesPhase2(offer wire.SA, p *Policy, n nat) (lines []string) {
	for _, proposal := range offer.Proposals {
		for _, t := range proposal.Transforms {
			got, ok := readPhase2(t)
			if !ok {
				continue
			}
			if got.group != p.PFS {
				lines = append(lines, pfsLine(got.group))
			}
			o := p.Proposals[0]
			if !slices.Contains(o.Encryptions, got.offer.Encryption) {
				lines = append(lines, fmt.Sprintf("`esp encryption-algorithm %s` in ipsec proposal %s", got.offer.Encryption.Word(), o.Name))
			}
			if got.offer.Integrity != ipsec.NoIntegrity && !slices.Contains(o.Integrities, got.offer.Integrity) {
				lines = append(lines, fmt.Sprintf("`esp authentication-algorithm %s` in ipsec proposal %s", got.offer.Integrity.Word(), o.Name))
			}
			if got.encap != encapsulation(o.Mode, n) {
				lines = append(lines, fmt.Sprintf("the encapsulation (the peer's is %v)", got.encap))
			}
			return lines
		}
	}
	return nil
}

// pfsLine is the command for a group, or its absence.
func pfsLine(g wire.Group) string {
	if g == 0 {
		return "`undo pfs`"
	}
	return fmt.Sprintf("`pfs dh-group%d`", uint16(g))
}
