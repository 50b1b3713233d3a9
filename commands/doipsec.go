package commands

import (
	"net/netip"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec"
)

// ipsecDisplayRows display what IPsec is configured to do and does.
func ipsecDisplayRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		displayIPsecSARow(),
		shows(func(s *Session) Display {
			return newIPsecStatisticsDisplay(s.device.Statistics(), len(s.pairs(saFilter{})), s.device.Faults())
		},
			"ipsec", helpIPsec, "statistics", helpStatistics),
		shows(func(s *Session) Display { return newIPsecProposalDisplay(allIPsecProposals(s.running.config)) },
			"ipsec", helpIPsec, "proposal", helpProposal),
		shows(func(s *Session) Display { return inBrief{newIPsecProposalDisplay(allIPsecProposals(s.running.config))} },
			"ipsec", helpIPsec, "proposal", helpProposal, "brief", helpBrief),
		grammar.Do[Config](1, displayIPsecProposal{},
			grammar.Path[displayIPsecProposal]("display", helpDisplay, "ipsec", helpIPsec, "proposal", helpProposal, "name", helpByName),
			grammar.Arg(kind.Name(longestName, "ipsec proposal"), "Name", func(d *displayIPsecProposal) *string { return &d.Name })),
		displayPolicyRow(), displayTemplateRow(), displayProfileRow(),
	}
}

// displayIPsecSA is `display ipsec sa`.
type displayIPsecSA struct {
	saFilter
	Brief    bool
	Duration bool
}

func displayIPsecSARow() grammar.Row[Config] {
	kw := grammar.Kw[displayIPsecSA]
	return grammar.Do[Config](1, displayIPsecSA{},
		grammar.Path[displayIPsecSA]("display", helpDisplay, "ipsec", helpIPsec, "sa", helpSA),
		grammar.Optional(grammar.OneOf(
			grammar.Flag("brief", helpBrief, func(d *displayIPsecSA) *bool { return &d.Brief }),
			grammar.Flag("duration", "Default lifetimes of SAs", func(d *displayIPsecSA) *bool { return &d.Duration }),
			grammar.Sequence(kw("policy", helpPolicy),
				grammar.Arg(kind.Name(longestName, "ipsec policy"), "Name of the group", func(d *displayIPsecSA) *string { return &d.Policy }),
				grammar.Optional(grammar.Arg(kind.Integer[uint32](1, 10000), "Number of the entry", func(d *displayIPsecSA) *uint32 { return &d.Sequence }))),
			grammar.Sequence(kw("profile", helpProfile),
				grammar.Arg(kind.Name(longestName, "ipsec profile"), "Name of the profile", func(d *displayIPsecSA) *string { return &d.Profile })),
			grammar.Sequence(kw("remote", helpRemote),
				grammar.Arg(kind.Address(), helpRemote, func(d *displayIPsecSA) *netip.Addr { return &d.Remote })),
		)))
}

func (d *displayIPsecSA) do(s *Session) Output {
	if err := s.running.config.named(d.Policy, d.Sequence); err != nil {
		return s.refused(err)
	}
	if d.Profile != "" && s.running.config.Profiles[d.Profile] == nil {
		return s.refused(refuse("The IPSec profile does not exist."))
	}
	only := d.saFilter
	only.template = s.running.config.templateUse(d.Policy, d.Sequence)
	switch {
	case d.Brief:
		display := newIPsecSABriefDisplay(s.pairs(only))
		display.InClear = s.clearLines(only)
		return Output{Display: display}
	case d.Duration:
		return Output{Display: newDurationDisplay(s.running.config.Lifetime)}
	}
	display := newIPsecSADisplay(s.device.About().Now, s.pairs(only), s.device.SACounters)
	display.InClear = s.clearLines(only)
	return Output{Display: display}
}

// named refuses a policy group that does not exist, or with a sequence number an entry of
// it. An empty name is none.
func (c *Config) named(group string, sequence uint32) error {
	there := group == "" || c.hasGroup(group) || len(c.templateKeys(group)) > 0 // the SAs of a template have its name
	if there && sequence != 0 {
		there = c.Policies[PolicyKey{group, sequence}] != nil || c.Templates[PolicyKey{group, sequence}] != nil
	}
	if !there {
		return refuse("The IPSec policy does not exist.")
	}
	return nil
}

func allIPsecProposals(c *Config) []*ipsec.Proposal { return values(c.IPsecProposals, strings.Compare) }

// displayIPsecProposal is `display ipsec proposal name NAME`.
type displayIPsecProposal struct{ Name string }

func (d *displayIPsecProposal) do(s *Session) Output {
	p := s.running.config.IPsecProposals[d.Name]
	if p == nil {
		return s.refused(refuse("The IPSec proposal does not exist."))
	}
	return Output{Display: newIPsecProposalLine(p)}
}

// displayPolicy is `display ipsec policy`.
type displayPolicy struct {
	PolicyKey
	Brief bool
}

func displayPolicyRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayPolicy{},
		grammar.Path[displayPolicy]("display", helpDisplay, "ipsec", helpIPsec, "policy", helpPolicy),
		grammar.Optional(grammar.OneOf(
			grammar.Flag("brief", helpBrief, func(d *displayPolicy) *bool { return &d.Brief }),
			grammar.Sequence(grammar.Kw[displayPolicy]("name", helpByName),
				grammar.Arg(kind.Name(longestName, "ipsec policy"), "Name", func(d *displayPolicy) *string { return &d.Name }),
				grammar.Optional(grammar.Arg(kind.Integer[uint32](1, 10000), "Number of the entry", func(d *displayPolicy) *uint32 { return &d.Sequence }))),
		)))
}

func (d *displayPolicy) do(s *Session) Output {
	display := newPolicyDisplay(s.running.config, d.Name, d.Sequence)
	if d.Name != "" && len(display.Groups) == 0 {
		return s.refused(refuse("The IPSec policy does not exist."))
	}
	display.tellClear(s.device.Fallbacks())
	if d.Brief {
		return Output{Display: inBrief{display}}
	}
	return Output{Display: display}
}
