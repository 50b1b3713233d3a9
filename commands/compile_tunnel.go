package commands

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/platform"
)

// builtTunnel is the policy of a tunnel interface and what it was made of.
type builtTunnel struct {
	from   tunnelIngredients
	offers []*ipsec.Proposal
	policy *ike.Policy
}

// tunnelIngredients are all that a tunnel's policy depends on but its proposals. They are
// comparable.
type tunnelIngredients struct {
	protocol      TunnelProtocol
	profile       *Policy
	peer          *ike.Peer
	device        string // that the policy is on
	local, remote netip.Addr
	lifetime      ipsec.Lifetime
	offload       bool
}

// addTunnels appends the policies of the tunnels with a profile. They come before the
// policy groups: what a tunnel protects, an ACL of a port cannot take.
func (b *builder) addTunnels(p *Protection, device func(string) (string, error)) error {
	b.now.tunnels = map[string]builtTunnel{}
	for _, t := range b.tunnelStates() {
		if !t.up() || t.profile == nil {
			continue
		}
		built, err := b.buildTunnel(&t, device)
		if err != nil {
			return err
		}
		b.now.tunnels[t.of.Name] = built
		p.IKE.Policies = append(p.IKE.Policies, built.policy)
		p.Policies = append(p.Policies, &built.policy.Policy)
	}
	return nil
}

// buildTunnel returns the policy of a tunnel: that of the version before, if it is made of
// the same.
func (b *builder) buildTunnel(t *tunnelState, device func(string) (string, error)) (builtTunnel, error) {
	on := t.of
	if t.of.Tunnel.Protocol == TunnelGRE {
		on = t.carrier
	}
	linux, err := device(on.Name)
	if err != nil {
		return builtTunnel{}, fmt.Errorf("interface %s: %w", on.Name, err)
	}
	built := builtTunnel{offers: t.offers, from: tunnelIngredients{
		protocol: t.of.Tunnel.Protocol, profile: t.profile, peer: t.peer, device: linux, local: t.local, remote: t.remote,
		lifetime: ipsec.Lifetime{
			Duration: cmp.Or(t.profile.Lifetime.Duration, b.Lifetime.Duration),
			Octets:   cmp.Or(t.profile.Lifetime.Octets, b.Lifetime.Octets),
		},
		offload: t.carrier != nil && t.carrier.Offload,
	}}
	if old := b.old.tunnels[t.of.Name]; old.from == built.from && slices.Equal(old.offers, built.offers) {
		return old, nil
	}
	built.policy = built.made(t.of.Name)
	return built, nil
}

// made makes the policy. Its Sequence is 0, which no entry of a group has.
func (t *builtTunnel) made(name string) *ike.Policy {
	f := &t.from
	policy := ipsec.Policy{
		ID: ipsec.PolicyID{Interface: name, Name: f.profile.Name}, Device: f.device, Local: f.local, Remote: f.remote,
		Window: f.profile.Window, Transform: t.offers[0].Transform, Mode: t.offers[0].Mode.Proposed(), Offload: f.offload,
	}
	if f.protocol == TunnelIPsec {
		policy.Routed, policy.Mode, policy.ACL = true, ipsec.Tunnel, allTraffic
	} else {
		policy.ACL = permitting(name, acl.Rule{Protocol: protocolGRE, Source: acl.Host(f.local), Destination: acl.Host(f.remote)})
	}
	return &ike.Policy{
		Policy: policy,
		Peer:   f.peer, Proposals: t.offers, PFS: f.profile.PFS, Lifetime: f.lifetime, Auto: f.profile.Auto,
	}
}

// protocolGRE is the IP protocol number of GRE.
const protocolGRE = 47

// allTraffic is the ACL of tunnels that protect what is routed into them.
var allTraffic = permitting("any", acl.Rule{})

// permitting returns an ACL of one rule.
func permitting(name string, r acl.Rule) *acl.ACL {
	list := acl.NewNamed(name, acl.Advanced)
	r.ID, r.Action = list.Step, acl.Permit
	list.Put(r)
	return list
}

// A tunnelNetwork is the tunnels' part of a platform.Network: the names of those that are
// up, and what they are on the host.
type tunnelNetwork map[string]hostTunnel

// A hostTunnel is a tunnel on the host, and whether its traffic is to be protected.
type hostTunnel struct {
	platform.Interface
	protected bool
}

// anyProtected reports whether one of them is.
func (n tunnelNetwork) anyProtected() bool {
	for _, t := range n {
		if t.protected {
			return true
		}
	}
	return false
}

// tunnelNetwork returns the tunnels that are up, without their Linux names. An unnumbered
// one borrows the address alone, not the network that it is in.
func (c *Config) tunnelNetwork() tunnelNetwork {
	network := tunnelNetwork{}
	for _, t := range c.tunnelStates() {
		if !t.up() {
			continue
		}
		i := platform.Interface{Addresses: t.of.Addresses, MTU: t.of.MTU}
		if p := c.primary(t.of.Unnumbered); p.IsValid() {
			i.Addresses = []netip.Prefix{netip.PrefixFrom(p.Addr(), p.Addr().BitLen())}
		}
		if t.of.Tunnel.Protocol == TunnelGRE {
			key := t.of.Tunnel.Key
			i.GRE = &platform.GRE{Local: t.local, Remote: t.remote, Key: key.Number, HasKey: key.Set}
		}
		network[t.of.Name] = hostTunnel{i, t.protected()}
	}
	return network
}
