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
	indexes      map[placeKey]uint32
	states       map[ipsec.SAID]kernel.Installed
	keys         map[ipsec.SAID]string // of states
	tunnels      map[string]kernel.Tunnel
	statistics   kernel.Statistics
	waiting      kernel.Waiting
	reassembling bool
	nextSPI      ipsec.SPI
	done         []string         // changes, in order
	fail         map[string]error // of the next change of a kind
	spare        int              // changes that are done before one fails
	closed       bool
	plain        bool // no device has hardware for SAs
}

func newMemory(t testing.TB) *memory {
	return &memory{
		TB: t, policies: make(map[uint32]kernel.Policy), indexes: make(map[placeKey]uint32), states: make(map[ipsec.SAID]kernel.Installed),
		keys: make(map[ipsec.SAID]string), tunnels: make(map[string]kernel.Tunnel), waiting: kernel.Waiting{Drop: true, Expires: 30},
		nextSPI: 0x100, fail: make(map[string]error),
	}
}

// did takes note of a change, or returns the error that it is to fail with.
func (m *memory) did(what string) error {
	if err := m.fail[what]; err != nil && m.spare > 0 {
		m.spare--
	} else if err != nil {
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
	m.keys[s.ID] = keysOf(s)
	if m.plain {
		s.Offload = 0
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

func (m *memory) MoveState(id ipsec.SAID, inbound bool, remote netip.AddrPort) error {
	s, ok := m.states[id]
	if !ok {
		return unix.ESRCH
	}
	if err := m.did("move state"); err != nil {
		return err
	}
	delete(m.states, id)
	if inbound {
		s.Encapsulation.Local = remote.Port()
	} else {
		s.ID.Destination, s.Encapsulation.Remote = remote.Addr(), remote.Port()
	}
	m.states[s.ID], m.keys[s.ID] = s, m.keys[id]
	return nil
}

func (m *memory) State(id ipsec.SAID) (kernel.Installed, bool, error) {
	s, ok := m.states[id]
	return s, ok, nil
}

func (m *memory) Same(s kernel.State) (bool, error) {
	there, ok := m.states[s.ID]
	return ok && there.Source == s.Source && m.keys[s.ID] == keysOf(s), m.fail["same"]
}

func keysOf(s kernel.State) string { return string(s.EncryptionKey) + "/" + string(s.IntegrityKey) }

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
func (m *memory) at(p kernel.Policy) (index uint32, there bool) {
	index, there = m.indexes[keyOf(&p)]
	return index, there
}

// put has a policy be there, and take away not.
func (m *memory) put(p kernel.Policy) { m.policies[p.Index], m.indexes[keyOf(&p)] = p, p.Index }

func (m *memory) take(index uint32) {
	p := m.policies[index]
	delete(m.indexes, keyOf(&p))
	delete(m.policies, index)
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
	m.put(p)
	return nil
}

func (m *memory) DeletePolicy(index, _ uint32) error {
	if !kernel.IsOurs(index) {
		m.Errorf("policy %#x of others is removed", index)
	}
	if err := m.did("delete policy"); err != nil {
		return err
	}
	m.take(index)
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

// decides returns the policy of ours that decides about a packet, of a list in order; none
// is the zero value.
func decides(ordered []kernel.Policy, device int, t acl.Tuple) kernel.Policy {
	for _, p := range ordered {
		if kernel.IsOurs(p.Index) && p.IfID == 0 && (p.Device == 0 || p.Device == device) && p.Selection.Holds(t) {
			return p
		}
	}
	return kernel.Policy{}
}

// A standing is devices and routes that stand still until a test moves them.
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
	r := &rig{memory: m, network: &standing{devices: map[string]int{"eth1": 2, "eth0": 3}}}
	r.network.routes = []selection.Route{{Prefix: selection.Anywhere, Device: 2}, {Prefix: lan, Device: 4}}
	r.Dataplane = newDataplane(Config{
		Notify: func(e ipsec.Event) { r.events = append(r.events, e) },
		Warn:   func(line string) { r.lines = append(r.lines, line) },
	}, m, r.network)
	r.capabilities = ipsec.Everything("the fake")
	return r
}
