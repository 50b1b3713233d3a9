package commands

import (
	"net/netip"
	"slices"
	"strings"
)

// Validate returns what is wrong with the configuration as a whole, one error
// for each fault: what refers to nothing, and what clashes. A configuration
// that was only ever edited by lines has no fault.
func (c *Config) Validate() []error {
	v := validation{config: c}
	v.peers()
	v.policies()
	v.profiles()
	v.interfaces()
	v.tunnels()
	v.addresses()
	v.management()
	v.access()
	v.pki()
	return v.faults
}

// validation collects faults.
type validation struct {
	config *Config
	faults []error
}

func (v *validation) fault(format string, args ...any) {
	v.faults = append(v.faults, refuse(format, args...))
}

func (v *validation) peers() {
	byPlace := make(map[remotePlace]string, len(v.config.IKEPeers))
	for name, p := range v.config.IKEPeers {
		if p.Proposal != 0 && v.config.IKEProposals[p.Proposal] == nil {
			v.fault("The IKE proposal %d of IKE peer %s does not exist.", p.Proposal, name)
		}
		if p.UserTable != 0 && v.config.Access.UserTables[p.UserTable] == nil {
			v.fault("The IKE user table %d of IKE peer %s does not exist.", p.UserTable, name)
		}
		for _, place := range placesOf(p) {
			if other, taken := byPlace[place]; taken {
				v.fault("The IKE peers %s and %s have the same remote address.", min(name, other), max(name, other))
			}
			byPlace[place] = name
		}
	}
}

func (v *validation) policies() {
	for k, p := range v.config.Policies {
		if p.ACL != "" && v.config.ACLs[p.ACL] == nil {
			v.fault("The ACL %s of IPSec policy %s %d does not exist.", p.ACL, k.Name, k.Sequence)
		}
		if p.Peer != "" && v.config.IKEPeers[p.Peer] == nil {
			v.fault("The IKE peer %s of IPSec policy %s %d does not exist.", p.Peer, k.Name, k.Sequence)
		}
		for _, name := range p.Proposals {
			if v.config.IPsecProposals[name] == nil {
				v.fault("The IPSec proposal %s of IPSec policy %s %d does not exist.", name, k.Name, k.Sequence)
			}
		}
	}
	v.manual()
}

// manual looks for manual policies whose keys do not fit their proposals, with the same
// SPIs, and on several interfaces.
func (v *validation) manual() {
	holders := map[spiName]PolicyKey{}
	group := ""
	for _, p := range values(v.config.Policies, comparePolicies) {
		if !p.Manual {
			continue
		}
		for _, name := range p.spiNames() {
			if other, taken := holders[name]; taken {
				v.fault("The IPSec policies %s %d and %s %d have the same %v SPI %d.", other.Name, other.Sequence, p.Name, p.Sequence, name.Protocol, name.SPI)
			}
			holders[name] = p.PolicyKey
		}
		v.misfits(p)
		if p.Name != group {
			group = p.Name
			v.applied(group)
		}
	}
}

// misfits looks for keys of a manual policy that do not fit its proposal.
func (v *validation) misfits(p *Policy) {
	for _, name := range p.Proposals {
		if proposal := v.config.IPsecProposals[name]; proposal != nil && p.misfit(proposal) != "" {
			v.fault("IPSec policy %s %d: %s", p.Name, p.Sequence, p.misfit(proposal))
		}
	}
}

// applied looks for a group with a manual entry on several interfaces.
func (v *validation) applied(group string) {
	if users := appliedTo(v.config, group); len(users) > 1 {
		v.fault("The IPSec policy %s has a manual entry and is applied to interfaces %s.", group, strings.Join(users, ", "))
	}
}

func (v *validation) interfaces() {
	for name, i := range v.config.Interfaces {
		if i.Policy != "" && !v.config.hasGroup(i.Policy) {
			v.fault("The IPSec policy %s of interface %s does not exist.", i.Policy, name)
		}
	}
}

// addresses finds networks on two interfaces: sorted by first address, those
// that overlap are neighbours.
func (v *validation) addresses() {
	type owned struct {
		prefix netip.Prefix
		name   string
	}
	var all []owned
	for name, i := range v.config.Interfaces {
		for _, p := range i.Addresses {
			all = append(all, owned{p.Masked(), name})
		}
	}
	slices.SortFunc(all, func(a, b owned) int {
		if c := a.prefix.Compare(b.prefix); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	for n := 1; n < len(all); n++ {
		if a, b := all[n-1], all[n]; a.name != b.name && a.prefix.Overlaps(b.prefix) {
			v.fault("The addresses of interfaces %s and %s conflict.", min(a.name, b.name), max(a.name, b.name))
		}
	}
}
