package commands

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"sallyport/ipsec"
)

// text prints the interfaces; without an SA the two counts of the brief form.
// The documented lines on path MTU and said are left out: neither is known here.
func (d ipsecSADisplay) text() string {
	var p page
	addClear(&p, d.InClear)
	if len(d.Interfaces) == 0 {
		addSACounts(&p, 0, 0)
	}
	for i, block := range d.Interfaces {
		if i > 0 {
			p.add("")
		}
		block.addTo(&p)
	}
	return p.text()
}

func (i ipsecSAInterface) addTo(p *page) {
	rule := strings.Repeat("=", 31)
	p.add(rule)
	p.addf("Interface: %s", i.Name)
	p.add(rule)
	for _, policy := range i.Policies {
		p.add("")
		policy.addTo(p)
	}
}

func (y ipsecSAPolicy) addTo(p *page) {
	rule := "  " + dashes(29)
	p.add(rule)
	if y.Sequence == 0 {
		p.addf("  IPsec profile name: %q", y.Name)
	} else {
		p.addf("  IPsec policy name: %q", y.Name)
		p.addf("  sequence number: %d", y.Sequence)
	}
	if y.Template != "" {
		p.addf("  policy template name: %q", y.Template)
		p.addf("  policy template sequence number: %d", y.Entry)
	}
	p.addf("  mode: %s", y.Mode)
	p.addf("  vpn: %s", y.VPN)
	p.add(rule)
	for i, pair := range y.Pairs {
		if i > 0 {
			p.add("")
		}
		pair.addTo(p)
	}
}

// addTo prints a pair. A configured one has no number, and is for all rules of its ACL.
func (r ipsecSAPair) addTo(p *page) {
	if r.ConnectionID != 0 {
		p.addf("    connection id: %d", r.ConnectionID)
		p.addf("    rule number: %s", r.rule())
	}
	p.addf("    encapsulation mode: %s", strings.ToLower(r.Mode))
	p.addf("    tunnel local: %s    tunnel remote: %s", tunnelEnd(r.Local), tunnelEnd(r.Remote))
	p.addf("    flow source: %s", r.flow(r.Source))
	p.addf("    flow destination: %s", r.flow(r.Destination))
	for _, sa := range r.SAs {
		p.add("")
		sa.addTo(p)
	}
}

// rule returns the number of the pair's rule, or a dash if there is none.
func (r ipsecSAPair) rule() string {
	if r.Rule == 0 {
		return "-"
	}
	return utoa(r.Rule)
}

// flow returns an end of the pair's traffic. That of a configured pair is what its list says.
func (r ipsecSAPair) flow(end ipsecFlow) string {
	if r.ACL != "" {
		return "per acl " + r.ACL
	}
	return end.text()
}

// addTo prints the documented lines in their order, then the counts and the
// window, which the newer generation has.
func (s ipsecSAState) addTo(p *page) {
	direction, moved, passed := "outbound", "sent", "encrypted"
	if s.Inbound {
		direction, moved, passed = "inbound", "received", "decrypted"
	}
	p.addf("    [%s %s SAs]", direction, s.Protocol)
	p.addf("      spi: %d (0x%x)", s.SPI, s.SPI)
	p.addf("      vpn: %s", s.VPN)
	p.addf("      proposal: %s", s.Proposal)
	p.addf("      sa remaining key duration (bytes/sec): %s/%s", left(s.RemainingOctets), left(s.RemainingSeconds))
	p.addf("      max %s sequence-number: %d", moved, s.Sequence)
	p.addf("      udp encapsulation used for nat traversal: %s", yesNo(s.Encapsulated))
	p.addf("      sa %s packets (number/bytes): %d/%d", passed, s.Packets, s.Octets)
	if s.Inbound {
		p.addf("      anti-replay window size: %s", s.window())
	}
	if s.ESN {
		p.addf("      extended sequence numbers: %s", yesNo(s.ESN))
	}
}

// window returns the size of the replay window, or that there is no check.
func (s ipsecSAState) window() string {
	if s.Window == 0 {
		return "disable"
	}
	return fmt.Sprint(s.Window)
}

// left returns what is left of a bound, or a dash where there is none.
func left[N int64 | uint64](n *N) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func yesNo(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

// tunnelEnd returns an end of a tunnel, with its port if ESP goes in UDP.
func tunnelEnd(a netip.AddrPort) string {
	if a.Port() == 0 {
		return addrText(a.Addr())
	}
	return a.String()
}

// text returns a flow's end as addresses, ports and protocol.
func (f ipsecFlow) text() string {
	low, high := f.Port, f.Port
	if f.Port == 0 {
		high = 65535
	}
	return fmt.Sprintf("%s %d-%d %d", f.addresses(), low, high, f.Protocol)
}

// addresses returns address/mask, or first-last for a range that has no mask.
func (f ipsecFlow) addresses() string {
	prefix, ok := ipsec.Range{First: f.First, Last: f.Last}.Prefix()
	if !ok || !f.First.Is4() {
		return addrText(f.First) + "-" + addrText(f.Last)
	}
	var mask [4]byte
	binary.BigEndian.PutUint32(mask[:], ^uint32(0)<<(32-prefix.Bits()))
	return fmt.Sprintf("%v/%v", f.First, netip.AddrFrom4(mask))
}
