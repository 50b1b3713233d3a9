package commands

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/platform"
)

// compiled is what IKE made of a configuration, kept so that the next version
// shares what did not change.
type compiled struct {
	builtIn  *ike.Proposal
	policies map[ipsec.PolicyID]builtPolicy
}

// builtPolicy is a policy and what it was made of.
type builtPolicy struct {
	from   ingredients
	offers []*ipsec.Proposal
	policy *ike.Policy
}

// ingredients are all that a policy depends on but its proposals. They are
// comparable: objects are never changed, only replaced.
type ingredients struct {
	entry    *Policy
	list     *acl.ACL
	peer     *ike.Peer
	device   string
	local    netip.Addr
	lifetime ipsec.Lifetime
	auto     bool
}

// IKE returns what the engine and the dataplane are told: all proposals, and
// the entries of the policy groups in the order of interfaces and numbers.
// Entries that are not complete, or whose interface is shut down, are left out.
// device names the Linux device of an interface; its error is returned.
//
// What did not change since the version that c was cloned from is the same
// pointer. c remembers the result, so that calls are to be serialised.
func (c *Config) IKE(device func(name string) (string, error)) (*ike.Config, error) {
	old := c.compiled
	if old == nil {
		old = &compiled{builtIn: ike.BuiltIn()}
	}
	now := &compiled{old.builtIn, make(map[ipsec.PolicyID]builtPolicy, len(c.Policies))}
	config := &ike.Config{}
	for _, p := range values(c.IKEProposals, cmp.Compare[uint32]) {
		config.Proposals = append(config.Proposals, &p.Proposal)
	}
	config.Proposals = append(config.Proposals, now.builtIn)

	groups := c.groups()
	for _, i := range values(c.Interfaces, strings.Compare) {
		if i.Policy == "" || i.Shutdown {
			continue
		}
		linux, err := device(i.Name)
		if err != nil {
			return nil, fmt.Errorf("interface %s: %w", i.Name, err)
		}
		for _, entry := range groups[i.Policy] {
			built, ok := c.build(i, linux, entry, old)
			if ok {
				now.policies[built.policy.ID] = built
				config.Policies = append(config.Policies, built.policy)
			}
		}
	}
	c.compiled = now
	return config, nil
}

// groups returns the entries by name, in order.
func (c *Config) groups() map[string][]*Policy {
	groups := map[string][]*Policy{}
	for _, p := range values(c.Policies, comparePolicies) {
		groups[p.Name] = append(groups[p.Name], p)
	}
	return groups
}

// build returns an entry as applied to an interface, and false if it is not
// complete.
func (c *Config) build(i *Interface, device string, entry *Policy, old *compiled) (builtPolicy, bool) {
	from := ingredients{
		entry:  entry,
		list:   c.ACLs[entry.ACL],
		peer:   c.IKEPeers[entry.Peer],
		device: device,
		lifetime: ipsec.Lifetime{
			Duration: cmp.Or(entry.Lifetime.Duration, c.Lifetime.Duration),
			Octets:   cmp.Or(entry.Lifetime.Octets, c.Lifetime.Octets),
		},
		auto: entry.Auto || i.AutoNeg,
	}
	if len(i.Addresses) > 0 {
		from.local = i.Addresses[0].Addr()
	}
	if from.peer != nil && from.peer.Local.IsValid() {
		from.local = from.peer.Local
	}
	offers := c.offers(entry)
	if !from.complete() || len(offers) == 0 {
		return builtPolicy{}, false
	}
	id := ipsec.PolicyID{Interface: i.Name, Name: entry.Name, Sequence: entry.Sequence}
	if b := old.policies[id]; b.from == from && slices.Equal(b.offers, offers) {
		return b, true
	}
	return builtPolicy{from, offers, from.policy(id, offers)}, true
}

// offers returns the proposals of an entry that protect anything.
func (c *Config) offers(entry *Policy) []*ipsec.Proposal {
	var offers []*ipsec.Proposal
	for _, name := range entry.Proposals {
		if p := c.IPsecProposals[name]; p != nil && len(p.Offers()) > 0 {
			offers = append(offers, p)
		}
	}
	return offers
}

func (f *ingredients) complete() bool {
	return f.list != nil && f.peer != nil && f.peer.Remote.IsValid() && len(f.peer.Key) > 0 && f.local.IsValid()
}

func (f *ingredients) policy(id ipsec.PolicyID, offers []*ipsec.Proposal) *ike.Policy {
	return &ike.Policy{
		Policy: ipsec.Policy{
			ID: id, Device: f.device, Local: f.local, Remote: f.peer.Remote, ACL: f.list, Window: f.entry.Window,
		},
		Peer: f.peer, Proposals: offers, PFS: f.entry.PFS, Lifetime: f.lifetime, Auto: f.auto,
	}
}

// Network returns what the host is told: the interfaces and the routes. device
// is as for IKE.
func (c *Config) Network(device func(name string) (string, error)) (platform.Network, error) {
	var n platform.Network
	for _, i := range values(c.Interfaces, strings.Compare) {
		linux, err := device(i.Name)
		if err != nil {
			return n, fmt.Errorf("interface %s: %w", i.Name, err)
		}
		n.Interfaces = append(n.Interfaces, platform.Interface{
			Device: linux, Addresses: i.Addresses, MTU: i.MTU, Down: i.Shutdown,
		})
	}
	for _, r := range sortedRoutes(c) {
		route := platform.Route{Destination: r.Destination, NextHop: r.NextHop, Preference: r.Preference}
		if r.Interface != "" {
			linux, err := device(r.Interface)
			if err != nil {
				return n, fmt.Errorf("route to %v: %w", r.Destination, err)
			}
			route.Device = linux
		}
		n.Routes = append(n.Routes, route)
	}
	return n, nil
}
