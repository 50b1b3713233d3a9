package strongswan

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/platform/netns/authority"
	"sallyport/platform/netns/daemon"
	"sallyport/platform/netns/testrun"
)

// A feature is one that a pair is configured for: the left end initiates, and is
// the client where there is one.
type feature struct {
	name       string
	change     func(t *testing.T, left, right *Connection)
	user       string // whom the gateway knows the client as, by XAUTH
	vip        bool   // the client has an address of the gateway's
	log        string // what the initiator's log must say
	kernelOnly bool   // needs ESP or AH of the kernel
	from, to   string // who is pinged; empty: as pair.ping does, or from the vip
}

// certified gives both ends certificates of one CA.
func certified(t *testing.T, kind authority.KeyKind, auth Auth, left, right *Connection) {
	root := authority.New(t, "root")
	l, r := root.Issue(authority.Request{Name: "left", Key: kind}), root.Issue(authority.Request{Name: "right", Key: kind})
	certify(left, right, l, r)
	left.Auth, right.Auth = auth, auth
}

// certify gives the ends their certificates, and trust in right's issuer.
func certify(left, right *Connection, l, r *authority.Credential) {
	left.Auth, left.Files, left.LocalID, left.RemoteID = Certificates, l.Swanctl(r.Issuer), l.DN(), r.DN()
	right.Auth, right.Files, right.LocalID, right.RemoteID = Certificates, r.Swanctl(r.Issuer), r.DN(), l.DN()
}

// asUser makes the left end a client and the right one its gateway.
func asUser(left, right *Connection, auth Auth) {
	left.Auth, left.Role, left.User, left.Password = auth, Client, "anna", "let me in"
	right.Auth, right.Role, right.User, right.Password = auth, Gateway, "anna", "let me in"
}

// withPool has the left end ask the right one for an address.
func withPool(left, right *Connection) {
	left.VIPs, left.LocalTS = []netip.Addr{netip.IPv4Unspecified()}, ""
	right.Pool, right.RemoteTS = "10.3.0.0/28", ""
	right.DNS = []netip.Addr{netip.MustParseAddr("10.2.0.53")}
}

// aggressively sets both ends' mode, and identities by name.
func aggressively(left, right *Connection) {
	left.Aggressive, right.Aggressive = true, true
	left.LocalID, right.RemoteID = "branch.test", "branch.test"
	right.LocalID, left.RemoteID = "hub.test", "hub.test"
}

var features = []feature{
	{name: "aggressive, names", log: "AGGRESSIVE", change: func(_ *testing.T, left, right *Connection) {
		aggressively(left, right)
		right.Remote = netip.Addr{}
		right.Key, right.Keys = "another", []Key{{IDs: []string{"hub.test", "branch.test"}, Key: left.Key}}
	}},
	{name: "RSA, main mode", log: "RSA_EMSA_PKCS1", change: func(t *testing.T, left, right *Connection) {
		certified(t, authority.RSA, Certificates, left, right)
	}},
	{name: "RSA, aggressive", log: "AGGRESSIVE", change: func(t *testing.T, left, right *Connection) {
		certified(t, authority.RSA, Certificates, left, right)
		left.Aggressive, right.Aggressive = true, true
	}},
	{name: "ECDSA", log: "ECDSA", change: func(t *testing.T, left, right *Connection) {
		certified(t, authority.ECDSA, Certificates, left, right)
	}},
	// strongSwan works on a quick mode's first message and the end of XAUTH before it
	// in any order, and may give up. So users ask for an address in between.
	{name: "XAUTH, pre-shared key", user: "anna", vip: true, change: func(_ *testing.T, left, right *Connection) {
		asUser(left, right, XAUTHPSK)
		withPool(left, right)
	}},
	{name: "XAUTH, pre-shared key, aggressive", user: "anna", vip: true, change: func(_ *testing.T, left, right *Connection) {
		asUser(left, right, XAUTHPSK)
		aggressively(left, right)
		withPool(left, right)
	}},
	{name: "XAUTH, RSA", user: "anna", vip: true, change: func(t *testing.T, left, right *Connection) {
		certified(t, authority.RSA, Certificates, left, right)
		asUser(left, right, XAUTHCertificates)
		withPool(left, right)
	}},
	{name: "hybrid", user: "anna", vip: true, change: func(t *testing.T, left, right *Connection) {
		root := authority.New(t, "root")
		hub := root.Issue(authority.Request{Name: "hub", DNS: []string{"hub.test"}})
		asUser(left, right, Hybrid)
		left.Files, left.RemoteID = authority.Trust(root), "hub.test"
		right.Files, right.LocalID = hub.Swanctl(root), "hub.test"
		withPool(left, right)
	}},
	{name: "mode config, pull", vip: true, change: func(_ *testing.T, left, right *Connection) { withPool(left, right) }},
	{name: "mode config, push", vip: true, change: func(_ *testing.T, left, right *Connection) {
		withPool(left, right)
		left.Push, right.Push = true, true
	}},
	{name: "mode config, split networks", vip: true, log: "UNITY_SPLIT_INCLUDE", change: func(_ *testing.T, left, right *Connection) {
		withPool(left, right)
		right.SplitInclude = []netip.Prefix{netip.MustParsePrefix("10.2.0.0/24")}
	}},
	{name: "fragments", log: "fragment", change: func(t *testing.T, left, right *Connection) {
		certified(t, authority.RSA, Certificates, left, right)
		left.Fragmentation, left.FragmentSize = "force", 576
		right.Fragmentation, right.FragmentSize = "force", 576
	}},
	{name: "a long chain", change: func(t *testing.T, left, right *Connection) {
		root := authority.New(t, "root")
		deep := root.Subordinate("first").Subordinate("second")
		l, r := deep.Issue(authority.Request{Name: "left", Ballast: 2000}), root.Issue(authority.Request{Name: "right"})
		certify(left, right, l, r)
		right.Revocation = "ifuri"
	}},
	{name: "transport mode", kernelOnly: true, from: "192.0.2.1", to: "192.0.2.2", change: func(_ *testing.T, left, right *Connection) {
		for _, c := range []*Connection{left, right} {
			c.Transport, c.LocalTS, c.RemoteTS = true, "", ""
		}
	}},
	{name: "AH", kernelOnly: true, change: func(_ *testing.T, left, right *Connection) {
		left.AH, right.AH = "sha1", "sha1"
	}},
	{name: "ESN", kernelOnly: true, change: func(_ *testing.T, left, right *Connection) {
		left.ESP, right.ESP = "aes128-sha256-esn", "aes128-sha256-esn"
	}},
	{name: "encapsulation without a NAT", change: func(_ *testing.T, left, right *Connection) {
		left.ForceEncap, right.ForceEncap = true, true
	}},
	{name: "the peer's own address", from: "192.0.2.1", to: "192.0.2.2", change: func(_ *testing.T, left, right *Connection) {
		for _, c := range []*Connection{left, right} {
			c.CoversPeer, c.LocalTS, c.RemoteTS = true, "", ""
		}
	}},
}

// Two strongSwans agree on each feature of a Connection.
func TestFeatures(t *testing.T) {
	for _, f := range features {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if f.kernelOnly && !testrun.OnKernel() {
				t.Skip("needs the kernel's ESP and AH")
			}
			p := newPairOf(t, func(left, right *Connection) { f.change(t, left, right) })
			must(t, p.left.Initiate())
			sas, err := p.right.SAs()
			must(t, err)
			if len(sas) != 1 || len(sas[0].Children) != 1 || sas[0].Children[0].Name != child || sas[0].RemoteXAUTHID != f.user {
				t.Fatalf("the responder's SAs are %+v, want one with one child, and user %q", sas, f.user)
			}
			if f.vip != slices.Equal(sas[0].RemoteVIPs, []string{"10.3.0.1"}) {
				t.Errorf("the gateway has given %v, want the pool's first: %v", sas[0].RemoteVIPs, f.vip)
			}
			f.traffic(t, p)
			if f.vip && !strings.Contains(p.left.Resolver(), "10.2.0.53") {
				t.Errorf("the client's name servers are %q, want 10.2.0.53", p.left.Resolver())
			}
			if !strings.Contains(p.left.Log(), f.log) {
				t.Errorf("the initiator's log does not say %q", f.log)
			}
		})
	}
}

// traffic pings through the tunnel, and looks for the packets in the SA.
func (f feature) traffic(t *testing.T, p pair) {
	t.Helper()
	switch {
	case f.from != "":
		p.pingFrom(t, f.from, f.to)
	case f.vip:
		p.pingFrom(t, "10.3.0.1", "10.2.0.1")
	default:
		p.ping(t)
	}
	sas, err := p.right.SAs()
	must(t, err)
	if c := sas[0].Children[0]; c.PacketsIn != 3 || c.PacketsOut != 3 {
		t.Errorf("the responder's child is %+v, want three packets each way", c)
	}
}

// What a wrong secret or certificate is for: it does not come up.
func TestRefused(t *testing.T) {
	past := time.Now().Add(-time.Hour)
	root := func(t *testing.T) *authority.CA { return authority.New(t, "root") }
	withLeaf := func(left, right *Connection, ca *authority.CA, l *authority.Credential) {
		certify(left, right, l, ca.Issue(authority.Request{Name: "right"}))
	}
	tests := []struct {
		name   string
		change func(t *testing.T, left, right *Connection)
		log    string // the responder's
	}{
		{"a wrong password", func(_ *testing.T, left, right *Connection) {
			asUser(left, right, XAUTHPSK)
			left.Password = "let me out"
		}, "XAuth authentication of 'anna' failed"},
		{"a revoked certificate", func(t *testing.T, left, right *Connection) {
			ca := root(t)
			l := ca.Issue(authority.Request{Name: "left"})
			ca.Revoke(l)
			withLeaf(left, right, ca, l)
		}, "certificate was revoked"},
		{"an expired certificate", func(t *testing.T, left, right *Connection) {
			ca := root(t)
			withLeaf(left, right, ca, ca.Issue(authority.Request{Name: "left", From: past.Add(-time.Hour), To: past}))
		}, "certificate invalid"},
		{"a CA that nobody trusts", func(t *testing.T, left, right *Connection) {
			ca := root(t)
			withLeaf(left, right, ca, ca.Impostor().Issue(authority.Request{Name: "left"}))
		}, "issuer is"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPairOf(t, func(left, right *Connection) { test.change(t, left, right) })
			if err := p.left.Initiate(); err == nil {
				t.Error("the tunnel comes up")
			}
			if !strings.Contains(p.right.Log(), test.log) {
				t.Errorf("the responder's log does not say %q", test.log)
			}
		})
	}
}

// A responder for OCSP in a namespace is asked by the daemon in it.
func TestOCSP(t *testing.T) {
	for name, revoked := range map[string]bool{"good": false, "revoked": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authority.RequireOCSP(t)
			Require(t)
			left, right := newSpaces(t)
			root := authority.New(t, "root")
			url := root.ServeOCSP(right).URL(netip.MustParseAddr("192.0.2.2"))
			l, r := root.Issue(authority.Request{Name: "left", OCSP: url}), root.Issue(authority.Request{Name: "right"})
			if revoked {
				root.Revoke(l)
			}
			p := newPairIn(t, left, right, func(left, right *Connection) {
				certify(left, right, l, r)
				right.Revocation = "strict"
				delete(right.Files, "x509crl/root.pem")
			})
			if err := p.left.Initiate(); (err != nil) != revoked {
				t.Errorf("Initiate = %v, want refused: %v", err, revoked)
			}
			if want := "ocsp response correctly signed by \"C=ZZ, O=interop, CN=ocsp.root\""; !strings.Contains(p.right.Log(), want) {
				t.Errorf("the responder's log does not say %q", want)
			}
		})
	}
}

// Several children of one ISAKMP SA, each brought up and ended by its name.
func TestChildren(t *testing.T) {
	t.Parallel()
	Require(t)
	leftSpace, rightSpace := newSpaces(t)
	// In the kernel strongSwan sets no route for a selector that names a protocol.
	must(t, leftSpace.AddRoute(netip.MustParsePrefix("10.2.0.0/24"), netip.MustParseAddr("192.0.2.2")))
	must(t, rightSpace.AddRoute(netip.MustParsePrefix("10.1.0.0/24"), netip.MustParseAddr("192.0.2.1")))
	p := newPairIn(t, leftSpace, rightSpace, func(left, right *Connection) {
		left.LocalTS, right.RemoteTS = "10.1.0.0/24[icmp]", "10.1.0.0/24[icmp]"
		left.RemoteTS, right.LocalTS = "10.2.0.0/24[icmp]", "10.2.0.0/24[icmp]"
		left.Children = []Traffic{
			{Name: "web", LocalTS: "10.1.0.0/24[tcp]", RemoteTS: "10.2.0.0/24[tcp/80]", ESP: "aes256-sha256"},
			{Name: "udp", LocalTS: "10.1.0.0/24[udp]", RemoteTS: "10.2.0.0/24[udp/1000-2000]"},
		}
		right.Children = []Traffic{
			{Name: "web", LocalTS: "10.2.0.0/24[tcp/80]", RemoteTS: "10.1.0.0/24[tcp]", ESP: "aes256-sha256"},
			{Name: "udp", LocalTS: "10.2.0.0/24[udp/1000-2000]", RemoteTS: "10.1.0.0/24[udp]"},
		}
	})
	must(t, p.left.Initiate())
	must(t, p.left.InitiateNamed("web"))
	must(t, p.left.InitiateNamed("udp"))
	p.ping(t)
	sas, err := p.left.SAs()
	must(t, err)
	if len(sas) != 1 || len(sas[0].Children) != 3 {
		t.Fatalf("the SAs are %+v, want one with three children", sas)
	}
	byName := make(map[string]Child)
	for _, c := range sas[0].Children {
		byName[c.Name] = c
	}
	web := byName["web"]
	if web.Protocol != "ESP" || web.Mode != "TUNNEL" || web.KeySize != 256 || !slices.Equal(web.RemoteTS, []string{"10.2.0.0/24[tcp/http]"}) {
		t.Errorf("child web is %+v", web)
	}
	if byName[child].PacketsOut != 3 || byName["udp"].PacketsOut != 0 {
		t.Errorf("the children are %+v, want the ping in the first", byName)
	}
	must(t, p.left.TerminateNamed("web"))
	await(t, p.right, "two children", func(sas []SA) bool { return len(sas) == 1 && len(sas[0].Children) == 2 })
}

// A peer that crashes is found dead, and comes back.
func TestCrash(t *testing.T) {
	t.Parallel()
	p := newPairOf(t, func(left, right *Connection) {
		left.DPD, left.DPDTimeout, left.DPDAction = time.Second, 2*time.Second, "trap"
		left.Retransmit = Retransmit{Timeout: 300 * time.Millisecond, Base: 1, Tries: 2}
	})
	must(t, p.left.Initiate())
	p.right.Crash()
	await(t, p.left, "none with the dead peer", func(sas []SA) bool { return len(sas) == 0 })
	p.right.Restart(t)
	must(t, p.left.Initiate())
	p.ping(t)
}

// Traffic brings a trap up.
func TestTrap(t *testing.T) {
	t.Parallel()
	if !testrun.OnKernel() {
		t.Skip("needs the kernel's policies")
	}
	p := newPairOf(t, func(left, _ *Connection) { left.Trap = true })
	p.pingWith(t, "-c", "1", "-w", strconv.Itoa(int(daemon.Patience/time.Second)), "-I", "10.1.0.1", "10.2.0.1")
}

// A child is renewed after as many packets as it may carry.
func TestRekeyPackets(t *testing.T) {
	t.Parallel()
	if !testrun.OnKernel() {
		t.Skip("needs the kernel's counters")
	}
	p := newPairOf(t, func(left, _ *Connection) { left.RekeyPackets = 2 })
	must(t, p.left.Initiate())
	p.pingWith(t, "-c", "5", "-i", "0.02", "-W", "2", "-I", "10.1.0.1", "10.2.0.1")
	await(t, p.right, "a second child", func(sas []SA) bool {
		return len(sas) == 1 && slices.ContainsFunc(sas[0].Children, func(c Child) bool { return c.ID == 2 })
	})
}
