package ike

import (
	"encoding/binary"
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// What a peer's SA payload says in phase 2: RFC 2408 §4.2, RFC 2407 §4.4 and §4.5.

// A bundle are the proposals of one number: all of them or none (RFC 2408 §4.2). It is
// never empty.
type bundle []wire.Proposal

// bundles sorts proposals by number, in the order in which the numbers come.
func bundles(all []wire.Proposal) (list []bundle) {
	for _, p := range all {
		i := slices.IndexFunc(list, func(b bundle) bool { return b[0].Number == p.Number })
		if i < 0 {
			list = append(list, bundle{p})
			continue
		}
		list[i] = append(list[i], p)
	}
	return list
}

// spis returns the SPIs of a bundle. It is false for one that no configuration makes us
// accept: with other protocols than ESP and AH, with one of them twice, or without an SPI.
func (b bundle) spis() (s spis, ok bool) {
	for _, p := range b {
		spi, ok := spiOf(p)
		switch {
		case ok && p.Protocol == wire.ProtoESP && s.esp == 0:
			s.esp = spi
		case ok && p.Protocol == wire.ProtoAH && s.ah == 0:
			s.ah = spi
		default:
			return spis{}, false
		}
	}
	return s, true
}

// spiOf reads the SPI of a proposal. 0-255 are nobody's: RFC 4303 §2.1.
func spiOf(p wire.Proposal) (ipsec.SPI, bool) {
	if len(p.SPI) != 4 {
		return 0, false
	}
	spi := ipsec.SPI(binary.BigEndian.Uint32(p.SPI))
	return spi, spi >= ipsec.MinSPI
}

// A reading is a transform that we understand.
type reading struct {
	phase2
	transform wire.Transform
}

// readings returns those transforms of each of the bundle's proposals that we understand.
func (b bundle) readings() [][]reading {
	parts := make([][]reading, len(b))
	for i, p := range b {
		for _, t := range p.Transforms {
			if got, ok := readPhase2(p.Protocol, t); ok {
				parts[i] = append(parts[i], reading{got, t})
			}
		}
	}
	return parts
}

// pick returns the first combination of one transform from each part that serves, in
// the order of the peer's preference, or nil. There are at most 64 times 64 of them:
// wire reads 128 transforms.
func pick(parts [][]reading, serves func([]reading) bool) []reading {
	return pickAfter(nil, parts, serves)
}

// pickAfter is pick when the first parts have their transform already.
func pickAfter(chosen []reading, parts [][]reading, serves func([]reading) bool) []reading {
	if len(parts) == 0 {
		if serves(chosen) {
			return chosen
		}
		return nil
	}
	for _, r := range parts[0] {
		if found := pickAfter(append(chosen[:len(chosen):len(chosen)], r), parts[1:], serves); found != nil {
			return found
		}
	}
	return nil
}

// join makes one choice of the transforms of a bundle. It is false if they contradict each
// other, for mode, PFS and sequence numbers are one for all, or if nothing is
// authenticated. The shorter of their lifetimes runs.
func join(chosen []reading) (phase2, bool) {
	all := chosen[0].phase2
	for _, r := range chosen[1:] {
		if r.encap != all.encap || r.group != all.group || r.esn != all.esn {
			return phase2{}, false
		}
		if r.offer.AH != ipsec.NoIntegrity {
			all.offer.AH = r.offer.AH
		} else {
			all.offer.Encryption, all.offer.Integrity = r.offer.Encryption, r.offer.Integrity
		}
		all.lifetime = all.lifetime.Min(r.lifetime)
	}
	return all, all.offer.AH != ipsec.NoIntegrity || ipsec.Compatible(all.offer.Encryption, all.offer.Integrity)
}

// readPhase2 reads a transform of ESP or AH. It is false for one that we cannot accept
// whatever is configured.
func readPhase2(protocol wire.ProtocolID, t wire.Transform) (phase2, bool) {
	kind := func(a wire.AttributeType2) wire.AttributeType { return wire.AttributeType(a) }
	seen, ok := numbersOf(t, kind(wire.Attr2LifeType), kind(wire.Attr2LifeDuration))
	if !ok || !onlyThese(seen, kind(wire.Attr2LifeType), kind(wire.Attr2LifeDuration), kind(wire.Attr2Group),
		kind(wire.Attr2Encapsulation), kind(wire.Attr2Authentication), kind(wire.Attr2KeyLength), kind(wire.Attr2ESN)) {
		return phase2{}, false
	}
	esn, named := seen[kind(wire.Attr2ESN)]
	offer, ok := offerOf(protocol, t.ID, seen[kind(wire.Attr2KeyLength)], wire.Authentication(seen[kind(wire.Attr2Authentication)]))
	return phase2{
		offer:    offer,
		encap:    wire.EncapsulationMode(seen[kind(wire.Attr2Encapsulation)]),
		group:    wire.Group(seen[kind(wire.Attr2Group)]),
		esn:      named,
		lifetime: lifetimePhase2(lifetimes(t, kind(wire.Attr2LifeType), kind(wire.Attr2LifeDuration))),
	}, ok && (!named || wire.ESN(esn) == wire.ESN64)
}

// offerOf finds our names for the algorithms of a transform.
func offerOf(protocol wire.ProtocolID, id uint8, keyBits uint16, auth wire.Authentication) (ipsec.Offer, bool) {
	switch protocol {
	case wire.ProtoESP:
		return espOfferOf(espTransform{wire.ESPTransform(id), keyBits}, auth)
	case wire.ProtoAH:
		for i, t := range ahTransforms {
			if t == wire.AHTransform(id) && authentications[i] == auth && keyBits == 0 {
				return ipsec.Offer{AH: i}, true
			}
		}
	}
	return ipsec.Offer{}, false
}

// espOfferOf is offerOf for ESP, whose cipher may be without an authenticator: it is
// up to join whether AH makes up for it.
func espOfferOf(cipher espTransform, auth wire.Authentication) (ipsec.Offer, bool) {
	for e, c := range espTransforms {
		for i, a := range authentications {
			bare := i == ipsec.NoIntegrity && e > ipsec.Null
			if c == cipher && a == auth && (bare || ipsec.Compatible(e, i)) {
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
