package ike

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// The words for an operator whose proposal and the peer's do not meet.

// explain says what was offered, what is configured, and what to change.
func (t *terms) explain(offer wire.SA) string {
	text := fmt.Sprintf("peer offers %v; %v allows %s", offer, t.policy.ID, t.text())
	lines, why := t.nearest(offer)
	switch {
	case why != "":
		text += "; " + why
	case len(lines) > 0:
		text += "; to accept it: " + strings.Join(lines, ", ")
	}
	return text
}

// maxAllowedText cuts the list of what a policy allows, as wire cuts what a peer offers:
// all algorithms of a bundle have hundreds of combinations.
const maxAllowedText = 2048

// text lists what the policy allows, each with the name of its proposal, and what is left
// out and why.
func (t *terms) text() string {
	var list []string
	for _, proposal := range t.policy.Proposals {
		for _, c := range t.choices(proposal) {
			list = append(list, proposal.Name+"["+c.text()+"]")
		}
	}
	text := strings.Join(list, ", ")
	switch {
	case text == "":
		text = "nothing"
	case len(text) > maxAllowedText:
		text = text[:maxAllowedText] + "..."
	}
	if out := t.leftOut(); len(out) > 0 {
		text += "; left out: " + strings.Join(out, ", ")
	}
	return text
}

// text is a choice in the words of golden sessions.
func (a phase2) text() string {
	var parts []string
	if a.offer.Transform().HasAH() {
		parts = append(parts, a.transform(wire.ProtoAH).Text(wire.ProtoAH))
	}
	if a.offer.Transform().HasESP() {
		parts = append(parts, a.transform(wire.ProtoESP).Text(wire.ProtoESP))
	}
	return strings.Join(parts, " + ")
}

// leftOut says of each proposal of which something cannot be had why that is.
func (t *terms) leftOut() (list []string) {
	for _, proposal := range t.policy.Proposals {
		mode := t.mode(proposal)
		for _, o := range proposal.Offers() {
			if why := t.obstacle(o, mode); why != "" {
				list = append(list, fmt.Sprintf("%s[%v in %v mode] (%s)", proposal.Name, o, mode, why))
				break
			}
		}
	}
	return list
}

// nearest finds the offer and the proposal of ours that differ in the fewest lines, and
// returns those lines as they would have to be. why is what no line can change.
func (t *terms) nearest(offer wire.SA) (lines []string, why string) {
	var near *ipsec.Proposal
	for _, b := range bundles(offer.Proposals) {
		got, ok := b.first()
		if !ok {
			continue
		}
		for _, p := range t.policy.Proposals {
			if d := t.differences(got, p); near == nil || len(d) < len(lines) {
				near, lines, why = p, d, t.obstacle(got.offer, modeOf(got.encap))
			}
		}
	}
	if near == nil && slices.ContainsFunc(offer.Proposals, func(p wire.Proposal) bool { return p.Protocol == wire.ProtoIPComp }) {
		why = "IPComp is not served, turn compression off at the peer"
	}
	return lines, why
}

// mismatch sorts the refusal of an offer: whether nothing but the mode is in its way.
func (t *terms) mismatch(offer wire.SA) Category {
	for _, b := range bundles(offer.Proposals) {
		got, ok := b.first()
		for _, p := range t.policy.Proposals {
			if ok && t.differsInMode(got, p) {
				return EncapsulationMismatch
			}
		}
	}
	return Phase2Mismatch
}

// differsInMode reports whether a proposal would allow a choice in another mode.
func (t *terms) differsInMode(got phase2, p *ipsec.Proposal) bool {
	m, other := t.mode(p), got
	other.encap = encapsulation(m, t.nat)
	return other.encap != got.encap && t.obstacle(got.offer, m) == "" && len(t.differences(other, p)) == 0
}

// first returns the first choice of a bundle that makes sense.
func (b bundle) first() (got phase2, ok bool) {
	if _, served := b.spis(); !served {
		return phase2{}, false
	}
	found := pick(b.readings(), func(r []reading) (ok bool) {
		got, ok = join(r)
		return ok
	})
	return got, found != nil
}

// differences returns the lines of the policy and a proposal that a choice contradicts.
func (t *terms) differences(got phase2, p *ipsec.Proposal) (lines []string) {
	if t.policy.PFS != 0 && got.group != t.policy.PFS {
		lines = append(lines, pfsLine(got.group)+" in "+t.policy.command())
	}
	add := func(differs bool, line string) {
		if differs {
			lines = append(lines, fmt.Sprintf("`%s` in ipsec proposal %s", line, p.Name))
		}
	}
	o, mode := got.offer, modeOf(got.encap)
	add(o.Transform() != p.Transform, "transform "+o.Transform().String())
	add(o.AH != ipsec.NoIntegrity && !(p.Transform.HasAH() && slices.Contains(p.AHIntegrities, o.AH)), "ah authentication-algorithm "+o.AH.Word())
	if o.Transform().HasESP() {
		bare := o.Integrity == ipsec.NoIntegrity && !o.Encryption.AEAD()
		add(!(p.Transform.HasESP() && slices.Contains(p.Encryptions, o.Encryption)), "esp encryption-algorithm "+o.Encryption.Word())
		add(o.Integrity != ipsec.NoIntegrity && !slices.Contains(p.Integrities, o.Integrity), "esp authentication-algorithm "+o.Integrity.Word())
		add(bare && len(p.Integrities) > 0, "undo esp authentication-algorithm")
	}
	add(!p.Mode.Allows(mode), "encapsulation-mode "+mode.String())
	if got.encap != encapsulation(mode, t.nat) {
		lines = append(lines, fmt.Sprintf("the encapsulation (the peer's is %v)", got.encap))
	}
	if got.esn && !t.esn() {
		lines = append(lines, "32-bit sequence numbers (the peer's are extended)")
	}
	return lines
}

// pfsLine is the command for a group, or its absence.
func pfsLine(g wire.Group) string {
	if g == 0 {
		return "`undo pfs`"
	}
	return line(keymat.GroupSupported(g), "pfs", fmt.Sprintf("dh-group%d", uint16(g)))
}
