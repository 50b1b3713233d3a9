package main_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sallyport/platform/icmp"
	"sallyport/platform/netns"
	"sallyport/platform/netns/authority"
	"sallyport/platform/netns/freeradius"
	"sallyport/platform/netns/strongswan"
	"sallyport/platform/netns/testrun"
)

// The user of extended authentication.
const (
	user     = "anna"
	password = "Open-Sesame-2026"
)

// userFeatures are those of gateways and their clients. The client begins.
var userFeatures = []feature{
	{name: "XAUTH, pre-shared key", once: true,
		ours:   (*setup).asUser,
		theirs: func(c *strongswan.Connection, s *setup) { asUser(c, s, strongswan.XAUTHPSK) },
		check:  knowsUser,
	},
	{name: "XAUTH, pre-shared key, aggressive mode, group name", once: true,
		ours: func(s *setup) { s.asUser(); s.aggressive(); s.grouped() },
		theirs: func(c *strongswan.Connection, s *setup) {
			asUser(c, s, strongswan.XAUTHPSK)
			c.Aggressive = true
			if s.begins {
				c.RemoteID = "keyid:group"
			} else {
				c.LocalID = "keyid:group"
			}
		},
		check: knowsUser,
	},
	{name: "XAUTH, RSA signatures", once: true,
		ours: func(s *setup) { s.asUser(); s.certified(s.issuer(), authority.RSA, "rsa-signature"); s.byDN() },
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			asUser(c, s, strongswan.XAUTHCertificates)
			c.LocalID, c.RemoteID = dn(s.other()), dn(s.name())
		},
		check: knowsUser,
	},
	{name: "hybrid authentication", once: true,
		ours: func(s *setup) {
			s.asUser()
			if s.begins {
				s.trusting(s.root)
				s.proposal = append(s.proposal, "authentication-method hybrid")
				s.peer = append(s.peer, "remote-id-type fqdn", "remote-id "+s.other()+".test")
				return
			}
			s.certified(s.issuer(), authority.RSA, "hybrid")
			s.peer = append(s.peer, "local-id-type fqdn", "local-id "+s.name()+".test")
		},
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			asUser(c, s, strongswan.Hybrid)
			if s.begins {
				c.LocalID = s.other() + ".test"
				return
			}
			c.Files, c.RemoteID = authority.Trust(s.root), s.name()+".test"
		},
		check: knowsUser,
	},
	{name: "XAUTH, users of a RADIUS server", once: true, answers: true,
		ours: func(s *setup) {
			s.asUser()
			if !s.begins {
				s.withRADIUS()
			}
		},
		theirs: func(c *strongswan.Connection, s *setup) { asUser(c, s, strongswan.XAUTHPSK) },
		check:  knowsUser,
	},
	{name: "mode configuration, pull", ours: func(s *setup) { s.withAddress("request", "") }, theirs: givesAddress, flow: feature.address},
	{name: "mode configuration, push", ours: func(s *setup) { s.withAddress("set accept", "set send") },
		theirs: func(c *strongswan.Connection, s *setup) { givesAddress(c, s); c.Push = true }, flow: feature.address},
	{name: "mode configuration, XAUTH, Unity's split networks",
		ours: func(s *setup) { s.asUser(); s.withAddress("request", "") },
		theirs: func(c *strongswan.Connection, s *setup) {
			asUser(c, s, strongswan.XAUTHPSK)
			givesAddress(c, s)
			if s.begins {
				c.SplitInclude = []netip.Prefix{netip.MustParsePrefix("10.2.0.0/24")}
			}
		}, flow: feature.address},
}

// asUser makes the end that begins a client, and the other one its gateway.
func (s *setup) asUser() {
	if s.begins {
		s.peer = append(s.peer, "client-authentication xauth user "+user+" password "+password)
		return
	}
	s.peer = append(s.peer, "client-authentication xauth")
	s.system += join("aaa", "local-user "+user+" password irreversible-cipher "+password, "local-user "+user+" service-type ike")
}

// asUser makes strongSwan a client if we are the gateway, and the other way round.
func asUser(c *strongswan.Connection, s *setup, auth strongswan.Auth) {
	c.Auth, c.User, c.Password, c.Role = auth, user, password, strongswan.Client
	if s.begins {
		c.Role = strongswan.Gateway
	}
}

// grouped has the client name the group whose key it has.
func (s *setup) grouped() {
	which := map[bool]string{true: "local-id", false: "remote-id"}[s.begins]
	s.peer = append(s.peer, which+"-type key-id", which+" group")
}

// withRADIUS has a server that the end itself runs know the user, whom no line does.
func (s *setup) withRADIUS() {
	const shared = "shared-with-the-server"
	server := netip.MustParseAddrPort("127.0.0.1:1812")
	s.system = join("radius-server template hq", "radius-server authentication 127.0.0.1 1812", "radius-server shared-key "+shared) +
		join("aaa", "authentication-scheme radius", " authentication-mode radius", "domain default", " authentication-scheme radius", " radius-server hq")
	s.late = func(a *appliance) {
		freeradius.Require(a.t)
		freeradius.Start(a.t, a.space, freeradius.Config{Address: server, Secret: shared, Users: []freeradius.User{{Name: user, Password: password}}})
	}
}

// knowsUser wants a gateway to name its client's user.
func knowsUser(t *testing.T, end *appliance) {
	t.Helper()
	text := end.console("display access-user")
	isGateway := strings.Contains(end.console("display current-configuration configuration ike-peer"), "client-authentication xauth\n")
	if strings.Contains(text, user) != isGateway {
		t.Errorf("%s says of its users\n%s\nwant %s: %v", end.name, text, user, isGateway)
	}
}

// What a gateway gives its client, and the networks on either side of it.
const (
	clientAddress = "10.3.0.1"
	clientDNS     = "10.2.0.53"
)

// withAddress makes the end that begins a client of mode configuration, and the other one its gateway.
func (s *setup) withAddress(client, gateway string) {
	if s.begins {
		s.rules = fmt.Sprintf("rule 5 permit ip destination %s 0.0.0.255", s.far)
		s.peer = append(s.peer, "config-exchange "+client)
		s.entry = append(s.entry, "sa trigger-mode auto")
		return
	}
	near := s.near()
	s.template, s.far = true, "10.3.0.0"
	s.system = join("acl number 3001", fmt.Sprintf("rule 5 permit ip source %s 0.0.0.255", near)) + join("ip pool clients", "network 10.3.0.0 mask 255.255.255.240") +
		withService(s.system, "service-scheme clients", " ip-pool clients", " dns "+clientDNS, " route set acl 3001")
	s.peer = append(s.peer, "undo remote-address", "service-scheme clients")
	if gateway != "" {
		s.peer = append(s.peer, "config-exchange "+gateway)
	}
}

// withService adds lines to the AAA view, which may be there.
func withService(text string, lines ...string) string {
	if !strings.Contains(text, "aaa\n") {
		return text + join(append([]string{"aaa"}, lines...)...)
	}
	return within1(text, "aaa", lines)
}

// givesAddress is strongSwan's side of withAddress.
func givesAddress(c *strongswan.Connection, s *setup) {
	if s.begins {
		c.Pool, c.RemoteTS, c.DNS = "10.3.0.0/28", "", addrs(clientDNS)
		return
	}
	c.VIPs, c.LocalTS = []netip.Addr{netip.IPv4Unspecified()}, ""
}

// address has a client get an address and use it.
func (f feature) address(t *testing.T, in role) {
	if in == twoOfOurs {
		lab := f.newTwins(t)
		lab.a.awaitTunnel()
		lab.a.hasAddress()
		pingFrom(t, lab.a.space, clientAddress, hostB, 4)
		lab.a.speaks(hostB)
		ping(t, lab.pcB, clientAddress, 4)
		lab.wire.nothingInClear(t)
		return
	}
	s := newSetup(f, authority.New(t, "root"), true, in == weBegin)
	lab := newMixedLab(t, s.config(), f.against(s))
	lab.fw.prepare(s)
	if in == weBegin {
		lab.fw.awaitTunnel()
		lab.fw.hasAddress()
		pingFrom(t, lab.fw.space, clientAddress, swanHost, 4)
		lab.fw.speaks(swanHost)
	} else {
		must(t, lab.swan.Initiate())
		lab.fw.awaitTunnel()
		pingFrom(t, lab.far, clientAddress, hostA, 4)
		ping(t, lab.pc, clientAddress, 4)
		if text := lab.swan.Resolver(); !strings.Contains(text, clientDNS) {
			t.Errorf("strongSwan's name servers are %q, want %s", text, clientDNS)
		}
	}
	lab.wire.nothingOfOursInClear(t)
}

// hasAddress waits until the appliance has what its gateway gives.
func (a *appliance) hasAddress() {
	a.t.Helper()
	eventually(a.t, a.name+" has its address", func() bool { return slices.Contains(addressesOf(a.t, a.space), clientAddress+"/32") })
	text := a.console("display ike sa verbose")
	for _, want := range []string{clientDNS, "10.2.0.0/24"} {
		if !strings.Contains(text, want) {
			a.t.Errorf("%s does not show that it has been given %s:\n%s", a.name, want, text)
		}
	}
}

// speaks has a client itself speak to a host behind its gateway, from the source that the system
// chooses. With the kernel's dataplane that is for the operator's static route to say.
func (a *appliance) speaks(to string) {
	a.t.Helper()
	if testrun.OnKernel() {
		return
	}
	eventually(a.t, a.name+" speaks from "+clientAddress, func() bool {
		var from netip.Addr
		err := a.space.Do(func() error {
			c, err := net.Dial("udp", net.JoinHostPort(to, "9")) // sends nothing
			if err != nil {
				return err
			}
			from = c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
			return c.Close()
		})
		return err == nil && from.String() == clientAddress
	})
	ping(a.t, a.space, to, 4)
}

// addressesOf returns the addresses of a namespace, with their masks.
func addressesOf(t testing.TB, n *netns.Namespace) (all []string) {
	t.Helper()
	var list []net.Addr
	must(t, n.Do(func() (err error) {
		list, err = net.InterfaceAddrs()
		return err
	}))
	for _, a := range list {
		all = append(all, a.String())
	}
	return all
}

// pingFrom is ping with a source.
func pingFrom(t testing.TB, from *netns.Namespace, source, to string, count int) {
	t.Helper()
	pingWith(t, from, icmp.Request{Host: netip.MustParseAddr(to), Source: netip.MustParseAddr(source), Count: count})
}
