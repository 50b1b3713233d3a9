package ike

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A world is two engines, the network between them and the clock, for tests
// that look inside an engine. What a session file can say belongs there instead.
type world struct {
	t      testing.TB
	now    time.Time
	ends   [2]*end
	guest  *end     // a third one, or nil
	flying []flight // by time of arrival
	launch uint64
	route  func(flight) []flight // what the network makes of a datagram; nil: it arrives at once
	before func(flight)          // an adversary's chance, before a datagram is delivered
	after  func(flight)          // and after it
	sent   []flight              // everything sent so far
}

// A flight is a datagram on its way.
type flight struct {
	at    time.Time
	order uint64
	to    *end
	in    Datagram
}

// An end is an engine and a dataplane that holds what the engine installs.
type end struct {
	w         *world
	name      string
	engine    *Engine
	config    *Config
	addr      netip.Addr
	sas       map[ipsec.SAID]*ipsec.SA
	refuse    func(*ipsec.SA) bool // what its dataplane does not take
	unmovable bool                 // its dataplane moves no SA
	untried   []Output             // from the one that was refused on
	judge     func(Authenticate) Authenticated
	compute   bool // Computes wait in computing
	computing []Compute
	events    []Output
	refused   []error
	octetsIn  int
	octetsOut int
	unproven  map[firstKey]*account // of phase 1's messages, by what message 1 shows
	memory    memory
}

// An account is of a negotiation whose initiator has not shown that it is where it says.
type account struct {
	came, went int
	here       bool // it has
}

var (
	kitStart  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	kitPolicy = ipsec.PolicyID{Interface: "wan", Name: "p", Sequence: 1}
	kitRule   = uint32(5)
)

// newWorld makes two ends that are each other's peers; change, if not nil,
// alters their configurations.
func newWorld(t testing.TB, seed uint64, change func(name string, c *Config)) *world {
	w := &world{t: t, now: kitStart}
	for i, name := range []string{"hq", "branch"} {
		n := &end{w: w, name: name, addr: kitAddr(i), sas: map[ipsec.SAID]*ipsec.SA{}}
		n.config = kitConfig(i)
		if change != nil {
			change(name, n.config)
		}
		n.start(seed)
		w.ends[i] = n
	}
	return w
}

// start gives the end a new engine, as a restart of the daemon does.
func (n *end) start(seed uint64) {
	entropy := [32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24), n.name[0]}
	n.engine = New(n.config, rand.NewChaCha8(entropy))
	clear(n.sas)
}

func kitAddr(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}) }

// kitConfig is one end's configuration: a quick group, short keys, one flow.
func kitConfig(i int) *Config {
	own, other := uint32(0x0a010000), uint32(0x0a020000)
	if i == 1 {
		own, other = other, own
	}
	return &Config{
		Proposals: []*Proposal{{Number: 10, Method: wire.AuthPSK, Group: wire.Group19, Lifetime: 24 * time.Hour,
			Encryptions: []keymat.Cipher{{Algorithm: wire.EncAES, KeyBits: 128}}, Hashes: []wire.HashAlgorithm{wire.HashSHA256}}},
		Policies: []*Policy{{
			Policy: ipsec.Policy{ID: kitPolicy, Device: "wan", Local: kitAddr(i), Remote: kitAddr(1 - i), Window: 64,
				ACL: &acl.ACL{Number: 3000, Step: 5, Rules: []acl.Rule{kitPermit(kitRule, own, other)}}},
			Peer:      &Peer{Name: "peer", Key: secret.Octets("a-shared-secret-of-32-characters"), Remote: kitAddr(1 - i)},
			Proposals: []*ipsec.Proposal{{Name: "esp", Encryptions: []ipsec.Encryption{ipsec.AES128}, Integrities: []ipsec.Integrity{ipsec.SHA256}}},
			Lifetime:  ipsec.Lifetime{Duration: time.Hour},
		}},
	}
}

// kitPermit is a rule that permits one /24 to another.
func kitPermit(id, from, to uint32) acl.Rule {
	return acl.Rule{ID: id, Action: acl.Permit, Source: acl.Wildcard{Addr: from, Care: 0xffffff00}, Destination: acl.Wildcard{Addr: to, Care: 0xffffff00}}
}

// acquire says that a packet of the flow has no SA.
func (n *end) acquire() { n.step(Acquire{Policy: kitPolicy, Rule: kitRule}) }

// step feeds the engine and does what it wants, as ike/loop does.
func (n *end) step(in Input) {
	inputs := []Input{in}
	for len(inputs) > 0 && !n.memory.dead {
		if d, ok := inputs[0].(Datagram); ok {
			n.octetsIn += len(d.Octets)
			n.counts(d)
		}
		next := n.perform(n.engine.Step(n.w.now, inputs[0]))
		inputs = append(inputs[1:], next...)
	}
	if err := n.memory.check(n.engine); err != nil {
		n.w.t.Fatalf("%s after %T: %v", n.name, in, err)
	}
}

// counts keeps the account of what a datagram belongs to.
func (n *end) counts(d Datagram) {
	h := headerOf(d.Octets)
	key := firstKey{d.Remote, h.CookieI}
	if h.CookieR == (wire.Cookie{}) {
		if n.unproven == nil {
			n.unproven = map[firstKey]*account{}
		}
		if n.unproven[key] == nil {
			n.unproven[key] = &account{}
		}
		n.unproven[key].came += len(d.Octets)
	} else if a := n.unproven[key]; a != nil && n.engine.lookUp(h) != nil {
		a.here = true
	}
}

// mustAfford checks that of a negotiation no more octets go out than have come, until the other
// end has shown our cookie. A notification is measured by what it answers.
func (n *end) mustAfford(out Send) {
	h := headerOf(out.Octets)
	a := n.unproven[firstKey{out.Remote, h.CookieI}]
	if a == nil || a.here || h.Exchange == wire.Informational || n.engine.sas[h.CookieI] != nil {
		return
	}
	if a.went += len(out.Octets); a.went > a.came {
		n.w.t.Errorf("%s answers %d octets with %d: %x", n.name, a.came, a.went, out.Octets)
	}
}

// perform does outputs in order; the first that fails ends them.
func (n *end) perform(outputs []Output) (next []Input) {
	for i, out := range outputs {
		if n.memory.kills() {
			n.untried = append(n.untried, outputs[i:]...)
			return nil
		}
		switch out := out.(type) {
		case Send:
			n.octetsOut += len(out.Octets)
			n.mustAfford(out)
			n.w.send(out)
		case Compute:
			if n.compute {
				n.computing = append(n.computing, out)
				continue
			}
			next = append(next, Computed{out.Job, out.Work.Do()})
		case Authenticate:
			n.events = append(n.events, out)
			if n.judge != nil {
				next = append(next, n.judge(out))
			}
		case InstallSA:
			if n.refuse != nil && n.refuse(out.SA) {
				n.untried = append(n.untried, outputs[i:]...)
				return append(next, Failed{out, fmt.Errorf("refused")})
			}
			n.install(out.SA)
		case MoveSA:
			if err := n.move(out); err != nil {
				next = append(next, Failed{out, err})
			}
		case RemoveSA:
			if n.sas[out.ID] == nil && !n.wasNotTried(out.ID) {
				n.w.t.Errorf("%s removes %v, which is not there", n.name, out.ID)
			}
			delete(n.sas, out.ID)
		case Remember, Forget:
			n.memory.keep(out)
		case Refused:
			n.refused = append(n.refused, out.Err)
		default:
			n.events = append(n.events, out)
		}
	}
	return next
}

// move gives an SA another place of its peer's, and objects to one that is not there.
func (n *end) move(m MoveSA) error {
	sa := n.sas[m.SA]
	if sa == nil {
		n.w.t.Errorf("%s moves %v, which is not there", n.name, m.SA)
		return fmt.Errorf("there is no SA")
	}
	if n.unmovable {
		return fmt.Errorf("refused")
	}
	moved := at(sa, m.To)
	delete(n.sas, m.SA)
	n.sas[moved.ID] = moved
	return nil
}

// wasNotTried reports whether an SA was to be installed by a batch that failed
// before: the engine may remove it all the same.
func (n *end) wasNotTried(id ipsec.SAID) bool {
	return slices.ContainsFunc(n.untried, func(out Output) bool {
		in, ok := out.(InstallSA)
		return ok && in.SA.ID == id
	})
}

// install adds an SA, and objects to one that a dataplane would not take.
func (n *end) install(s *ipsec.SA) {
	if err := s.Validate(); err != nil {
		n.w.t.Errorf("%s installs %v: %v", n.name, s.ID, err)
	}
	if n.sas[s.ID] != nil {
		n.w.t.Errorf("%s installs %v twice", n.name, s.ID)
	}
	n.sas[s.ID] = s
}

// send puts a datagram on its way.
func (w *world) send(out Send) {
	f := flight{at: w.now, in: Datagram{Local: out.Remote, Remote: out.Local, Octets: out.Octets}}
	for _, n := range w.all() {
		if n.addr == f.in.Local.Addr() {
			f.to = n
		}
	}
	if f.to == nil || len(f.in.Octets) == 1 {
		return // for nobody, or a NAT keep-alive, which the loop drops
	}
	w.sent = append(w.sent, f)
	flights := []flight{f}
	if w.route != nil {
		flights = w.route(f)
	}
	for _, f := range flights {
		w.launch++
		f.order = w.launch
		w.flying = append(w.flying, f)
	}
	slices.SortStableFunc(w.flying, func(a, b flight) int { return a.at.Compare(b.at) })
}

// run lets time pass until t, from event to event.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for {
		at, n := w.next()
		if at.After(end) {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		if n != nil {
			n.step(Tick{})
			continue
		}
		f := w.flying[0]
		w.flying = w.flying[1:]
		if w.before != nil {
			w.before(f)
		}
		f.to.step(f.in)
		if w.after != nil {
			w.after(f)
		}
	}
	w.now = end
}

// all returns the ends, and the guest.
func (w *world) all() []*end {
	if w.guest == nil {
		return w.ends[:]
	}
	return append(w.ends[:2:2], w.guest)
}

// next returns when something happens next, and to which end; nil: an arrival.
func (w *world) next() (at time.Time, who *end) {
	at = w.now.Add(1e6 * time.Hour)
	if len(w.flying) > 0 {
		at = w.flying[0].at
	}
	for _, n := range w.all() {
		if t, ok := n.engine.Deadline(); ok && t.Before(at) && !n.memory.dead {
			at, who = t, n
		}
	}
	return at, who
}

// connected makes a world whose ends have a pair of SAs.
func connected(t testing.TB, seed uint64, change func(string, *Config)) *world {
	w := newWorld(t, seed, change)
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	return w
}

// outbound returns the SA that the end protects the flow with, or nil: the
// newest that the dataplane has.
func (n *end) outbound() (s *ipsec.SA) {
	f := n.engine.flows[flowKey{kitPolicy, kitRule}]
	if f == nil {
		return nil
	}
	for _, c := range f.children {
		if sa := n.sas[c.out.ID]; sa != nil {
			s = sa
		}
	}
	return s
}

// reaches reports whether what the end sends now can be received by the other.
func (n *end) reaches(other *end) bool {
	out := n.outbound()
	if out == nil {
		return false
	}
	in := other.sas[out.ID]
	return in != nil && in.Direction == ipsec.Inbound && bytes.Equal(in.EncryptionKey, out.EncryptionKey) &&
		bytes.Equal(in.IntegrityKey, out.IntegrityKey) && sameAH(in.AH, out.AH) && in.Selector.Local == out.Selector.Remote && in.Selector.Remote == out.Selector.Local
}

// agree reports whether traffic passes both ways.
func (w *world) agree() bool {
	return w.ends[0].reaches(w.ends[1]) && w.ends[1].reaches(w.ends[0])
}

func (w *world) mustAgree() {
	w.t.Helper()
	if !w.agree() {
		w.t.Fatalf("no usable pair; hq %v refused %v, branch %v refused %v", w.ends[0].sas, w.ends[0].refused, w.ends[1].sas, w.ends[1].refused)
	}
}

// mustEnd resets both ends as a shutdown does and checks that nothing is left.
func (w *world) mustEnd() {
	w.t.Helper()
	for _, n := range w.ends {
		n.step(Reset{Quiet: true})
	}
	w.run(5 * time.Minute)
	for _, n := range w.ends {
		if left := n.engine.size(); left != (sizes{}) {
			w.t.Errorf("%s has %+v after the end", n.name, left)
		}
		if len(n.sas) != 0 {
			w.t.Errorf("%s's dataplane has %v after the end", n.name, n.sas)
		}
	}
}

// sizes is how much an engine remembers.
type sizes struct {
	sas, firsts, halfOpen, perAddr, byPeer, flows, inbound, jobs, waiting, deadlines int
	bundled, outbound, quick, used, children                                         int
}

// size counts what e remembers.
func (e *Engine) size() sizes {
	s := sizes{sas: len(e.sas), firsts: len(e.firsts), halfOpen: len(e.halfOpen.entries), perAddr: len(e.halfOpen.perAddr), byPeer: len(e.byParty), flows: len(e.flows),
		inbound: len(e.inbound), bundled: len(e.bundled), outbound: len(e.outbound), jobs: len(e.jobs), waiting: len(e.waiting), deadlines: len(e.schedule.heap)}
	for _, sa := range e.sas {
		s.quick += len(sa.quick)
		s.used += len(sa.used)
		s.children += len(sa.children)
	}
	return s
}

func kitPort(i int, port uint16) netip.AddrPort { return netip.AddrPortFrom(kitAddr(i-1), port) }
