package xfrm

import (
	"net/netip"
	"slices"

	"sallyport/acl"
	"sallyport/ipsec"
)

// The addresses of the tests: our gateway and our LAN, the peer's.
var (
	gateway = netip.MustParseAddr("192.0.2.1")
	peer    = netip.MustParseAddr("192.0.2.2")
	nomad   = netip.MustParseAddr("198.51.100.7")
	host1   = netip.MustParseAddr("10.1.1.5")
	server  = netip.MustParseAddr("10.1.2.6")
	lan     = netip.MustParsePrefix("10.1.1.0/24")
	remote  = netip.MustParsePrefix("10.1.2.0/24")
)

func id(sequence uint32) ipsec.PolicyID {
	return ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "map1", Sequence: sequence}
}

// policy returns a policy with these rules, numbered 5, 10, 15 …
func policy(sequence uint32, rules ...acl.Rule) *ipsec.Policy {
	list := acl.New(3000)
	for i, r := range rules {
		r.ID = uint32(5 * (i + 1))
		list.Put(r)
	}
	return &ipsec.Policy{ID: id(sequence), Device: "eth0", Local: gateway, Remote: peer, ACL: list}
}

func permit(from, to netip.Prefix) acl.Rule {
	return acl.Rule{Action: acl.Permit, Source: wildcard(from), Destination: wildcard(to)}
}

func deny(from, to netip.Prefix) acl.Rule {
	r := permit(from, to)
	r.Action = acl.Deny
	return r
}

func toPort(r acl.Rule, port uint16) acl.Rule {
	r.Protocol, r.DestinationPort = acl.UDP, acl.Ports{Op: acl.Eq, Low: port}
	return r
}

func wildcard(p netip.Prefix) acl.Wildcard {
	return acl.NewWildcard(p.Addr(), uint32(uint64(1)<<(32-p.Bits())-1))
}

// outboundOf and inboundOf return an SA of policy 10's first rule.
func outboundOf(spi ipsec.SPI, change ...func(*ipsec.SA)) *ipsec.SA {
	return saOf(ipsec.Outbound, spi, change)
}

func inboundOf(spi ipsec.SPI, change ...func(*ipsec.SA)) *ipsec.SA {
	return saOf(ipsec.Inbound, spi, change)
}

func saOf(d ipsec.Direction, spi ipsec.SPI, change []func(*ipsec.SA)) *ipsec.SA {
	sa := &ipsec.SA{
		ID: ipsec.SAID{Protocol: ipsec.ESP, SPI: spi}, Direction: d, Policy: id(10), Rule: 5,
		Local: gateway, Remote: peer, Encryption: ipsec.AES128GCM,
		Selector: ipsec.Selector{Local: ipsec.PrefixRange(lan), Remote: ipsec.PrefixRange(remote)}, Window: 64,
	}
	for _, f := range change {
		f(sa)
	}
	sa.EncryptionKey = fill(sa.Encryption.KeyLen())
	sa.IntegrityKey = fill(sa.Integrity.KeyLen())
	if sa.ID.Destination = sa.Local; d == ipsec.Outbound {
		sa.ID.Destination = sa.Remote
	}
	return sa
}

// fill returns a key without zeros.
func fill(n int) []byte { return slices.Repeat([]byte{0x5a}, n) }

// bundle makes an SA one with AH.
func bundle(sa *ipsec.SA) {
	sa.AH = &ipsec.AHPart{SPI: sa.ID.SPI + 0x1000, Integrity: ipsec.SHA256, Key: fill(ipsec.SHA256.KeyLen())}
}

// from has an SA go to another peer.
func from(a netip.Addr) func(*ipsec.SA) { return func(sa *ipsec.SA) { sa.Remote = a } }

// ofRule has an SA be another flow's.
func ofRule(sequence, rule uint32) func(*ipsec.SA) {
	return func(sa *ipsec.SA) { sa.Policy, sa.Rule = id(sequence), rule }
}

func (r *rig) state(policies ...*ipsec.Policy) {
	r.memory.Helper()
	if err := r.SetPolicies(policies); err != nil {
		r.memory.Fatal(err)
	}
}

func (r *rig) add(sas ...*ipsec.SA) {
	r.memory.Helper()
	for _, sa := range sas {
		if err := r.AddSA(sa); err != nil {
			r.memory.Fatal(err)
		}
	}
}

// changes returns what was done to the kernel since it was asked last.
func (m *memory) changes() []string {
	done := m.done
	m.done = nil
	return done
}

// expect compares what was done to the kernel with what was wanted.
func (r *rig) expect(want ...string) {
	r.memory.Helper()
	if got := r.memory.changes(); !slices.Equal(got, want) {
		r.memory.Errorf("kernel was asked to %q, want %q", got, want)
	}
}
