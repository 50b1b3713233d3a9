package ike

import (
	"fmt"
	"strings"

	"sallyport/ike/wire"
)

// What an initiator tells its operator when the peer refuses what it proposes. The peer does not
// say what it has instead, so the lines of ours are named that are to be compared with its own.

// quickRefusals sorts what peers answer to message 1 of quick mode. All else is PeerRefused.
var quickRefusals = map[wire.NotifyType]Category{
	wire.NoProposalChosen:     Phase2Mismatch,
	wire.InvalidIDInformation: FlowMismatch,
}

// refusalCategory sorts a refusal of our message 1.
func refusalCategory(n wire.NotifyType) Category {
	if c, known := quickRefusals[n]; known {
		return c
	}
	return PeerRefused
}

// advice names the lines of ours that a refusal is about, or is "".
func (q *quickMode) advice(n wire.NotifyType) string {
	switch n {
	case wire.NoProposalChosen:
		return "; compare with the peer's: " + q.policy.offering()
	case wire.InvalidIDInformation:
		return "; compare with the peer's, which needs its mirror: " + q.policy.choosing(q.flow.key.rule)
	}
	return ""
}

// offering names the lines that say what the policy proposes.
func (p *Policy) offering() string {
	var lines []string
	for _, proposal := range p.Proposals {
		lines = append(lines, "ipsec proposal "+proposal.Name)
	}
	pfs := "no `pfs`"
	if p.PFS != 0 {
		pfs = pfsLine(p.PFS)
	}
	return strings.Join(append(lines, pfs), ", ") + " in " + p.command()
}

// choosing names the line that says for what traffic the policy is. An instance has a rule of its
// own, and a tunnel one that is nowhere configured.
func (p *Policy) choosing(rule uint32) string {
	switch {
	case p.ID.Sequence == 0:
		return p.command()
	case p.ID.Instance != 0:
		return "`security acl` in " + p.command()
	}
	return fmt.Sprintf("rule %d of acl %v in %s", rule, p.ACL, p.command())
}

// command is what leads to the view of the policy.
func (p *Policy) command() string {
	switch {
	case p.ID.Sequence == 0:
		return "ipsec profile " + p.ID.Name
	case p.Template || p.who != "":
		return fmt.Sprintf("ipsec policy-template %s %d", p.ID.Name, p.ID.Sequence)
	}
	return fmt.Sprintf("ipsec policy %s %d", p.ID.Name, p.ID.Sequence)
}

// compare names the proposals that a refused message 1 of phase 1 was made of.
func (x *handshake) compare() string {
	var offered []string
	for _, p := range x.engine.proposals(x.sa.peer) {
		if x.kind == wire.MainMode || p.Group == x.sa.suite.Group {
			offered = append(offered, p.String())
		}
	}
	text := fmt.Sprintf("; compare with the peer's, if it has one for our address: %s of ike peer %s", strings.Join(offered, ", "), x.sa.peer.Name)
	if out := x.leftOut(); x.kind == wire.Aggressive && out != "" {
		text += "." + out
	}
	return text
}
