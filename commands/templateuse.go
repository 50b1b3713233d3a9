package commands

import (
	"slices"

	"sallyport/ipsec"
)

// A templateUse is a template that an entry of a group refers to. Its policies, and their SAs, have the
// template's name and number, on the interfaces of the group.
type templateUse struct {
	name       string
	interfaces []string
}

// templateUse returns the template of a group, or nil. A sequence number other than zero is that of the
// entry which is to refer to it.
func (c *Config) templateUse(group string, sequence uint32) *templateUse {
	entry := c.templateEntry(group)
	if entry == nil || sequence != 0 && sequence != entry.Sequence {
		return nil
	}
	return &templateUse{entry.Template, appliedTo(c, group)}
}

// has reports whether a policy is one of the template's on these interfaces.
func (u *templateUse) has(id ipsec.PolicyID) bool {
	return u != nil && id.Name == u.name && id.Sequence != 0 && slices.Contains(u.interfaces, id.Interface)
}

// templateEntries returns the entries that refer to templates, by their groups, of which each has one.
func (c *Config) templateEntries() map[string]*Policy {
	all := map[string]*Policy{}
	for k, p := range c.Policies {
		if p.Template != "" {
			all[k.Name] = p
		}
	}
	return all
}

// entryOf returns the one of the entries that stands for a policy on its interface, or nil if the policy
// is not one of a template.
func (c *Config) entryOf(id ipsec.PolicyID, entries map[string]*Policy) *Policy {
	on := c.Interfaces[id.Interface]
	if on == nil || on.Policy == id.Name {
		return nil
	}
	if entry := entries[on.Policy]; entry != nil && entry.Template == id.Name {
		return entry
	}
	return nil
}
