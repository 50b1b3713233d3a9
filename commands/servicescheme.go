package commands

import (
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// `service-scheme` of `aaa`: what clients are given by mode configuration.

const (
	helpScheme      = "What clients are given"
	helpSecondary   = "The second one"
	longestBanner   = 255
	longestDNSName  = 255
	mostSchemePools = 8
)

// schemeRow opens and deletes service schemes.
func schemeRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, string, ServiceScheme]{
		View:    schemeView(),
		Of:      func(c *Config) map[string]*ServiceScheme { return c.Access.Schemes },
		Own:     func(c *Config) map[string]*ServiceScheme { return own(c, partSchemes, &c.Access.Schemes) },
		Name:    func(s *ServiceScheme, name string) { s.Name = name },
		Compare: strings.Compare,
		Delete: allows(func(e *edit, name string) error {
			return e.noPeer("service scheme", func(p *ike.Peer) bool { return p.Scheme == name })
		}),
	}, grammar.Kw[string]("service-scheme", helpScheme),
		grammar.Arg(kind.Name(longestScheme, "service-scheme"), "Name of the scheme", itself[string]))
}

func schemeView() *grammar.View[ServiceScheme] {
	kw := grammar.Kw[ServiceScheme]
	server := func(word, help string, first, second func(*ServiceScheme) *netip.Addr) []grammar.Row[ServiceScheme] {
		return []grammar.Row[ServiceScheme]{
			grammar.Setting(kw(word, help), grammar.Arg(kind.Address(), "Address", first)),
			grammar.Setting(kw(word, help), grammar.Arg(kind.Address(), "Address", second), kw("secondary", helpSecondary)),
		}
	}
	return &grammar.View[ServiceScheme]{
		Tag:  func(s *ServiceScheme) string { return "aaa-service-scheme-" + s.Name },
		New:  func() *ServiceScheme { return &ServiceScheme{} },
		Sort: "aaa-service-scheme",
		Rows: slices.Concat(
			[]grammar.Row[ServiceScheme]{schemePoolRow()},
			server("dns", "Servers of names", func(s *ServiceScheme) *netip.Addr { return &s.DNS }, func(s *ServiceScheme) *netip.Addr { return &s.DNS2 }),
			server("wins", "Servers of Windows' names", func(s *ServiceScheme) *netip.Addr { return &s.WINS }, func(s *ServiceScheme) *netip.Addr { return &s.WINS2 }),
			[]grammar.Row[ServiceScheme]{
				grammar.Setting(kw("dns-name", "Domain of the clients"),
					grammar.Arg(kind.HostName(), "Domain", func(s *ServiceScheme) *string { return &s.DomainName })),
				grammar.Setting(kw("banner", "Text that users are shown"),
					grammar.Arg(kind.Text(longestBanner), "Text", func(s *ServiceScheme) *string { return &s.Banner })),
				grammar.Setting(grammar.Path[ServiceScheme]("route", "What clients reach through the tunnel", "set", "They are told",
					"acl", "The sources of the permit rules of an access control list"),
					listArg(3000, 3999, "Number of an advanced list", func(s *ServiceScheme) *string { return &s.ACL })).Check(checks(checkRoutes)),
				grammar.Setting(kw("save-password", "Whether clients may keep the user's password"),
					grammar.Flag("enable", "They may", func(s *ServiceScheme) *bool { return &s.SavePassword })),
			}),
	}
}

// checkRoutes wants a list that says where clients go.
func checkRoutes(e *edit, s *ServiceScheme) error {
	if s.ACL == "" {
		return nil
	}
	s.ACL = e.config.listKey(s.ACL)
	list := e.config.ACLs[s.ACL]
	switch {
	case list == nil:
		return refuse("The ACL does not exist.")
	case len(sources(list)) == 0:
		e.warn("No rule of the ACL permits a network as source: clients are told to send everything through the tunnel.")
	}
	return nil
}

// schemePoolRow is `ip-pool`.
func schemePoolRow() grammar.Row[ServiceScheme] {
	return grammar.List(grammar.Items[ServiceScheme, string]{
		All: func(s *ServiceScheme) []string { return s.Pools },
		New: func() string { return "" },
		Put: func(x any, s *ServiceScheme, name string) error {
			if x.(*edit).config.Access.Pools[name] == nil {
				return refuse("The IP pool does not exist.")
			}
			return addName(&s.Pools, name, mostSchemePools, "A service scheme can have up to %d pools.")
		},
		Remove: func(_ any, s *ServiceScheme, name string) error { return removeName(&s.Pools, name) },
		Bare:   true,
	}, grammar.Kw[string]("ip-pool", helpPool), grammar.Arg(kind.Name(longestPool, "ip pool"), "Name of the pool", itself[string]))
}

// schemeWithACL refuses to remove a list that a service scheme refers to. An empty key is any list.
func (e *edit) schemeWithACL(key string) error {
	for _, s := range values(e.config.Access.Schemes, strings.Compare) {
		if s.ACL != "" && (key == "" || s.ACL == key) {
			return refuse("The ACL is being used by service-scheme %s.", s.Name)
		}
	}
	return nil
}

// access finds what of the users of IKE refers to nothing.
func (v *validation) access() {
	a := &v.config.Access
	for name, s := range a.Schemes {
		if s.ACL != "" && v.config.ACLs[s.ACL] == nil {
			v.fault("The ACL %s of service-scheme %s does not exist.", s.ACL, name)
		}
		for _, pool := range s.Pools {
			if a.Pools[pool] == nil {
				v.fault("The IP pool %s of service-scheme %s does not exist.", pool, name)
			}
		}
	}
	for name, d := range a.Domains {
		if d.Authentication != "" && a.Authentications[d.Authentication] == nil {
			v.fault("The authentication scheme %s of domain %s does not exist.", d.Authentication, name)
		}
		if d.Radius != "" && a.Radius[d.Radius] == nil {
			v.fault("The RADIUS server template %s of domain %s does not exist.", d.Radius, name)
		}
	}
	for k, p := range v.config.Policies {
		if p.Template != "" && len(v.config.templateKeys(p.Template)) == 0 {
			v.fault("The IPSec policy template %s of IPSec policy %s %d does not exist.", p.Template, k.Name, k.Sequence)
		}
	}
}
