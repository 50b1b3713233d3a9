package commands

import (
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec"
)

// A tunnelState is what a tunnel interface comes to. One that lacks something, or is shut
// down, is down: it has no Linux device, no policy, and routes into it do not hold.
type tunnelState struct {
	of            *Interface
	local, remote netip.Addr // its ends; zero: not known
	profile       *Policy    // nil: none
	peer          *ike.Peer  // of the profile; nil: none
	proof         bool       // there is something to authenticate with
	offers        []*ipsec.Proposal
	carrier       *Interface // the port that has the local address; nil: none that is configured
	missing       []string   // what it lacks, as commands and nouns
}

// up reports whether the tunnel is there.
func (t *tunnelState) up() bool { return len(t.missing) == 0 && !t.of.Shutdown }

// protected reports whether what goes into the tunnel is to be protected: by its profile, or
// of GRE, as may be, by the policy group of the port that it leaves by.
func (t *tunnelState) protected() bool {
	return t.profile != nil || t.carrier != nil && t.carrier.Policy != ""
}

// tunnelStates returns the tunnels by name, each with what it comes to.
func (c *Config) tunnelStates() []tunnelState {
	var all []tunnelState
	for _, i := range values(c.Interfaces, strings.Compare) {
		if kind.IsTunnel(i.Name) {
			all = append(all, tunnelState{of: i})
		}
	}
	if len(all) == 0 {
		return nil
	}
	ports, taken := c.portsByAddress(), map[any]string{}
	for n := range all {
		t := &all[n]
		c.findEnds(t)
		t.carrier = ports[t.local]
		c.findOffers(t)
		t.missing = slices.Concat(t.lacks(), t.lacksProtection(), t.lacksOwn(taken))
	}
	return all
}

// portsByAddress returns the port that has each address.
func (c *Config) portsByAddress() map[netip.Addr]*Interface {
	ports := make(map[netip.Addr]*Interface, len(c.Interfaces))
	for _, i := range c.Interfaces {
		for _, a := range i.Addresses {
			if !kind.IsTunnel(i.Name) {
				ports[a.Addr()] = i
			}
		}
	}
	return ports
}

// findEnds fills in profile, peer and ends. What the tunnel does not say the peer does.
func (c *Config) findEnds(t *tunnelState) {
	of := &t.of.Tunnel
	t.profile = c.Profiles[of.Profile]
	t.local, t.remote = of.Source, of.Destination
	if of.SourcePort != "" {
		t.local = c.primary(of.SourcePort).Addr()
	}
	if t.profile == nil {
		return
	}
	if t.peer = c.IKEPeers[t.profile.Peer]; t.peer == nil {
		return
	}
	t.proof = c.proves(t.peer)
	if !of.Source.IsValid() && of.SourcePort == "" {
		t.local = t.peer.Local
	}
	if !t.remote.IsValid() {
		t.remote = placeOf(t.peer)
	}
}

// primary returns the primary address of an interface; the zero prefix if it has none.
func (c *Config) primary(name string) netip.Prefix {
	if i := c.Interfaces[name]; i != nil && len(i.Addresses) > 0 {
		return i.Addresses[0]
	}
	return netip.Prefix{}
}

// findOffers fills in the proposals that protect anything. All traffic of a tunnel with
// tunnel-protocol ipsec can only be protected in tunnel mode: RFC 4301 §4.1.
func (c *Config) findOffers(t *tunnelState) {
	if t.profile == nil {
		return
	}
	t.offers = c.offers(t.profile)
	if t.of.Tunnel.Protocol == TunnelIPsec {
		t.offers = slices.DeleteFunc(t.offers, func(p *ipsec.Proposal) bool { return p.Mode == ipsec.Transport })
	}
}

// lacks returns what the tunnel itself lacks.
func (t *tunnelState) lacks() (missing []string) {
	of := &t.of.Tunnel
	if of.Protocol == NoTunnel {
		return []string{"tunnel-protocol"}
	}
	switch {
	case t.local.IsValid():
	case of.SourcePort != "":
		missing = append(missing, "ip address of "+of.SourcePort)
	default:
		missing = append(missing, "source")
	}
	if of.Protocol == TunnelGRE && !t.remote.IsValid() && t.profile == nil {
		missing = append(missing, "destination")
	}
	if t.local.IsValid() && t.local == t.remote {
		missing = append(missing, "destination other than the source")
	}
	if of.Protocol == TunnelIPsec && t.profile == nil {
		missing = append(missing, "ipsec profile")
	}
	return missing
}

// lacksProtection returns what the profile lacks to protect the tunnel. GRE goes out of
// the port that has its source, under a policy of that port.
func (t *tunnelState) lacksProtection() (missing []string) {
	if t.profile == nil || t.of.Tunnel.Protocol == NoTunnel {
		return nil
	}
	if len(t.offers) == 0 {
		missing = append(missing, "usable proposal of ipsec profile "+t.profile.Name)
	}
	if t.peer == nil {
		return append(missing, "ike-peer of ipsec profile "+t.profile.Name)
	}
	of := " of ike peer " + t.peer.Name
	if !t.proof {
		missing = append(missing, "pre-shared-key"+of)
	}
	gre := t.of.Tunnel.Protocol == TunnelGRE
	if t.remote != placeOf(t.peer) || gre && t.remote == unresolved {
		missing = append(missing, "destination that is the remote-address"+of)
	}
	if t.peer.Local.IsValid() && t.local != t.peer.Local {
		missing = append(missing, "source that is the local-address"+of)
	}
	if gre && t.local.IsValid() && (t.carrier == nil || t.carrier.Shutdown) {
		missing = append(missing, "interface that is up with the address "+t.local.String())
	}
	return missing
}

// lacksOwn returns what an earlier tunnel has already: the peer, since all traffic to it
// could be of either; or for GRE the ends and the key.
func (t *tunnelState) lacksOwn(taken map[any]string) (missing []string) {
	type wire struct {
		local, remote netip.Addr
		key           GREKey
	}
	claim := func(what any, words string) {
		if other, is := taken[what]; is {
			missing = append(missing, words+" that "+other+" does not have")
			return
		}
		taken[what] = t.of.Name
	}
	if t.of.Shutdown {
		return nil
	}
	if t.peer != nil && t.of.Tunnel.Protocol != NoTunnel {
		claim(t.peer.Name, "ike-peer")
	}
	if t.of.Tunnel.Protocol == TunnelGRE && t.local.IsValid() && t.remote.IsValid() {
		claim(wire{t.local, t.remote, t.of.Tunnel.Key}, "source, destination and key")
	}
	return missing
}
