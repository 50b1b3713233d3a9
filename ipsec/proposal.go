package ipsec

import (
	"cmp"
	"slices"
	"strings"
)

// A Transform says which protocols a proposal asks for.
type Transform uint8

// The transforms of `transform { esp | ah | ah-esp }`.
const (
	TransformESP   Transform = iota
	TransformAH              // RFC 4302
	TransformAHESP           // ESP inside, AH around it
)

// HasESP reports whether the transform has ESP in it.
func (t Transform) HasESP() bool { return t != TransformAH }

// HasAH reports whether the transform has AH in it.
func (t Transform) HasAH() bool { return t != TransformESP }

// String returns the word of commands.
func (t Transform) String() string {
	switch t {
	case TransformAH:
		return "ah"
	case TransformAHESP:
		return "ah-esp"
	}
	return "esp"
}

// A Proposal is an `ipsec proposal`: what we offer and accept for an SA pair.
// Each combination of its algorithms is an offer, strongest first; GCM ciphers go
// without an authenticator, and under AH other ciphers may.
type Proposal struct {
	Name          string
	Transform     Transform
	Mode          Mode
	Encryptions   []Encryption // of ESP; empty: NULL
	Integrities   []Integrity  // of ESP; empty: none
	AHIntegrities []Integrity  // of AH
	ESN           bool         // offer extended sequence numbers too, before those of 32 bits: RFC 4304
}

// NewProposal returns the strong defaults: AES-256 with SHA2-256, tunnel mode; SHA2-256
// for AH, should that be asked for.
func NewProposal() *Proposal {
	return &Proposal{Encryptions: []Encryption{AES256}, Integrities: []Integrity{SHA256}, AHIntegrities: []Integrity{SHA256}}
}

// An Offer is one combination of algorithms of a proposal. It is comparable.
type Offer struct {
	Encryption Encryption // NoEncryption: without ESP
	Integrity  Integrity  // of ESP; NoIntegrity with GCM, and under AH
	AH         Integrity  // NoIntegrity: without AH
}

// String returns the offer in the words of commands: aes-256/sha2-256,
// aes-256-gcm-128, ah/sha2-256, or ah/sha2-256+aes-256/sha2-256.
func (o Offer) String() string {
	var parts []string
	if o.AH != NoIntegrity {
		parts = append(parts, "ah/"+o.AH.Word())
	}
	switch {
	case o.Encryption == NoEncryption:
	case o.Integrity == NoIntegrity:
		parts = append(parts, o.Encryption.Word())
	default:
		parts = append(parts, o.Encryption.Word()+"/"+o.Integrity.Word())
	}
	return strings.Join(parts, "+")
}

// Transform returns the protocols of the offer.
func (o Offer) Transform() Transform {
	switch {
	case o.Encryption == NoEncryption:
		return TransformAH
	case o.AH != NoIntegrity:
		return TransformAHESP
	}
	return TransformESP
}

// Offers returns the combinations of the proposal that protect something,
// strongest first, each once: the cipher decides, then the authenticator, then that
// of AH. The strength is the order of the constants: GCM is above CBC, a longer key
// above a shorter. The list is empty if all ciphers want an authenticator and there
// is none.
func (p *Proposal) Offers() []Offer {
	if !p.Transform.HasAH() {
		return p.espOffers(NoIntegrity)
	}
	ah := slices.DeleteFunc(strongest(p.AHIntegrities, NoIntegrity), func(i Integrity) bool { return i == NoIntegrity })
	var offers []Offer
	for _, i := range ah {
		if p.Transform == TransformAH {
			offers = append(offers, Offer{AH: i})
		} else {
			offers = append(offers, p.espOffers(i)...)
		}
	}
	slices.SortStableFunc(offers, func(a, b Offer) int {
		return cmp.Or(cmp.Compare(b.Encryption, a.Encryption), cmp.Compare(b.Integrity, a.Integrity))
	})
	return offers
}

// espOffers returns the combinations of ESP's algorithms, under AH with that
// authenticator, or without AH.
func (p *Proposal) espOffers(ah Integrity) (offers []Offer) {
	for _, e := range strongest(p.Encryptions, Null) {
		if e.AEAD() {
			offers = append(offers, Offer{Encryption: e, AH: ah})
			continue
		}
		for _, i := range strongest(p.Integrities, NoIntegrity) {
			if o := (Offer{e, i, ah}); o.protects() {
				offers = append(offers, o)
			}
		}
	}
	return offers
}

// protects reports whether an SA may have these algorithms.
func (o Offer) protects() bool {
	bare := o.AH != NoIntegrity && o.Integrity == NoIntegrity && o.Encryption > Null // AH does what ESP leaves out
	return bare || Compatible(o.Encryption, o.Integrity)
}

// Compatible reports whether an ESP SA may have the two: GCM authenticates by itself
// and takes no authenticator, all other ciphers, NULL among them, need one.
func Compatible(e Encryption, i Integrity) bool {
	return e != NoEncryption && e.AEAD() == (i == NoIntegrity)
}

// strongest returns the algorithms in descending order without repetition, and the
// one given for none if there are none.
func strongest[T Encryption | Integrity](listed []T, none T) []T {
	if len(listed) == 0 {
		return []T{none}
	}
	sorted := slices.Clone(listed)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	slices.Reverse(sorted)
	return sorted
}
