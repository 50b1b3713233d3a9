package ike

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
)

func TestCategoryNames(t *testing.T) {
	seen := map[string]bool{}
	for c := range categories {
		if name := c.String(); name == "" || seen[name] {
			t.Errorf("category %d has the name %q", c, name)
		} else {
			seen[name] = true
		}
	}
	if got := categories.String(); got != fmt.Sprintf("category %d", uint8(categories)) {
		t.Errorf("an unknown category is %q", got)
	}
}

func TestCategoryOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Category
	}{
		{reject(Limited, "x"), Limited},
		{rejectWith(Phase2Mismatch, wire.NoProposalChosen, "x"), Phase2Mismatch},
		{fmt.Errorf("wrapped: %w", reject(InvalidHash, "x")), InvalidHash},
		{&wire.SyntaxError{}, MalformedMessage},
		{errors.New("any"), MalformedMessage},
	} {
		if got := categoryOf(test.err); got != test.want {
			t.Errorf("categoryOf(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}

// TestRefusalsAreCounted checks the counters of displays.
func TestRefusalsAreCounted(t *testing.T) {
	w := connected(t, 1, nil)
	w.ends[0].step(Datagram{Local: kitPort(1, 500), Remote: kitPort(2, 500), Octets: []byte("not ISAKMP")})
	w.ends[0].step(Datagram{Local: kitPort(1, 500), Remote: kitPort(2, 500), Octets: clearMessage(wire.Cookie{1}, wire.Cookie{2}, wire.QuickMode, 1, wire.Hash{Data: []byte{1}})})
	got := w.ends[0].engine.Refusals()
	if got[MalformedMessage].Count != 1 || got[InvalidCookie].Count != 1 || got[InvalidFlags].Count != 0 || len(got) != int(NoAnswer)+2 {
		t.Errorf("Refusals() = %v", got)
	}
}

// TestHeaderRefusals: what is wrong with a header has a counter of its own.
func TestHeaderRefusals(t *testing.T) {
	good := messageOf1(1, longOffer(1))
	with := func(at int, octets ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), octets...), good[at+len(octets):]...)
	}
	for _, test := range []struct {
		name   string
		octets []byte
		want   Category
	}{
		{"base mode", with(18, 1), UnsupportedExchange},
		{"authentication only", with(18, 3), UnsupportedExchange},
		{"new group mode", with(18, 33), UnsupportedExchange},
		{"IKEv2", with(17, 0x20), UnsupportedVersion},
		{"version 1.1", with(17, 0x11), UnsupportedVersion},
		{"unknown flags", with(19, 0x18), InvalidFlags},
		{"an initiator's cookie of zeros", with(0, 0, 0, 0, 0, 0, 0, 0, 0), InvalidCookie},
		{"a message ID in phase 1", with(20, 0, 0, 0, 1), UnexpectedMessage},
		{"quick mode without one", with(18, 32), UnexpectedMessage},
		{"an octet more than it says", append(bytes.Clone(good), 0), InvalidLength},
		{"half a header", good[:14], MalformedMessage},
		{"a payload cut short", with(30, 0xff, 0xff), MalformedMessage},
	} {
		hq := newWorld(t, 1, nil).ends[0]
		hq.step(Datagram{Local: kitPort(1, 500), Remote: kitPort(2, 500), Octets: test.octets})
		for _, r := range hq.engine.Refusals() {
			if want := r.Reason == test.want.String(); (r.Count == 1) != want {
				t.Errorf("%s: %q is counted %d times, want %q once", test.name, r.Reason, r.Count, test.want)
			}
		}
		if all := hq.engine.Failures(); len(all) != 0 || len(hq.engine.sas) != 0 {
			t.Errorf("%s: failures %v, ISAKMP SAs %v", test.name, all, hq.engine.sas)
		}
	}
}

// TestOddities: what is ignored is counted, and the message is taken.
func TestOddities(t *testing.T) {
	w := newWorld(t, 1, nil)
	hq := w.ends[0]
	octets := clearMessage(wire.Cookie{1}, wire.Cookie{}, wire.MainMode, 0, offer1(kitOffer(w)), wire.Unknown{PayloadType: 200, Data: []byte("?")})
	octets[wire.HeaderLen+1] = 1
	hq.step(Datagram{Local: kitPort(1, 500), Remote: kitPort(2, 500), Octets: octets})
	want := []Refusal{{"reserved field not zero, ignored", 1}, {"unknown payload, ignored", 1}}
	if got := hq.engine.Refusals()[NoAnswer:]; !slices.Equal(got, want) || len(hq.engine.sas) != 1 || len(hq.refused) != 0 {
		t.Errorf("Refusals() ends with %v, want %v; %d ISAKMP SAs, refused %v", got, want, len(hq.engine.sas), hq.refused)
	}
	hq.step(Clear{Refusals: true})
	if got := hq.engine.Refusals()[NoAnswer:]; got[0].Count != 0 || got[1].Count != 0 {
		t.Errorf("after a reset: %v", got)
	}
	w = connected(t, 1, nil)
	branch := w.ends[1].engine
	branch.now = w.now
	branch.current(party{peer: "peer"}).inform(wire.Unknown{PayloadType: 200, Data: []byte("?")})
	w.ends[1].perform(branch.outputs())
	w.run(time.Second)
	if got := w.ends[0].engine.Refusals()[NoAnswer:]; got[1].Count != 1 {
		t.Errorf("an encrypted message with an unknown payload: %v", got)
	}
}
