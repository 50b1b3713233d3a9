package xfrm

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// outbound returns the policy that what leaves for the peer meets.
func (r *rig) outbound() kernel.Policy {
	return decides(r.memory.ordered(kernel.Out), 2, acl.Tuple{Source: host1, Destination: server, Protocol: 1})
}

// inbound is outbound for what comes through this box.
func (r *rig) inbound() kernel.Policy {
	return decides(r.memory.ordered(kernel.Forward), 0, acl.Tuple{Source: server, Destination: host1, Protocol: 1})
}

func TestAddSA(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	in, out := inboundOf(0x1000), outboundOf(0x1001)
	in.Hard = ipsec.Lifetime{Duration: time.Hour, Octets: 1000}
	in.Soft = ipsec.Lifetime{Duration: time.Minute, Octets: 900}
	out.Encapsulation = ipsec.Ports{Local: 4500, Remote: 40000}
	r.memory.changes()
	r.add(in, out)
	r.expect("add state", "add state")
	reqID, inbound := r.outbound().Templates[0].ReqID, r.inbound().Templates[0].ReqID
	there, back := selection.Selection{From: lan, To: remote}, selection.Selection{From: remote, To: lan}
	for _, want := range []kernel.State{
		{
			ID: in.ID, Source: peer, Inbound: true, ReqID: inbound, Encryption: ipsec.AES128GCM, Window: 64, Selector: &back,
			Soft: ipsec.Lifetime{Octets: 900}, Hard: in.Hard,
		},
		{
			ID: out.ID, Source: gateway, ReqID: reqID, OutputMark: DefaultMark, Encryption: ipsec.AES128GCM, Window: 64,
			Selector: &there, Encapsulation: out.Encapsulation,
		},
	} {
		got := r.memory.states[want.ID].State
		if *got.Selector != *want.Selector {
			t.Errorf("%v has selector %v, want %v", want.ID, got.Selector, want.Selector)
		}
		got.Selector = want.Selector
		if !sameState(got, want) {
			t.Errorf("state is %+v, want %+v", got, want)
		}
	}
	for _, sa := range []*ipsec.SA{in, out} {
		if !slices.Equal(sa.EncryptionKey, make([]byte, len(sa.EncryptionKey))) {
			t.Errorf("the key of %v is still there: the kernel has it", sa.ID)
		}
	}
	newer := outboundOf(0x1003)
	r.add(newer)
	r.expect("add state", "change policy") // the kernel is to look for it
	r.add(inboundOf(0x1002))
	r.expect("add state")
	for _, sa := range []*ipsec.SA{out, newer} {
		r.heard(kernel.Expire{ID: sa.ID, Hard: true})
	}
	r.heard(kernel.Acquire{ReqID: reqID})
	r.memory.changes()
	r.add(outboundOf(0x1005))
	r.expect("add state", "change policy") // what waits goes at once
}

// sameState compares states that have no keys.
func sameState(a, b kernel.State) bool {
	return a.ID == b.ID && a.Source == b.Source && a.Mode == b.Mode && a.Inbound == b.Inbound && a.ReqID == b.ReqID && a.IfID == b.IfID &&
		a.OutputMark == b.OutputMark && a.Encryption == b.Encryption && a.Integrity == b.Integrity && a.Encapsulation == b.Encapsulation &&
		a.Window == b.Window && a.ESN == b.ESN && a.Soft == b.Soft && a.Hard == b.Hard && a.Selector == b.Selector && a.Offload == b.Offload
}

func TestBundle(t *testing.T) {
	r := newRig(t)
	p := policy(10, permit(lan, remote))
	p.Transform = ipsec.TransformAHESP
	r.state(p)
	sa := outboundOf(0x1000, bundle)
	around, _ := sa.AHID()
	r.add(sa)
	s, ah := r.memory.states[sa.ID], r.memory.states[around]
	want := kernel.State{ID: around, Source: gateway, Mode: ipsec.Transport, ReqID: s.ReqID, OutputMark: DefaultMark, Integrity: ipsec.SHA256, Window: 64}
	if !sameState(ah.State, want) {
		t.Errorf("AH is %+v, want %+v", ah.State, want)
	}
	got := r.outbound()
	esp := kernel.Template{Protocol: ipsec.ESP, Source: gateway, Destination: peer, ReqID: s.ReqID}
	outer := esp
	outer.Protocol, outer.Mode = ipsec.AH, ipsec.Transport
	if templates := [2]kernel.Template{esp, outer}; got.N != 2 || got.Templates != templates {
		t.Errorf("templates are %v, want %v", got.Templates, templates)
	}
	r.memory.states[around] = counting(ah, 3, 500)
	inner := counting(s, 3, 300)
	inner.Counters.LastUsed = time.Unix(1e9, 0)
	r.memory.states[sa.ID] = inner
	if c, ok := r.Counters(around); !ok || c != (ipsec.Counters{Packets: 3, Octets: 300, Sequence: 3, LastUsed: time.Unix(1e9, 0)}) {
		t.Errorf("AH counts %+v, %v, want 3 packets of 300 octets", c, ok)
	}
	if err := r.RemoveSA(sa.ID); err != nil || len(r.memory.states) != 0 {
		t.Errorf("RemoveSA = %v and leaves %v", err, r.memory.states)
	}
}

// counting returns a state that has done something.
func counting(s kernel.Installed, packets, octets uint64) kernel.Installed {
	s.Counters = ipsec.Counters{Packets: packets, Octets: octets, Sequence: packets}
	return s
}

// TestBothOrNone: an SA that the kernel does not take as a whole leaves nothing behind,
// and its keys are its owner's.
func TestBothOrNone(t *testing.T) {
	for _, test := range []struct {
		name string
		fail func(m *memory)
	}{
		{"AH", func(m *memory) { m.fail["add state"] = unix.ENOSYS }},
		{"ESP", func(m *memory) {
			id := ipsec.SAID{Destination: peer, Protocol: ipsec.ESP, SPI: 0x1000}
			m.states[id] = kernel.Installed{State: kernel.State{ID: id}} // another program's
		}},
		{"policy", func(m *memory) { m.fail["change policy"] = unix.ENOMEM }}, // since there is AH
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.state(policy(10, permit(lan, remote)))
			test.fail(r.memory)
			before, out := len(r.memory.states), r.outbound()
			sa := outboundOf(0x1000, bundle)
			if err := r.AddSA(sa); err == nil {
				t.Error("AddSA = nil, want an error")
			}
			if len(r.memory.states) != before || len(r.sas) != 0 || len(r.around) != 0 {
				t.Errorf("left are %v", r.memory.states)
			}
			if got := r.outbound(); got != out {
				t.Errorf("out meets %v, want %v as before", got, out)
			}
		})
	}
}

func TestUnusableSAs(t *testing.T) {
	r := newRig(t)
	r.capabilities.ESN, r.capabilities.AH = false, nil
	r.add(outboundOf(0x2000))
	for _, test := range []struct {
		name   string
		change func(*ipsec.SA)
	}{
		{"another end", func(sa *ipsec.SA) { sa.ID.Destination = nomad }},
		{"IPv6", func(sa *ipsec.SA) { sa.Local = netip.IPv6Loopback() }},
		{"no key", func(sa *ipsec.SA) { sa.EncryptionKey = nil }},
		{"AH", bundle},
		{"ESN", func(sa *ipsec.SA) { sa.ESN = true }},
		{"in use", func(sa *ipsec.SA) { sa.ID.SPI = 0x2000 }},
	} {
		sa := outboundOf(0x1000)
		test.change(sa)
		if err := r.AddSA(sa); err == nil || len(r.memory.states) != 1 {
			t.Errorf("%s: AddSA = %v with %d states, want an error and 1", test.name, err, len(r.memory.states))
		}
	}
}

func TestReservedSPI(t *testing.T) {
	r := newRig(t)
	spi, err := r.SPI(gateway, peer, ipsec.ESP)
	if err != nil {
		t.Fatal(err)
	}
	r.memory.changes()
	r.add(inboundOf(spi))
	r.expect("update state")
	if spi, err = r.SPI(gateway, peer, ipsec.ESP); err != nil {
		t.Fatal(err)
	}
	delete(r.memory.states, ipsec.SAID{Destination: gateway, Protocol: ipsec.ESP, SPI: spi}) // it took too long
	r.memory.changes()
	r.add(inboundOf(spi))
	r.expect("add state")
	if spi, err = r.SPI(gateway, peer, ipsec.ESP); err != nil {
		t.Fatal(err)
	}
	if err := r.RemoveSA(ipsec.SAID{Destination: gateway, Protocol: ipsec.ESP, SPI: spi}); err != nil || len(r.memory.states) != 2 {
		t.Errorf("RemoveSA = %v with %d states, want the reservation gone", err, len(r.memory.states))
	}
}

// TestShape: the policies of a flow follow its SAs, and go back to what is configured.
func TestShape(t *testing.T) {
	for _, test := range []struct {
		name          string
		change        func(*ipsec.Policy)
		without, with kernel.Policy // but for places and numbers
	}{
		{"as expected", func(*ipsec.Policy) {}, protected(peer), protected(nomad)},
		{"configured", func(p *ipsec.Policy) { p.Manual = true }, kernel.Policy{Block: true}, protected(nomad)},
		{"unknown peer", func(p *ipsec.Policy) { p.Remote = netip.Addr{} }, kernel.Policy{Block: true}, protected(nomad)},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			p := policy(10, permit(lan, remote))
			test.change(p)
			r.state(p)
			var rule uint32 = 5
			if p.Manual {
				rule = 0
			}
			check := func(when string, want kernel.Policy) {
				t.Helper()
				got := r.outbound()
				for i := range got.Templates[:got.N] {
					got.Templates[i].ReqID = 0
				}
				if got.Block != want.Block || got.N != want.N || got.Templates != want.Templates {
					t.Errorf("%s: policy %v, want %v", when, got, want)
				}
			}
			check("without SAs", test.without)
			older, newer := outboundOf(0x1000, ofRule(10, rule)), outboundOf(0x2000, from(nomad), ofRule(10, rule))
			r.add(older)
			check("with an SA", protected(peer))
			r.add(newer)
			check("with a newer one", test.with)
			if err := r.RemoveSA(newer.ID); err != nil {
				t.Fatal(err)
			}
			check("with the older one again", protected(peer))
			if err := r.RemoveSA(older.ID); err != nil {
				t.Fatal(err)
			}
			check("without SAs again", test.without)
			moved := *p
			moved.Remote = server
			r.state(&moved)
			r.add(outboundOf(0x3000, ofRule(10, rule)))
			check("with an SA to where the peer was", protected(peer))
		})
	}
}

// protected returns a policy that asks for a tunnel to a peer.
func protected(to netip.Addr) kernel.Policy {
	p := kernel.Policy{N: 1}
	p.Templates[0] = kernel.Template{Protocol: ipsec.ESP, Source: gateway, Destination: to}
	return p
}

// TestInboundShape: what comes in may have been sent from anywhere, in the form that was
// negotiated.
func TestInboundShape(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	want := kernel.Template{Protocol: ipsec.ESP, Source: netip.IPv4Unspecified(), Destination: gateway, ReqID: r.flows.byKey[flowKey{policy: id(10), inbound: true}].reqID}
	if got := r.inbound(); got.N != 1 || got.Templates[0] != want {
		t.Errorf("inbound is %v, want %v", got, want)
	}
	r.add(inboundOf(0x1000, func(sa *ipsec.SA) {
		sa.ID.Protocol, sa.Encryption, sa.Integrity = ipsec.AH, ipsec.NoEncryption, ipsec.SHA1
	}))
	want.Protocol = ipsec.AH
	if got := r.inbound(); got.N != 1 || got.Templates[0] != want {
		t.Errorf("inbound with AH is %v, want %v", got, want)
	}
}

// TestHalfChanged: of two policies that an SA changes the second cannot be changed: the SA is
// refused, and the first is as it was.
func TestHalfChanged(t *testing.T) {
	r := newRig(t)
	p := policy(10, permit(lan, remote), permit(lan, lan))
	p.Manual = true
	r.state(p)
	r.memory.fail["change policy"], r.memory.spare = unix.ENOMEM, 1
	if err := r.AddSA(outboundOf(0x1000, ofRule(10, 0))); !errors.Is(err, unix.ENOMEM) {
		t.Errorf("AddSA = %v, want %v", err, unix.ENOMEM)
	}
	for _, p := range r.memory.ordered(kernel.Out) {
		if !p.Block {
			t.Errorf("out has %v, want a block as before", p)
		}
	}
}
