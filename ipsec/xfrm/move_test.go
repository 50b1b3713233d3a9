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
	"sallyport/ipsec/xfrm/kernel"
)

// inUDP has an SA go in UDP.
func inUDP(sa *ipsec.SA) { sa.Encapsulation = ipsec.Ports{Local: 4500, Remote: 40000} }

// TestMoveSA: the SA has another name, its policies follow, and what packets asked for
// meanwhile is no news.
func TestMoveSA(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	older, sa, in := outboundOf(0x1001, inUDP), outboundOf(0x1003, inUDP), inboundOf(0x1000, inUDP)
	r.add(older, sa, in)
	away := netip.AddrPortFrom(nomad, 5000)
	r.memory.changes()
	moved, err := r.MoveSA(sa.ID, away)
	if want := (ipsec.SAID{Destination: nomad, Protocol: ipsec.ESP, SPI: 0x1003}); err != nil || moved != want {
		t.Fatalf("MoveSA = %v, %v, want %v", moved, err, want)
	}
	r.expect("move state", "change policy")
	if got := r.outbound().Templates[0].Destination; got != nomad {
		t.Errorf("what leaves goes to %v, want %v", got, nomad)
	}
	if sa.Remote != peer {
		t.Error("what the owner holds has changed")
	}
	asked := kernel.Acquire{ReqID: r.outbound().Templates[0].ReqID, Packet: acl.Tuple{Source: host1, Destination: server, Protocol: 1}}
	if r.heard(asked); len(r.told()) != 0 {
		t.Error("an SA is asked for that is there")
	}
	if _, old := r.Counters(sa.ID); old || !slices.ContainsFunc(r.ofPolicy[id(10)], func(a *association) bool { return a.ID == moved }) || len(r.ofPolicy[id(10)]) != 3 {
		t.Errorf("the old name is there: %v, SAs %v", old, r.ofPolicy[id(10)])
	}
	r.memory.changes()
	if name, err := r.MoveSA(in.ID, away); err != nil || name != in.ID {
		t.Errorf("MoveSA of the inbound SA = %v, %v", name, err)
	}
	r.expect("move state")
	r.heard(kernel.Mapping{ID: in.ID, Remote: away})
	if told := r.told(); len(told) != 0 {
		t.Errorf("told %v, want nothing: the owner said so", told)
	}
	if _, err := r.MoveSA(moved, netip.AddrPortFrom(nomad, 6000)); err != nil {
		t.Error(err)
	}
	r.expect("move state")
	if err := r.RemoveSA(moved); err != nil || r.outbound().Templates[0].Destination != peer {
		t.Errorf("RemoveSA = %v, and what leaves goes to %v", err, r.outbound().Templates[0].Destination)
	}
}

func TestMoveSARefused(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	away := netip.AddrPortFrom(nomad, 5000)
	fixed := outboundOf(0x1003, inUDP, func(sa *ipsec.SA) { sa.Mode = ipsec.Transport })
	plain, first, second, used := outboundOf(0x1001), outboundOf(0x1005, inUDP), outboundOf(0x1005, inUDP, from(nomad)), outboundOf(0x1007, inUDP)
	r.add(plain, fixed, first, second, used)
	r.heard(kernel.Expire{ID: used.ID, Hard: true})
	for name, test := range map[string]struct {
		id ipsec.SAID
		to netip.AddrPort
	}{
		"not in UDP": {plain.ID, away}, "transport mode": {fixed.ID, away}, "name in use": {first.ID, away}, "none": {ipsec.SAID{SPI: 7}, away},
		"no port": {first.ID, netip.AddrPortFrom(peer, 0)}, "at an end": {used.ID, away},
		"no IPv4 address": {first.ID, netip.MustParseAddrPort("[2001:db8::1]:4500")},
	} {
		if _, err := r.MoveSA(test.id, test.to); err == nil {
			t.Errorf("%s: MoveSA = nil, want an error", name)
		}
	}
	r.memory.fail["move state"] = unix.ESRCH
	if _, err := r.MoveSA(second.ID, netip.AddrPortFrom(peer.Next(), 1)); !errors.Is(err, unix.ESRCH) || !r.dirty {
		t.Errorf("MoveSA = %v, want %v, and a look at all SAs", err, unix.ESRCH)
	}
}

// TestOtherICV: an SA none of whose packets is authentic is a hint, if its algorithm is
// the one.
func TestOtherICV(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	with := func(i ipsec.Integrity) func(*ipsec.SA) {
		return func(sa *ipsec.SA) { sa.Encryption, sa.Integrity = ipsec.AES128, i }
	}
	for spi, test := range map[ipsec.SPI]struct {
		sa      *ipsec.SA
		packets uint64
		fails   uint64
		want    bool
	}{
		0x1000: {inboundOf(0x1000, with(ipsec.SHA256)), 0, 3, true},
		0x1001: {inboundOf(0x1001, with(ipsec.SHA256Short)), 0, 40, true},
		0x1002: {inboundOf(0x1002, with(ipsec.SHA256)), 1, 40, false},
		0x1003: {inboundOf(0x1003, with(ipsec.SHA256)), 0, 2, false},
		0x1004: {inboundOf(0x1004, with(ipsec.SHA1)), 0, 40, false},
		0x1005: {inboundOf(0x1005), 0, 40, false},
		0x1006: {inboundOf(0x1006, bundle), 0, 40, true},
	} {
		r.add(test.sa)
		s := r.memory.states[test.sa.ID]
		s.Counters = ipsec.Counters{Packets: test.packets, ICVFailures: test.fails}
		r.memory.states[test.sa.ID] = s
		if c, ok := r.Counters(test.sa.ID); !ok || c.OtherICV != test.want || c.ICVFailures != test.fails {
			t.Errorf("%#x: counters are %+v, want the hint %v", uint32(spi), c, test.want)
		}
	}
	faults := r.Faults()
	if len(faults) != 1 || faults[0] != ipsec.OtherICVFault(3+40+40) {
		t.Errorf("faults are %+v, want %+v", faults, ipsec.OtherICVFault(83))
	}
}

// TestLastUsed: where the kernel does not say it, it is when packets were found first.
func TestLastUsed(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	sa := outboundOf(0x1001)
	r.add(sa)
	if c, _ := r.Counters(sa.ID); !c.LastUsed.IsZero() {
		t.Errorf("an SA without packets was used at %v", c.LastUsed)
	}
	r.memory.states[sa.ID] = counting(r.memory.states[sa.ID], 1, 100)
	c, _ := r.Counters(sa.ID)
	if age := time.Since(c.LastUsed); age < 0 || age > time.Minute {
		t.Errorf("used at %v, want now", c.LastUsed)
	}
	r.sas[sa.ID].used = time.Unix(5, 0)
	if again, _ := r.Counters(sa.ID); !again.LastUsed.Equal(time.Unix(5, 0)) {
		t.Errorf("without another packet used at %v, want what was found before", again.LastUsed)
	}
	s := r.memory.states[sa.ID]
	s.Counters.LastUsed = time.Unix(7, 0)
	r.memory.states[sa.ID] = s
	if c, _ := r.Counters(sa.ID); !c.LastUsed.Equal(time.Unix(7, 0)) {
		t.Errorf("used at %v, want what the kernel says", c.LastUsed)
	}
}
