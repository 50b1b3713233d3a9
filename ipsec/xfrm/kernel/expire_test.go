package kernel

import (
	"fmt"
	"testing"
	"time"

	"sallyport/ipsec"
)

// plain is what the tests use that do not care how packets are protected.
var plain = association{Offer: ipsec.Offer{Encryption: ipsec.AES256GCM}}

// with returns plain with states changed.
func with(change func(*State)) association {
	a := plain
	a.change = change
	return a
}

// establish returns two sides with plain between them, or one like it.
func established(t *testing.T, a association) (left, right *side) {
	left, right = newPair(t)
	needESP(t, left.k)
	left.listen(t)
	right.listen(t)
	a.establish(t, left, right)
	return left, right
}

// TestLimitInOctets: soft, hard, and then no more packets.
func TestLimitInOctets(t *testing.T) {
	left, right := established(t, with(func(s *State) { s.Soft.Octets, s.Hard.Octets = 300, 600 }))
	// 72 octets and 28 of headers. The kernel looks before it counts: a limit is what
	// was there when one more came.
	if n := send(t, left, right, left.inner, right.inner, volley{10, 72, 6}); n != 6 {
		t.Errorf("%d arrived, want 6 of 100 octets", n)
	}
	id := plain.states(left, right)[0].ID
	for _, s := range []*side{left, right} {
		want := Expire{ID: id, ReqID: left.number, Counters: ipsec.Counters{Packets: 3, Octets: 300}}
		if soft := expect[Expire](t, s); soft != want {
			t.Errorf("%+v, want the soft limit, %+v", soft, want)
		}
	}
	want := Expire{ID: id, ReqID: left.number, Hard: true, Counters: ipsec.Counters{Packets: 6, Octets: 600}}
	if hard := expect[Expire](t, left); hard != want {
		t.Errorf("%+v, want the hard limit with the last counters, %+v", hard, want)
	}
	if _, found, err := left.k.State(id); found || err != nil {
		t.Errorf("the state is still there: %v, %v", found, err)
	}
}

// TestLimitInTime: both limits come by themselves.
func TestLimitInTime(t *testing.T) {
	left, right := newPair(t)
	needESP(t, left.k)
	left.listen(t)
	s := plain.states(left, right)[0]
	s.Soft.Duration, s.Hard.Duration = time.Second, 1500*time.Millisecond
	must(t, left.k.AddState(s))
	got, _, err := left.k.State(s.ID)
	must(t, err)
	if got.Soft.Duration != time.Second || got.Hard.Duration != 2*time.Second {
		t.Errorf("limits are %+v and %+v, want 1 s and 2 s, rounded up", got.Soft, got.Hard)
	}
	for _, hard := range []bool{false, true} {
		if e := expect[Expire](t, left); e.Hard != hard || e.ID != s.ID {
			t.Errorf("%+v, want %v hard %v", e, s.ID, hard)
		}
	}
}

// TestReservationEnds: the kernel takes an SPI back that nobody used, and says so.
func TestReservationEnds(t *testing.T) {
	left, right := newPair(t)
	must(t, left.k.SetWaiting(Waiting{Expires: 1}))
	left.listen(t)
	spi, err := left.k.ReserveSPI(right.outer, left.outer, ipsec.ESP, ipsec.Tunnel, left.number)
	must(t, err)
	id := ipsec.SAID{Destination: left.outer, Protocol: ipsec.ESP, SPI: spi}
	all, err := left.k.States()
	must(t, err)
	if len(all) != 1 || !all[0].Larval || all[0].ID != id || all[0].ReqID != left.number {
		t.Errorf("reserved is %+v, want %v", all, id)
	}
	if e := expect[Expire](t, left); !e.Hard || e.ID != id || e.ReqID != left.number {
		t.Errorf("%+v, want the end of %v", e, id)
	}
	all, err = left.k.States()
	if len(all) != 0 || err != nil {
		t.Errorf("left are %v, %v", all, err)
	}
}

// TestForeignStatesAreNotListed: a state of another program's flow is none of ours.
func TestForeignStatesAreNotListed(t *testing.T) {
	s := newSide(t)
	spi, err := s.k.ReserveSPI(probeAddress, probeAddress, ipsec.ESP, ipsec.Tunnel, 5)
	must(t, err)
	if all, err := s.k.States(); len(all) != 0 || err != nil {
		t.Errorf("listed are %v, %v", all, err)
	}
	got, found, err := s.k.State(ipsec.SAID{Destination: probeAddress, Protocol: ipsec.ESP, SPI: spi})
	if !found || got.ReqID != 5 || err != nil {
		t.Errorf("by its name it is %+v, %v, %v", got, found, err)
	}
}

// TestSPIsAreNobodysElse, and a reservation can be given back.
func TestSPIsAreNobodysElse(t *testing.T) {
	s := newSide(t)
	seen := make(map[ipsec.SPI]bool)
	for i := range 100 {
		spi, err := s.k.ReserveSPI(probeAddress, probeAddress, ipsec.ESP, ipsec.Tunnel, Ours|uint32(i+1))
		must(t, err)
		if seen[spi] || spi < ipsec.MinSPI {
			t.Fatalf("SPI %#x is somebody's, or below %d", uint32(spi), ipsec.MinSPI)
		}
		seen[spi] = true
	}
	for spi := range seen {
		id := ipsec.SAID{Destination: probeAddress, Protocol: ipsec.ESP, SPI: spi}
		must(t, s.k.DeleteState(id))
		must(t, s.k.DeleteState(id)) // is there no longer
	}
	if all, err := s.k.States(); len(all) != 0 || err != nil {
		t.Errorf("left are %v, %v", all, err)
	}
	if _, err := s.k.ReserveSPI(probeAddress, probeAddress, 17, ipsec.Tunnel, Ours|1); err == nil {
		t.Error("there is an SPI for UDP")
	} else if want := fmt.Sprintf("SPI for %v", ipsec.Protocol(17)); len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("error is %q, want it to begin with %q", err, want)
	}
}
