package commands

import (
	"net/netip"
	"slices"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec"
)

const accessLines = `acl 3009
 rule permit ip source 10.1.1.0 0.0.0.255
 rule deny ip source 10.1.2.0 0.0.0.255
 rule permit ip source 10.3.0.0 0.0.255.0
 rule permit ip
ip pool phones
 network 10.9.0.0 mask 24
 gateway-list 10.9.0.1
 excluded-ip-address 10.9.0.40 10.9.0.50
 excluded-ip-address 10.9.0.254
ike user-table 7
 user b
  id-type fqdn branch.example
  pre-shared-key key-of-the-branch
 user keyless
  id-type fqdn other.example
 user nobody
  pre-shared-key key-of-nobody-at-all
ipsec proposal a
ike peer phones
 user-table 7
 service-scheme phones
ipsec policy-template t 20
 ike-peer phones
 proposal a
ipsec policy-template t 10
 ike-peer phones
 proposal a
 security acl 3009
ipsec policy p 100 isakmp template t
aaa
 service-scheme phones
  ip-pool phones
  dns 192.0.2.53
  route set acl 3009
interface eth1
 ip address 192.0.2.1 24
 ipsec policy p
`

func TestTemplatesAsTheEngineHasThem(t *testing.T) {
	c := replayed(t, accessLines)
	p := protection(t, c)
	if len(p.IKE.Policies) != 2 {
		t.Fatalf("%d policies, want those of the template's two entries", len(p.IKE.Policies))
	}
	first, second := p.IKE.Policies[0], p.IKE.Policies[1]
	if want := (ipsec.PolicyID{Interface: "eth1", Name: "t", Sequence: 10}); first.ID != want || second.ID.Sequence != 20 {
		t.Errorf("policies %v and %v, want %v first", first.ID, second.ID, want)
	}
	for _, policy := range p.IKE.Policies {
		if !policy.Template || policy.Remote.IsValid() || policy.Local != netip.MustParseAddr("192.0.2.1") {
			t.Errorf("%v: Template %v, Remote %v, Local %v", policy.ID, policy.Template, policy.Remote, policy.Local)
		}
	}
	if first.ACL != c.ACLs["3009"] || len(second.ACL.Rules) != 0 {
		t.Errorf("lists of %d and %d rules, want the ACL, and none", len(first.ACL.Rules), len(second.ACL.Rules))
	}
	if again := protection(t, c.Clone()); again != p {
		t.Error("an equal configuration is not the same protection")
	}
}

func TestUserTableAsTheEngineHasIt(t *testing.T) {
	table := protection(t, replayed(t, accessLines)).IKE.UserTables[7]
	if table == nil || len(table.Users) != 1 || table.Users[0].ID != "branch.example" || table.Users[0].IDType != ike.IDFQDN {
		t.Errorf("table %+v, want the one user with key and ID: a key of no octets would let anybody in", table)
	}
}

func TestSchemeAsTheEngineHasIt(t *testing.T) {
	s := protection(t, replayed(t, accessLines)).IKE.Schemes["phones"]
	if s == nil {
		t.Fatal("no scheme")
	}
	if want := []netip.Prefix{netip.MustParsePrefix("10.1.1.0/24")}; !slices.Equal(s.Networks, want) {
		t.Errorf("networks %v, want %v", s.Networks, want)
	}
	var got []string
	for _, p := range s.Pools {
		got = append(got, p.First.String()+"-"+p.Last.String())
		if p.Bits != 24 {
			t.Errorf("pool %s: mask of %d bits, want 24", p.Name, p.Bits)
		}
	}
	if want := []string{"10.9.0.2-10.9.0.39", "10.9.0.51-10.9.0.253"}; !slices.Equal(got, want) {
		t.Errorf("pools %v, want %v", got, want)
	}
}

func TestAccessIsSharedUntilItChanges(t *testing.T) {
	before := replayed(t, accessLines)
	first := protection(t, before)
	after, refused := Replay(before, Script{Text: "aaa\n service-scheme phones\n  dns 192.0.2.54\n", Open: open})
	if len(refused) > 0 {
		t.Fatal(refused[0])
	}
	second := protection(t, after)
	if second.IKE.UserTables[7] != first.IKE.UserTables[7] || second.IKE.Policies[0] != first.IKE.Policies[0] {
		t.Error("what did not change is another pointer")
	}
	if second.IKE == first.IKE || second.IKE.Schemes["phones"].DNS[0] != netip.MustParseAddr("192.0.2.54") {
		t.Error("the scheme that changed is the old one")
	}
}

func TestLogin(t *testing.T) {
	c := replayed(t, `radius-server template hq
 radius-server authentication 192.0.2.10 1812
 radius-server authentication 192.0.2.11 1812 weight 90
 undo radius-server user-name domain-included
aaa
 authentication-scheme two
  authentication-mode radius local
 domain example.org
  authentication-scheme two
  radius-server hq
 domain default
 domain plain
`)
	for _, test := range []struct {
		name, user, local string
		modes             []AuthenticationMode
		radius            bool
	}{
		{"alice", "alice", "alice", []AuthenticationMode{LocalUsers}, false},
		{"alice@plain", "alice@plain", "alice@plain", []AuthenticationMode{LocalUsers}, false},
		{"alice@example.org", "alice", "alice@example.org", []AuthenticationMode{RadiusServers, LocalUsers}, true},
		{"alice@else@example.org", "alice@else", "alice@else@example.org", []AuthenticationMode{RadiusServers, LocalUsers}, true},
		{"alice@nowhere", "alice@nowhere", "alice@nowhere", []AuthenticationMode{LocalUsers}, false},
	} {
		l := c.Access.Login(test.name)
		if l.User != test.user || l.Local != test.local || !slices.Equal(l.Modes, test.modes) || (l.Radius != nil) != test.radius {
			t.Errorf("Login(%q) = %+v, want %+v", test.name, l, test)
		}
	}
	if order := c.Access.Radius["hq"].Order(); order[0].Weight != 90 {
		t.Errorf("servers are asked in the order %v", order)
	}
}

func TestSHA2IsCutAsConfigured(t *testing.T) {
	for _, on := range []bool{false, true} {
		text := accessLines
		if on {
			text = "ipsec authentication sha2 compatible enable\n" + text
		}
		if got := protection(t, replayed(t, text)).IKE.SHA2Short; got != on {
			t.Errorf("compatible %v: the engine is told %v", on, got)
		}
	}
}
