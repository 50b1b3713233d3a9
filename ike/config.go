package ike

import (
	"net/netip"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A Config is everything that the engine is told. It and what it points to are
// not changed after SetConfig; a new configuration shares with its predecessor
// the objects that did not change, so that the difference is found by
// comparing pointers.
type Config struct {
	Proposals []*Proposal // in order of priority, the built-in one last
	Policies  []*Policy   // entries of the policy groups as applied to interfaces, in order
}

// A Policy is one entry of a policy group, applied to an interface.
type Policy struct {
	ipsec.Policy
	Peer      *Peer
	Proposals []*ipsec.Proposal // in order of preference; never empty
	PFS       wire.Group        // 0: not asked for
	Lifetime  ipsec.Lifetime    // of each SA: RFC 2407 §4.5; Octets are a multiple of 1024
	Auto      bool              // bring the SAs up without waiting for traffic
}

// An ExchangeMode is how phase 1 is done.
type ExchangeMode uint8

// The modes.
const (
	MainMode ExchangeMode = iota
)

// A Peer is an `ike peer`.
type Peer struct {
	Name     string
	Mode     ExchangeMode
	Proposal uint32        // number of the only proposal to use; 0: all of them
	Key      secret.Octets // pre-shared key, 1-128 octets
	Remote   netip.Addr    // where to send and whose packets to accept
	RemoteID netip.Addr    // address that the peer names as its ID behind a NAT; zero: Remote
	Local    netip.Addr    // our address; zero: the policy's
	V1Only   bool          // `undo version 2` was given
}

// NewPeer returns a peer with the defaults.
func NewPeer() *Peer { return &Peer{} }

// A Proposal is an `ike proposal`. Several algorithms mean several transforms,
// tried in the order listed.
type Proposal struct {
	Number      uint32 // priority, lower first; 0: the built-in one
	Method      wire.AuthMethod
	Encryptions []keymat.Cipher
	Hashes      []wire.HashAlgorithm
	Group       wire.Group
	Lifetime    time.Duration // of the ISAKMP SA
}

// NewProposal returns the strong defaults: AES-256, SHA2-256, group 14, one day.
func NewProposal() *Proposal {
	return &Proposal{
		Method:      wire.AuthPSK,
		Encryptions: []keymat.Cipher{{Algorithm: wire.EncAES, KeyBits: 256}},
		Hashes:      []wire.HashAlgorithm{wire.HashSHA256},
		Group:       wire.Group14,
		Lifetime:    24 * time.Hour,
	}
}

// BuiltIn returns the proposal of lowest priority that always exists.
func BuiltIn() *Proposal {
	return &Proposal{
		Method:      wire.AuthPSK,
		Encryptions: []keymat.Cipher{{Algorithm: wire.EncAES, KeyBits: 256}, {Algorithm: wire.EncAES, KeyBits: 192}, {Algorithm: wire.EncAES, KeyBits: 128}},
		Hashes:      []wire.HashAlgorithm{wire.HashSHA512, wire.HashSHA384, wire.HashSHA256},
		Group:       wire.Group14,
		Lifetime:    24 * time.Hour,
	}
}
