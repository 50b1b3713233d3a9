package commands

import (
	"cmp"
	"net/netip"
	"reflect"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ipsec"
)

// What the engine is told of templates, user tables and service schemes.

// builtAccess is what is shared from one version of a configuration to the next.
type builtAccess struct {
	short   bool // SHA2-256 is cut to 96 bits
	tables  map[uint32]*ike.UserTable
	froms   map[uint32]*UserTable // what tables is made of
	schemes map[string]*ike.Scheme
}

// addAccess fills in user tables and schemes: those of the version before, as far as they are the
// same.
func (b *builder) addAccess(to *ike.Config) {
	old, now := &b.old.access, &b.now.access
	now.tables, now.froms = map[uint32]*ike.UserTable{}, b.Access.UserTables
	for n, t := range b.Access.UserTables {
		if old.froms[n] == t {
			now.tables[n] = old.tables[n]
		} else {
			now.tables[n] = t.table()
		}
	}
	now.schemes = map[string]*ike.Scheme{}
	for name, s := range b.Access.Schemes {
		scheme := b.scheme(s)
		if before := old.schemes[name]; reflect.DeepEqual(before, scheme) {
			scheme = before
		}
		now.schemes[name] = scheme
	}
	to.UserTables, to.Schemes, to.Locals = now.tables, now.schemes, b.Management.locals()
}

// locals returns the users who may come in through IKE, by name.
func (m *Management) locals() map[string]bool {
	all := map[string]bool{}
	for name, u := range m.Users {
		if u.Judge(true).Granted {
			all[name] = true
		}
	}
	return all
}

// entries returns what is applied of an entry of a group: itself, or those of its template.
func (c *Config) entries(p *Policy) []*Policy {
	if p.Template == "" {
		return []*Policy{p}
	}
	var all []*Policy
	for _, k := range c.templateKeys(p.Template) {
		all = append(all, c.Templates[k])
	}
	return all
}

// compareEntries orders what is applied of a group: a template's entries, of which there is one
// template at most, come behind the others.
func compareEntries(a, b *Policy) int {
	rank := func(p *Policy) int {
		if p.Answers {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), comparePolicies(a.PolicyKey, b.PolicyKey))
}

// anyTraffic is the list of a template that has none: peers say what is protected.
var anyTraffic = acl.NewNamed("any", acl.Advanced)

// asTemplate makes a policy one of a template. Its ID has the template's name and number: no entry
// of the group can have the same, for the group has another name.
func asTemplate(p *ike.Policy) {
	p.Template, p.Remote = true, netip.Addr{}
	if p.ACL == nil {
		p.ACL = anyTraffic
	}
}

// cutOne returns an authenticator as the configuration has it applied.
func (c *Config) cutOne(i ipsec.Integrity) ipsec.Integrity {
	if c.SHA2Short && i == ipsec.SHA256 {
		return ipsec.SHA256Short
	}
	return i
}
