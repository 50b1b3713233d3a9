package xfrm

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// heardThen returns the events that the owner was told since it was asked last.
func (r *rig) told() []ipsec.Event {
	events := r.events
	r.events = nil
	return events
}

func TestAcquire(t *testing.T) {
	r := newRig(t)
	manual := policy(20, permit(remote, remote))
	manual.Manual = true
	r.state(policy(10, deny(lan, lan), permit(lan, remote)), manual)
	packet := acl.Tuple{Source: host1, Destination: server, Protocol: acl.UDP, SourcePort: 1, DestinationPort: 2}
	for _, test := range []struct {
		name  string
		reqID uint32
		want  []ipsec.Event
	}{
		{"a rule", r.flows.byKey[flowKey{policy: id(10), rule: 10}].reqID, []ipsec.Event{ipsec.Acquire{Policy: id(10), Rule: 10, Packet: packet}}},
		{"a configured SA", r.flows.byKey[flowKey{policy: id(20)}].reqID, nil},
		{"what comes in", r.flows.byKey[flowKey{policy: id(10), inbound: true}].reqID, nil},
		{"nobody's", 7, nil},
	} {
		r.heard(kernel.Acquire{ReqID: test.reqID, Packet: packet})
		if got := r.told(); !slices.Equal(got, test.want) {
			t.Errorf("%s: told %v, want %v", test.name, got, test.want)
		}
	}
}

func TestExpire(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	older, sa := outboundOf(0x1000), outboundOf(0x1001, bundle, from(nomad))
	r.add(older, sa)
	r.heard(kernel.Expire{ID: sa.ID})
	if got, want := r.told(), []ipsec.Event{ipsec.Expired{SA: sa.ID}}; !slices.Equal(got, want) {
		t.Errorf("soft: told %v, want %v", got, want)
	}
	delete(r.memory.states, sa.ID) // as the kernel does
	hard := kernel.Expire{ID: sa.ID, Hard: true, Counters: ipsec.Counters{Packets: 5, Octets: 500, LastUsed: time.Unix(1e9, 0)}}
	r.heard(hard)
	r.heard(hard)
	r.heard(kernel.Expire{ID: ipsec.SAID{SPI: 0x7777}, Hard: true})
	if got, want := r.told(), []ipsec.Event{ipsec.Expired{SA: sa.ID, Hard: true}}; !slices.Equal(got, want) {
		t.Errorf("hard: told %v, want %v once", got, want)
	}
	if len(r.memory.states) != 1 || r.outbound().Templates[0].Destination != peer {
		t.Errorf("left are %v, and out meets %v, want the older SA", r.memory.states, r.outbound())
	}
	want := ipsec.Counters{Packets: 5, Octets: 500, Sequence: 5, LastUsed: time.Unix(1e9, 0)}
	if c, ok := r.Counters(sa.ID); !ok || c != want {
		t.Errorf("counters at the end are %+v, %v, want %+v", c, ok, want)
	}
	for range 2 { // as long as it is there, and when it was removed
		if sums := r.Statistics(); sums.OutPackets != 5 || sums.OutOctets != 500 {
			t.Errorf("statistics are %+v, want 5 packets out", sums)
		}
		if err := r.RemoveSA(sa.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestMapping(t *testing.T) {
	r := newRig(t)
	sa := inboundOf(0x1000, func(sa *ipsec.SA) { sa.Encapsulation = ipsec.Ports{Local: 4500, Remote: 40000} })
	r.add(sa)
	elsewhere := netip.AddrPortFrom(peer, 40001)
	for _, at := range []netip.AddrPort{netip.AddrPortFrom(peer, 40000), elsewhere, elsewhere} {
		r.heard(kernel.Mapping{ID: sa.ID, Remote: at})
	}
	r.heard(kernel.Mapping{ID: ipsec.SAID{SPI: 1}, Remote: elsewhere})
	if got, want := r.told(), []ipsec.Event{ipsec.Moved{SA: sa.ID, Remote: elsewhere}}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v once", got, want)
	}
}

// TestFlushed: what others took away comes back within a second; SAs cannot, and their
// owner hears of it.
func TestFlushed(t *testing.T) {
	for _, e := range []kernel.Event{kernel.Changed{}, kernel.Overrun{}} {
		r := newRig(t)
		r.state(policy(10, permit(lan, remote)))
		gone, half, whole := outboundOf(0x1000), outboundOf(0x1001, bundle), inboundOf(0x1002, bundle)
		r.add(gone, half, whole)
		before := len(r.memory.policies)
		for _, p := range r.memory.ordered(kernel.Forward) {
			r.memory.take(p.Index)
		}
		delete(r.memory.states, gone.ID)
		around, _ := half.AHID()
		delete(r.memory.states, around)
		stray := ipsec.SAID{Destination: gateway, Protocol: ipsec.ESP, SPI: 0x6666}
		r.memory.states[stray] = kernel.Installed{State: kernel.State{ID: stray, ReqID: kernel.Ours | 9}}
		if told := r.repair(); len(told) != 0 {
			t.Errorf("nobody said anything, and repair = %v", told)
		}
		r.heard(e)
		told := r.repair()
		for _, id := range []ipsec.SAID{gone.ID, half.ID} {
			if !slices.Contains(told, ipsec.Event(ipsec.Expired{SA: id, Hard: true})) || len(told) != 2 {
				t.Errorf("%T: repair = %v, want that %v is at its end", e, told, id)
			}
		}
		if len(r.memory.policies) != before || len(r.memory.states) != 2 {
			t.Errorf("%T: %d policies and %d states, want %d and 2", e, len(r.memory.policies), len(r.memory.states), before)
		}
		if again := r.repair(); len(again) != 0 {
			t.Errorf("the second time: repair = %v", again)
		}
	}
}

func TestFaults(t *testing.T) {
	names := make(map[string]bool)
	for _, f := range faults {
		if names[f.name] || f.meaning == "" || f.reason >= ipsec.DropReasons {
			t.Errorf("%+v is there twice or says nothing", f)
		}
		names[f.name] = true
	}
	r := newRig(t)
	r.memory.statistics = kernel.Statistics{Counters: []kernel.Counter{{Name: "XfrmInNoStates", Packets: 3}}, FragFails: 1}
	r.begin = *r.counters()
	r.memory.statistics.Counters = []kernel.Counter{{Name: "XfrmInNoStates", Packets: 5}, {Name: "XfrmInTmplMismatch", Packets: 7}}
	var want [ipsec.DropReasons]uint64
	want[ipsec.DropUnknownSPI], want[ipsec.DropClear] = 2, 7
	if got := r.Statistics().Drops; got != want {
		t.Errorf("drops are %v, want %v", got, want)
	}
	got := r.Faults()
	if len(got) != 2 || got[0].Name != "XfrmInNoStates" || got[0].Packets != 2 || got[1].Packets != 7 {
		t.Errorf("faults are %+v, want two", got)
	}
}
