package commands

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// documentedPolicy is the command reference's layout with the seed's values.
const documentedPolicy = `===========================================
IPSec policy group: "policy1"
Using interface: GigabitEthernet0/0/2
===========================================

    Sequence number: 1
    Policy Alias: policy1-1
    Security data flow: 3001
    Peer name    :  b
    Perfect forward secrecy: None
    Proposal name:  a
    IPSec SA local duration(time based): 3600 seconds
    IPSec SA local duration(traffic based): 1843200 kilobytes
    Anti-replay window size: 1024
    SA trigger mode: Traffic-based
    Route inject: None
    Respond-only: Disable
`

func withPolicies(entries ...Policy) *Config {
	c := New()
	for _, y := range entries {
		y.Window = cmp.Or(y.Window, DefaultWindow)
		c.Policies[y.PolicyKey] = &y
		if y.Peer != "" {
			c.IKEPeers[y.Peer] = &ike.Peer{Name: y.Peer, Key: secret.Octets("Key@123"), Local: netip.MustParseAddr("192.0.2.1")}
		}
		for _, name := range y.Proposals {
			c.IPsecProposals[name] = ipsec.NewProposal()
		}
	}
	c.Interfaces["GigabitEthernet0/0/2"] = &Interface{Name: "GigabitEthernet0/0/2", Policy: "policy1"}
	c.Interfaces["GigabitEthernet0/0/1"] = &Interface{Name: "GigabitEthernet0/0/1"}
	return c
}

// displayed returns an entry as displays have it.
func displayed(c *Config, k PolicyKey) policyEntry {
	return newPolicyEntry(c, c.Policies[k], c.upWith(k.Name))
}

func seedPolicy() Policy {
	return Policy{PolicyKey: PolicyKey{"policy1", 1}, ACL: "3001", Proposals: []string{"a"}, Peer: "b"}
}

func oddPolicies() *Config {
	c := withPolicies(
		seedPolicy(),
		Policy{PolicyKey: PolicyKey{"policy1", 10}, ACL: "3999", Peer: "peer-of-15-char",
			Proposals: []string{"fifteen-letters", "b"}, PFS: wire.Group19, Auto: true, Window: 256,
			Lifetime: ipsec.Lifetime{Duration: 604800 * time.Second, Octets: 4294967295 << 10}},
		Policy{PolicyKey: PolicyKey{"policy1", 2}, Lifetime: ipsec.Lifetime{Octets: 2560 << 10}},
		Policy{PolicyKey: PolicyKey{"fifteen-letters", 10000}, ACL: "3001", Peer: "b"},
	)
	c.Interfaces["GigabitEthernet0/0/1"].Policy = "policy1"
	return c
}

// manualPolicies are entries that are configured by hand: one whole, and others each in
// want of something.
func manualPolicies(t *testing.T) *Config {
	return replayed(t, byHand()+`ipsec proposal both
 transform ah-esp
ipsec policy m 1 manual
ipsec policy m 10 manual
 security acl 3000
 proposal a
 tunnel local interface GigabitEthernet0/0/9
 tunnel remote 192.0.2.2
ipsec policy m 20 manual
 security acl 3000
 proposal both
 tunnel local interface GigabitEthernet0/0/2
 tunnel remote 192.0.2.2
 sa spi inbound ah 400
 sa spi outbound ah 4294967295
 sa string-key inbound ah sixteen-octets-or-more
 sa string-key outbound esp sixteen-octets-or-more
`)
}

func TestPolicyDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		config     *Config
	}{
		{"none", "ipsec-policy-none", New()},
		{"the seed's", "ipsec-policy", withPolicies(seedPolicy())},
		{"odd ones", "ipsec-policy-odd", oddPolicies()},
		{"manual ones", "ipsec-policy-manual", manualPolicies(t)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newPolicyDisplay(test.config, "", 0)
			golden(t, "display/"+test.file+".txt", d.text())
			golden(t, "display/"+test.file+"-brief.txt", d.brief())
		})
	}
}

func TestPolicyDisplayIsTheDocumented(t *testing.T) {
	sameText(t, "display ipsec policy", newPolicyDisplay(withPolicies(seedPolicy()), "", 0).text(), documentedPolicy)
}

func TestPolicyBriefOffsets(t *testing.T) {
	text := newPolicyDisplay(oddPolicies(), "", 0).brief()
	offsets := []int{0, 23, 31, 37}
	cellsAt(t, lineWith(t, text, "Policy name"), offsets, "Policy name", "Mode", "ACL", "Peer name")
	cellsAt(t, lineWith(t, text, "fifteen"), offsets, "fifteen-letters-10000", "isakmp", "3001", "b")
	cellsAt(t, lineWith(t, text, "policy1-2"), offsets, "policy1-2", "isakmp", "-", "-")
	ruleOf(t, text, "-", 53)
}

func TestPolicySelection(t *testing.T) {
	tests := []struct {
		name     string
		group    string
		sequence uint32
		want     []string
	}{
		{"all, in order", "", 0, []string{"fifteen-letters-10000", "policy1-1", "policy1-2", "policy1-10"}},
		{"one group", "policy1", 0, []string{"policy1-1", "policy1-2", "policy1-10"}},
		{"one entry", "policy1", 2, []string{"policy1-2"}},
		{"no such group", "policy2", 0, nil},
		{"no such entry", "policy1", 3, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, g := range newPolicyDisplay(oddPolicies(), test.group, test.sequence).Groups {
				for _, e := range g.Entries {
					got = append(got, entryName(g.Name, e))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("newPolicyDisplay(%q, %d) = %v, want %v", test.group, test.sequence, got, test.want)
			}
		})
	}
}

func TestPolicyLines(t *testing.T) {
	tests := []struct {
		name  string
		entry uint32
		want  string
	}{
		{"own time", 10, "duration(time based): 604800 seconds"},
		{"own traffic", 10, "duration(traffic based): 4294967295 kilobytes"},
		{"the global time", 2, "duration(time based): 3600 seconds"},
		{"own traffic beside the global time", 2, "duration(traffic based): 2560 kilobytes"},
		{"a window of its own", 10, "Anti-replay window size: 256\n"},
		{"the usual window", 2, "Anti-replay window size: 1024\n"},
		{"PFS", 10, "Perfect forward secrecy: DH group 19"},
		{"trigger", 10, "SA trigger mode: Automatic"},
		{"two proposals", 10, "Proposal name:  fifteen-letters\n    Proposal name:  b\n"},
		{"all is missing", 2, "incomplete: no security acl, no ike-peer, no proposal"},
		{"no list", 2, "Security data flow:\n"},
		{"no peer", 2, "Peer name    :\n"},
		{"both interfaces", 1, "Using interface: GigabitEthernet0/0/1, GigabitEthernet0/0/2\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if text := newPolicyDisplay(oddPolicies(), "policy1", test.entry).text(); !strings.Contains(text, test.want) {
				t.Errorf("no %q in\n%s", test.want, text)
			}
		})
	}
}

func TestCompletePolicyIsNotCalledIncomplete(t *testing.T) {
	if text := newPolicyDisplay(withPolicies(seedPolicy()), "", 0).text(); strings.Contains(text, "incomplete") {
		t.Errorf("a complete entry is called incomplete:\n%s", text)
	}
}
