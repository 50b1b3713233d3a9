package commands

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/acl"
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Bounds of an IPsec SA's lifetime.
const (
	shortestSeconds = 30
	longestSeconds  = 604800
	leastKilobytes  = 2560
	mostKilobytes   = 4294967295
)

func durationArg[T any](lifetime func(*T) *ipsec.Lifetime) grammar.Element[T] {
	return grammar.Arg(kind.Seconds(shortestSeconds, longestSeconds), "Seconds",
		func(t *T) *time.Duration { return &lifetime(t).Duration })
}

func volumeArg[T any](lifetime func(*T) *ipsec.Lifetime) grammar.Element[T] {
	return grammar.Arg(kind.Kilobytes(leastKilobytes, mostKilobytes), "Kilobytes",
		func(t *T) *uint64 { return &lifetime(t).Octets })
}

// policyView is the view of `ipsec policy NAME SEQ isakmp`.
func policyView() *grammar.View[Policy] {
	list := grammar.Setting(grammar.Path[Policy]("security", "Traffic to protect", "acl", helpACL),
		listArg(3000, 3999, "Number of an advanced list", func(p *Policy) *string { return &p.ACL })).
		Check(checks(checkACL))
	return &grammar.View[Policy]{
		Tag:  func(p *Policy) string { return "ipsec-policy-isakmp-" + p.Name + "-" + strconv.Itoa(int(p.Sequence)) },
		New:  func() *Policy { return &Policy{Window: DefaultWindow} },
		Rows: append([]grammar.Row[Policy]{list}, negotiationRows()...),
	}
}

// negotiationRows say how SAs are negotiated, for policies and profiles.
func negotiationRows() []grammar.Row[Policy] {
	kw, name := grammar.Kw[Policy], grammar.Kw[string]
	duration := grammar.Path[Policy]("sa", helpSA, "duration", "Lifetime of the SAs")
	lifetime := func(p *Policy) *ipsec.Lifetime { return &p.Lifetime }
	return []grammar.Row[Policy]{
		grammar.Setting(kw("pfs", "Perfect forward secrecy"),
			grammar.Arg(kind.Group("dh-group"), "Group", func(p *Policy) *wire.Group { return &p.PFS })).Check(checks(checkPFS)),
		grammar.Setting(kw("ike-peer", helpPeer),
			grammar.Arg(kind.Name(longestName, "ike peer"), "Name of the peer", func(p *Policy) *string { return &p.Peer })).
			Check(checks(checkPeer)),
		grammar.List(policyProposals(), name("proposal", "IPSec proposal"), nameOf15("ipsec proposal", "Name of the proposal")),
		grammar.Setting(duration, kw("time-based", "Lifetime in seconds"), durationArg(lifetime)),
		grammar.Setting(duration, kw("traffic-based", helpTraffic), volumeArg(lifetime)),
		grammar.Setting(grammar.Path[Policy]("sa", helpSA, "trigger-mode", "When SAs are made"),
			grammar.Arg(triggers(), "Mode", func(p *Policy) *bool { return &p.Auto })),
		grammar.Setting(grammar.Path[Policy]("anti-replay", "Replay protection", "window", "Size of the window"),
			grammar.Arg(kind.OneNumber(32, 64, 128, 256, 512, 1024), "Packets", func(p *Policy) *int { return &p.Window })),
	}
}

// securityACLRow is `security acl`, which all policies have.
func securityACLRow() grammar.Row[Policy] {
	return grammar.Setting(grammar.Path[Policy]("security", "Traffic to protect", "acl", helpACL),
		listArg(3000, 3999, "Number of an advanced list", func(p *Policy) *string { return &p.ACL })).
		Check(checks(checkACL))
}

func triggers() grammar.Kind[bool] {
	return kind.Choice(
		grammar.Word[bool]{Text: "auto", Help: "At once", Value: true},
		grammar.Word[bool]{Text: "traffic-based", Help: helpTraffic, Value: false},
	)
}

// checkACL lets a policy have one list that exists.
func checkACL(e *edit, p *Policy) error {
	if p.ACL == "" {
		return nil
	}
	p.ACL = e.config.listKey(p.ACL)
	list := e.config.ACLs[p.ACL]
	old := e.before.(*Policy).ACL
	switch {
	case list == nil || list.Kind != acl.Advanced:
		return refuse("The ACL does not exist.")
	case old != "" && old != p.ACL:
		return refuse("The policy already has ACL %s, undo security acl first.", old)
	}
	return nil
}

func checkPFS(e *edit, p *Policy) error {
	e.warnGroup(p.PFS)
	return nil
}

// checkPeer lets a policy name a peer that can be called.
func checkPeer(e *edit, p *Policy) error {
	if p.Peer == "" {
		return nil
	}
	peer := e.config.IKEPeers[p.Peer]
	switch {
	case peer == nil:
		return refuse("The IKE peer does not exist.")
	case !peer.Remote.IsValid():
		return refuse("The IKE peer has no remote-address.")
	case !peer.V1Only:
		e.warn("The IKE peer has no undo version 2; IKEv2 is not available, IKEv1 is used.")
	}
	return nil
}

func policyProposals() grammar.Items[Policy, string] {
	return grammar.Items[Policy, string]{
		All:    func(p *Policy) []string { return p.Proposals },
		New:    func() string { return "" },
		Put:    func(x any, p *Policy, name string) error { return x.(*edit).addProposal(p, name) },
		Remove: func(_ any, p *Policy, name string) error { return removeProposal(p, name) },
		Bare:   true,
	}
}

func (e *edit) addProposal(p *Policy, name string) error {
	switch {
	case e.config.IPsecProposals[name] == nil:
		return refuse("The IPSec proposal does not exist.")
	case slices.Contains(p.Proposals, name):
		return nil
	case len(p.Proposals) == maxProposals:
		return refuse("A policy can have up to %d proposals.", maxProposals)
	}
	p.Proposals = append(slices.Clip(p.Proposals), name)
	return nil
}

// removeProposal removes one proposal, or all if there is no name.
func removeProposal(p *Policy, name string) error {
	if name == "" {
		p.Proposals = nil
		return nil
	}
	i := slices.Index(p.Proposals, name)
	if i < 0 {
		return grammar.ErrNotConfigured
	}
	p.Proposals = slices.Delete(slices.Clone(p.Proposals), i, i+1)
	return nil
}

func comparePolicies(a, b PolicyKey) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Sequence, b.Sequence))
}

// policies are the entries of a mode, as far as all their rows agree.
func policies(view *grammar.View[Policy], manual bool) grammar.Objects[Config, PolicyKey, Policy] {
	return grammar.Objects[Config, PolicyKey, Policy]{
		View:    view,
		Of:      func(c *Config) map[PolicyKey]*Policy { return c.Policies },
		Own:     func(c *Config) map[PolicyKey]*Policy { return own(c, partPolicies, &c.Policies) },
		Name:    func(p *Policy, k PolicyKey) { p.PolicyKey = k },
		Compare: comparePolicies,
		Mine:    func(p *Policy) bool { return p.Manual == manual },
		Delete:  allows((*edit).policyUnused),
	}
}

// policyTables returns a function that tells the table of an entry's view.
func policyTables() func(*Policy) *grammar.Table {
	negotiated, manual := policyView().Compile(), manualView().Compile()
	return func(p *Policy) *grammar.Table {
		if p.Manual {
			return manual
		}
		return negotiated
	}
}

// Help of the modes.
const (
	helpISAKMP = "Indicates use IKE to establish the IPSec SA"
	helpManual = "Indicates use manual to establish the IPSec SA"
)

// entryPath is what all commands on an entry begin with.
func entryPath() []grammar.Element[PolicyKey] {
	return []grammar.Element[PolicyKey]{
		grammar.Path[PolicyKey]("ipsec", helpIPsec, "policy", helpPolicy),
		grammar.Arg(kind.Name(longestName, "ipsec policy"), "Name of the group", func(k *PolicyKey) *string { return &k.Name }),
		grammar.Arg(kind.Integer[uint32](1, 10000), "Number of the entry, 1 is the first", func(k *PolicyKey) *uint32 { return &k.Sequence }),
	}
}

// entryHeading is how an entry is made: with its mode.
func entryHeading(p *Policy) []grammar.Element[PolicyKey] {
	if p.Manual {
		return append(entryPath(), grammar.Kw[PolicyKey]("manual", helpManual))
	}
	return append(entryPath(), grammar.Kw[PolicyKey]("isakmp", helpISAKMP))
}

// policyRows open and delete policies. The mode must be typed to make one, and cannot be
// changed.
func policyRows() []grammar.Row[Config] {
	typed := grammar.Typed[Config, PolicyKey, Policy, PolicyKey]{
		Key:     func(_ *Config, k PolicyKey) PolicyKey { return k },
		Name:    func(p *Policy, k PolicyKey) { p.PolicyKey = k },
		Of:      func(k PolicyKey, _ *Policy) PolicyKey { return k },
		Table:   policyTables(),
		Heading: entryHeading,
	}
	of := func(view *grammar.View[Policy], manual bool) grammar.Row[Config] {
		form := typed
		form.Admit = admitMode(manual)
		return grammar.EnterTyped(policies(view, manual), form, entryHeading(&Policy{Manual: manual})...).NoUndo()
	}
	reentry := policies(policyView(), false)
	reentry.Create = allows(func(*edit, PolicyKey) error {
		return refuse("The mode must be specified when an IPSec policy is created.")
	})
	return []grammar.Row[Config]{
		of(policyView(), false),
		of(manualView(), true),
		grammar.EnterTyped(reentry, typed, entryPath()...).Hidden(),
		undoGroup(),
		noTemplates(),
	}
}

// admitMode lets an entry be opened in its own mode, and a manual one be made in a group
// that is not on several interfaces: its SPIs are the whole box's.
func admitMode(manual bool) func(x any, c *Config, old *Policy, k PolicyKey) error {
	return func(_ any, c *Config, old *Policy, k PolicyKey) error {
		switch {
		case old != nil && old.Manual != manual:
			return refuse("The mode of an IPSec policy cannot be changed, undo ipsec policy %s %d first.", k.Name, k.Sequence)
		case old == nil && manual && len(appliedTo(c, k.Name)) > 1:
			return refuse("The IPSec policy is applied to several interfaces, a manual one can be applied to one.")
		}
		return nil
	}
}

// noTemplates is `ipsec policy NAME SEQ isakmp template T`.
func noTemplates() grammar.Row[Config] {
	return grammar.Edit(refuses[Config]("Policy templates are not available yet."),
		grammar.Path[struct{}]("ipsec", helpIPsec, "policy", helpPolicy), ignored(kind.Name(longestName, ""), "Name of the group"),
		ignored(kind.Integer[uint32](1, 10000), "Number of the entry, 1 is the first"),
		grammar.Path[struct{}]("isakmp", helpISAKMP, "template", "Policy template"), ignored(kind.Name(longestName, ""), "Name of the template"))
}

// ignored is an argument that nothing is done with.
func ignored[F any](k grammar.Kind[F], help string) grammar.Element[struct{}] {
	return grammar.Arg(k, help, func(*struct{}) *F { return new(F) })
}

// policyUnused refuses to remove the last entry of a group that an interface
// uses.
func (e *edit) policyUnused(k PolicyKey) error {
	if !e.hasOther(k) {
		if err := e.groupUnused(k.Name); err != nil {
			return err
		}
	}
	return e.moveSPIs(e.config.Policies[k], nil)
}

// hasOther reports whether a group has another entry.
func (e *edit) hasOther(k PolicyKey) bool {
	for other := range e.config.Policies {
		if other.Name == k.Name && other != k {
			return true
		}
	}
	return false
}

func (e *edit) groupUnused(name string) error {
	if users := appliedTo(e.config, name); len(users) > 0 {
		return refuse("The IPSec policy is being used by interface %s.", users[0])
	}
	return nil
}

// undoGroup deletes all entries of a name.
func undoGroup() grammar.Row[Config] {
	return grammar.Edit(func(x any, c *Config, name *string) error {
		keys := slices.DeleteFunc(sortedKeys(c.Policies, comparePolicies), func(k PolicyKey) bool { return k.Name != *name })
		if len(keys) == 0 {
			return grammar.ErrNotConfigured
		}
		if err := x.(*edit).groupUnused(*name); err != nil {
			return err
		}
		for _, k := range keys {
			if err := x.(*edit).moveSPIs(c.Policies[k], nil); err != nil {
				return err
			}
			delete(own(c, partPolicies, &c.Policies), k)
		}
		return nil
	}, grammar.Path[string]("undo", helpUndo, "ipsec", helpIPsec, "policy", helpPolicy), nameOf15("ipsec policy", "Name of the group"))
}

// manualElsewhere returns another interface with a group that has a manual entry, or "".
func (c *Config) manualElsewhere(i *Interface) string {
	others := slices.DeleteFunc(appliedTo(c, i.Policy), func(name string) bool { return name == i.Name })
	if len(others) == 0 {
		return ""
	}
	for _, p := range c.Policies {
		if p.Manual && p.Name == i.Policy {
			return others[0]
		}
	}
	return ""
}

// hasGroup reports whether a policy group of that name has an entry.
func (c *Config) hasGroup(name string) bool {
	for k := range c.Policies {
		if k.Name == name {
			return true
		}
	}
	return false
}
