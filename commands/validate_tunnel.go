package commands

import "sallyport/commands/kind"

// profiles are the faults of profiles: what they refer to.
func (v *validation) profiles() {
	for name, p := range v.config.Profiles {
		if p.Peer != "" && v.config.IKEPeers[p.Peer] == nil {
			v.fault("The IKE peer %s of IPSec profile %s does not exist.", p.Peer, name)
		}
		for _, proposal := range p.Proposals {
			if v.config.IPsecProposals[proposal] == nil {
				v.fault("The IPSec proposal %s of IPSec profile %s does not exist.", proposal, name)
			}
		}
	}
}

// tunnels are the faults of tunnels: what they refer to, and a profile that two have.
func (v *validation) tunnels() {
	owner := map[string]string{}
	for name, i := range v.config.Interfaces {
		for _, port := range []string{i.Unnumbered, i.Tunnel.SourcePort} {
			if port != "" && v.config.Interfaces[port] == nil {
				v.fault("The interface %s that interface %s refers to does not exist.", port, name)
			}
		}
		profile := i.Tunnel.Profile
		if profile == "" {
			continue
		}
		if v.config.Profiles[profile] == nil {
			v.fault("The IPSec profile %s of interface %s does not exist.", profile, name)
		}
		if other, taken := owner[profile]; taken {
			v.fault("The interfaces %s and %s have the same IPSec profile.", min(name, other), max(name, other))
		}
		owner[profile] = name
	}
	for k := range v.config.Routes {
		if kind.IsTunnel(k.Interface) && v.config.Interfaces[k.Interface] == nil {
			v.fault("The interface %s of the route to %v does not exist.", k.Interface, k.Destination)
		}
	}
}
