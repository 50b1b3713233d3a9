package xfrm

import (
	"net/netip"
	"slices"

	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest"
)

// The addresses of the tests, and what makes policies of them.
var (
	gateway, peer, host1, server = ipsectest.Gateway, ipsectest.Peer, ipsectest.Host, ipsectest.Server
	lan, remote                  = ipsectest.LAN, ipsectest.Remote
	nomad                        = netip.MustParseAddr("198.51.100.7")

	id, policy, template, instance = ipsectest.ID, ipsectest.Policy, ipsectest.Template, ipsectest.Instance
	permit, deny, toPort           = ipsectest.Permit, ipsectest.Deny, ipsectest.ToPort
	wildcard, one                  = ipsectest.Wildcard, ipsectest.One
)

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
