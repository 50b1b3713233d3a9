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

// compiled is what was made of a configuration, kept so that the next version
// shares what did not change and looks again only at what did.
type compiled struct {
	written  [parts]*version // of the configuration it was made of
	lifetime ipsec.Lifetime
	builtIn  *ike.Proposal
	groups   map[string][]*Policy
	applied  map[string]application // by name of the interface
	config   *ike.Config
}

// An application is a policy group as an interface has it.
type application struct {
	to     *Interface
	device string
	group  []*Policy
	built  []builtPolicy // one for each entry of the group
}

// builtPolicy is a policy and what it was made of.
type builtPolicy struct {
	from   ingredients
	offers []*ipsec.Proposal
	policy *ike.Policy // nil: the entry is not complete
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
// pointer, the result itself too. c remembers it, so that calls are to be
// serialised.
func (c *Config) IKE(device func(name string) (string, error)) (*ike.Config, error) {
	b := c.builder()
	config := &ike.Config{Policies: make([]*ike.Policy, 0, len(c.Policies))}
	for _, p := range values(c.IKEProposals, cmp.Compare[uint32]) {
		config.Proposals = append(config.Proposals, &p.Proposal)
	}
	config.Proposals = append(config.Proposals, b.now.builtIn)
	for _, i := range values(c.Interfaces, strings.Compare) {
		if i.Policy == "" || i.Shutdown {
			continue
		}
		linux, err := device(i.Name)
		if err != nil {
			return nil, fmt.Errorf("interface %s: %w", i.Name, err)
		}
		applied := b.apply(i, linux)
		b.now.applied[i.Name] = applied
		for n := range applied.built {
			if p := applied.built[n].policy; p != nil {
				config.Policies = append(config.Policies, p)
			}
		}
	}
	b.now.config = unlessSame(config, b.old.config)
	c.compiled = b.now
	return b.now.config, nil
}

// unlessSame returns config, or old if that says the same.
func unlessSame(config, old *ike.Config) *ike.Config {
	if old != nil && slices.Equal(config.Proposals, old.Proposals) && slices.Equal(config.Policies, old.Policies) {
		return old
	}
	return config
}

// A builder makes policies of a configuration, with the help of what was made of an
// older version.
type builder struct {
	*Config
	old, now                             *compiled
	policies, lists, peers, ipsec, times bool // they are what they were
}

func (c *Config) builder() builder {
	old := c.compiled
	if old == nil {
		old = &compiled{builtIn: ike.BuiltIn()}
	}
	same := func(p part) bool { return old.written[p] == c.written[p] }
	b := builder{
		Config: c, old: old,
		policies: c.compiled != nil && same(partPolicies), lists: same(partACLs), peers: same(partIKEPeers),
		ipsec: same(partIPsecProposals), times: c.Lifetime == old.lifetime,
	}
	b.now = &compiled{
		written: c.written, lifetime: c.Lifetime, builtIn: old.builtIn, groups: b.grouped(),
		applied: make(map[string]application, len(c.Interfaces)),
	}
	return b
}

// grouped returns the entries by name, in order.
func (b *builder) grouped() map[string][]*Policy {
	if b.policies {
		return b.old.groups
	}
	groups := map[string][]*Policy{}
	for _, p := range b.Policies {
		groups[p.Name] = append(groups[p.Name], p)
	}
	for _, group := range groups {
		slices.SortFunc(group, func(a, b *Policy) int { return cmp.Compare(a.Sequence, b.Sequence) })
	}
	return groups
}

// apply returns what an interface makes of its group.
func (b *builder) apply(i *Interface, device string) application {
	a := application{to: i, device: device, group: b.now.groups[i.Policy]}
	old := b.old.applied[i.Name]
	if i == old.to && device == old.device && b.policies && b.lists && b.peers && b.ipsec && b.times {
		return old
	}
	a.built = make([]builtPolicy, len(a.group))
	at := 0
	for n, entry := range a.group {
		for at < len(old.group) && comparePolicies(old.group[at].PolicyKey, entry.PolicyKey) < 0 {
			at++
		}
		var before *builtPolicy
		if at < len(old.group) && old.group[at].PolicyKey == entry.PolicyKey {
			before = &old.built[at]
		}
		a.built[n] = b.build(i, device, entry, before)
	}
	return a
}

// build returns an entry as applied to an interface: before, if it is made of the
// same. before may be nil.
func (b *builder) build(i *Interface, device string, entry *Policy, before *builtPolicy) builtPolicy {
	built := builtPolicy{from: b.ingredients(i, device, entry, before)}
	if before != nil && b.ipsec && before.from.entry == entry {
		built.offers = before.offers
	} else {
		built.offers = b.offers(entry)
	}
	if before != nil && before.from == built.from && slices.Equal(before.offers, built.offers) {
		return *before
	}
	if built.from.complete() && len(built.offers) > 0 {
		id := ipsec.PolicyID{Interface: i.Name, Name: entry.Name, Sequence: entry.Sequence}
		built.policy = built.from.policy(id, built.offers)
	}
	return built
}

// ingredients returns what an entry is made of. Of what did not change it asks
// before, which is faster than to look it up.
func (b *builder) ingredients(i *Interface, device string, entry *Policy, before *builtPolicy) ingredients {
	from := ingredients{
		entry:  entry,
		device: device,
		lifetime: ipsec.Lifetime{
			Duration: cmp.Or(entry.Lifetime.Duration, b.Lifetime.Duration),
			Octets:   cmp.Or(entry.Lifetime.Octets, b.Lifetime.Octets),
		},
		auto: entry.Auto || i.AutoNeg,
	}
	known := before != nil && before.from.entry == entry
	if known && b.lists {
		from.list = before.from.list
	} else {
		from.list = b.ACLs[entry.ACL]
	}
	if known && b.peers {
		from.peer = before.from.peer
	} else {
		from.peer = b.IKEPeers[entry.Peer]
	}
	if len(i.Addresses) > 0 {
		from.local = i.Addresses[0].Addr()
	}
	if from.peer != nil && from.peer.Local.IsValid() {
		from.local = from.peer.Local
	}
	return from
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
