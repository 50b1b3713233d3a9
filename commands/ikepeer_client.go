package commands

import (
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// What is between a gateway and its clients: extended authentication and mode configuration.

// longestXAUTHUser is the limit of the name of an XAUTH user, in octets.
const longestXAUTHUser = 128

// An xauthLine is a `client-authentication xauth`: with a user it is our own.
type xauthLine struct {
	User     string
	Password secret.Octets
}

// peerClientRows are those of gateways and clients.
func peerClientRows() []grammar.Row[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	exchange := kw("config-exchange", "Addresses and the like, by mode configuration")
	part := func(p *ike.Peer) *ike.ConfigExchange { return &p.ConfigExchange }
	return []grammar.Row[ike.Peer]{
		grammar.Setting(kw("user-table", "Keys of users, for a policy template"),
			grammar.Arg(numberOf("ike user-table", 1, highestTable), "Number of the table", func(p *ike.Peer) *uint32 { return &p.UserTable })).
			Check(checks(checkTable)),
		grammar.Setting(kw("service-scheme", "What clients are given"),
			grammar.Arg(kind.Name(longestScheme, "service-scheme"), "Name of the scheme", func(p *ike.Peer) *string { return &p.Scheme })).Check(checks(checkScheme)),
		grammar.Setting(exchange, grammar.Arg(kind.Choice(
			grammar.Word[ike.ConfigExchange]{Text: "request", Help: "As a client we ask", Value: ike.ConfigRequest}), "Part", part)),
		grammar.Setting(exchange, kw("set", "The gateway sets"), grammar.Arg(kind.Choice(
			grammar.Word[ike.ConfigExchange]{Text: "accept", Help: "As a client we accept that", Value: ike.ConfigAccept},
			grammar.Word[ike.ConfigExchange]{Text: "send", Help: "As a gateway we do so", Value: ike.ConfigSet}), "Part", part)),
		xauthRow(),
	}
}

// checkTable wants the table to be there: the keys are in it.
func checkTable(e *edit, p *ike.Peer) error {
	if p.UserTable != 0 && e.config.Access.UserTables[p.UserTable] == nil {
		return refuse("The IKE user table does not exist.")
	}
	e.warnGuessable(p)
	return nil
}

// checkScheme warns of a scheme that is not there: a configuration has it after the peers.
func checkScheme(e *edit, p *ike.Peer) error {
	if p.Scheme != "" && e.config.Access.Schemes[p.Scheme] == nil {
		scheme := p.Scheme
		still := func(c *Config) bool { return c.Access.Schemes[scheme] == nil }
		e.warnWhile(still, "There is no service-scheme %s in the AAA view: clients are given nothing.", p.Scheme)
	}
	return nil
}

// xauthRow is `client-authentication xauth`.
func xauthRow() grammar.Row[ike.Peer] {
	kw := grammar.Kw[xauthLine]
	path, xauth := kw("client-authentication", "Who the user is, after phase 1"), kw("xauth", "By name and password: a gateway asks for them")
	return grammar.List(grammar.Items[ike.Peer, xauthLine]{
		All:    xauthLines,
		New:    func() xauthLine { return xauthLine{} },
		Put:    func(x any, p *ike.Peer, l xauthLine) error { return x.(*edit).putXAUTH(p, l) },
		Remove: func(_ any, p *ike.Peer, _ xauthLine) error { return removeXAUTH(p) },
		Undo:   []grammar.Element[xauthLine]{path, grammar.Optional(xauth)},
	}, path, xauth, grammar.Optional(
		kw("user", "As a client: the name"),
		grammar.Arg(kind.Identity(longestXAUTHUser), "Name of the user", func(l *xauthLine) *string { return &l.User }),
		kw("password", helpPassword),
		secretForms[xauthLine](),
		grammar.Arg(kind.Secret(), "Password", func(l *xauthLine) *secret.Octets { return &l.Password })))
}

func xauthLines(p *ike.Peer) []xauthLine {
	if p.XAUTH == ike.NoXAUTH {
		return nil
	}
	return []xauthLine{{p.User, p.Password}}
}

// putXAUTH makes the box the client that the line names, or the gateway.
func (e *edit) putXAUTH(p *ike.Peer, l xauthLine) (err error) {
	p.XAUTH, p.User = ike.XAUTHGateway, l.User
	if l.User != "" {
		p.XAUTH = ike.XAUTHClient
	}
	p.Password, err = e.opened(l.Password)
	return err
}

func removeXAUTH(p *ike.Peer) error {
	if p.XAUTH == ike.NoXAUTH {
		return grammar.ErrNotConfigured
	}
	p.XAUTH, p.User, p.Password = ike.NoXAUTH, "", nil
	return nil
}
