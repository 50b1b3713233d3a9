package ipsectest

import (
	"bytes"
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
)

// policyName is the policy of both gateways.
var policyName = ipsec.PolicyID{Interface: "GigabitEthernet0/0/0", Name: "map1", Sequence: 10}

// between permits, or denies, what goes from one prefix to another.
func between(from, to netip.Prefix) acl.Rule {
	return acl.Rule{Action: acl.Permit, Source: wildcard(from), Destination: wildcard(to)}
}

func wildcard(p netip.Prefix) acl.Wildcard {
	return acl.NewWildcard(p.Addr(), ^uint32(0)>>p.Bits())
}

// policy returns a gateway's policy with these rules, numbered 5, 10, 15 …
func policy(local, remote netip.Addr, rules ...acl.Rule) *ipsec.Policy {
	list := acl.New(3000)
	for i, r := range rules {
		r.ID = uint32(5 * (i + 1))
		list.Put(r)
	}
	return &ipsec.Policy{ID: policyName, Device: wan, Local: local, Remote: remote, ACL: list, Window: 64}
}

// mirrored returns the rules as the other gateway has them.
func mirrored(rules []acl.Rule) []acl.Rule {
	var all []acl.Rule
	for _, r := range rules {
		r.Source, r.Destination = r.Destination, r.Source
		r.SourcePort, r.DestinationPort = r.DestinationPort, r.SourcePort
		all = append(all, r)
	}
	return all
}

// A flow is one SA pair between the gateways, as gateway A sees it. The zero value
// is all traffic between the LANs, with AES-128-GCM.
type flow struct {
	encryption    ipsec.Encryption // zero: AES-128-GCM
	integrity     ipsec.Integrity
	selector      ipsec.Selector // zero: all between the LANs
	encapsulation ipsec.Ports
	spi           ipsec.SPI // of the SA to B; the one back has the next; zero: 0x1000
	soft          ipsec.Lifetime
}

// An ends is the two ends of one SA.
type ends struct{ outbound, inbound *ipsec.SA }

// sas returns the SAs to B and back.
func (f flow) sas() (there, back ends) {
	if f.encryption == ipsec.NoEncryption {
		f.encryption = ipsec.AES128GCM
	}
	if f.selector == (ipsec.Selector{}) {
		f.selector = ipsec.Selector{Local: ipsec.PrefixRange(lanA), Remote: ipsec.PrefixRange(lanB)}
	}
	if f.spi == 0 {
		f.spi = 0x1000
	}
	there = f.oneWay(wanA, wanB, f.selector, f.spi)
	reverse := f
	reverse.encapsulation = ipsec.Ports{Local: f.encapsulation.Remote, Remote: f.encapsulation.Local}
	back = reverse.oneWay(wanB, wanA, swap(f.selector), f.spi+1)
	return there, back
}

func swap(s ipsec.Selector) ipsec.Selector {
	s.Local, s.Remote = s.Remote, s.Local
	s.LocalPort, s.RemotePort = s.RemotePort, s.LocalPort
	return s
}

func (f flow) oneWay(from, to netip.Addr, s ipsec.Selector, spi ipsec.SPI) ends {
	out := &ipsec.SA{
		ID:        ipsec.SAID{Destination: to, Protocol: ipsec.ESP, SPI: spi},
		Direction: ipsec.Outbound, Policy: policyName, Rule: 5,
		Local: from, Remote: to, Mode: ipsec.Tunnel,
		Encryption: f.encryption, Integrity: f.integrity,
		EncryptionKey: bytes.Repeat([]byte{byte(spi)}, f.encryption.KeyLen()),
		IntegrityKey:  bytes.Repeat([]byte{^byte(spi)}, f.integrity.KeyLen()),
		Selector:      s, Encapsulation: f.encapsulation, Window: 64, Soft: f.soft,
	}
	in := *out
	in.Direction, in.Local, in.Remote, in.Selector = ipsec.Inbound, to, from, swap(s)
	in.Encapsulation = ipsec.Ports{Local: f.encapsulation.Remote, Remote: f.encapsulation.Local}
	return ends{outbound: out, inbound: &in}
}
