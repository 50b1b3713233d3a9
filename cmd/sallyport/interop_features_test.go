package main_test

import (
	"cmp"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/platform/netns/authority"
	"sallyport/platform/netns/strongswan"
	"sallyport/platform/netns/testrun"
)

// A feature is one thing that IKEv1 peers do differently, with its configuration at either end.
// Each is negotiated by both ends in turn, and between two of our appliances;
// what came up is README's table of interoperability, see interop_table_test.go.
type feature struct {
	name     string // in README
	kernel   bool   // strongSwan has it in the kernel alone
	once     bool   // who begins is fixed: a client begins with its gateway
	alone    bool   // strongSwan has no such thing: two of ours only
	answers  bool   // it is one of who answers: strongSwan begins, or the left one of ours begins with the right one
	unasked  bool   // ours never ask for it: no two of them have it
	ours     func(*setup)
	theirs   func(*strongswan.Connection, *setup)
	check    func(t *testing.T, end *appliance)     // of one of ours, when the tunnel is up
	seen     func(t *testing.T, w *monitor)         // what was seen on the wire in the end
	protocol string                                 // of display ipsec sa brief; empty: ESP
	flow     func(f feature, t *testing.T, in role) // instead of the usual one
	swan     func(t *testing.T, s []strongswan.SA)  // what strongSwan says, when the tunnel is up
}

// A setup is one end of a feature's test. The left one has 10.1.0.0/24, the right one
// 10.2.0.0/24.
type setup struct {
	left    bool // of the two ends
	begins  bool
	root    *authority.CA // whom both ends trust, where there are certificates
	ca      *authority.CA // below the root; nil: not made yet
	ballast int           // octets that make certificates long
	suite   suite
	gateway
	proposal []string          // lines of the ike proposal beside the suite's
	peer     []string          // of the ike peer
	ipsec    []string          // of the ipsec proposal
	entry    []string          // of the ipsec policy
	template bool              // the policy is one of a template
	system   string            // views before all of that
	files    map[string][]byte // in the state folder
	late     func(*appliance)  // done after the start, before what follows
	before   []string          // lines typed after the start, for what no configuration holds
}

// name and other are the ends' names in identities.
func (s *setup) name() string  { return map[bool]string{true: "left", false: "right"}[s.left] }
func (s *setup) other() string { return map[bool]string{true: "right", false: "left"}[s.left] }

// features are tried in this order.
var features = slices.Concat(modeFeatures, certificateFeatures, userFeatures, pathFeatures, draftFeatures, trafficFeatures, lifeFeatures)

// modeFeatures are those of phase 1's exchanges and identities.
var modeFeatures = []feature{
	{name: "main mode, pre-shared key"},
	{name: "aggressive mode, pre-shared key, FQDN",
		ours: func(s *setup) { s.named("fqdn", ".test"); s.aggressive() },
		theirs: func(c *strongswan.Connection, s *setup) {
			c.Aggressive, c.LocalID, c.RemoteID = true, s.other()+".test", s.name()+".test"
		},
	},
	{name: "aggressive mode, pre-shared key, e-mail address",
		ours: func(s *setup) { s.named("user-fqdn", "@example.test"); s.aggressive() },
		theirs: func(c *strongswan.Connection, s *setup) {
			c.Aggressive, c.LocalID, c.RemoteID = true, s.other()+"@example.test", s.name()+"@example.test"
		},
	},
	{name: "aggressive mode, pre-shared key, key ID",
		ours: func(s *setup) { s.named("key-id", " group"); s.aggressive() },
		theirs: func(c *strongswan.Connection, s *setup) {
			c.Aggressive, c.LocalID, c.RemoteID = true, "keyid:"+s.other()+" group", "keyid:"+s.name()+" group"
		},
	},
	{name: "a key for each identity", answers: true, once: true,
		ours: func(s *setup) {
			s.aggressive()
			if s.begins {
				s.peer = append(s.peer, "local-id-type fqdn", "local-id "+s.name()+".test")
				return
			}
			s.system += join("ike user-table 1", "user far", " id-type fqdn "+s.other()+".test", " pre-shared-key "+interopKey,
				"user another", " id-type fqdn another.test", " pre-shared-key Another-Key@2026")
			s.template = true
			s.peer = append(s.peer, "user-table 1", "undo pre-shared-key", "undo remote-address")
		},
		theirs: func(c *strongswan.Connection, s *setup) { c.Aggressive, c.LocalID = true, s.other()+".test" },
	},
}

// named has both ends name themselves by a type.
func (s *setup) named(kind, form string) {
	s.peer = append(s.peer, "local-id-type "+kind, `local-id "`+s.name()+form+`"`, "remote-id-type "+kind, `remote-id "`+s.other()+form+`"`)
}

func (s *setup) aggressive() { s.peer = append(s.peer, "exchange-mode aggressive") }

// newSetup is an end of a feature's test.
func newSetup(f feature, root *authority.CA, left, begins bool) *setup {
	a, b := twins()
	s := &setup{left: left, begins: begins, root: root, suite: plain, gateway: b, files: map[string][]byte{}}
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
	text := s.acl() + s.system + ikeProposal(s.suite, strings.Join(s.proposal, "\n ")) + s.ikePeer() +
		ipsecProposal(s.suite) + s.protect() + s.network() + "return\n"
	text = within1(text, "ike peer far", s.peer)
	text = within1(text, "ipsec proposal a", s.ipsec)
	return within1(text, "ipsec policy policy1 1 isakmp", s.entry)
}

// protect returns the ipsec policy, and its template if it has one.
func (s *setup) protect() string {
	if !s.template {
		return s.policy(s.suite)
	}
	return join("ipsec policy-template anybody 1", "ike-peer far", "proposal a") + "ipsec policy policy1 1 isakmp template anybody\n#\n"
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
	t.Parallel()
	results := newResults()
	t.Run("features", func(t *testing.T) {
		for _, f := range features {
			f.run(t, results)
		}
	})
	if !t.Failed() && results.complete() { // some may have been left out
		results.compare(t)
	}
}

// roles returns those that a feature is tried in. What strongSwan has in the kernel alone is
// tried with it in the guest.
func (f feature) roles() (all []role) {
	switch {
	case f.alone, f.kernel && !testrun.OnKernel():
	case f.answers:
		all = []role{theyBegin}
	default:
		all = []role{weBegin, theyBegin}
	}
	if f.unasked {
		return all
	}
	return append(all, twoOfOurs)
}

// run negotiates a feature in every role.
func (f feature) run(t *testing.T, results *results) {
	for _, in := range f.roles() {
		t.Run(f.name+"/"+in.String(), func(t *testing.T) {
			t.Parallel()
			f.negotiate(t, in)
			if !t.Failed() {
				results.add(f.name, in)
			}
		})
	}
}

func (f feature) negotiate(t *testing.T, in role) {
	switch {
	case f.flow != nil:
		f.flow(f, t, in)
	case in == twoOfOurs:
		f.withOurs(t)
	default:
		f.withStrongSwan(t, in == weBegin)
	}
}

// against returns strongSwan's end of the test of an end of ours.
func (f feature) against(s *setup) strongswan.Connection {
	c := swanConnection(strongSwanSuite(s.suite))
	if f.theirs != nil {
		f.theirs(&c, s)
	}
	return c
}

// withStrongSwan negotiates with strongSwan at the right end.
func (f feature) withStrongSwan(t *testing.T, weBegin bool) {
	s := newSetup(f, authority.New(t, "root"), true, weBegin)
	lab := newMixedLab(t, s.config(), f.against(s))
	lab.protocol = cmp.Or(f.protocol, lab.protocol)
	lab.fw.prepare(s)
	if weBegin {
		lab.trafficInitiates(t)
	} else {
		lab.swanInitiates(t)
	}
	if f.check != nil {
		f.check(t, lab.fw)
	}
	if f.swan != nil {
		f.swan(t, lab.sas(t))
	}
	f.sees(t, lab.wire)
	lab.wire.nothingOfOursInClear(t)
}

func (f feature) sees(t *testing.T, w *monitor) {
	t.Helper()
	if f.seen != nil {
		f.seen(t, w)
	}
}

// newTwins makes the twin lab of a feature; the left end begins.
func (f feature) newTwins(t *testing.T) *twinLab {
	t.Helper()
	root := authority.New(t, "root")
	left, right := newSetup(f, root, true, true), newSetup(f, root, false, false)
	lab := newTwinLab(t, left.config(), right.config())
	lab.a.prepare(left)
	lab.b.prepare(right)
	return lab
}

// withOurs negotiates between two of our appliances, each beginning once.
func (f feature) withOurs(t *testing.T) {
	lab := f.newTwins(t)
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
	f.sees(t, lab.wire)
	lab.wire.nothingInClear(t)
}

// prepare writes and types what no configuration holds.
func (a *appliance) prepare(s *setup) {
	a.t.Helper()
	for name, text := range s.files {
		must(a.t, os.WriteFile(filepath.Join(a.state, name), text, 0o600))
	}
	if s.late != nil {
		s.late(a)
	}
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
