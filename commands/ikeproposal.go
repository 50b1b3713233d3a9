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
	method := func(p *IKEProposal) *wire.AuthMethod { return &p.Method }
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
			grammar.Setting(kw("authentication-method", helpMethod),
				grammar.Arg(methods(), "Method", method)).Check(checks(checkMethod)),
			grammar.Setting(kw("authentication-method", helpMethod), kw("ecdsa-signature", "ECDSA signatures, RFC 4754"),
				grammar.Arg(curves(), "Curve", method)),
			grammar.Setting(kw("integrity-algorithm", "Integrity algorithms of IKEv2"),
				grammar.Some(kind.V2Integrity(), func(p *IKEProposal) *[]string { return &p.Integrity })),
			grammar.Setting(kw("prf", "Pseudo-random functions of IKEv2"),
				grammar.Some(kind.V2PRF(), func(p *IKEProposal) *[]string { return &p.PRF })),
			grammar.Setting(kw("sa", "ISAKMP SA"), kw("duration", "Lifetime of the SA"),
				grammar.Arg(kind.Seconds(shortestIKE, longestIKE), "Seconds", func(p *IKEProposal) *time.Duration { return &p.Lifetime })),
			grammar.Setting(grammar.Path[IKEProposal]("sa", "ISAKMP SA", "duration", "Lifetime of the SA", "traffic-based", "By the octets that it encrypts"),
				grammar.Arg(kind.Kilobytes(1, mostKilobytes), "Kilobytes", func(p *IKEProposal) *uint64 { return &p.Octets })),
		},
	}
}

const helpMethod = "How the peers prove who they are"

// methods are the authentication methods of one word. RSA encryption is understood and
// refused, so that the answer says what to do.
func methods() grammar.Kind[wire.AuthMethod] {
	word := func(text, help string, m wire.AuthMethod) grammar.Word[wire.AuthMethod] {
		return grammar.Word[wire.AuthMethod]{Text: text, Help: help, Value: m}
	}
	return kind.Choice(
		word("pre-share", "Pre-shared key", wire.AuthPSK),
		word("rsa-signature", "RSA signatures", wire.AuthRSA),
		word("rsa-sig", "The same as rsa-signature", wire.AuthRSA),
		word("hybrid", "RSA signature of the gateway, XAUTH of the client", wire.AuthHybridInitRSA),
		word("digital-envelope", "RSA encryption", wire.AuthRSAEncryption),
	)
}

// curves are those of ECDSA, by size. Each has a hash of its own: RFC 4754 §3.
func curves() grammar.Kind[wire.AuthMethod] {
	return kind.Choice(
		grammar.Word[wire.AuthMethod]{Text: "256", Help: "On P-256 with SHA2-256", Value: wire.AuthECDSA256},
		grammar.Word[wire.AuthMethod]{Text: "384", Help: "On P-384 with SHA2-384", Value: wire.AuthECDSA384},
		grammar.Word[wire.AuthMethod]{Text: "521", Help: "On P-521 with SHA2-512", Value: wire.AuthECDSA521},
	)
}

func checkMethod(_ *edit, p *IKEProposal) error {
	if p.Method == wire.AuthRSAEncryption {
		return refuse("RSA encryption is left out on purpose: how an answer to bad padding differs gives its secrets away " +
			"(Bleichenbacher; Felsch et al., USENIX Security 2018). Use rsa-signature.")
	}
	return nil
}

// keyless reports whether a method does without a pre-shared key.
func keyless(m wire.AuthMethod) bool { return m != wire.AuthPSK }

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

// weakGroups are those below 112 bits, and those of RFC 5114, which nobody shows the origin
// of: RFC 8247 §2.4 has them go.
var weakGroups = []wire.Group{wire.Group1, wire.Group2, wire.Group5, wire.Group22, wire.Group23, wire.Group24}

// warnGroup warns of weak groups.
func (e *edit) warnGroup(g wire.Group) {
	if slices.Contains(weakGroups, g) {
		e.warn("The Diffie-Hellman group %d is weak.", g)
	}
}
