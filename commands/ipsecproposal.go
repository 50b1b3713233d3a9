package commands

import (
	"slices"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec"
)

// ipsecProposalView is the view of `ipsec proposal`.
func ipsecProposalView() *grammar.View[ipsec.Proposal] {
	kw := grammar.Kw[ipsec.Proposal]
	esp := kw("esp", helpESP)
	return &grammar.View[ipsec.Proposal]{
		Tag: func(p *ipsec.Proposal) string { return "ipsec-proposal-" + p.Name },
		New: ipsec.NewProposal,
		Rows: []grammar.Row[ipsec.Proposal]{
			grammar.Setting(kw("transform", "Protocols of the SA"),
				grammar.Arg(transforms(), "Protocol", func(p *ipsec.Proposal) *ipsec.Transform { return &p.Transform })).
				Check(checks(checkTransform)),
			grammar.Setting(kw("encapsulation-mode", "How packets are wrapped"),
				grammar.Arg(modes(), "Mode", func(p *ipsec.Proposal) *ipsec.Mode { return &p.Mode })),
			grammar.Setting(kw("ah", helpAH), kw("authentication-algorithm", helpAuthentication),
				grammar.Some(kind.ESPIntegrity(), func(p *ipsec.Proposal) *[]ipsec.Integrity { return &p.AHIntegrities })).
				Check(checks(checkAH)),
			grammar.Setting(esp, kw("authentication-algorithm", helpAuthentication),
				grammar.Some(kind.ESPIntegrity(), func(p *ipsec.Proposal) *[]ipsec.Integrity { return &p.Integrities })).
				Clears().Check(checks(checkESP)),
			grammar.Setting(esp, kw("encryption-algorithm", "Encryption algorithms of ESP"),
				grammar.Some(kind.ESPEncryption(), func(p *ipsec.Proposal) *[]ipsec.Encryption { return &p.Encryptions })).
				Clears().Check(checks(checkESP)),
			grammar.Setting(kw("esn", "Extended sequence numbers (RFC 4304): offered before those of 32 bits, taken from a peer in any case"),
				grammar.Flag("enable", helpTurnOn, func(p *ipsec.Proposal) *bool { return &p.ESN })),
		},
	}
}

const (
	helpAH             = "AH protocol defined in RFC4302"
	helpAuthentication = "Authentication algorithms of the protocol"
)

func transforms() grammar.Kind[ipsec.Transform] {
	return kind.Choice(
		grammar.Word[ipsec.Transform]{Text: "esp", Help: helpESP, Value: ipsec.TransformESP},
		grammar.Word[ipsec.Transform]{Text: "ah", Help: helpAH, Value: ipsec.TransformAH},
		grammar.Word[ipsec.Transform]{Text: "ah-esp", Help: "ESP protocol first, then AH protocol", Value: ipsec.TransformAHESP},
	)
}

func modes() grammar.Kind[ipsec.Mode] {
	return kind.Choice(
		grammar.Word[ipsec.Mode]{Text: "tunnel", Help: "The whole packet", Value: ipsec.Tunnel},
		grammar.Word[ipsec.Mode]{Text: "transport", Help: "What the packet carries", Value: ipsec.Transport},
		grammar.Word[ipsec.Mode]{Text: "auto", Help: "Tunnel, and answer either", Value: ipsec.Auto},
	)
}

// checkTransform gives a proposal whose protocols have changed the default algorithms,
// as VRP does: those of the old ones would be hidden in it.
func checkTransform(e *edit, p *ipsec.Proposal) error {
	if p.Transform != e.before.(*ipsec.Proposal).Transform {
		fresh := ipsec.NewProposal()
		p.Encryptions, p.Integrities, p.AHIntegrities = fresh.Encryptions, fresh.Integrities, fresh.AHIntegrities
	}
	return e.keysFit(p)
}

// checkAH puts the strongest first, the order in which they are offered.
func checkAH(e *edit, p *ipsec.Proposal) error {
	if !p.Transform.HasAH() {
		return refuse("The transform of the proposal is %v, which has no AH.", p.Transform)
	}
	sortStrongest(p.AHIntegrities)
	e.warnIntegrities(p.AHIntegrities, e.before.(*ipsec.Proposal).AHIntegrities)
	return e.keysFit(p)
}

// checkESP puts the strongest first, the order in which they are offered, and
// refuses a proposal that protects nothing.
func checkESP(e *edit, p *ipsec.Proposal) error {
	sortStrongest(p.Encryptions)
	sortStrongest(p.Integrities)
	switch {
	case !p.Transform.HasESP():
		return refuse("The transform of the proposal is %v, which has no ESP.", p.Transform)
	case len(p.Encryptions) == 0 && len(p.Integrities) == 0:
		return refuse("The ESP encryption and authentication algorithms cannot both be empty.")
	}
	before := e.before.(*ipsec.Proposal)
	for _, c := range p.Encryptions {
		if (c == ipsec.DES || c == ipsec.TripleDES) && !slices.Contains(before.Encryptions, c) {
			e.warn("The encryption algorithm %s is weak.", c)
		}
	}
	e.warnIntegrities(p.Integrities, before.Integrities)
	e.warnHalf(p, before)
	return e.keysFit(p)
}

// warnHalf warns of a proposal that hides nothing, or whose ciphers are not offered for want of an
// authenticator, and that was not so before.
func (e *edit) warnHalf(now, before *ipsec.Proposal) {
	for _, half := range []struct {
		is   func(*ipsec.Proposal) bool
		text string
	}{
		{readable, "ESP without encryption: everybody on the way can read the traffic."},
		{unauthentic, "ESP without authentication is not offered, but with GCM, which authenticates by itself: esp authentication-algorithm is missing."},
	} {
		if half.is(now) && !half.is(before) {
			still := func(c *Config) bool { p := c.IPsecProposals[now.Name]; return p != nil && half.is(p) }
			e.warnWhile(still, "%s", half.text)
		}
	}
}

// readable reports whether ESP does not encrypt.
func readable(p *ipsec.Proposal) bool { return p.Transform.HasESP() && len(p.Encryptions) == 0 }

// unauthentic reports whether some cipher of ESP has nothing to authenticate with.
func unauthentic(p *ipsec.Proposal) bool {
	cipherAlone := func(c ipsec.Encryption) bool { return !c.AEAD() }
	return p.Transform == ipsec.TransformESP && len(p.Integrities) == 0 && slices.ContainsFunc(p.Encryptions, cipherAlone)
}

func sortStrongest[A ipsec.Encryption | ipsec.Integrity](algorithms []A) {
	slices.SortFunc(algorithms, func(a, b A) int { return int(b) - int(a) })
}

// warnIntegrities warns of the weak authenticators that were not there before.
func (e *edit) warnIntegrities(now, before []ipsec.Integrity) {
	for _, i := range now {
		if (i == ipsec.MD5 || i == ipsec.SHA1) && !slices.Contains(before, i) {
			e.warn("The authentication algorithm %s is weak.", i)
		}
	}
}
