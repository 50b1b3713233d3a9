package commands

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec/secret"
)

// `radius-server`, `authentication-scheme` and `domain`: who knows the users of IKE's extended
// authentication.

const (
	helpRadius        = "Servers that know users (RFC 2865)"
	helpAuthScheme    = "How users prove who they are"
	helpUserDomain    = "Users whose names end in @ and this word; default is for those of no other"
	mostRadiusServers = 8
)

// radiusRow opens and deletes templates of RADIUS servers.
func radiusRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, string, RadiusTemplate]{
		View:    radiusView(),
		Of:      func(c *Config) map[string]*RadiusTemplate { return c.Access.Radius },
		Own:     func(c *Config) map[string]*RadiusTemplate { return own(c, partRadius, &c.Access.Radius) },
		Name:    func(t *RadiusTemplate, name string) { t.Name = name },
		Compare: strings.Compare,
		Delete: allows(func(e *edit, name string) error {
			return e.noDomain("RADIUS server template", func(d *Domain) bool { return d.Radius == name })
		}),
	}, grammar.Path[string]("radius-server", helpRadius, "template", helpTemplate),
		grammar.Arg(kind.Name(longestScheme, "radius-server"), "Name of the template", itself[string]))
}

func radiusView() *grammar.View[RadiusTemplate] {
	path := grammar.Kw[RadiusTemplate]("radius-server", helpRadius)
	kw := grammar.Kw[RadiusTemplate]
	return &grammar.View[RadiusTemplate]{
		Tag:  func(t *RadiusTemplate) string { return "radius-" + t.Name },
		New:  newRadiusTemplate,
		Sort: "radius",
		Rows: []grammar.Row[RadiusTemplate]{
			radiusServerRow(),
			grammar.Setting(path, kw("shared-key", "Secret that the servers know"), secretForms[RadiusTemplate](),
				grammar.Arg(kind.Secret(), "Secret", func(t *RadiusTemplate) *secret.Octets { return &t.Key })).Check(checks(checkSharedKey)),
			grammar.Setting(path, kw("retransmit", "How often each server is asked"),
				grammar.Arg(kind.Integer(1, 5), "Times", func(t *RadiusTemplate) *int { return &t.Retransmit })),
			grammar.Setting(path, kw("timeout", helpTimeout),
				grammar.Arg(kind.Seconds(1, 10), "Seconds", func(t *RadiusTemplate) *time.Duration { return &t.Timeout })),
			grammar.Setting(path, kw("source", "Where requests come from"), kw("ip-address", "Address of ours"),
				grammar.Arg(kind.Address(), "Address", func(t *RadiusTemplate) *netip.Addr { return &t.Source })),
			grammar.Setting(path, kw("user-name", "What servers are told as the user's name"),
				grammar.Flag("domain-included", "With its domain", func(t *RadiusTemplate) *bool { return &t.DomainStays })).Clears(),
		},
	}
}

// radiusServerRow is `radius-server authentication`.
func radiusServerRow() grammar.Row[RadiusTemplate] {
	kw := grammar.Kw[RadiusServer]
	head := grammar.Sequence(grammar.Path[RadiusServer]("radius-server", helpRadius, "authentication", "Server that knows passwords"),
		grammar.Arg(kind.Address(), "Address of the server", func(s *RadiusServer) *netip.Addr { return &s.Address }),
		grammar.Arg(kind.Integer(1, 65535), "Port, as a rule 1812", func(s *RadiusServer) *int { return &s.Port }))
	return grammar.List(grammar.Items[RadiusTemplate, RadiusServer]{
		All:    func(t *RadiusTemplate) []RadiusServer { return t.Servers },
		New:    func() RadiusServer { return RadiusServer{Weight: defaultRadiusWeight} },
		Put:    func(_ any, t *RadiusTemplate, s RadiusServer) error { return t.put(s) },
		Remove: func(_ any, t *RadiusTemplate, s RadiusServer) error { return t.remove(s) },
		Undo:   []grammar.Element[RadiusServer]{head},
	}, head, grammar.Optional(kw("weight", "The highest is asked first"),
		grammar.Arg(kind.Integer(0, 100), "Weight", func(s *RadiusServer) *int { return &s.Weight })))
}

// same reports whether two lines are about one server.
func (s RadiusServer) same(other RadiusServer) bool {
	return s.Address == other.Address && s.Port == other.Port
}

func (t *RadiusTemplate) put(s RadiusServer) error {
	i := slices.IndexFunc(t.Servers, s.same)
	t.Servers = slices.Clone(t.Servers)
	switch {
	case i >= 0:
		t.Servers[i] = s
	case len(t.Servers) == mostRadiusServers:
		return refuse("A RADIUS server template can have up to %d servers.", mostRadiusServers)
	default:
		t.Servers = append(t.Servers, s)
	}
	return nil
}

func (t *RadiusTemplate) remove(s RadiusServer) error {
	i := slices.IndexFunc(t.Servers, s.same)
	if i < 0 {
		return grammar.ErrNotConfigured
	}
	t.Servers = slices.Delete(slices.Clone(t.Servers), i, i+1)
	return nil
}

// checkSharedKey opens a secret that was typed in its stored form.
func checkSharedKey(e *edit, t *RadiusTemplate) (err error) {
	if t.Key, err = e.opened(t.Key); err != nil {
		return err
	}
	if !kind.Stored(string(t.Key)) && len(t.Key) > 0 && len(t.Key) < shortKey {
		e.warn("The shared key is shorter than %d characters: RADIUS hides passwords with MD5 and this key alone.", shortKey)
	}
	return nil
}

// authenticationRow opens and deletes authentication schemes.
func authenticationRow() grammar.Row[Config] {
	mode := kind.Choice(
		grammar.Word[AuthenticationMode]{Text: "local", Help: "The local users of service-type ike", Value: LocalUsers},
		grammar.Word[AuthenticationMode]{Text: "radius", Help: "RADIUS servers", Value: RadiusServers},
	)
	return grammar.Enter(grammar.Objects[Config, string, AuthenticationScheme]{
		View: &grammar.View[AuthenticationScheme]{
			Tag:  func(s *AuthenticationScheme) string { return "aaa-authen-" + s.Name },
			New:  func() *AuthenticationScheme { return &AuthenticationScheme{First: LocalUsers} },
			Sort: "aaa-authen",
			Rows: []grammar.Row[AuthenticationScheme]{
				grammar.Setting(grammar.Kw[AuthenticationScheme]("authentication-mode", "Who knows the users"),
					grammar.Arg(mode, "Who is asked", func(s *AuthenticationScheme) *AuthenticationMode { return &s.First }),
					grammar.Optional(grammar.Arg(mode, "Who is asked if the first does not answer, or knows no such user",
						func(s *AuthenticationScheme) *AuthenticationMode { return &s.Second }))).Check(checks(checkModes)),
			},
		},
		Of: func(c *Config) map[string]*AuthenticationScheme { return c.Access.Authentications },
		Own: func(c *Config) map[string]*AuthenticationScheme {
			return own(c, partAuthentications, &c.Access.Authentications)
		},
		Name:    func(s *AuthenticationScheme, name string) { s.Name = name },
		Compare: strings.Compare,
		Delete: allows(func(e *edit, name string) error {
			return e.noDomain("authentication scheme", func(d *Domain) bool { return d.Authentication == name })
		}),
	}, grammar.Kw[string]("authentication-scheme", helpAuthScheme),
		grammar.Arg(kind.Name(longestScheme, "authentication-scheme"), "Name of the scheme", itself[string]))
}

func checkModes(_ *edit, s *AuthenticationScheme) error {
	if s.First == s.Second {
		return refuse("The second mode must differ from the first.")
	}
	return nil
}

// domainRow opens and deletes domains.
func domainRow() grammar.Row[Config] {
	kw := grammar.Kw[Domain]
	return grammar.Enter(grammar.Objects[Config, string, Domain]{
		View: &grammar.View[Domain]{
			Tag:  func(d *Domain) string { return "aaa-domain-" + d.Name },
			New:  func() *Domain { return &Domain{} },
			Sort: "aaa-domain",
			Rows: []grammar.Row[Domain]{
				grammar.Setting(kw("authentication-scheme", helpAuthScheme), grammar.Arg(kind.Name(longestScheme, "authentication-scheme"),
					"Name of the scheme", func(d *Domain) *string { return &d.Authentication })).Check(checks(checkDomain)),
				grammar.Setting(kw("radius-server", helpRadius), grammar.Arg(kind.Name(longestScheme, "radius-server"),
					"Name of the template", func(d *Domain) *string { return &d.Radius })).Check(checks(checkDomain)),
			},
		},
		Of:      func(c *Config) map[string]*Domain { return c.Access.Domains },
		Own:     func(c *Config) map[string]*Domain { return own(c, partDomains, &c.Access.Domains) },
		Name:    func(d *Domain, name string) { d.Name = name },
		Compare: strings.Compare,
	}, grammar.Kw[string]("domain", helpUserDomain), grammar.Arg(kind.Name(longestUser, "domain"), "Name of the domain", itself[string]))
}

// checkDomain wants what is referred to, to exist.
func checkDomain(e *edit, d *Domain) error {
	a := &e.config.Access
	switch {
	case d.Authentication != "" && a.Authentications[d.Authentication] == nil:
		return refuse("The authentication scheme does not exist.")
	case d.Radius != "" && a.Radius[d.Radius] == nil:
		return refuse("The RADIUS server template does not exist.")
	}
	return nil
}

// noDomain refuses if a domain refers to what is to be removed.
func (e *edit) noDomain(what string, uses func(*Domain) bool) error {
	for _, d := range values(e.config.Access.Domains, strings.Compare) {
		if uses(d) {
			return refuse("The %s is being used by domain %s.", what, d.Name)
		}
	}
	return nil
}
