package ipsectest

import (
	"bytes"
	"cmp"
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
)

// policyName is the policy of both gateways.
var policyName = ipsec.PolicyID{Interface: "GigabitEthernet0/0/0", Name: "map1", Sequence: 10}

// policy returns a gateway's policy with these rules.
func policy(local, remote netip.Addr, rules ...acl.Rule) *ipsec.Policy {
	return &ipsec.Policy{ID: policyName, Device: wan, Local: local, Remote: remote, ACL: List(rules...), Window: 64}
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
	encryption    ipsec.Encryption // zero: AES-128-GCM, or none with ah
	integrity     ipsec.Integrity
	ah            ipsec.Integrity // of AH, around ESP if there is an encryption; zero: no AH
	mode          ipsec.Mode
	esn           bool
	unchecked     bool           // no replay window
	window        int            // zero: 64
	selector      ipsec.Selector // zero: all between the LANs
	encapsulation ipsec.Ports
	spi           ipsec.SPI // of the SA to B; the one back has the next; zero: 0x1000
	soft, hard    ipsec.Lifetime
	b             netip.Addr     // gateway B's address; zero: wanB
	policy        ipsec.PolicyID // zero: policyName
	rule          uint32         // zero: 5, the first, but for manual SAs
	manual        bool
}

// behindESP is added to an SA's SPI for the AH of a bundle.
const behindESP = 0x500

// An ends is the two ends of one SA.
type ends struct{ outbound, inbound *ipsec.SA }

// withDefaults fills in what the zero values mean.
func (f flow) withDefaults() flow {
	if f.encryption == ipsec.NoEncryption && f.ah == ipsec.NoIntegrity {
		f.encryption = ipsec.AES128GCM
	}
	if f.selector == (ipsec.Selector{}) {
		f.selector = ipsec.Selector{Local: ipsec.PrefixRange(lanA), Remote: ipsec.PrefixRange(lanB)}
	}
	f.spi, f.policy, f.window = cmp.Or(f.spi, 0x1000), cmp.Or(f.policy, policyName), cmp.Or(f.window, 64)
	f.b = cmp.Or(f.b, wanB)
	if f.unchecked {
		f.window = 0
	}
	if !f.manual {
		f.rule = cmp.Or(f.rule, 5)
	}
	return f
}

// transform returns the protocols of the flow's SAs.
func (f flow) transform() ipsec.Transform {
	f = f.withDefaults()
	return ipsec.Offer{Encryption: f.encryption, Integrity: f.integrity, AH: f.ah}.Transform()
}

// stated returns the policy that the flow's SAs are for.
func (f flow) stated(local, remote netip.Addr, rules ...acl.Rule) *ipsec.Policy {
	p := policy(local, remote, rules...)
	p.ID, p.Transform, p.Mode, p.Manual = cmp.Or(f.policy, policyName), f.transform(), f.mode, f.manual
	return p
}

// sas returns the SAs to B and back.
func (f flow) sas() (there, back ends) {
	f = f.withDefaults()
	there = f.oneWay(wanA, f.b)
	reverse := f
	reverse.spi, reverse.selector = f.spi+1, swap(f.selector)
	reverse.encapsulation = ipsec.Ports{Local: f.encapsulation.Remote, Remote: f.encapsulation.Local}
	back = reverse.oneWay(f.b, wanA)
	return there, back
}

func swap(s ipsec.Selector) ipsec.Selector {
	s.Local, s.Remote = s.Remote, s.Local
	s.LocalPort, s.RemotePort = s.RemotePort, s.LocalPort
	return s
}

// oneWay returns the two ends of an SA, each with keys of its own.
func (f flow) oneWay(from, to netip.Addr) ends {
	out := &ipsec.SA{
		ID:        ipsec.SAID{Destination: to, Protocol: ipsec.ESP, SPI: f.spi},
		Direction: ipsec.Outbound, Policy: f.policy, Rule: f.rule,
		Local: from, Remote: to, Mode: f.mode,
		Encryption: f.encryption, Integrity: f.integrity,
		EncryptionKey: bytes.Repeat([]byte{byte(f.spi)}, f.encryption.KeyLen()),
		IntegrityKey:  bytes.Repeat([]byte{^byte(f.spi)}, f.integrity.KeyLen()),
		Selector:      f.selector, Encapsulation: f.encapsulation, Window: f.window, ESN: f.esn,
		Soft: f.soft, Hard: f.hard,
	}
	if f.ah != ipsec.NoIntegrity {
		f.authenticate(out)
	}
	in := out.Clone()
	in.Direction, in.Local, in.Remote, in.Selector = ipsec.Inbound, to, from, swap(f.selector)
	in.Encapsulation = ipsec.Ports{Local: f.encapsulation.Remote, Remote: f.encapsulation.Local}
	return ends{outbound: out, inbound: in}
}

// authenticate makes an SA one of AH, or puts AH around its ESP.
func (f flow) authenticate(sa *ipsec.SA) {
	key := bytes.Repeat([]byte{0x5a ^ byte(f.spi)}, f.ah.KeyLen())
	if f.encryption == ipsec.NoEncryption {
		sa.ID.Protocol, sa.Integrity, sa.IntegrityKey = ipsec.AH, f.ah, key
		return
	}
	sa.AH = &ipsec.AHPart{SPI: f.spi + behindESP, Integrity: f.ah, Key: key}
}
