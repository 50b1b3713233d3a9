package commands

import (
	"net/netip"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec"
)

// TestValidate breaks a configuration in a way that no line can.
func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name    string
		damage  func(*Config)
		want    string
		nothing bool
	}{
		{name: "nothing", damage: func(*Config) {}, nothing: true},
		{name: "no IKE proposal", damage: func(c *Config) { c.IKEPeers["b"].Proposal = 77 },
			want: "Error: The IKE proposal 77 of IKE peer b does not exist."},
		{name: "no ACL", damage: func(c *Config) { clear(c.ACLs) },
			want: "Error: The ACL 3000 of IPSec policy policy1 5 does not exist."},
		{name: "no peer", damage: func(c *Config) { clear(c.IKEPeers) },
			want: "Error: The IKE peer b of IPSec policy policy1 5 does not exist."},
		{name: "no IPsec proposal", damage: func(c *Config) { clear(c.IPsecProposals) },
			want: "Error: The IPSec proposal a of IPSec policy policy1 5 does not exist."},
		{name: "no policy", damage: func(c *Config) { clear(c.Policies) },
			want: "Error: The IPSec policy policy1 of interface GigabitEthernet0/0/2 does not exist."},
		{name: "two peers at one address", damage: func(c *Config) {
			c.IKEPeers["c"] = &ike.Peer{Name: "c", Remote: c.IKEPeers["b"].Remote}
		}, want: "Error: The IKE peers b and c have the same remote address."},
		{name: "two interfaces in one network", damage: func(c *Config) {
			c.Interfaces["eth1"] = &Interface{Name: "eth1", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.200/28")}}
		}, want: "Error: The addresses of interfaces GigabitEthernet0/0/2 and eth1 conflict."},
		{name: "two policies with an SPI", damage: func(c *Config) {
			for _, name := range []string{"x", "y"} {
				p := &Policy{PolicyKey: PolicyKey{name, 1}, Manual: true, SPIs: []ManualSPI{{SASide{ipsec.Inbound, ipsec.ESP}, 300}}}
				c.Policies[p.PolicyKey] = p
			}
		}, want: "Error: The IPSec policies x 1 and y 1 have the same ESP SPI 300."},
		{name: "a manual group on two interfaces", damage: func(c *Config) {
			c.Policies[PolicyKey{"policy1", 6}] = &Policy{PolicyKey: PolicyKey{"policy1", 6}, Manual: true}
			c.Interfaces["eth1"] = &Interface{Name: "eth1", Policy: "policy1"}
		}, want: "Error: The IPSec policy policy1 has a manual entry and is applied to interfaces GigabitEthernet0/0/2, eth1."},
		{name: "a key that does not fit", damage: func(c *Config) {
			p := &Policy{PolicyKey: PolicyKey{"x", 1}, Manual: true, Proposals: []string{"a"}}
			p.Keys = []ManualKey{{SASide{ipsec.Inbound, ipsec.ESP}, EncryptionHex, []byte("0011")}}
			c.Policies[p.PolicyKey] = p
		}, want: "Error: IPSec policy x 1: The key of sa encryption-hex inbound esp has 4 digits, aes-256 of IPSec proposal a wants 64."},
		{name: "GCM with configured keys", damage: func(c *Config) {
			p := &Policy{PolicyKey: PolicyKey{"x", 1}, Manual: true, Proposals: []string{"g"}}
			c.Policies[p.PolicyKey] = p
			c.IPsecProposals["g"] = &ipsec.Proposal{Name: "g", Encryptions: []ipsec.Encryption{ipsec.AES128GCM}}
		}, want: "Error: IPSec policy x 1: The IPSec proposal g has no algorithms for configured keys: GCM must have none (RFC 4106), and ESP wants authentication."},
	} {
		c := replayed(t, branch)
		test.damage(c)
		faults := c.Validate()
		if test.nothing {
			if len(faults) > 0 {
				t.Errorf("%s: %v", test.name, faults)
			}
			continue
		}
		if len(faults) != 1 || faults[0].Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, faults, test.want)
		}
	}
}
