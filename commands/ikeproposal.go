package commands

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// newIKEProposal returns the strong defaults.
func newIKEProposal() *IKEProposal {
	return &IKEProposal{
		Proposal:  *ike.NewProposal(),
		Integrity: []string{"hmac-sha2-256"},
		PRF:       []string{"hmac-sha2-256"},
	}
}

// Bounds of an ISAKMP SA's lifetime in seconds.
const (
	shortestIKE = 60
	longestIKE  = 604800
)

// ikeProposalView is the view of `ike proposal`.
func ikeProposalView() *grammar.View[IKEProposal] {
	kw := grammar.Kw[IKEProposal]
	return &grammar.View[IKEProposal]{
		Tag: func(p *IKEProposal) string { return "ike-proposal-" + strconv.Itoa(int(p.Number)) },
		New: newIKEProposal,
		Rows: []grammar.Row[IKEProposal]{
			grammar.Setting(kw("encryption-algorithm", "Encryption algorithms of phase 1"),
				grammar.Some(kind.Cipher(), func(p *IKEProposal) *[]keymat.Cipher { return &p.Encryptions })).Check(checks(checkCiphers)),
			grammar.Setting(kw("dh", "Diffie-Hellman group of phase 1"),
				grammar.Arg(kind.Group("group"), "Group", func(p *IKEProposal) *wire.Group { return &p.Group })).Check(checks(checkGroup)),
			grammar.Setting(kw("authentication-algorithm", "Hash algorithms of phase 1"),
				grammar.Some(kind.Hash(), func(p *IKEProposal) *[]wire.HashAlgorithm { return &p.Hashes })).Check(checks(checkHashes)),
			grammar.Setting(kw("authentication-method", "How the peers prove who they are"),
				grammar.Arg(methods(), "Method", func(p *IKEProposal) *wire.AuthMethod { return &p.Method })).Check(checks(checkMethod)),
			grammar.Setting(kw("integrity-algorithm", "Integrity algorithms of IKEv2"),
				grammar.Some(kind.V2Integrity(), func(p *IKEProposal) *[]string { return &p.Integrity })),
			grammar.Setting(kw("prf", "Pseudo-random functions of IKEv2"),
				grammar.Some(kind.V2PRF(), func(p *IKEProposal) *[]string { return &p.PRF })),
			grammar.Setting(kw("sa", "ISAKMP SA"), kw("duration", "Lifetime of the SA"),
				grammar.Arg(kind.Seconds(shortestIKE, longestIKE), "Seconds", func(p *IKEProposal) *time.Duration { return &p.Lifetime })),
		},
	}
}

// Methods that are understood and refused, so that the answer says what to do.
const (
	rsaSignature    = wire.AuthRSA
	digitalEnvelope = wire.AuthRSAEncryption
)

func methods() grammar.Kind[wire.AuthMethod] {
	word := func(text, help string, m wire.AuthMethod) grammar.Word[wire.AuthMethod] {
		return grammar.Word[wire.AuthMethod]{Text: text, Help: help, Value: m}
	}
	return kind.Choice(
		word("pre-share", "Pre-shared key", wire.AuthPSK),
		word("rsa-signature", "RSA signatures", rsaSignature),
		word("rsa-sig", "The same as rsa-signature", rsaSignature),
		word("digital-envelope", "RSA encryption", digitalEnvelope),
	)
}

func checkMethod(_ *edit, p *IKEProposal) error {
	if p.Method != wire.AuthPSK {
		return refuse("Only authentication-method pre-share is available yet.")
	}
	return nil
}

// checkCiphers puts the strongest first: that is the order in which they are
// offered.
func checkCiphers(e *edit, p *IKEProposal) error {
	slices.SortFunc(p.Encryptions, func(a, b keymat.Cipher) int {
		return cmp.Or(cmp.Compare(b.Algorithm, a.Algorithm), cmp.Compare(b.KeyBits, a.KeyBits))
	})
	p.Encryptions = slices.Compact(p.Encryptions)
	for _, c := range p.Encryptions {
		if c.Algorithm != wire.EncAES {
			e.warn("The encryption algorithm %s is weak.", cipherName(c))
		}
	}
	return nil
}

func checkHashes(e *edit, p *IKEProposal) error {
	slices.SortFunc(p.Hashes, func(a, b wire.HashAlgorithm) int { return cmp.Compare(b, a) })
	for _, h := range p.Hashes {
		if h == wire.HashMD5 || h == wire.HashSHA1 {
			e.warn("The authentication algorithm %s is weak.", hashName(h))
		}
	}
	return nil
}

func checkGroup(e *edit, p *IKEProposal) error {
	e.warnGroup(p.Group)
	return nil
}

// warnGroup warns of groups whose strength is below 112 bits.
func (e *edit) warnGroup(g wire.Group) {
	if g == wire.Group1 || g == wire.Group2 || g == wire.Group5 {
		e.warn("The Diffie-Hellman group %d is weak.", g)
	}
}
