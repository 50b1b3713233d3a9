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
				grammar.Arg(modes(), "Mode", func(p *ipsec.Proposal) *ipsec.Mode { return &p.Mode })).Check(checks(checkEncapsulation)),
			grammar.Setting(esp, kw("authentication-algorithm", "Authentication algorithms of ESP"),
				grammar.Some(kind.ESPIntegrity(), func(p *ipsec.Proposal) *[]ipsec.Integrity { return &p.Integrities })).
				Clears().Check(checks(checkESP)),
			grammar.Setting(esp, kw("encryption-algorithm", "Encryption algorithms of ESP"),
				grammar.Some(kind.ESPEncryption(), func(p *ipsec.Proposal) *[]ipsec.Encryption { return &p.Encryptions })).
				Clears().Check(checks(checkESP)),
		},
	}
}

const otherTransform ipsec.Transform = 255 // understood and refused

func transforms() grammar.Kind[ipsec.Transform] {
	return kind.Choice(
		grammar.Word[ipsec.Transform]{Text: "esp", Help: helpESP, Value: ipsec.TransformESP},
		grammar.Word[ipsec.Transform]{Text: "ah", Help: "AH protocol defined in RFC4302", Value: otherTransform},
		grammar.Word[ipsec.Transform]{Text: "ah-esp", Help: "ESP protocol first, then AH protocol", Value: otherTransform},
	)
}

func checkTransform(_ *edit, p *ipsec.Proposal) error {
	if p.Transform == otherTransform {
		return refuse("Only transform esp is available yet.")
	}
	return nil
}

const otherMode ipsec.Mode = 255 // understood and refused

func modes() grammar.Kind[ipsec.Mode] {
	return kind.Choice(
		grammar.Word[ipsec.Mode]{Text: "tunnel", Help: "The whole packet", Value: ipsec.Tunnel},
		grammar.Word[ipsec.Mode]{Text: "transport", Help: "What the packet carries", Value: otherMode},
		grammar.Word[ipsec.Mode]{Text: "auto", Help: "Tunnel, and answer either", Value: otherMode},
	)
}

func checkEncapsulation(_ *edit, p *ipsec.Proposal) error {
	if p.Mode == otherMode {
		return refuse("Only encapsulation-mode tunnel is available yet.")
	}
	return nil
}

// checkESP puts the strongest first, the order in which they are offered, and
// refuses a proposal that protects nothing.
func checkESP(e *edit, p *ipsec.Proposal) error {
	slices.SortFunc(p.Encryptions, func(a, b ipsec.Encryption) int { return int(b) - int(a) })
	slices.SortFunc(p.Integrities, func(a, b ipsec.Integrity) int { return int(b) - int(a) })
	if len(p.Encryptions) == 0 && len(p.Integrities) == 0 {
		return refuse("The ESP encryption and authentication algorithms cannot both be empty.")
	}
	before := e.before.(*ipsec.Proposal)
	for _, c := range p.Encryptions {
		if (c == ipsec.DES || c == ipsec.TripleDES) && !slices.Contains(before.Encryptions, c) {
			e.warn("The encryption algorithm %s is weak.", c)
		}
	}
	for _, i := range p.Integrities {
		if (i == ipsec.MD5 || i == ipsec.SHA1) && !slices.Contains(before.Integrities, i) {
			e.warn("The authentication algorithm %s is weak.", i)
		}
	}
	return nil
}
