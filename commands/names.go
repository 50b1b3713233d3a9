package commands

import (
	"maps"
	"slices"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// nameLists are the sorts of objects that lines name, each with the names that a configuration has,
// in no order.
var nameLists = map[string]func(*Config) []string{
	"acl":                   func(c *Config) []string { return c.listNames(false) },
	"acl name":              func(c *Config) []string { return c.listNames(true) },
	"authentication-scheme": func(c *Config) []string { return keys(c.Access.Authentications) },
	"domain":                func(c *Config) []string { return keys(c.Access.Domains) },
	"ike peer":              func(c *Config) []string { return keys(c.IKEPeers) },
	"ike proposal":          func(c *Config) []string { return texts(c.IKEProposals, utoa) },
	"ike user-table":        func(c *Config) []string { return texts(c.Access.UserTables, utoa) },
	"interface":             func(c *Config) []string { return keys(c.Interfaces) },
	"ip pool":               func(c *Config) []string { return keys(c.Access.Pools) },
	"ipsec policy":          func(c *Config) []string { return texts(c.Policies, PolicyKey.group) },
	"ipsec policy-template": func(c *Config) []string { return texts(c.Templates, PolicyKey.group) },
	"ipsec profile":         func(c *Config) []string { return keys(c.Profiles) },
	"ipsec proposal":        func(c *Config) []string { return keys(c.IPsecProposals) },
	"local-user":            func(c *Config) []string { return keys(c.Management.Users) },
	"peer-public-key":       func(c *Config) []string { return keys(c.Management.Keys) },
	"pki domain":            func(c *Config) []string { return keys(c.PKIDomains) },
	"pki entity":            func(c *Config) []string { return keys(c.PKIEntities) },
	"port":                  func(c *Config) []string { return c.devices(func(name string) bool { return !kind.IsTunnel(name) }) },
	"radius-server":         func(c *Config) []string { return keys(c.Access.Radius) },
	"service-scheme":        func(c *Config) []string { return keys(c.Access.Schemes) },
	"ssh user":              func(c *Config) []string { return keys(c.Management.SSHUsers) },
	"tunnel":                func(c *Config) []string { return c.devices(kind.IsTunnel) },
}

// names returns the names of all objects of a sort, in no order.
func (c *Config) names(of string) []string {
	if list := nameLists[of]; list != nil {
		return list(c)
	}
	return nil
}

// keys returns the names that a map's objects have.
func keys[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }

// texts returns what a map's keys are called.
func texts[K comparable, V any](m map[K]V, text func(K) string) (all []string) {
	for k := range m {
		all = append(all, text(k))
	}
	return all
}

// group returns the name that an entry shares with those of its group.
func (k PolicyKey) group() string { return k.Name }

// devices returns the names of the interfaces that are meant.
func (c *Config) devices(meant func(name string) bool) []string {
	return slices.DeleteFunc(keys(c.Interfaces), func(name string) bool { return !meant(name) })
}

// addName adds a name to those that an object refers to, in order, of which it can have so many. full is
// the fault of one more.
func addName(list *[]string, name string, most int, full string) error {
	switch {
	case slices.Contains(*list, name):
		return nil
	case len(*list) == most:
		return refuse(full, most)
	}
	*list = append(slices.Clip(*list), name) // the former configuration keeps its own
	return nil
}

// removeName removes a name from them, or all if it is empty.
func removeName(list *[]string, name string) error {
	if name == "" {
		*list = nil
		return nil
	}
	i := slices.Index(*list, name)
	if i < 0 {
		return grammar.ErrNotConfigured
	}
	*list = slices.Delete(slices.Clone(*list), i, i+1)
	return nil
}
