package ipsec

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
