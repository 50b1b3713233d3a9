package commands

import (
	"fmt"
	"strings"

	"sallyport/acl"
	"sallyport/commands/grammar"
)

// displayACL is `display acl { N | name NAME }`.
type displayACL struct{ List string }

func displayACLRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayACL{}, grammar.Path[displayACL]("display", helpDisplay, "acl", helpACL),
		listArg(2000, 3999, helpNumber, func(d *displayACL) *string { return &d.List }))
}

func (d *displayACL) do(s *Session) Output {
	c := s.running.config
	list := c.ACLs[c.listKey(d.List)]
	if list == nil {
		return s.refused(refuse("The specified ACL does not exist."))
	}
	return Output{Display: newACLDisplay(list)}
}

func sortedACLs(c *Config) []*acl.ACL { return values(c.ACLs, strings.Compare) }

// An aclDisplay is `display acl N`.
type aclDisplay struct {
	Number      uint32    `json:"number"` // 0: a named list that has none
	Name        string    `json:"name"`   // empty for a numbered list
	Basic       bool      `json:"basic"`
	Step        uint32    `json:"step"`
	Description string    `json:"description"`
	Rules       []aclLine `json:"rules"`
}

// An aclLine is one rule.
type aclLine struct {
	ID          uint32 `json:"id"`
	Command     string `json:"command"` // as the configuration has it: rule 5 permit …
	Description string `json:"description"`
}

// newACLDisplay returns a list.
func newACLDisplay(a *acl.ACL) aclDisplay {
	return aclDisplay{
		Number:      a.Number,
		Name:        a.Name,
		Basic:       a.Kind == acl.Basic,
		Step:        a.Step,
		Description: a.Description,
		Rules: mapped(a.Rules, func(r acl.Rule) aclLine {
			return aclLine{r.ID, r.Line(a.Kind), r.Description}
		}),
	}
}

// text prints the list; how often a rule matched is not counted.
func (d aclDisplay) text() string {
	var p page
	p.addf("%s, %s", d.title(), ruleCount(len(d.Rules)))
	if d.Description != "" {
		p.add(d.Description)
	}
	p.addf("Acl's step is %d", d.Step)
	for _, r := range d.Rules {
		p.add(" " + r.Command)
		if r.Description != "" {
			p.addf(" rule %d description %s", r.ID, r.Description)
		}
	}
	return p.text()
}

func (d aclDisplay) title() string {
	words := []string{"Advanced", "ACL"}
	if d.Basic {
		words[0] = "Basic"
	}
	if d.Name != "" {
		words = append(words, d.Name)
	}
	if d.Number != 0 {
		words = append(words, utoa(d.Number))
	}
	return strings.Join(words, " ")
}

// ruleCount returns VRP's plural: 0 rule, 1 rule, 2 rules.
func ruleCount(n int) string {
	if n > 1 {
		return fmt.Sprintf("%d rules", n)
	}
	return fmt.Sprintf("%d rule", n)
}

// An aclsDisplay is `display acl all`.
type aclsDisplay struct {
	Lists []aclDisplay `json:"acls"`
}

// newACLsDisplay returns all lists in the order given.
func newACLsDisplay(all []*acl.ACL) aclsDisplay {
	return aclsDisplay{mapped(all, newACLDisplay)}
}

// text prints how many lists have rules, and all lists.
func (d aclsDisplay) text() string {
	nonempty := 0
	for _, list := range d.Lists {
		if len(list.Rules) > 0 {
			nonempty++
		}
	}
	var p page
	p.addf(" Total quantity of nonempty ACL number is %d", nonempty)
	for _, list := range d.Lists {
		p.add("")
		p.b.WriteString(list.text())
	}
	return p.text()
}
