package ike

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ipsec"
)

// twoFlows gives each end a second rule.
func twoFlows(name string, c *Config) {
	from, to := uint32(0x0a030000), uint32(0x0a040000)
	if name == "branch" {
		from, to = to, from
	}
	rules := c.Policies[0].ACL.Rules
	c.Policies[0].ACL = &acl.ACL{Number: 3000, Step: 5, Rules: append(rules, kitPermit(10, from, to))}
}

// TestResetSelectors checks what each field of a Reset restricts it to.
func TestResetSelectors(t *testing.T) {
	for _, test := range []struct {
		name     string
		in       func(Status) Reset
		sas      int
		children int
	}{
		{"everything", func(Status) Reset { return Reset{} }, 0, 0},
		{"all pairs", func(Status) Reset { return Reset{ChildrenOnly: true} }, 1, 0},
		{"the ISAKMP SA by its ID", func(s Status) Reset { return Reset{ConnectionID: s.ConnectionID} }, 0, 0},
		{"a pair by its ID", func(s Status) Reset { return Reset{ConnectionID: s.Children[0].ConnectionID} }, 1, 1},
		{"an ID that is not there", func(Status) Reset { return Reset{ConnectionID: 999} }, 1, 2},
		{"the pairs, but not by the ISAKMP SA's ID", func(s Status) Reset { return Reset{ChildrenOnly: true, ConnectionID: s.ConnectionID} }, 1, 2},
		{"the peer", func(s Status) Reset { return Reset{Remote: s.Remote.Addr()} }, 0, 0},
		{"another peer", func(Status) Reset { return Reset{Remote: netip.MustParseAddr("203.0.113.1")} }, 1, 2},
		{"the group", func(Status) Reset { return Reset{ChildrenOnly: true, Policy: "p"} }, 1, 0},
		{"the entry", func(Status) Reset { return Reset{ChildrenOnly: true, Policy: "p", Sequence: 1} }, 1, 0},
		{"another entry", func(Status) Reset { return Reset{ChildrenOnly: true, Policy: "p", Sequence: 2} }, 1, 2},
		{"another group", func(Status) Reset { return Reset{ChildrenOnly: true, Policy: "q"} }, 1, 2},
		{"an inbound SA", func(s Status) Reset { return Reset{ChildrenOnly: true, SA: s.Children[0].Inbound.ID} }, 1, 1},
		{"an outbound SA", func(s Status) Reset { return Reset{ChildrenOnly: true, SA: s.Children[1].Outbound.ID} }, 1, 1},
		{"an SA that is not there", func(Status) Reset { return Reset{ChildrenOnly: true, SA: ipsec.SAID{SPI: 5}} }, 1, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := connected(t, 1, twoFlows)
			hq := w.ends[0]
			hq.step(Acquire{Policy: kitPolicy, Rule: 10})
			w.run(time.Second)
			hq.step(test.in(hq.engine.Status()[0]))
			w.run(time.Second)
			for _, n := range w.ends {
				if s := n.engine.size(); s.sas != test.sas || s.inbound != test.children || len(n.sas) != 2*test.children {
					t.Errorf("%s has %d ISAKMP SAs, %d pairs and %d SAs, want %d and %d", n.name, s.sas, s.inbound, len(n.sas), test.sas, test.children)
				}
			}
			w.mustEnd()
		})
	}
}

// TestSetConfigKeepsWhatIsAllowed checks which changes end which SAs.
func TestSetConfigKeepsWhatIsAllowed(t *testing.T) {
	for _, test := range []struct {
		name     string
		change   func(*Config)
		sas      int
		children int
	}{
		{"nothing", func(*Config) {}, 1, 1},
		{"PFS, for the next time", func(c *Config) { c.Policies[0].PFS = 19 }, 1, 1},
		{"the lifetime", func(c *Config) { c.Policies[0].Lifetime.Duration = 2 * time.Hour }, 1, 1},
		{"another rule besides", func(c *Config) { twoFlows("hq", c) }, 1, 1},
		{"the key", func(c *Config) { c.Policies[0].Peer.Key = []byte("another") }, 0, 0},
		{"the peer's name", func(c *Config) { c.Policies[0].Peer.Name = "other" }, 0, 0},
		{"the rule's traffic", func(c *Config) { *c = *otherRule(0) }, 1, 0},
		{"deny", func(c *Config) { c.Policies[0].ACL.Rules[0].Action = acl.Deny }, 1, 0},
		{"no policy", func(c *Config) { c.Policies = nil }, 0, 0},
		{"everything", func(c *Config) { *c = Config{} }, 0, 0},
		{"another peer at the address, before it", func(c *Config) {
			p := stranger()
			p.Peer.Remote = c.Policies[0].Peer.Remote
			c.Policies = append([]*Policy{p}, c.Policies...)
		}, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) { checkChange(t, test.change, test.sas, test.children) })
		t.Run(test.name+", and another policy", func(t *testing.T) {
			checkChange(t, func(c *Config) {
				test.change(c)
				c.Policies = append(c.Policies, stranger())
			}, test.sas, test.children)
		})
	}
}

// stranger is a policy with a peer that nobody knows.
func stranger() *Policy {
	p := *kitConfig(0).Policies[0]
	p.ID.Sequence = 77
	p.Peer = &Peer{Name: "stranger", Remote: netip.MustParseAddr("203.0.113.77"), Key: p.Peer.Key}
	return &p
}

// checkChange changes the configuration of one end of a connection, and counts what
// is left of it.
func checkChange(t *testing.T, change func(*Config), sas, children int) {
	t.Helper()
	w := connected(t, 1, nil)
	c := kitConfig(0)
	change(c)
	w.ends[0].step(SetConfig{c})
	w.run(time.Second)
	for _, n := range w.ends {
		if s := n.engine.size(); s.sas != sas || s.inbound != children || len(n.sas) != 2*children {
			t.Errorf("%s has %d ISAKMP SAs, %d pairs and %d SAs, want %d and %d", n.name, s.sas, s.inbound, len(n.sas), sas, children)
		}
	}
	w.mustEnd()
}

// TestReplacedPoliciesAreIndexed compares what is kept in mind of a configuration of
// which some policies were replaced with what would be kept of it alone.
func TestReplacedPoliciesAreIndexed(t *testing.T) {
	a, b, c := stranger(), stranger(), stranger()
	b.ID.Sequence, c.ID.Sequence = 78, 79
	elsewhere := *c.Peer
	elsewhere.Name, elsewhere.Remote = "elsewhere", netip.MustParseAddr("203.0.113.99")
	c.Peer = &elsewhere
	numbered := func(p *Policy, sequence uint32) *Policy {
		q := *p
		q.ID.Sequence = sequence
		return &q
	}
	swap := func(p *Policy, peer *Peer) *Policy {
		q := *p
		q.Peer = peer
		return &q
	}
	old := []*Policy{a, b, c}
	for name, now := range map[string][]*Policy{
		"nothing":                    {a, b, c},
		"the first of two":           {swap(a, c.Peer), b, c},
		"the second of two":          {a, swap(b, c.Peer), c},
		"the only one":               {a, b, swap(c, a.Peer)},
		"all, the other way round":   {swap(a, c.Peer), swap(b, c.Peer), swap(c, a.Peer)},
		"a peer at the same address": {a, b, swap(c, &Peer{Name: "new", Remote: c.Peer.Remote})},
		"one less":                   {a, b},
		"the first less":             {b, c},
		"the middle less":            {a, c},
		"another in front":           {numbered(c, 80), a, b, c},
		"another in the middle":      {a, numbered(a, 80), b, c},
		"one instead of two":         {a, numbered(c, 80)},
		"nothing any more":           nil,
		"another order":              {c, b, a},
	} {
		got, want := New(&Config{Policies: old}, nil), New(&Config{Policies: now}, nil)
		got.Step(time.Time{}, SetConfig{&Config{Policies: now}})
		if !maps.Equal(got.policies, want.policies) || !maps.Equal(got.directory.single, want.directory.single) || !slices.Equal(got.config.Policies, now) {
			t.Errorf("%s: %v and %v, want %v and %v", name, got.policies, got.directory.single, want.policies, want.directory.single)
		}
	}
}
