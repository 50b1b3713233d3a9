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
	return &grammar.View[Policy]{
		Tag:  func(p *Policy) string { return "ipsec-policy-isakmp-" + p.Name + "-" + strconv.Itoa(int(p.Sequence)) },
		New:  func() *Policy { return &Policy{Window: DefaultWindow} },
		Rows: slices.Concat([]grammar.Row[Policy]{securityACLRow()}, negotiationRows(), []grammar.Row[Policy]{triggerRow(), windowRow()}, answerRows()),
	}
}

// negotiationRows say how SAs are negotiated, for policies, templates and profiles.
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
	}
}

// windowRow is `anti-replay window`.
func windowRow() grammar.Row[Policy] {
	return grammar.Setting(grammar.Path[Policy]("anti-replay", "Replay protection", "window", "Size of the window"),
		grammar.Arg(kind.OneNumber(32, 64, 128, 256, 512, 1024), "Packets", func(p *Policy) *int { return &p.Window }))
}

// triggerRow is `sa trigger-mode`, of policies that begin negotiations.
func triggerRow() grammar.Row[Policy] {
	return grammar.Setting(grammar.Path[Policy]("sa", helpSA, "trigger-mode", "When SAs are made"),
		grammar.Arg(triggers(), "Mode", func(p *Policy) *bool { return &p.Auto })).Check(checks(checkRespond))
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
	case p.Answers:
	case peer.RemoteLast.IsValid():
		return refuse("The IKE peer has a range of addresses, which only a policy template can have.")
	case !onePlace(peer):
		return refuse("The IKE peer has no remote-address.")
	}
	if !peer.V1Only {
		e.warn("The IKE peer has no undo version 2; IKEv2 is not available, IKEv1 is used.")
	}
	return nil
}

func policyProposals() grammar.Items[Policy, string] {
	return grammar.Items[Policy, string]{
		All:    func(p *Policy) []string { return p.Proposals },
		New:    func() string { return "" },
		Put:    func(x any, p *Policy, name string) error { return x.(*edit).addProposal(p, name) },
		Remove: func(_ any, p *Policy, name string) error { return removeName(&p.Proposals, name) },
		Bare:   true,
	}
}

func (e *edit) addProposal(p *Policy, name string) error {
	if e.config.IPsecProposals[name] == nil {
		return refuse("The IPSec proposal does not exist.")
	}
	return addName(&p.Proposals, name, maxProposals, "A policy can have up to %d proposals.")
}

func comparePolicies(a, b PolicyKey) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Sequence, b.Sequence))
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
