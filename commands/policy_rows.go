package commands

import (
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// The rows that open the entries of policy groups. What their views have is in policy.go
// and manual.go.

// policies are the entries of a mode, as far as all their rows agree.
func policies(view *grammar.View[Policy], manual bool) grammar.Objects[Config, PolicyKey, Policy] {
	return grammar.Objects[Config, PolicyKey, Policy]{
		View:    view,
		Of:      func(c *Config) map[PolicyKey]*Policy { return c.Policies },
		Own:     func(c *Config) map[PolicyKey]*Policy { return own(c, partPolicies, &c.Policies) },
		Name:    func(p *Policy, k PolicyKey) { p.PolicyKey = k },
		Compare: comparePolicies,
		Mine:    func(p *Policy) bool { return p.Manual == manual && p.Template == "" },
		Delete:  allows((*edit).policyUnused),
	}
}

// policyTables returns a function that tells the table of an entry's view.
func policyTables() func(*Policy) *grammar.Table {
	negotiated, manual := policyView().Compile(), manualView().Compile()
	return func(p *Policy) *grammar.Table {
		if p.Manual {
			return manual
		}
		return negotiated
	}
}

// Help of the modes.
const (
	helpISAKMP = "Indicates use IKE to establish the IPSec SA"
	helpManual = "Indicates use manual to establish the IPSec SA"
)

// entryPath is what all commands on an entry begin with.
func entryPath() []grammar.Element[PolicyKey] {
	return []grammar.Element[PolicyKey]{
		grammar.Path[PolicyKey]("ipsec", helpIPsec, "policy", helpPolicy),
		grammar.Arg(kind.Name(longestName, "ipsec policy"), "Name of the group", func(k *PolicyKey) *string { return &k.Name }),
		grammar.Arg(kind.Integer[uint32](1, 10000), "Number of the entry, 1 is the first", func(k *PolicyKey) *uint32 { return &k.Sequence }),
	}
}

// entryHeadings returns a function that tells how an entry is made: with its mode.
func entryHeadings() func(*Policy) []grammar.Element[PolicyKey] {
	manual := append(entryPath(), grammar.Kw[PolicyKey]("manual", helpManual))
	negotiated := append(entryPath(), grammar.Kw[PolicyKey]("isakmp", helpISAKMP))
	return func(p *Policy) []grammar.Element[PolicyKey] {
		if p.Manual {
			return manual
		}
		return negotiated
	}
}

// policyRows open and delete policies. The mode must be typed to make one, and cannot be
// changed.
func policyRows() []grammar.Row[Config] {
	typed := grammar.Typed[Config, PolicyKey, Policy, PolicyKey]{
		Key:     func(_ *Config, k PolicyKey) PolicyKey { return k },
		Name:    func(p *Policy, k PolicyKey) { p.PolicyKey = k },
		Of:      func(k PolicyKey, _ *Policy) PolicyKey { return k },
		Table:   policyTables(),
		Heading: entryHeadings(),
	}
	of := func(view *grammar.View[Policy], manual bool) grammar.Row[Config] {
		form := typed
		form.Admit = admitMode(manual)
		return grammar.EnterTyped(policies(view, manual), form, typed.Heading(&Policy{Manual: manual})...).NoUndo()
	}
	reentry := policies(policyView(), false)
	reentry.Create = allows(func(*edit, PolicyKey) error {
		return refuse("The mode must be specified when an IPSec policy is created.")
	})
	again := typed
	again.Admit = func(_ any, _ *Config, old *Policy, k PolicyKey) error { return admitTemplated(old, k) }
	return []grammar.Row[Config]{
		of(policyView(), false),
		of(manualView(), true),
		grammar.EnterTyped(reentry, again, entryPath()...).Hidden(),
		undoGroup(),
		undoTemplate(),
		templateEntryRow(),
	}
}

// admitMode lets an entry be opened in its own mode, and a manual one be made in a group
// that is not on several interfaces: its SPIs are the whole box's.
func admitMode(manual bool) func(x any, c *Config, old *Policy, k PolicyKey) error {
	return func(_ any, c *Config, old *Policy, k PolicyKey) error {
		if err := admitTemplated(old, k); err != nil {
			return err
		}
		if last := c.templateEntry(k.Name); old == nil && last != nil && last.Sequence < k.Sequence {
			return refuse("Entry %d of the IPSec policy refers to a policy template, which must be the last of the group.", last.Sequence)
		}
		switch {
		case old != nil && old.Manual != manual:
			return refuse("The mode of an IPSec policy cannot be changed, undo ipsec policy %s %d first.", k.Name, k.Sequence)
		case old == nil && manual && len(appliedTo(c, k.Name)) > 1:
			return refuse("The IPSec policy is applied to several interfaces, a manual one can be applied to one.")
		}
		return nil
	}
}

// ignored is an argument that nothing is done with.
func ignored[F any](k grammar.Kind[F], help string) grammar.Element[struct{}] {
	return grammar.Arg(k, help, func(*struct{}) *F { return new(F) })
}
