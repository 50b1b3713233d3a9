package iketest

import (
	"fmt"
	"net/netip"
	"strings"

	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// Words of a host line about XAUTH and mode configuration:
//
//	xauth=gateway               the peer has to name a user; client: we do
//	user=ann:PASSWORD           ours, as client
//	users=ann:PASSWORD,…        those that the gateway's authentication knows. ann:PASSWORD@10.3.0.9 has
//	                            that address; ann:PASSWORD+CODE is asked for the code as well
//	config=request              mode configuration: request, accept or set
//	scheme=10.3.0.1-10.3.0.9    the pool of the peer's service-scheme
//	dns= domain= banner= networks=   the rest of it
//	login=later                 authentications wait for the command `hq login`

var xauthRoles = map[string]ike.XAUTHRole{"": ike.NoXAUTH, "gateway": ike.XAUTHGateway, "client": ike.XAUTHClient}

var configParts = map[string]ike.ConfigExchange{
	"": ike.NoConfigExchange, "request": ike.ConfigRequest, "accept": ike.ConfigAccept, "set": ike.ConfigSet,
}

// setAccess sets what these words say.
func (p *plan) setAccess(c *ike.Config) error {
	scheme, err := p.scheme()
	if err != nil {
		return err
	}
	for _, policy := range c.Policies {
		if err := p.setRoles(policy.Peer); err != nil {
			return err
		}
		if scheme != nil {
			c.Schemes = map[string]*ike.Scheme{scheme.Name: scheme}
			policy.Peer.Scheme = scheme.Name
		}
	}
	return nil
}

// setRoles sets the peer's part.
func (p *plan) setRoles(peer *ike.Peer) error {
	var known, known2 bool
	peer.XAUTH, known = xauthRoles[p.get("xauth")]
	peer.ConfigExchange, known2 = configParts[p.get("config")]
	if !known || !known2 {
		return fmt.Errorf("xauth=%s config=%s has an unknown part", p.get("xauth"), p.get("config"))
	}
	name, password, _ := strings.Cut(p.get("user"), ":")
	peer.User, peer.Password = name, secret.Octets(password)
	return nil
}

// scheme returns what clients are given, or nil.
func (p *plan) scheme() (*ike.Scheme, error) {
	if p.get("scheme") == "" {
		return nil, nil
	}
	first, last, _ := strings.Cut(p.get("scheme"), "-")
	pool := ike.Pool{Name: "pool", Bits: 24}
	var err error
	if pool.First, err = netip.ParseAddr(first); err == nil {
		pool.Last, err = netip.ParseAddr(last)
	}
	s := &ike.Scheme{Name: "scheme", Pools: []ike.Pool{pool}, Domain: p.get("domain"), Banner: p.get("banner")}
	for _, text := range listOf(p.get("dns")) {
		a, _ := netip.ParseAddr(text)
		s.DNS = append(s.DNS, a)
	}
	for _, text := range listOf(p.get("networks")) {
		n, _ := netip.ParsePrefix(text)
		s.Networks = append(s.Networks, n)
	}
	return s, err
}

func listOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

// authenticate answers for the users of the host line, as local users or a RADIUS server do.
func (h *host) authenticate(a ike.Authenticate) []ike.Input {
	h.session.log("%s  authenticate %s (peer %s)", h.plan.name, a.User, a.RemoteID)
	if h.plan.get("login") == "later" {
		h.logins = append(h.logins, a)
		return nil
	}
	return []ike.Input{h.judge(a)}
}

// login lets the authentications go on that have waited.
func (h *host) login() {
	waited := h.logins
	h.logins = nil
	for _, a := range waited {
		h.step(h.judge(a))
	}
}

// judge decides about a user.
func (h *host) judge(a ike.Authenticate) ike.Authenticated {
	for _, text := range listOf(h.plan.get("users")) {
		name, rest, _ := strings.Cut(text, ":")
		rest, address, _ := strings.Cut(rest, "@")
		password, code, more := strings.Cut(rest, "+")
		switch {
		case name != a.User:
		case more && a.Answers == nil && a.Password.Equal(secret.Octets(password)):
			return ike.Authenticated{Job: a.Job, Challenge: &ike.Challenge{Prompt: "code?", State: []byte(name)}}
		case !more && a.Password.Equal(secret.Octets(password)), more && a.Answers != nil && a.Password.Equal(secret.Octets(code)):
			framed, _ := netip.ParseAddr(address)
			return ike.Authenticated{Job: a.Job, Granted: true, Address: framed}
		}
	}
	return ike.Authenticated{Job: a.Job, Reason: "user or password is wrong"}
}

// configured writes down what a gateway has given.
func (h *host) configured(c ike.Configured) {
	h.session.log("%s  configured: %v/%d dns=%v domain=%q banner=%q networks=%v", h.plan.name, c.Address, c.Bits, c.DNS, c.Domain, c.Banner, c.Networks)
}

// accessText says what an ISAKMP SA has of XAUTH and mode configuration.
func accessText(st ike.Status) (text string) {
	if st.User != "" {
		text += " user=" + st.User
	}
	if st.Lease.IsValid() {
		text += " lease=" + st.Lease.String()
	}
	if st.Configured != nil {
		text += " configured=" + st.Configured.Address.String()
	}
	return text
}
