package main_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sallyport/platform/netns/strongswan"
	"sallyport/platform/netns/testrun"
)

// A feature is one thing that IKEv1 peers do differently, with its configuration at either end.
// Each is negotiated by both ends in turn, and between two of our appliances;
// what came up is README's table of interoperability, see interop_table_test.go.
type feature struct {
	name   string // in README
	kernel bool   // strongSwan has it in the kernel alone
	once   bool   // who begins is fixed: a client begins with its gateway
	alone  bool   // strongSwan has no such thing: two of ours only
	ours   func(*setup)
	theirs func(*strongswan.Connection, *setup)
	check  func(t *testing.T, end *appliance) // of one of ours, when the tunnel is up
}

// An end is one of the two of a feature's test. The left one has 10.1.0.0/24, the right one
// 10.2.0.0/24.
type setup struct {
	left   bool // of the two ends
	begins bool
	suite  suite
	gateway
	proposal []string // lines of the ike proposal beside the suite's
	peer     []string // of the ike peer
	ipsec    []string // of the ipsec proposal
	entry    []string // of the ipsec policy
	system   []string // of the system view, before all of that
	before   []string // commands after the start, for what no configuration holds
	files    map[string][]byte
}

// name and other are the ends' names in identities.
func (s *setup) name() string  { return map[bool]string{true: "left", false: "right"}[s.left] }
func (s *setup) other() string { return map[bool]string{true: "right", false: "left"}[s.left] }

// features are tried in this order.
var features = slices.Concat(modeFeatures)

// modeFeatures are those of phase 1's exchanges and identities.
var modeFeatures = []feature{
	{name: "main mode, pre-shared key"},
	{name: "aggressive mode, pre-shared key, FQDN",
		ours: func(s *setup) { s.peer = s.named("fqdn", "exchange-mode aggressive") },
		theirs: func(c *strongswan.Connection, s *setup) {
			c.Aggressive, c.LocalID, c.RemoteID = true, s.other()+".test", s.name()+".test"
		},
	},
	{name: "aggressive mode, pre-shared key, e-mail address",
		ours: func(s *setup) { s.peer = s.named("user-fqdn", "exchange-mode aggressive") },
		theirs: func(c *strongswan.Connection, s *setup) {
			c.Aggressive, c.LocalID, c.RemoteID = true, s.other()+"@example.test", s.name()+"@example.test"
		},
	},
}

// named returns the lines of an ike peer whose ends name themselves by a type.
func (s *setup) named(kind string, more ...string) []string {
	form := map[string]string{"fqdn": ".test", "user-fqdn": "@example.test"}[kind]
	return append(more, "local-id-type "+kind, "local-id "+s.name()+form, "remote-id-type "+kind, "remote-id "+s.other()+form)
}

// newSetup is an end of a feature's test.
func newSetup(f feature, left, begins bool) *setup {
	a, b := twins()
	s := &setup{left: left, begins: begins, suite: plain, gateway: b}
	if left {
		s.gateway = a
	}
	if f.ours != nil {
		f.ours(s)
	}
	return s
}

// config returns the start-up configuration of the end.
func (s *setup) config() string {
	text := s.acl() + join(s.system...) + ikeProposal(s.suite, strings.Join(s.proposal, "\n ")) + s.ikePeer() +
		ipsecProposal(s.suite) + s.policy(s.suite) + s.network() + "return\n"
	text = within1(text, "ike peer far", s.peer)
	text = within1(text, "ipsec proposal a", s.ipsec)
	return within1(text, "ipsec policy policy1 1 isakmp", s.entry)
}

// within1 adds lines at the end of a view.
func within1(text, view string, lines []string) string {
	if len(lines) == 0 {
		return text
	}
	head, rest, _ := strings.Cut(text, view+"\n")
	body, tail, _ := strings.Cut(rest, "#\n")
	return head + view + "\n" + body + " " + strings.Join(lines, "\n ") + "\n#\n" + tail
}

// TestInteroperability negotiates every feature in every role, and holds what came up against
// README's table.
func TestInteroperability(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program in namespaces, which a short run leaves out")
	}
	results := newResults()
	t.Run("features", func(t *testing.T) {
		for _, f := range features {
			if f.kernel && !testrun.OnKernel() {
				continue // the run in the guest has it
			}
			f.run(t, results)
		}
	})
	if !t.Failed() {
		results.compare(t)
	}
}

// run negotiates a feature in every role.
func (f feature) run(t *testing.T, results *results) {
	run := func(r role, test func(*testing.T)) {
		t.Run(f.name+"/"+r.String(), func(t *testing.T) {
			t.Parallel()
			test(t)
			if !t.Failed() {
				results.add(f.name, r)
			}
		})
	}
	if !f.alone {
		run(weBegin, func(t *testing.T) { f.withStrongSwan(t, true) })
		run(theyBegin, func(t *testing.T) { f.withStrongSwan(t, false) })
	}
	run(twoOfOurs, f.withOurs)
}

// withStrongSwan negotiates with strongSwan at the right end.
func (f feature) withStrongSwan(t *testing.T, weBegin bool) {
	s := newSetup(f, true, weBegin)
	c := swanConnection(strongSwanSuite(s.suite))
	if f.theirs != nil {
		f.theirs(&c, s)
	}
	lab := newMixedLab(t, s.config(), c)
	lab.fw.prepare(s)
	if weBegin {
		lab.trafficInitiates(t)
	} else {
		lab.swanInitiates(t)
	}
	if f.check != nil {
		f.check(t, lab.fw)
	}
	lab.wire.nothingOfOursInClear(t)
}

// withOurs negotiates between two of our appliances, each beginning once.
func (f feature) withOurs(t *testing.T) {
	left, right := newSetup(f, true, true), newSetup(f, false, false)
	lab := newTwinLab(t, left.config(), right.config())
	lab.a.prepare(left)
	lab.b.prepare(right)
	ping(t, lab.pcA, hostB, 1)
	ping(t, lab.pcA, hostB, 4)
	lab.tunnel(t, lab.a, lab.b)
	for _, end := range []*appliance{lab.a, lab.b} {
		if f.check != nil {
			f.check(t, end)
		}
	}
	if !f.once {
		lab.a.console("reset ike sa")
		lab.down(t)
		ping(t, lab.pcB, hostA, 5)
		lab.tunnel(t, lab.b, lab.a)
	}
	lab.wire.nothingInClear(t)
}

// prepare types what no configuration holds.
func (a *appliance) prepare(s *setup) {
	a.t.Helper()
	if len(s.before) > 0 {
		a.console(s.before...)
	}
}

// strongSwanSuite returns a suite in strongSwan's words.
func strongSwanSuite(s suite) (ike, esp string) {
	for _, known := range interop {
		if known.ours == s {
			return known.ike, known.esp
		}
	}
	return "aes128-sha1-modp2048", "aes128-sha1"
}

// addrs makes addresses of texts.
func addrs(texts ...string) (all []netip.Addr) {
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}
