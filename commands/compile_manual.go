package commands

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"reflect"
	"strings"

	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A manualPair is what is made of a manual policy with an ACL. Without SAs its traffic is
// dropped.
type manualPair struct {
	policy            *ipsec.Policy
	inbound, outbound *ipsec.SA // nil, both: the policy is not complete
}

// A manualEntry is a manual policy with what it refers to.
type manualEntry struct {
	*Policy
	proposal *ipsec.Proposal // nil: none
	offer    ipsec.Offer     // of the proposal, if usable
	usable   bool
	local    netip.Addr // our end; zero: not known
}

func (c *Config) manualEntry(p *Policy) manualEntry {
	m := manualEntry{Policy: p, local: c.localEnd(p)}
	if len(p.Proposals) > 0 {
		m.proposal = c.IPsecProposals[p.Proposals[0]]
	}
	if m.proposal != nil {
		m.offer, m.usable = manualOffer(m.proposal)
		m.offer.Integrity, m.offer.AH = c.cutOne(m.offer.Integrity), c.cutOne(m.offer.AH)
	}
	return m
}

// localEnd returns our end of a manual policy's tunnel.
func (c *Config) localEnd(p *Policy) netip.Addr {
	if i := c.Interfaces[p.LocalInterface]; i != nil && len(i.Addresses) > 0 {
		return i.Addresses[0].Addr()
	}
	return p.Local
}

// missing returns what keeps the policy from being used, in the order of its commands.
func (m *manualEntry) missing() []string {
	lacks := []string{}
	need := func(there bool, command string) {
		if !there {
			lacks = append(lacks, command)
		}
	}
	need(m.ACL != "", "security acl")
	need(m.proposal != nil, "proposal")
	need(m.proposal == nil || m.usable, "algorithms for configured keys")
	need(m.LocalInterface == "" || m.local.IsValid(), "address of interface "+m.LocalInterface)
	need(m.LocalInterface != "" || m.local.IsValid(), "tunnel local")
	need(m.Remote.IsValid(), "tunnel remote")
	if m.usable {
		for _, side := range sidesOf(m.offer.Transform()) {
			need(m.spi(side) != 0, "sa spi "+side.String())
			lacks = append(lacks, m.missingKeys(side)...)
		}
	}
	return lacks
}

// missingKeys returns the commands of the keys that a side wants and has not.
func (m *manualEntry) missingKeys(side SASide) (lacks []string) {
	for _, form := range []KeyForm{AuthenticationHex, EncryptionHex} {
		k := ManualKey{SASide: side, Form: form}
		if side.Protocol == ipsec.AH && form == EncryptionHex {
			continue
		}
		if octets, _ := k.wanted(m.offer); octets > 0 && m.key(k) == nil && m.key(ManualKey{SASide: side, Form: StringKey}) == nil {
			lacks = append(lacks, "sa "+form.String()+" "+side.String())
		}
	}
	return lacks
}

// sidesOf returns the SAs of a transform, inbound ones first.
func sidesOf(t ipsec.Transform) []SASide {
	var sides []SASide
	for _, d := range []ipsec.Direction{ipsec.Inbound, ipsec.Outbound} {
		if t.HasESP() {
			sides = append(sides, SASide{d, ipsec.ESP})
		}
		if t.HasAH() {
			sides = append(sides, SASide{d, ipsec.AH})
		}
	}
	return sides
}

// spi returns the SPI of a side, or 0.
func (p *Policy) spi(side SASide) ipsec.SPI {
	for _, s := range p.SPIs {
		if s.SASide == side {
			return s.SPI
		}
	}
	return 0
}

// key returns the key of the side and form of like, or nil.
func (p *Policy) key(like ManualKey) secret.Octets {
	for _, k := range p.Keys {
		if k.SASide == like.SASide && k.Form == like.Form {
			return k.Key
		}
	}
	return nil
}

// manualPair returns what is made of an entry, with what is the same as before taken
// from there: an SA that is installed again begins anew. It is nil if no ACL says what is
// protected. An entry that lacks anything else has its policy and no SAs: it fails closed.
// before may be nil.
func (b *builder) manualPair(id ipsec.PolicyID, from *ingredients, before *builtPolicy) *manualPair {
	if from.list == nil {
		return nil
	}
	m := b.manualEntry(from.entry)
	pair := &manualPair{policy: m.policy(id, from)}
	if len(m.missing()) == 0 {
		pair.inbound, pair.outbound = m.sa(id, ipsec.Inbound), m.sa(id, ipsec.Outbound)
	}
	if before != nil && before.manual != nil {
		pair.share(before.manual)
	}
	return pair
}

// share takes from old what is the same there.
func (p *manualPair) share(old *manualPair) {
	if *p.policy == *old.policy {
		p.policy = old.policy
	}
	if reflect.DeepEqual(p.inbound, old.inbound) && reflect.DeepEqual(p.outbound, old.outbound) {
		p.inbound, p.outbound = old.inbound, old.outbound
	}
}

// policy returns the policy of an entry, as far as it is known: an end that is not
// configured is zero, and without a proposal it is for ESP in tunnel mode.
func (m *manualEntry) policy(id ipsec.PolicyID, from *ingredients) *ipsec.Policy {
	p := &ipsec.Policy{
		ID: id, Device: from.device, Local: from.local, Remote: m.Remote, ACL: from.list, Manual: true, Offload: from.offload,
	}
	if m.usable {
		p.Transform, p.Mode = m.offer.Transform(), m.proposal.Mode.Proposed()
	}
	return p
}

// sa returns one direction of an entry that is complete. Which traffic it carries is for
// the policy's list to say.
func (m *manualEntry) sa(id ipsec.PolicyID, d ipsec.Direction) *ipsec.SA {
	everywhere := ipsec.PrefixRange(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
	sa := &ipsec.SA{
		Direction: d, Policy: id, Local: m.local, Remote: m.Remote, Mode: m.proposal.Mode.Proposed(),
		Selector: ipsec.Selector{Local: everywhere, Remote: everywhere},
	}
	esp, ah := SASide{d, ipsec.ESP}, SASide{d, ipsec.AH}
	if m.offer.Transform() == ipsec.TransformAH {
		sa.ID = m.name(ah)
		sa.Integrity, sa.IntegrityKey = m.offer.AH, m.keyOf(ah, AuthenticationHex)
		return sa
	}
	sa.ID = m.name(esp)
	sa.Encryption, sa.EncryptionKey = m.offer.Encryption, m.keyOf(esp, EncryptionHex)
	sa.Integrity, sa.IntegrityKey = m.offer.Integrity, m.keyOf(esp, AuthenticationHex)
	if m.offer.AH != ipsec.NoIntegrity {
		sa.AH = &ipsec.AHPart{SPI: m.spi(ah), Integrity: m.offer.AH, Key: m.keyOf(ah, AuthenticationHex)}
	}
	return sa
}

// name returns the name of the SA of a side.
func (m *manualEntry) name(side SASide) ipsec.SAID {
	id := ipsec.SAID{Destination: m.local, Protocol: side.Protocol, SPI: m.spi(side)}
	if side.Direction == ipsec.Outbound {
		id.Destination = m.Remote
	}
	return id
}

// keyOf returns the key that an algorithm of a side wants: the digits, or one made of
// the string; nil if it wants none.
func (m *manualEntry) keyOf(side SASide, form KeyForm) secret.Octets {
	k := ManualKey{SASide: side, Form: form}
	octets, _ := k.wanted(m.offer)
	if octets == 0 {
		return nil
	}
	if text := m.key(ManualKey{SASide: side, Form: StringKey}); text != nil {
		return derived(text, side.Protocol, form, octets)
	}
	key, err := hex.DecodeString(string(m.key(k)))
	if err != nil {
		return nil // it was not opened; no dataplane takes the SA
	}
	return key
}

// derived makes a key of a string: HKDF (RFC 5869) with SHA-256 and no salt, of the
// octets of the string, for "sallyport manual esp encryption", "sallyport manual esp
// authentication" or "sallyport manual ah authentication". VRP's own way is not
// published, so that strings are for both ends being Sallyports.
func derived(text secret.Octets, p ipsec.Protocol, form KeyForm, octets int) secret.Octets {
	use := strings.TrimSuffix(form.String(), "-hex")
	key, err := hkdf.Key(sha256.New, text, nil, "sallyport manual "+strings.ToLower(p.String())+" "+use, octets)
	if err != nil {
		panic(err) // of a length that HKDF cannot make: no algorithm wants one
	}
	return key
}
