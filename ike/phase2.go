package ike

import (
	"slices"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Negotiation of phase 2, RFC 2407 §4.5 and RFC 2409 §5.5: what can be agreed on, and how
// it is offered. phase2read.go reads what a peer offers, phase2choose.go chooses, and
// phase2explain.go has the words for an operator.

// A phase2 is what transforms of phase 2 say, one for each protocol of the SA pair, and
// the SPIs of whoever sent them.
type phase2 struct {
	offer    ipsec.Offer
	encap    wire.EncapsulationMode
	group    wire.Group // 0: no PFS
	esn      bool       // extended sequence numbers: RFC 4304
	lifetime ipsec.Lifetime
	spis     spis
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

// authentications are the values of the attribute, of ESP and AH alike.
var authentications = map[ipsec.Integrity]wire.Authentication{
	ipsec.NoIntegrity: 0, // the attribute is not there
	ipsec.MD5:         wire.HMACMD5,
	ipsec.SHA1:        wire.HMACSHA1,
	ipsec.SHA256:      wire.HMACSHA256,
	ipsec.SHA384:      wire.HMACSHA384,
	ipsec.SHA512:      wire.HMACSHA512,
}

// ahTransforms are the transform IDs of AH, which must say the same as the attribute:
// RFC 2407 §4.4.3.
var ahTransforms = map[ipsec.Integrity]wire.AHTransform{
	ipsec.MD5:    wire.AHMD5,
	ipsec.SHA1:   wire.AHSHA1,
	ipsec.SHA256: wire.AHSHA256,
	ipsec.SHA384: wire.AHSHA384,
	ipsec.SHA512: wire.AHSHA512,
}

// encapsulation returns the mode as attribute 4 says it: RFC 3947 §5.1.
func encapsulation(m ipsec.Mode, n nat) wire.EncapsulationMode {
	mode := wire.EncapTunnel
	if m == ipsec.Transport {
		mode = wire.EncapTransport
	}
	switch {
	case n.found() && n.draft:
		mode += wire.EncapUDPTunnelDraft - wire.EncapTunnel
	case n.found():
		mode += wire.EncapUDPTunnel - wire.EncapTunnel
	}
	return mode
}

// modeOf is the reverse of encapsulation.
func modeOf(e wire.EncapsulationMode) ipsec.Mode {
	if e == wire.EncapTransport || inUDPTransport(e) {
		return ipsec.Transport
	}
	return ipsec.Tunnel
}

// maxTransforms are offered in phase 2, in all proposals: our own wire reads no more.
const maxTransforms = 128

// offers returns what we propose: for each `ipsec proposal` of the policy a number, under
// it each of its protocols, and a transform for each of its algorithms, but no SPIs: see
// withSPIs. What cannot be had is left out, and so are the last proposals of a policy that has
// more than maxTransforms.
func (t *terms) offers() (all []wire.Proposal) {
	left := maxTransforms
	for i, proposal := range t.policy.Proposals {
		offered := t.offersOf(proposal, uint8(i+1))
		for _, p := range offered {
			left -= len(p.Transforms)
		}
		if left < 0 {
			break
		}
		all = append(all, offered...)
	}
	return all
}

// offersOf returns what we propose of one `ipsec proposal`, under a number.
func (t *terms) offersOf(proposal *ipsec.Proposal, number uint8) (all []wire.Proposal) {
	choices := t.choices(proposal)
	add := func(protocol wire.ProtocolID) {
		p := wire.Proposal{Number: number, Protocol: protocol}
		for _, c := range choices {
			p.Transforms = appendNew(p.Transforms, c.transform(protocol))
		}
		all = append(all, p)
	}
	if len(choices) > 0 && proposal.Transform.HasAH() { // AH first, as in RFC 2408 §4.2
		add(wire.ProtoAH)
	}
	if len(choices) > 0 && proposal.Transform.HasESP() {
		add(wire.ProtoESP)
	}
	return all
}

// choices returns the combinations of a proposal of ours that can be had, strongest first.
func (t *terms) choices(proposal *ipsec.Proposal) (list []phase2) {
	mode := t.mode(proposal)
	for _, o := range proposal.Offers() {
		if t.obstacle(o, mode) != "" {
			continue
		}
		for _, esn := range t.sequences(proposal) {
			list = append(list, phase2{offer: o, encap: encapsulation(mode, t.nat), group: t.policy.PFS, esn: esn, lifetime: t.policy.Lifetime})
		}
	}
	return list
}

// sequences returns what sequence numbers each combination of a proposal is offered with, true for
// extended ones. Those that the peer had its way with it has again.
func (t *terms) sequences(proposal *ipsec.Proposal) []bool {
	switch {
	case !t.esn():
		return []bool{false}
	case proposal.ESN:
		return []bool{true, false}
	}
	return []bool{t.like != nil && t.like.ESN}
}

// appendNew appends a transform under the next number, unless there is one like it.
func appendNew(list []wire.Transform, t wire.Transform) []wire.Transform {
	if slices.ContainsFunc(list, func(old wire.Transform) bool { return sameAttributes(old, t) }) {
		return list
	}
	t.Number = uint8(len(list) + 1)
	return append(list, t)
}

// transform writes a protocol's part of a choice.
func (a phase2) transform(protocol wire.ProtocolID) wire.Transform {
	if protocol == wire.ProtoAH {
		return a.write(uint8(ahTransforms[a.offer.AH]), authentications[a.offer.AH], 0)
	}
	cipher := espTransforms[a.offer.Encryption]
	return a.write(uint8(cipher.id), authentications[a.offer.Integrity], cipher.keyBits)
}

// write writes a transform; attributes that are 0 are left out.
func (a phase2) write(id uint8, auth wire.Authentication, keyBits uint16) wire.Transform {
	t := wire.Transform{Number: 1, ID: id}
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
	add(wire.Attr2Authentication, uint64(auth))
	add(wire.Attr2KeyLength, uint64(keyBits))
	if a.esn {
		add(wire.Attr2ESN, uint64(wire.ESN64))
	}
	life(wire.LifeSeconds, uint64(a.lifetime.Duration/time.Second))
	life(wire.LifeKilobytes, a.lifetime.Octets/1024)
	return t
}
