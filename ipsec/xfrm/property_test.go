package xfrm

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// A chance draws what tests are made of, from a small world so that things meet.
type chance struct{ *rand.Rand }

func (c chance) prefix() netip.Prefix {
	bits := []int{0, 8, 16, 24, 25, 32}[c.IntN(6)]
	a := netip.AddrFrom4([4]byte{10, byte(c.IntN(2)), byte(c.IntN(3)), byte(c.IntN(2) * 129)})
	p, _ := a.Prefix(bits)
	return p
}

func (c chance) wildcard() acl.Wildcard {
	if c.IntN(8) == 0 { // no prefix
		return acl.NewWildcard(netip.AddrFrom4([4]byte{10, 0, 0, byte(c.IntN(2))}), 0x00030000)
	}
	return wildcard(c.prefix())
}

func (c chance) ports() acl.Ports {
	return []acl.Ports{{}, {}, {Op: acl.Eq, Low: 80}, {Op: acl.Lt, Low: 100}, {Op: acl.Neq, Low: 80}}[c.IntN(5)]
}

func (c chance) rule() acl.Rule {
	r := acl.Rule{Action: acl.Action(c.IntN(3) & 1), Source: c.wildcard(), Destination: c.wildcard()}
	if c.IntN(3) == 0 {
		r.Protocol = []uint8{0, acl.TCP, acl.UDP}[c.IntN(3)]
		if r.DestinationPort = c.ports(); r.DestinationPort.Op != acl.Neq {
			r.SourcePort = c.ports()
		}
	}
	return r
}

// policies returns up to six policies, most on one device.
func (c chance) policies() (all []*ipsec.Policy) {
	for sequence := range uint32(c.IntN(7)) {
		var rules []acl.Rule
		for range 1 + c.IntN(4) {
			rules = append(rules, c.rule())
		}
		p := policy(sequence, rules...)
		if c.IntN(5) == 0 {
			p.Device = "eth0"
		}
		p.Manual, p.Transform, p.Mode = c.IntN(5) == 0, ipsec.Transform(c.IntN(3)), ipsec.Mode(c.IntN(2))
		if c.IntN(6) == 0 {
			p.Remote = netip.Addr{}
		}
		if c.IntN(8) == 0 {
			p.Routed, p.Device, p.ACL.Rules = true, fmt.Sprintf("Tunnel%d", c.IntN(2)+int(sequence)*2), nil
			p.ACL.Put(permit(selection.Anywhere, selection.Anywhere))
		}
		all = append(all, p)
	}
	c.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// litter puts policies of others into a kernel, and some of ours that nobody wants or that
// are wrong.
func (c chance) litter(m *memory) {
	for i := range uint32(c.IntN(8)) {
		p := kernel.Policy{
			Direction: kernel.Direction(c.IntN(3)), Priority: selection.FirstPriority + uint32(c.IntN(4000)), Block: c.IntN(2) == 0,
			Selection: selection.Selection{From: c.prefix(), To: c.prefix()},
		}
		p.Index = uint32(p.Direction) | (i+1)*kernel.IndexStep
		if c.IntN(2) == 0 {
			p.Index |= kernel.Ours
		}
		if _, there := m.at(p); !there && m.policies[p.Index].Index == 0 {
			m.put(p)
		}
	}
	for i := range ipsec.SPI(c.IntN(4)) {
		s := kernel.State{ID: ipsec.SAID{Destination: gateway, Protocol: ipsec.ESP, SPI: 0x9000 + i}, Source: peer}
		s.ReqID = []uint32{0, 7, kernel.Ours | 3}[c.IntN(3)]
		m.states[s.ID] = kernel.Installed{State: s}
	}
}

// spoil changes some of ours, as others might.
func (c chance) spoil(m *memory) {
	for index, p := range m.policies {
		if !kernel.IsOurs(index) || c.IntN(4) != 0 {
			continue
		}
		switch c.IntN(4) {
		case 0:
			m.take(index)
		case 1:
			p.Block, p.N, p.Templates = !p.Block, 0, [kernel.MaxTemplates]kernel.Template{}
			m.put(p)
		case 2:
			p.Priority = selection.FirstPriority + uint32(c.IntN(1000))
			m.put(p)
		case 3:
			p.Templates[0].ReqID++
			m.put(p)
		}
	}
}

// foreign returns what is not ours, printed.
func (m *memory) foreign() (all []string) {
	for index, p := range m.policies {
		if !kernel.IsOurs(index) {
			all = append(all, p.String())
		}
	}
	for _, s := range m.states {
		if !kernel.IsOurs(s.ReqID) {
			all = append(all, fmt.Sprint(s.State.ID, s.ReqID))
		}
	}
	slices.Sort(all)
	return all
}

// wanted returns what policies of ours there are to be, in order, without the numbers that
// may differ, and without those in whose place another program has one.
func wanted(m *memory, beside *memory) (all [directions][]kernel.Policy) {
	names := make(map[uint32]uint32) // reqids in order of appearance
	for d := range all {
		for _, p := range m.ordered(kernel.Direction(d)) {
			if index, there := beside.at(p); !kernel.IsOurs(p.Index) || there && !kernel.IsOurs(index) {
				continue
			}
			for i := range p.Templates[:p.N] {
				id := p.Templates[i].ReqID
				if names[id] == 0 {
					names[id] = uint32(len(names) + 1)
				}
				p.Templates[i].ReqID = names[id]
			}
			p.Index, p.Priority, p.IfID = 0, 0, min(p.IfID, 1)
			all[d] = append(all[d], p)
		}
	}
	return all
}

// TestReconcile: whatever the kernel is in, it gets exactly what is wanted, what others
// made stays, and the second time there is nothing to do.
func TestReconcile(t *testing.T) {
	for seed := range uint64(15) {
		c := chance{rand.New(rand.NewPCG(seed, 4))}
		r := newRig(t)
		c.litter(r.memory)
		foreign := r.memory.foreign()
		for range 4 {
			policies := c.policies()
			r.state(policies...)
			clean := newRig(t)
			clean.state(policies...)
			for d, want := range wanted(clean.memory, r.memory) {
				if got := wanted(r.memory, r.memory)[d]; !slices.Equal(got, want) {
					t.Fatalf("seed %d, %v: kernel has\n%v\nwant\n%v", seed, kernel.Direction(d), got, want)
				}
			}
			r.memory.changes()
			r.state(policies...)
			if again := r.memory.changes(); len(again) > 0 {
				t.Fatalf("seed %d: the second time the kernel was asked to %q", seed, again)
			}
			c.spoil(r.memory)
			r.heard(kernel.Changed{})
			if c.IntN(2) == 0 { // a killed program's successor
				r = newRigOver(r.memory)
			}
			r.repair()
		}
		if got := r.memory.foreign(); !slices.Equal(got, foreign) {
			t.Fatalf("seed %d: others have %q, had %q", seed, got, foreign)
		}
	}
}

// TestVerdicts: the kernel's policies say of each packet what the access lists say.
func TestVerdicts(t *testing.T) {
	for seed := range uint64(100) {
		c := chance{rand.New(rand.NewPCG(seed, 5))}
		r := newRig(t)
		r.network.routes = nil // nobody is spared
		policies := slices.DeleteFunc(c.policies(), func(p *ipsec.Policy) bool { return p.Routed })
		r.state(policies...)
		out := r.memory.ordered(kernel.Out)
		for range 100 {
			packet := c.packet()
			for device, index := range r.network.devices {
				got, want := decides(out, index, packet), r.asked(policies, device, packet)
				if got.N != want.N || got.Block != want.Block || got.Templates != want.Templates {
					t.Fatalf("seed %d: out by %s, %+v meets %v, want %v", seed, device, packet, got, want)
				}
			}
		}
		for _, d := range []kernel.Direction{kernel.In, kernel.Forward} {
			in := r.memory.ordered(d)
			for range 100 {
				packet := c.packet()
				got, want := decides(in, 0, packet.Reverse()), r.asked(policies, "", packet)
				if got.N > 0 && got.Templates[0].ReqID == 0 { // the SA of any of several policies
					want.Templates = got.Templates
				}
				if got.N != want.N || got.Block != want.Block || got.Templates != want.Templates {
					t.Fatalf("seed %d: %v, %+v meets %v, want %v", seed, d, packet.Reverse(), got, want)
				}
			}
		}
	}
}

// packet returns one that is whole.
func (c chance) packet() acl.Tuple {
	address := func() netip.Addr {
		return netip.AddrFrom4([4]byte{10, byte(c.IntN(3)), byte(c.IntN(3)), byte(c.IntN(2) * 129)})
	}
	t := acl.Tuple{Source: address(), Destination: address(), Protocol: []uint8{1, acl.TCP, acl.UDP}[c.IntN(3)]}
	if t.HasPorts() {
		t.SourcePort, t.DestinationPort = []uint16{79, 80, 4000}[c.IntN(3)], []uint16{79, 80, 4000}[c.IntN(3)]
	}
	return t
}

// asked returns what is to become of a packet that leaves by a device, and with none of its
// answer that comes in: what the first rule for it says.
func (r *rig) asked(policies []*ipsec.Policy, device string, packet acl.Tuple) (want kernel.Policy) {
	for _, p := range policies {
		v := p.ACL.Match(packet)
		if !v.Matched || device != "" && p.Device != device {
			continue
		}
		if v.Action == acl.Deny {
			return want
		}
		k := flowKey{policy: p.ID, inbound: device == ""}
		if !k.inbound && !p.Manual {
			k.rule = p.ACL.Rules[v.Rule].ID
		}
		r.flows.byKey[k].fill(&want)
		return want
	}
	return want
}
