package main

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest"
)

// manualSAs returns the two SAs of an entry, the SPIs being spi and spi+1.
func manualSAs(sequence uint32, spi ipsec.SPI) []*ipsec.SA {
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	in := &ipsec.SA{
		ID: ipsec.SAID{Destination: here, Protocol: ipsec.ESP, SPI: spi}, Direction: ipsec.Inbound,
		Policy: ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "map1", Sequence: sequence},
		Local:  here, Remote: there, Encryption: ipsec.AES128, Integrity: ipsec.SHA1,
		EncryptionKey: bytes.Repeat([]byte{1}, 16), IntegrityKey: bytes.Repeat([]byte{2}, 20),
	}
	out := in.Clone()
	out.Direction, out.ID = ipsec.Outbound, ipsec.SAID{Destination: there, Protocol: ipsec.ESP, SPI: spi + 1}
	return []*ipsec.SA{in, out}
}

// spis are those that the dataplane has, in order.
func spis(f *ipsectest.Fake) (all []ipsec.SPI) {
	for _, sa := range f.SAs() {
		all = append(all, sa.ID.SPI)
	}
	slices.Sort(all)
	return all
}

// TestManual: what did not change is not touched, an SPI may pass from one pair to
// another, and keys are lent, not given.
func TestManual(t *testing.T) {
	one, two := manualSAs(10, 0x1000), manualSAs(20, 0x2000)
	other := manualSAs(20, 0x1000)
	var f ipsectest.Fake
	var done []string
	f.Fail = func(operation string, sa *ipsec.SA) error {
		done = append(done, operation)
		return nil
	}
	m := &manual{dataplane: &f}
	for _, step := range []struct {
		name string
		sas  []*ipsec.SA
		want []ipsec.SPI
		done int
	}{
		{"the first", one, []ipsec.SPI{0x1000, 0x1001}, 2},
		{"a second", slices.Concat(one, two), []ipsec.SPI{0x1000, 0x1001, 0x2000, 0x2001}, 2},
		{"the same again", slices.Concat(one, two), []ipsec.SPI{0x1000, 0x1001, 0x2000, 0x2001}, 0},
		{"the second takes the SPIs of the first", other, []ipsec.SPI{0x1000, 0x1001}, 6},
		{"none", nil, nil, 2},
	} {
		done = nil
		if err := m.apply(step.sas); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := spis(&f); !slices.Equal(got, step.want) || len(done) != step.done || len(m.statuses()) != len(step.sas)/2 {
			t.Errorf("%s: %x after %v, want %x after %d calls", step.name, got, done, step.want, step.done)
		}
	}
	if one[0].EncryptionKey[0] != 1 {
		t.Error("the configuration's key was wiped")
	}
}

// TestManualRefused: a pair that the dataplane refuses leaves all as it was, and an SPI
// that somebody else has stays his.
func TestManualRefused(t *testing.T) {
	var f ipsectest.Fake
	m := &manual{dataplane: &f}
	if err := m.apply(manualSAs(10, 0x1000)); err != nil {
		t.Fatal(err)
	}
	negotiated := manualSAs(99, 0x3001)[0]
	if err := f.AddSA(negotiated); err != nil {
		t.Fatal(err)
	}
	before := f.String()
	for _, bad := range [][]*ipsec.SA{manualSAs(20, 0x3001), manualSAs(20, 0x3001-1)} {
		bad[1].ID.Destination = bad[0].ID.Destination // so that both may meet the SA that is there
		err := m.apply(bad)
		if err == nil || !strings.Contains(err.Error(), "map1-20") {
			t.Errorf("apply = %v, want an error that names the policy", err)
		}
		if got := f.String(); got != before {
			t.Errorf("after a refusal\n%swant\n%s", got, before)
		}
	}
}

func TestManualReset(t *testing.T) {
	var f ipsectest.Fake
	m := &manual{dataplane: &f}
	sas := slices.Concat(manualSAs(10, 0x1000), manualSAs(20, 0x2000))
	if err := m.apply(sas); err != nil {
		t.Fatal(err)
	}
	var removed []ipsec.SPI
	f.Fail = func(operation string, sa *ipsec.SA) error {
		if operation == "RemoveSA" {
			removed = append(removed, sa.ID.SPI)
		}
		return nil
	}
	if err := m.reset(ike.Reset{ChildrenOnly: true, Policy: "map1", Sequence: 20}); err != nil {
		t.Fatal(err)
	}
	if want := []ipsec.SPI{0x2001, 0x2000}; !slices.Equal(removed, want) || len(spis(&f)) != 4 {
		t.Errorf("removed %x, want %x; there are %x", removed, want, spis(&f))
	}
	f.Fail = func(operation string, _ *ipsec.SA) error {
		if operation == "AddSA" {
			return errors.New("no room")
		}
		return nil
	}
	if err := m.reset(ike.Reset{ChildrenOnly: true}); err == nil || len(m.statuses()) != 0 {
		t.Errorf("reset = %v with %d pairs left, want the dataplane's error and none", err, len(m.statuses()))
	}
}

// TestInherit: what the dataplane has of a predecessor is not made anew.
func TestInherit(t *testing.T) {
	sas := slices.Concat(manualSAs(10, 0x1000), manualSAs(20, 0x2000))
	f := ipsectest.Fake{Left: []ipsec.SAID{sas[0].ID, sas[1].ID, sas[2].ID}}
	d := &device{inherited: &inheritance{}, parts: parts{dataplane: &f}, manual: &manual{dataplane: &f}}
	p := &commands.Protection{IKE: &ike.Config{}, Manual: sas}
	if err := d.inherit(p); err != nil {
		t.Fatal(err)
	}
	added := 0
	f.Fail = func(operation string, _ *ipsec.SA) error {
		if operation == "AddSA" {
			added++
		}
		return nil
	}
	if err := d.manual.apply(sas); err != nil {
		t.Fatal(err)
	}
	if got := spis(&f); added != 2 || len(got) != 4 {
		t.Errorf("%d SAs were added, want 2: the half pair is made anew; there are %x", added, got)
	}
}

// TestCatchUp: a soft limit that an SA reached while nobody was there is told.
func TestCatchUp(t *testing.T) {
	sas := manualSAs(10, 0x1000)
	var f ipsectest.Fake
	for i, octets := range []uint64{1000, 999} {
		sas[i].Soft.Octets = 1000
		if err := f.AddSA(sas[i].Clone()); err != nil {
			t.Fatal(err)
		}
		f.Count(sas[i].ID, ipsec.Counters{Octets: octets})
	}
	var told []ike.Input
	(&inheritance{kept: sas}).catchUp(&f, func(in ike.Input) { told = append(told, in) })
	if want := []ike.Input{ike.Expire{SA: sas[0].ID}}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// TestRenew: an SA whose sequence numbers are used up is made anew with its pair.
func TestRenew(t *testing.T) {
	var f ipsectest.Fake
	m := &manual{dataplane: &f}
	sas := slices.Concat(manualSAs(10, 0x1000), manualSAs(20, 0x2000))
	if err := m.apply(sas); err != nil {
		t.Fatal(err)
	}
	f.Count(sas[3].ID, ipsec.Counters{Packets: 1})
	for _, id := range []ipsec.SAID{sas[3].ID, {Protocol: ipsec.ESP, SPI: 0x9999}} {
		if err := m.renew(id); err != nil {
			t.Error(err)
		}
	}
	if c, ok := f.Counters(sas[3].ID); !ok || c.Packets != 0 || len(m.statuses()) != 2 {
		t.Errorf("counters are %+v, %v: want those of a new SA", c, ok)
	}
}
