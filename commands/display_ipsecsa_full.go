package commands

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"sallyport/ipsec"
)

// An ipsecSADisplay is `display ipsec sa`: the pairs of SAs under the policy
// entries, and these under the interfaces that they are applied to.
type ipsecSADisplay struct {
	InClear    []clearLine        `json:"in_clear"` // policies that have no SAs, and whose traffic goes in clear
	Interfaces []ipsecSAInterface `json:"interfaces"`
}

// An ipsecSAInterface is one interface with SAs.
type ipsecSAInterface struct {
	Name     string          `json:"interface"`
	Policies []ipsecSAPolicy `json:"policies"`
}

// An ipsecSAPolicy is one policy entry with SAs.
type ipsecSAPolicy struct {
	Name     string        `json:"policy"`                   // or the profile of a tunnel interface
	Sequence uint32        `json:"sequence"`                 // 0: of a profile
	Template string        `json:"policy_template"`          // that the entry refers to; empty: none
	Entry    uint32        `json:"policy_template_sequence"` // the template's entry, 0: no template
	Mode     string        `json:"mode"`                     // isakmp, template, prof-isakmp, manual
	VPN      string        `json:"vpn"`
	Pairs    []ipsecSAPair `json:"pairs"`
}

// An ipsecSAPair is a pair of SAs.
type ipsecSAPair struct {
	ConnectionID uint32         `json:"connection_id"` // 0: configured
	Rule         uint32         `json:"rule"`          // of the ACL; 0: all of them, or of a profile, which has none
	ACL          string         `json:"acl"`           // of a configured pair: what says which traffic it is for
	Mode         string         `json:"encapsulation_mode"`
	Local        netip.AddrPort `json:"tunnel_local"` // port 0: plain ESP
	Remote       netip.AddrPort `json:"tunnel_remote"`
	Source       ipsecFlow      `json:"flow_source"`
	Destination  ipsecFlow      `json:"flow_destination"`
	PFS          bool           `json:"pfs"`
	SAs          []ipsecSAState `json:"sas"` // inbound first, AH behind its ESP
}

// An ipsecFlow is one end of the traffic of a pair.
type ipsecFlow struct {
	First    netip.Addr `json:"first"`
	Last     netip.Addr `json:"last"`
	Port     uint16     `json:"port"`     // 0: any
	Protocol uint8      `json:"protocol"` // 0: any
}

// An ipsecSAState is one direction and what it has done so far.
type ipsecSAState struct {
	Inbound  bool   `json:"inbound"`
	Protocol string `json:"protocol"`
	SPI      uint32 `json:"spi"`
	VPN      string `json:"vpn"`
	Proposal string `json:"proposal"`
	// What is left until the hard expiry; null: no such bound was agreed.
	RemainingOctets  *uint64 `json:"remaining_octets"`
	RemainingSeconds *int64  `json:"remaining_seconds"`
	Sequence         uint64  `json:"max_sequence_number"`
	Encapsulated     bool    `json:"udp_encapsulation"`
	Packets          uint64  `json:"packets"`
	Octets           uint64  `json:"octets"` // of inner packets
	Window           int     `json:"anti_replay_window"`
	ESN              bool    `json:"esn"` // its sequence numbers are extended
}

// saCounters returns what an SA has done so far; it is Device.SACounters.
type saCounters func(ipsec.SAID) (ipsec.Counters, bool)

// newIPsecSADisplay returns the pairs as they are at now, by their policies.
func newIPsecSADisplay(now time.Time, pairs []saPair, count saCounters) ipsecSADisplay {
	slices.SortStableFunc(pairs, byPolicy)
	d := ipsecSADisplay{InClear: []clearLine{}, Interfaces: []ipsecSAInterface{}}
	for _, p := range pairs {
		policy := d.policy(&p)
		policy.Pairs = append(policy.Pairs, newIPsecSAPair(now, p, count))
	}
	return d
}

func byPolicy(a, b saPair) int {
	p, q := a.policy, b.policy
	return cmp.Or(
		cmp.Compare(p.Interface, q.Interface),
		cmp.Compare(p.Name, q.Name),
		cmp.Compare(p.Sequence, q.Sequence),
	)
}

// policy returns the block of a pair's policy, which is the last one or a new one:
// the pairs come sorted.
func (d *ipsecSADisplay) policy(p *saPair) *ipsecSAPolicy {
	id := p.policy
	if n := len(d.Interfaces); n == 0 || d.Interfaces[n-1].Name != id.Interface {
		d.Interfaces = append(d.Interfaces, ipsecSAInterface{Name: id.Interface})
	}
	i := &d.Interfaces[len(d.Interfaces)-1]
	of := ipsecSAPolicy{Name: id.Name, Sequence: id.Sequence, Mode: p.mode(), VPN: public}
	if p.template != nil {
		of.Name, of.Sequence, of.Template, of.Entry = p.template.Name, p.template.Sequence, id.Name, id.Sequence
	}
	if n := len(i.Policies); n == 0 || !i.Policies[n-1].same(&of) {
		i.Policies = append(i.Policies, of)
	}
	return &i.Policies[len(i.Policies)-1]
}

// same reports whether two blocks are about the same entry.
func (y *ipsecSAPolicy) same(z *ipsecSAPolicy) bool {
	return y.Name == z.Name && y.Sequence == z.Sequence && y.Template == z.Template && y.Entry == z.Entry
}

func newIPsecSAPair(now time.Time, p saPair, count saCounters) ipsecSAPair {
	pair := ipsecSAPair{ConnectionID: p.connectionID, ACL: p.acl, PFS: p.pfs, SAs: []ipsecSAState{}}
	for _, part := range saParts(p.inbound, p.outbound) {
		sa, s := part.of, part.of.Selector
		pair.Mode = modeName(sa.Mode)
		if p.policy.Sequence != 0 {
			pair.Rule = sa.Rule
		}
		pair.Local = netip.AddrPortFrom(sa.Local, sa.Encapsulation.Local)
		pair.Remote = netip.AddrPortFrom(sa.Remote, sa.Encapsulation.Remote)
		pair.Source = ipsecFlow{s.Local.First, s.Local.Last, s.LocalPort, s.Protocol}
		pair.Destination = ipsecFlow{s.Remote.First, s.Remote.Last, s.RemotePort, s.Protocol}
		pair.SAs = append(pair.SAs, newIPsecSAState(now.Sub(p.created), part, count))
	}
	return pair
}

// newIPsecSAState returns the state of an SA of the given age. The AH of a bundle ends
// with its ESP, whose octets decide.
func newIPsecSAState(age time.Duration, part saPart, count saCounters) ipsecSAState {
	sa := part.of
	done, _ := count(part.id)
	s := ipsecSAState{
		Inbound:      sa.Direction == ipsec.Inbound,
		Protocol:     protocolName(part.id.Protocol),
		SPI:          uint32(part.id.SPI),
		VPN:          public,
		Proposal:     part.proposal(),
		Sequence:     done.Sequence,
		Encapsulated: sa.Encapsulation != ipsec.Ports{},
		Packets:      done.Packets,
		Octets:       done.Octets,
		Window:       sa.Window,
		ESN:          sa.ESN,
	}
	if limit := sa.Hard.Octets; limit != 0 {
		whole, _ := count(sa.ID)
		left := limit - min(limit, whole.Octets)
		s.RemainingOctets = &left
	}
	if limit := sa.Hard.Duration; limit != 0 {
		left := int64(max(limit-age, 0) / time.Second)
		s.RemainingSeconds = &left
	}
	return s
}
