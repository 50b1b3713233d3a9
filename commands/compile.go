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
)

// compiled is what was made of a configuration, kept so that the next version
// shares what did not change and looks again only at what did.
type compiled struct {
	written  [parts]*version // of the configuration it was made of
	lifetime ipsec.Lifetime
	builtIn  *ike.Proposal
	groups   map[string][]*Policy
	applied  map[string]application // by name of the interface
	tunnels  map[string]builtTunnel // likewise
	access   builtAccess
	whole    *Protection
}

// An application is a policy group as an interface has it.
type application struct {
	to     *Interface
	device string
	group  []*Policy
	built  []builtPolicy // one for each entry of the group
	abroad bool          // an entry looks at another interface
}

// builtPolicy is a policy and what it was made of.
type builtPolicy struct {
	from   ingredients
	offers []*ipsec.Proposal
	policy *ike.Policy // of an isakmp entry; nil: it is not complete
	manual *manualPair // of a manual one; nil: it has no ACL
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
	offload  bool
	proof    bool // there is something to authenticate with
	short    bool // of a manual one: SHA2-256 is cut
	template bool // the entry is one of a template, for any traffic if it has no list
}

// Protection returns what the engine and the dataplane are told: all proposals, and
// the entries of the policy groups in the order of interfaces and numbers.
// Entries that are not complete, or whose interface is shut down, are left out, but for
// manual ones with an ACL: of those that are not complete there is the policy, without SAs.
// device names the Linux device of an interface; its error is returned.
//
// What did not change since the version that c was cloned from is the same
// pointer, the result itself too. c remembers it, so that calls are to be
// serialised.
func (c *Config) Protection(device func(name string) (string, error)) (*Protection, error) {
	b := c.builder()
	p := &Protection{IKE: c.globals(), Policies: make([]*ipsec.Policy, 0, len(c.Policies))}
	for _, proposal := range values(c.IKEProposals, cmp.Compare[uint32]) {
		p.IKE.Proposals = append(p.IKE.Proposals, &proposal.Proposal)
	}
	p.IKE.Proposals = append(p.IKE.Proposals, b.now.builtIn)
	b.addAccess(p.IKE)
	if err := b.addTunnels(p, device); err != nil {
		return nil, err
	}
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
		p.add(&applied)
	}
	b.now.whole = p.unlessSame(b.old.whole)
	c.compiled = b.now
	return b.now.whole, nil
}

// add appends what an interface makes of its group.
func (p *Protection) add(a *application) {
	for n := range a.built {
		if policy := a.built[n].policy; policy != nil {
			p.IKE.Policies = append(p.IKE.Policies, policy)
			p.Policies = append(p.Policies, &policy.Policy)
		}
		if pair := a.built[n].manual; pair != nil {
			p.Policies = append(p.Policies, pair.policy)
			if pair.inbound != nil {
				p.Manual = append(p.Manual, pair.inbound, pair.outbound)
			}
		}
	}
}

// unlessSame returns p, with what is the same in old taken from there, or old if all is.
// old may be nil.
func (p *Protection) unlessSame(old *Protection) *Protection {
	if old == nil {
		return p
	}
	if sameGlobals(p.IKE, old.IKE) && slices.Equal(p.IKE.Proposals, old.IKE.Proposals) && slices.Equal(p.IKE.Policies, old.IKE.Policies) {
		p.IKE = old.IKE
	}
	if p.IKE == old.IKE && slices.Equal(p.Policies, old.Policies) && slices.Equal(p.Manual, old.Manual) {
		return old
	}
	return p
}

// A builder makes policies of a configuration, with the help of what was made of an
// older version.
type builder struct {
	*Config
	old, now                                           *compiled
	policies, lists, peers, ipsec, times, ports, short bool // they are what they were
}

func (c *Config) builder() builder {
	old := c.compiled
	if old == nil {
		old = &compiled{builtIn: ike.BuiltIn()}
	}
	same := func(p part) bool { return old.written[p] == c.written[p] }
	b := builder{
		Config: c, old: old,
		policies: c.compiled != nil && same(partPolicies) && same(partTemplates), lists: same(partACLs), peers: same(partIKEPeers) && same(partIKEProposals),
		ipsec: same(partIPsecProposals), times: c.Lifetime == old.lifetime, ports: same(partInterfaces), short: c.SHA2Short == old.access.short,
	}
	b.now = &compiled{
		written: c.written, lifetime: c.Lifetime, builtIn: old.builtIn, groups: b.grouped(),
		applied: make(map[string]application, len(c.Interfaces)),
		access:  builtAccess{short: c.SHA2Short},
	}
	return b
}

// grouped returns the entries by name, in order.
func (b *builder) grouped() map[string][]*Policy {
	if b.policies {
		return b.old.groups
	}
	groups := map[string][]*Policy{}
	for k, p := range b.Policies {
		groups[k.Name] = append(groups[k.Name], b.entries(p)...)
	}
	for _, group := range groups {
		slices.SortFunc(group, compareEntries)
	}
	return groups
}

// apply returns what an interface makes of its group.
func (b *builder) apply(i *Interface, device string) application {
	a := application{to: i, device: device, group: b.now.groups[i.Policy]}
	old := b.old.applied[i.Name]
	if i == old.to && device == old.device && b.short && b.policies && b.lists && b.peers && b.ipsec && b.times && (b.ports || !old.abroad) {
		return old
	}
	a.built = make([]builtPolicy, len(a.group))
	at := 0
	for n, entry := range a.group {
		for at < len(old.group) && compareEntries(old.group[at], entry) < 0 {
			at++
		}
		var before *builtPolicy
		if at < len(old.group) && compareEntries(old.group[at], entry) == 0 {
			before = &old.built[at]
		}
		a.built[n] = b.build(i, device, entry, before)
		a.abroad = a.abroad || entry.LocalInterface != ""
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
	id := ipsec.PolicyID{Interface: i.Name, Name: entry.Name, Sequence: entry.Sequence}
	switch {
	case entry.Manual:
		built.manual = b.manualPair(id, &built.from, before)
	case built.from.complete() && len(built.offers) > 0:
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
		auto: entry.Auto || i.AutoNeg && !entry.Answers && !entry.Respond, offload: i.Offload, template: entry.Answers,
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
	if entry.Manual {
		from.local, from.short = b.localEnd(entry), b.SHA2Short
	} else if len(i.Addresses) > 0 {
		from.local = i.Addresses[0].Addr()
	}
	if from.peer != nil && from.peer.Local.IsValid() {
		from.local = from.peer.Local
	}
	from.proof = b.proves(from.peer)
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
	if f.template {
		return f.peer != nil && f.proof && f.local.IsValid()
	}
	return f.list != nil && f.peer != nil && onePlace(f.peer) && f.proof && f.local.IsValid()
}

func (f *ingredients) policy(id ipsec.PolicyID, offers []*ipsec.Proposal) *ike.Policy {
	policy := &ike.Policy{
		Policy: ipsec.Policy{
			ID: id, Device: f.device, Local: f.local, Remote: placeOf(f.peer), ACL: f.list, Window: f.entry.Window,
			Transform: offers[0].Transform, Mode: offers[0].Mode.Proposed(), Offload: f.offload,
		},
		Peer: f.peer, Proposals: offers, PFS: f.entry.PFS, Lifetime: f.lifetime, Auto: f.auto,
		Respond: f.entry.Respond, Clear: f.entry.Clear,
	}
	if f.template {
		asTemplate(policy)
	}
	return policy
}
