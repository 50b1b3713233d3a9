package commands

import (
	"slices"
	"strconv"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// Policy templates: policies for peers of whom it is not known beforehand where they are, and
// the entries of policy groups that stand for them.

const (
	helpTemplate       = "Template"
	helpPolicyTemplate = "Policy for peers that come from anywhere"
)

// templateView is the view of `ipsec policy-template`.
func templateView() *grammar.View[Policy] {
	return &grammar.View[Policy]{
		Tag:  func(p *Policy) string { return "ipsec-policy-templet-" + p.Name + "-" + strconv.Itoa(int(p.Sequence)) },
		New:  func() *Policy { return &Policy{Window: DefaultWindow, Answers: true} },
		Sort: "ipsec-policy-templet",
		Rows: slices.Concat([]grammar.Row[Policy]{securityACLRow()}, negotiationRows(), []grammar.Row[Policy]{windowRow()}),
	}
}

// templateRow opens and deletes entries of templates.
func templateRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, PolicyKey, Policy]{
		View:    templateView(),
		Of:      func(c *Config) map[PolicyKey]*Policy { return c.Templates },
		Own:     func(c *Config) map[PolicyKey]*Policy { return own(c, partTemplates, &c.Templates) },
		Name:    func(p *Policy, k PolicyKey) { p.PolicyKey = k },
		Compare: comparePolicies,
		Delete:  allows((*edit).templateUnused),
	}, grammar.Path[PolicyKey]("ipsec", helpIPsec, "policy-template", helpPolicyTemplate),
		grammar.Arg(kind.Name(longestName, "ipsec policy-template"), "Name of the template", func(k *PolicyKey) *string { return &k.Name }),
		grammar.Arg(kind.Integer[uint32](1, 10000), "Number of the entry, 1 is the first", func(k *PolicyKey) *uint32 { return &k.Sequence }))
}

// templateUnused refuses to remove the last entry of a template that a policy refers to.
func (e *edit) templateUnused(k PolicyKey) error {
	for other := range e.config.Templates {
		if other.Name == k.Name && other != k {
			return nil
		}
	}
	return e.noPolicy("IPSec policy template", func(p *Policy) bool { return p.Template == k.Name })
}

// undoTemplate deletes all entries of a template.
func undoTemplate() grammar.Row[Config] {
	return grammar.Edit(func(x any, c *Config, name *string) error {
		keys := c.templateKeys(*name)
		if len(keys) == 0 {
			return grammar.ErrNotConfigured
		}
		uses := func(p *Policy) bool { return p.Template == *name }
		if err := x.(*edit).noPolicy("IPSec policy template", uses); err != nil {
			return err
		}
		for _, k := range keys {
			delete(own(c, partTemplates, &c.Templates), k)
		}
		return nil
	}, grammar.Path[string]("undo", helpUndo, "ipsec", helpIPsec, "policy-template", helpPolicyTemplate),
		nameOf15("ipsec policy-template", "Name of the template"))
}

// templateKeys returns the entries of a template, in order.
func (c *Config) templateKeys(name string) []PolicyKey {
	return slices.DeleteFunc(sortedKeys(c.Templates, comparePolicies), func(k PolicyKey) bool { return k.Name != name })
}

// templateEntry returns the entry of a group that refers to a template, or nil.
func (c *Config) templateEntry(group string) *Policy {
	for k, p := range c.Policies {
		if k.Name == group && p.Template != "" {
			return p
		}
	}
	return nil
}

// noTemplate refuses if an entry of a template uses what is to be removed. The words say what that is.
func (e *edit) noTemplate(what string, uses func(*Policy) bool) error {
	for _, p := range values(e.config.Templates, comparePolicies) {
		if uses(p) {
			return refuse("The %s is being used by IPSec policy template %s %d.", what, p.Name, p.Sequence)
		}
	}
	return nil
}

// peerUncalled refuses if a policy or a profile begins negotiations with the peer: a template does not.
func (e *edit) peerUncalled(name string) error {
	err := e.peerUnused(name)
	if err == nil {
		return nil
	}
	uses := func(p *Policy) bool { return p.Peer == name }
	for _, p := range e.config.Policies {
		if uses(p) {
			return err
		}
	}
	return e.noProfile("IKE peer", uses)
}

// A templated is an `ipsec policy NAME SEQ isakmp template T`.
type templated struct {
	PolicyKey
	Template string
}

// templateEntryRow makes the entry of a group that stands for a template's. It has no view: what
// it is about is in the template. `undo ipsec policy NAME SEQ` deletes it.
func templateEntryRow() grammar.Row[Config] {
	kw := grammar.Kw[templated]
	return grammar.List(grammar.Items[Config, templated]{
		All: templatedEntries,
		New: func() templated { return templated{} },
		Put: func(x any, c *Config, t templated) error { return x.(*edit).putTemplated(c, t) },
	}, grammar.Path[templated]("ipsec", helpIPsec, "policy", helpPolicy),
		grammar.Arg(kind.Name(longestName, "ipsec policy"), "Name of the group", func(t *templated) *string { return &t.Name }),
		grammar.Arg(kind.Integer[uint32](1, 10000), "Number of the entry, 1 is the first", func(t *templated) *uint32 { return &t.Sequence }),
		kw("isakmp", helpISAKMP), kw("template", helpTemplate),
		grammar.Arg(kind.Name(longestName, "ipsec policy-template"), "Name of the template", func(t *templated) *string { return &t.Template }))
}

func templatedEntries(c *Config) (all []templated) {
	for _, p := range values(c.Policies, comparePolicies) {
		if p.Template != "" {
			all = append(all, templated{p.PolicyKey, p.Template})
		}
	}
	return all
}

// putTemplated makes the entry, which must be the only one of its sort and the last of the group.
func (e *edit) putTemplated(c *Config, t templated) error {
	other := c.templateEntry(t.Name)
	switch old := c.Policies[t.PolicyKey]; {
	case old != nil && old.Template == t.Template:
		return nil
	case old != nil && old.Template != "":
		return refuse("The entry refers to IPSec policy template %s, undo ipsec policy %s %d first.", old.Template, t.Name, t.Sequence)
	case old != nil:
		return refuse("The mode of an IPSec policy cannot be changed, undo ipsec policy %s %d first.", t.Name, t.Sequence)
	case len(c.templateKeys(t.Template)) == 0:
		return refuse("The IPSec policy template does not exist.")
	case t.Template == t.Name:
		return refuse("The name of the policy template must differ from that of the IPSec policy.")
	case other != nil:
		return refuse("Entry %d of the IPSec policy refers to a policy template already.", other.Sequence)
	}
	for k := range c.Policies {
		if k.Name == t.Name && k.Sequence > t.Sequence {
			return refuse("The entry with a policy template must be the last of the group, entry %d comes after it.", k.Sequence)
		}
	}
	own(c, partPolicies, &c.Policies)[t.PolicyKey] = &Policy{PolicyKey: t.PolicyKey, Template: t.Template}
	return nil
}

// admitTemplated keeps an entry that stands for a template from being opened.
func admitTemplated(old *Policy, k PolicyKey) error {
	if old != nil && old.Template != "" {
		return refuse("The IPSec policy refers to a policy template, undo ipsec policy %s %d first or edit ipsec policy-template %s.", k.Name, k.Sequence, old.Template)
	}
	return nil
}
