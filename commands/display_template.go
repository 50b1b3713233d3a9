package commands

import (
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// A templateDisplay is `display ipsec policy-template`, whole or brief: the templates by name. The
// interfaces are those of the policy groups that refer to them.
type templateDisplay struct {
	Templates []policyGroup `json:"templates"`
}

// newTemplateDisplay returns the entries of all templates, or of the one of a name.
func newTemplateDisplay(c *Config, name string) templateDisplay {
	d := templateDisplay{Templates: []policyGroup{}}
	var up []*Interface
	for _, p := range values(c.Templates, comparePolicies) {
		if name != "" && p.Name != name {
			continue
		}
		if n := len(d.Templates); n == 0 || d.Templates[n-1].Name != p.Name {
			d.Templates = append(d.Templates, policyGroup{Name: p.Name, Interfaces: c.templateInterfaces(p.Name)})
			up = c.upFor(p)
		}
		group := &d.Templates[len(d.Templates)-1]
		group.Entries = append(group.Entries, newPolicyEntry(c, p, up))
	}
	return d
}

// templateInterfaces returns the interfaces that a template is applied to by way of a policy group.
func (c *Config) templateInterfaces(name string) []string {
	all := []string{}
	for _, p := range values(c.Policies, comparePolicies) {
		if p.Template == name {
			all = append(all, appliedTo(c, p.Name)...)
		}
	}
	return all
}

func (d templateDisplay) text() string {
	var p page
	for i, g := range d.Templates {
		if i > 0 {
			p.add("")
		}
		g.addAs("IPSec policy template group", &p)
	}
	return p.text()
}

func (d templateDisplay) brief() string {
	var p page
	p.addf("Number of policy templates: %d", len(d.Templates))
	if len(d.Templates) == 0 {
		return p.text()
	}
	p.add(dashes(53))
	p.add(policyColumns.row("Template name", "Mode", "ACL", "Peer name"))
	p.add(dashes(53))
	for _, g := range d.Templates {
		for _, e := range g.Entries {
			p.add(policyColumns.row(entryName(g.Name, e), e.Mode, orDash(e.ACL), orDash(e.Peer)))
		}
	}
	return p.text()
}

// displayTemplate is `display ipsec policy-template`.
type displayTemplate struct {
	Name  string
	Brief bool
}

func displayTemplateRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayTemplate{},
		grammar.Path[displayTemplate]("display", helpDisplay, "ipsec", helpIPsec, "policy-template", helpPolicyTemplate),
		grammar.Optional(grammar.OneOf(
			grammar.Flag("brief", helpBrief, func(d *displayTemplate) *bool { return &d.Brief }),
			grammar.Sequence(grammar.Kw[displayTemplate]("name", helpByName),
				grammar.Arg(kind.Name(longestName, "ipsec policy-template"), "Name", func(d *displayTemplate) *string { return &d.Name })),
		)))
}

func (d *displayTemplate) do(s *Session) Output {
	display := newTemplateDisplay(s.running.config, d.Name)
	switch {
	case d.Name != "" && len(display.Templates) == 0:
		return s.refused(refuse("The IPSec policy template does not exist."))
	case d.Brief:
		return Output{Display: inBrief{display}}
	}
	return Output{Display: display}
}
