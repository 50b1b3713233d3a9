package commands

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// An ipsecSADisplay is `display ipsec sa`: the pairs of SAs under the policy
// entries, and these under the interfaces that they are applied to.
type ipsecSADisplay struct {
	Interfaces []ipsecSAInterface `json:"interfaces"`
}

// An ipsecSAInterface is one interface with SAs.
type ipsecSAInterface struct {
	Name     string          `json:"interface"`
	Policies []ipsecSAPolicy `json:"policies"`
}

// An ipsecSAPolicy is one policy entry with SAs.
type ipsecSAPolicy struct {
	Name     string        `json:"policy"`
	Sequence uint32        `json:"sequence"`
	Mode     string        `json:"mode"`
	VPN      string        `json:"vpn"`
	Pairs    []ipsecSAPair `json:"pairs"`
}

// An ipsecSAPair is a pair of SAs.
type ipsecSAPair struct {
	ConnectionID uint32         `json:"connection_id"`
	Rule         uint32         `json:"rule"` // of the ACL
	Mode         string         `json:"encapsulation_mode"`
	Local        netip.AddrPort `json:"tunnel_local"` // port 0: plain ESP
	Remote       netip.AddrPort `json:"tunnel_remote"`
	Source       ipsecFlow      `json:"flow_source"`
	Destination  ipsecFlow      `json:"flow_destination"`
	PFS          bool           `json:"pfs"`
	SAs          []ipsecSAState `json:"sas"` // inbound first
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
}

// saCounters returns what an SA has done so far; it is Device.SACounters.
type saCounters func(ipsec.SAID) (ipsec.Counters, bool)

// newIPsecSADisplay returns the pairs that only lets through, as they are at now.
func newIPsecSADisplay(now time.Time, all []ike.Status, count saCounters, only saFilter) ipsecSADisplay {
	entries := childEntries(all, only)
	slices.SortStableFunc(entries, byPolicy)
	d := ipsecSADisplay{Interfaces: []ipsecSAInterface{}}
	for _, e := range entries {
		policy := d.policy(e.child.Policy)
		policy.Pairs = append(policy.Pairs, newIPsecSAPair(now, e.child, count))
	}
	return d
}

func byPolicy(a, b saEntry) int {
	p, q := a.child.Policy, b.child.Policy
	return cmp.Or(
		cmp.Compare(p.Interface, q.Interface),
		cmp.Compare(p.Name, q.Name),
		cmp.Compare(p.Sequence, q.Sequence),
	)
}

// policy returns the block of the policy id, which is the last one or a new one:
// the entries come sorted.
func (d *ipsecSADisplay) policy(id ipsec.PolicyID) *ipsecSAPolicy {
	if n := len(d.Interfaces); n == 0 || d.Interfaces[n-1].Name != id.Interface {
		d.Interfaces = append(d.Interfaces, ipsecSAInterface{Name: id.Interface})
	}
	i := &d.Interfaces[len(d.Interfaces)-1]
	if n := len(i.Policies); n == 0 || i.Policies[n-1].Name != id.Name || i.Policies[n-1].Sequence != id.Sequence {
		i.Policies = append(i.Policies, ipsecSAPolicy{
			Name: id.Name, Sequence: id.Sequence, Mode: "isakmp", VPN: public,
		})
	}
	return &i.Policies[len(i.Policies)-1]
}

func newIPsecSAPair(now time.Time, c *ike.ChildStatus, count saCounters) ipsecSAPair {
	pair := ipsecSAPair{ConnectionID: c.ConnectionID, PFS: c.PFS, SAs: []ipsecSAState{}}
	for _, sa := range []*ipsec.SA{c.Inbound, c.Outbound} {
		if sa == nil {
			continue
		}
		s := sa.Selector
		pair.Rule, pair.Mode = sa.Rule, modeName(sa.Mode)
		pair.Local = netip.AddrPortFrom(sa.Local, sa.Encapsulation.Local)
		pair.Remote = netip.AddrPortFrom(sa.Remote, sa.Encapsulation.Remote)
		pair.Source = ipsecFlow{s.Local.First, s.Local.Last, s.LocalPort, s.Protocol}
		pair.Destination = ipsecFlow{s.Remote.First, s.Remote.Last, s.RemotePort, s.Protocol}
		pair.SAs = append(pair.SAs, newIPsecSAState(now.Sub(c.Created), sa, count))
	}
	return pair
}

// newIPsecSAState returns the state of an SA of the given age.
func newIPsecSAState(age time.Duration, sa *ipsec.SA, count saCounters) ipsecSAState {
	done, _ := count(sa.ID)
	s := ipsecSAState{
		Inbound:      sa.Direction == ipsec.Inbound,
		Protocol:     protocolName(sa.ID.Protocol),
		SPI:          uint32(sa.ID.SPI),
		VPN:          public,
		Proposal:     proposalText(sa),
		Sequence:     done.Sequence,
		Encapsulated: sa.Encapsulation != ipsec.Ports{},
		Packets:      done.Packets,
		Octets:       done.Octets,
		Window:       sa.Window,
	}
	if limit := sa.Hard.Octets; limit != 0 {
		left := limit - min(limit, done.Octets)
		s.RemainingOctets = &left
	}
	if limit := sa.Hard.Duration; limit != 0 {
		left := int64(max(limit-age, 0) / time.Second)
		s.RemainingSeconds = &left
	}
	return s
}
