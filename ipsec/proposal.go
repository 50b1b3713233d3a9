package ipsec

import "slices"

// A Transform says which protocols a proposal asks for.
type Transform uint8

// The transforms of `transform { esp | ah | ah-esp }`.
const (
	TransformESP Transform = iota
)

// A Proposal is an `ipsec proposal`: what we offer and accept for an SA pair.
// Each combination of one cipher and one authenticator is an offer, strongest
// first; GCM ciphers go without an authenticator.
type Proposal struct {
	Name        string
	Transform   Transform
	Mode        Mode
	Encryptions []Encryption // empty: NULL
	Integrities []Integrity  // empty: none
}

// NewProposal returns the strong defaults: AES-256 with SHA2-256, tunnel mode.
func NewProposal() *Proposal {
	return &Proposal{Encryptions: []Encryption{AES256}, Integrities: []Integrity{SHA256}}
}

// An Offer is one combination of algorithms of a proposal. It is comparable.
type Offer struct {
	Encryption Encryption
	Integrity  Integrity // NoIntegrity with GCM only
}

// String returns the offer in the words of commands: aes-256/sha2-256, or
// aes-256-gcm-128.
func (o Offer) String() string {
	if o.Integrity == NoIntegrity {
		return o.Encryption.Word()
	}
	return o.Encryption.Word() + "/" + o.Integrity.Word()
}

// Offers returns the combinations of the proposal that protect something,
// strongest first, each once: the cipher decides, then the authenticator. The
// strength is the order of the constants: GCM is above CBC, a longer key above a
// shorter. The list is empty if all ciphers want an authenticator and there is
// none.
func (p *Proposal) Offers() []Offer {
	var offers []Offer
	for _, e := range strongest(p.Encryptions, Null) {
		if e.AEAD() {
			offers = append(offers, Offer{Encryption: e})
			continue
		}
		for _, i := range strongest(p.Integrities, NoIntegrity) {
			if Compatible(e, i) {
				offers = append(offers, Offer{Encryption: e, Integrity: i})
			}
		}
	}
	return offers
}

// Compatible reports whether an SA may have the two: GCM authenticates by itself
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
