package xfrm

import (
	"cmp"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// A memory is a kernel without packets. It refuses what the real one would refuse.
type memory struct {
	testing.TB
	policies     map[uint32]kernel.Policy // by index; those of others too
	states       map[ipsec.SAID]kernel.Installed
	tunnels      map[string]kernel.Tunnel
	statistics   kernel.Statistics
	waiting      kernel.Waiting
	reassembling bool
	nextSPI      ipsec.SPI
	done         []string         // changes, in order
	fail         map[string]error // of the next change of a kind
	closed       bool
}

func newMemory(t testing.TB) *memory {
	return &memory{
		TB: t, policies: make(map[uint32]kernel.Policy), states: make(map[ipsec.SAID]kernel.Installed),
		tunnels: make(map[string]kernel.Tunnel), waiting: kernel.Waiting{Drop: true, Expires: 30},
		nextSPI: 0x100, fail: make(map[string]error),
	}
}

// did takes note of a change, or returns the error that it is to fail with.
func (m *memory) did(what string) error {
	if err := m.fail[what]; err != nil {
		delete(m.fail, what)
		return err
	}
	m.done = append(m.done, what)
	return nil
}

func (m *memory) AddState(s kernel.State) error {
	if _, ok := m.states[s.ID]; ok {
		return unix.EEXIST
	}
	return m.keep(s, "add state")
}

func (m *memory) UpdateState(s kernel.State) error {
	if old, ok := m.states[s.ID]; !ok || !old.Larval {
		return unix.ESRCH
	}
	return m.keep(s, "update state")
}

func (m *memory) keep(s kernel.State, what string) error {
	if !kernel.IsOurs(s.ReqID) {
		m.Errorf("state %v has reqid %#x, which is not ours", s.ID, s.ReqID)
	}
	if err := m.did(what); err != nil {
		return err
	}
	s.EncryptionKey, s.IntegrityKey = nil, nil
	m.states[s.ID] = kernel.Installed{State: s}
	return nil
}

func (m *memory) DeleteState(id ipsec.SAID) error {
	if s, ok := m.states[id]; !ok {
		return nil
	} else if !kernel.IsOurs(s.ReqID) {
		m.Errorf("state %v of others is removed", id)
	}
	if err := m.did("delete state"); err != nil {
		return err
	}
	delete(m.states, id)
	return nil
}

func (m *memory) State(id ipsec.SAID) (kernel.Installed, bool, error) {
	s, ok := m.states[id]
	return s, ok, nil
}

func (m *memory) States() (ours []kernel.Installed, err error) {
	for _, s := range m.states {
		if kernel.IsOurs(s.ReqID) {
			ours = append(ours, s)
		}
	}
	return ours, m.fail["states"]
}

func (m *memory) ReserveSPI(source, destination netip.Addr, p ipsec.Protocol, mode ipsec.Mode, reqID uint32) (ipsec.SPI, error) {
	m.nextSPI++
	id := ipsec.SAID{Destination: destination, Protocol: p, SPI: m.nextSPI}
	m.states[id] = kernel.Installed{State: kernel.State{ID: id, Source: source, Mode: mode, ReqID: reqID}, Larval: true}
	return m.nextSPI, m.did("reserve SPI")
}

// at returns the index of the policy with the key of another.
func (m *memory) at(p kernel.Policy) (uint32, bool) {
	for index, other := range m.policies {
		if keyOf(&other) == keyOf(&p) {
			return index, true
		}
	}
	return 0, false
}

func (m *memory) AddPolicy(p kernel.Policy, replace bool) error {
	index, there := m.at(p)
	switch {
	case there && !replace:
		return unix.EEXIST
	case there && !kernel.IsOurs(index):
		m.Errorf("policy of others is changed: %v", p)
	case there:
		p.Index = index
	case m.policies[p.Index].Index != 0:
		m.Errorf("index %#x is in use", p.Index)
	}
	if !kernel.IsOurs(p.Index) || p.Index%kernel.IndexStep != uint32(p.Direction) {
		m.Errorf("policy has index %#x, want one of ours for direction %v", p.Index, p.Direction)
	}
	if err := m.did(map[bool]string{false: "add policy", true: "change policy"}[there]); err != nil {
		return err
	}
	m.policies[p.Index] = p
	return nil
}

func (m *memory) DeletePolicy(index, _ uint32) error {
	if !kernel.IsOurs(index) {
		m.Errorf("policy %#x of others is removed", index)
	}
	if err := m.did("delete policy"); err != nil {
		return err
	}
	delete(m.policies, index)
	return nil
}

func (m *memory) Policies() (ours []kernel.Policy, err error) {
	for index, p := range m.policies {
		if kernel.IsOurs(index) {
			ours = append(ours, p)
		}
	}
	return ours, m.fail["policies"]
}

func (m *memory) AddTunnel(t kernel.Tunnel) (int, error) {
	if err := m.did("add tunnel"); err != nil {
		return 0, err
	}
	t.Index = 100 + len(m.tunnels)
	m.tunnels[t.Name] = t
	return t.Index, nil
}

func (m *memory) RemoveTunnel(name string) error {
	delete(m.tunnels, name)
	return m.did("remove tunnel")
}

func (m *memory) Tunnels() ([]kernel.Tunnel, error) {
	return slices.Collect(maps.Values(m.tunnels)), nil
}

func (m *memory) Statistics() (kernel.Statistics, error) {
	if m.closed {
		return kernel.Statistics{}, errors.New("closed")
	}
	return m.statistics, nil
}

func (m *memory) Capabilities() (ipsec.Capabilities, error) { return ipsec.Everything("the fake"), nil }
func (m *memory) Waiting() (kernel.Waiting, error)          { return m.waiting, nil }
func (m *memory) SetWaiting(w kernel.Waiting) error         { m.waiting = w; return nil }
func (m *memory) Listen(func(kernel.Event)) error           { return nil }
func (m *memory) Close() error                              { m.closed = true; return nil }
func (m *memory) Reassemble(whether bool) error {
	m.reassembling = whether
	err := m.fail["reassemble"]
	return err
}

// ordered returns the policies of a direction, ours and others', the first to be asked
// first.
func (m *memory) ordered(d kernel.Direction) (all []kernel.Policy) {
	for _, p := range m.policies {
		if p.Direction == d {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b kernel.Policy) int { return cmp.Compare(a.Priority, b.Priority) })
	return all
}

// decides returns the policy of ours that decides about a packet; false: there is none.
func (m *memory) decides(d kernel.Direction, device int, t acl.Tuple) (kernel.Policy, bool) {
	for _, p := range m.ordered(d) {
		if kernel.IsOurs(p.Index) && p.IfID == 0 && (p.Device == 0 || p.Device == device) && p.Selection.Holds(t) {
			return p, true
		}
	}
	return kernel.Policy{}, false
}

// A place to be: devices and routes that stand still until a test moves them.
type standing struct {
	devices map[string]int
	routes  []selection.Route
	moved   bool
}

func (s *standing) Device(name string) (int, error) {
	index, ok := s.devices[name]
	if !ok {
		return 0, errors.New("Link not found")
	}
	return index, nil
}

func (s *standing) Routes() ([]selection.Route, error) { return s.routes, nil }
func (s *standing) Changed() (moved bool)              { moved, s.moved = s.moved, false; return moved }
func (s *standing) Close() error                       { return nil }

// A rig is a dataplane over a memory. Nothing runs by itself.
type rig struct {
	*Dataplane
	memory  *memory
	network *standing
	events  []ipsec.Event
	lines   []string // warnings
}

func newRig(t testing.TB) *rig { return newRigOver(newMemory(t)) }

// newRigOver returns a dataplane over a memory that others have used.
func newRigOver(m *memory) *rig {
	r := &rig{memory: m, network: &standing{devices: map[string]int{"eth0": 2, "eth1": 3}}}
	r.network.routes = []selection.Route{{Prefix: selection.Anywhere, Device: 2}, {Prefix: lan, Device: 4}}
	r.Dataplane = newDataplane(Config{
		Notify: func(e ipsec.Event) { r.events = append(r.events, e) },
		Warn:   func(line string) { r.lines = append(r.lines, line) },
	}, m, r.network)
	r.capabilities = ipsec.Everything("the fake")
	return r
}

// The addresses of the tests: our gateway and our LAN, the peer's.
var (
	gateway = netip.MustParseAddr("192.0.2.1")
	peer    = netip.MustParseAddr("192.0.2.2")
	nomad   = netip.MustParseAddr("198.51.100.7")
	host1   = netip.MustParseAddr("10.1.1.5")
	server  = netip.MustParseAddr("10.1.2.6")
	lan     = netip.MustParsePrefix("10.1.1.0/24")
	remote  = netip.MustParsePrefix("10.1.2.0/24")
)

func id(sequence uint32) ipsec.PolicyID {
	return ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "map1", Sequence: sequence}
}

// policy returns a policy with these rules, numbered 5, 10, 15 …
func policy(sequence uint32, rules ...acl.Rule) *ipsec.Policy {
	list := acl.New(3000)
	for i, r := range rules {
		r.ID = uint32(5 * (i + 1))
		list.Put(r)
	}
	return &ipsec.Policy{ID: id(sequence), Device: "eth0", Local: gateway, Remote: peer, ACL: list}
}

func permit(from, to netip.Prefix) acl.Rule {
	return acl.Rule{Action: acl.Permit, Source: wildcard(from), Destination: wildcard(to)}
}

func deny(from, to netip.Prefix) acl.Rule {
	r := permit(from, to)
	r.Action = acl.Deny
	return r
}

func toPort(r acl.Rule, port uint16) acl.Rule {
	r.Protocol, r.DestinationPort = acl.UDP, acl.Ports{Op: acl.Eq, Low: port}
	return r
}

func wildcard(p netip.Prefix) acl.Wildcard {
	return acl.NewWildcard(p.Addr(), uint32(uint64(1)<<(32-p.Bits())-1))
}

// outboundOf and inboundOf return an SA of policy 10's first rule.
func outboundOf(spi ipsec.SPI, change ...func(*ipsec.SA)) *ipsec.SA {
	return saOf(ipsec.Outbound, spi, change)
}

func inboundOf(spi ipsec.SPI, change ...func(*ipsec.SA)) *ipsec.SA {
	return saOf(ipsec.Inbound, spi, change)
}

func saOf(d ipsec.Direction, spi ipsec.SPI, change []func(*ipsec.SA)) *ipsec.SA {
	sa := &ipsec.SA{
		ID: ipsec.SAID{Protocol: ipsec.ESP, SPI: spi}, Direction: d, Policy: id(10), Rule: 5,
		Local: gateway, Remote: peer, Encryption: ipsec.AES128GCM,
		Selector: ipsec.Selector{Local: ipsec.PrefixRange(lan), Remote: ipsec.PrefixRange(remote)}, Window: 64,
	}
	for _, f := range change {
		f(sa)
	}
	sa.EncryptionKey = fill(sa.Encryption.KeyLen())
	sa.IntegrityKey = fill(sa.Integrity.KeyLen())
	if sa.ID.Destination = sa.Local; d == ipsec.Outbound {
		sa.ID.Destination = sa.Remote
	}
	return sa
}

// fill returns a key without zeros.
func fill(n int) []byte { return slices.Repeat([]byte{0x5a}, n) }

// bundle makes an SA one with AH.
func bundle(sa *ipsec.SA) {
	sa.AH = &ipsec.AHPart{SPI: sa.ID.SPI + 0x1000, Integrity: ipsec.SHA256, Key: fill(ipsec.SHA256.KeyLen())}
}

// from has an SA go to another peer.
func from(a netip.Addr) func(*ipsec.SA) { return func(sa *ipsec.SA) { sa.Remote = a } }

// ofRule has an SA be another flow's.
func ofRule(sequence, rule uint32) func(*ipsec.SA) {
	return func(sa *ipsec.SA) { sa.Policy, sa.Rule = id(sequence), rule }
}

func (r *rig) state(policies ...*ipsec.Policy) {
	r.memory.Helper()
	if err := r.SetPolicies(policies); err != nil {
		r.memory.Fatal(err)
	}
}

func (r *rig) add(sas ...*ipsec.SA) {
	r.memory.Helper()
	for _, sa := range sas {
		if err := r.AddSA(sa); err != nil {
			r.memory.Fatal(err)
		}
	}
}

// changes returns what was done to the kernel since it was asked last.
func (m *memory) changes() []string {
	done := m.done
	m.done = nil
	return done
}

// expect compares what was done to the kernel with what was wanted.
func (r *rig) expect(want ...string) {
	r.memory.Helper()
	if got := r.memory.changes(); !slices.Equal(got, want) {
		r.memory.Errorf("kernel was asked to %q, want %q", got, want)
	}
}
