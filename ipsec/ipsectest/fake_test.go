package ipsectest

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ipsec"
)

func TestFakePrintsItself(t *testing.T) {
	var f Fake
	if got := f.String(); got != "" {
		t.Errorf("an empty fake prints %q", got)
	}
	deny := Permit(lanA, netip.PrefixFrom(pcB, 32))
	deny.Action = 0
	if err := f.SetPolicies([]*ipsec.Policy{policy(wanA, wanB, deny, Permit(lanA, lanB))}); err != nil {
		t.Fatal(err)
	}
	there, back := flow{
		encryption: ipsec.AES128, integrity: ipsec.SHA1, encapsulation: ipsec.Ports{Local: 4500, Remote: 4501},
		soft: ipsec.Lifetime{Duration: time.Hour, Octets: 1000},
	}.sas()
	back.inbound.Hard = ipsec.Lifetime{Octets: 2000}
	plain, _ := flow{spi: 0x900}.sas()
	plain.outbound.Window = 0
	for _, sa := range []*ipsec.SA{there.outbound, plain.outbound, back.inbound} {
		if err := f.AddSA(sa); err != nil {
			t.Fatal(err)
		}
	}
	want := `policy GigabitEthernet0/0/0 map1-10 dev eth0 192.0.2.1 to 192.0.2.2
  rule 5 deny ip source 10.1.1.0 0.0.0.255 destination 10.1.2.2 0
  rule 10 permit ip source 10.1.1.0 0.0.0.255 destination 10.1.2.0 0.0.0.255
sa inbound ESP 0x1001 to 192.0.2.1 from 192.0.2.2 policy GigabitEthernet0/0/0 map1-10 rule 5 tunnel AES-128 HMAC-SHA1-96 "ip 10.1.1.0/24 to 10.1.2.0/24" udp 4500-4501 window 64 soft 1h0m0s/1000 hard 0s/2000
sa outbound ESP 0x1000 to 192.0.2.2 from 192.0.2.1 policy GigabitEthernet0/0/0 map1-10 rule 5 tunnel AES-128 HMAC-SHA1-96 "ip 10.1.1.0/24 to 10.1.2.0/24" udp 4500-4501 window 64 soft 1h0m0s/1000
sa outbound ESP 0x900 to 192.0.2.2 from 192.0.2.1 policy GigabitEthernet0/0/0 map1-10 rule 5 tunnel AES-128-GCM-128 "ip 10.1.1.0/24 to 10.1.2.0/24"
`
	if got := f.String(); got != want {
		t.Errorf("fake prints\n%swant\n%s", got, want)
	}
	if n := len(f.SAs()); n != 3 {
		t.Errorf("%d SAs, want 3", n)
	}
}

func TestFakeForgets(t *testing.T) {
	var f Fake
	p := policy(wanA, wanB, Permit(lanA, lanB))
	there, back := flow{}.sas()
	other := *back.inbound
	other.ID.SPI, other.Policy.Sequence = 0x5000, 99
	steps := []struct {
		name string
		do   func() error
		want int // SAs
	}{
		{"policy", func() error { return f.SetPolicies([]*ipsec.Policy{p}) }, 0},
		{"first", func() error { return f.AddSA(there.outbound) }, 1},
		{"second", func() error { return f.AddSA(back.inbound) }, 2},
		{"of a policy nobody listed", func() error { return f.AddSA(&other) }, 3},
		{"removed", func() error { return f.RemoveSA(there.outbound.ID) }, 2},
		{"removed again", func() error { return f.RemoveSA(there.outbound.ID) }, 2},
		{"same policies", func() error { return f.SetPolicies([]*ipsec.Policy{p}) }, 2},
		{"no policies", func() error { return f.SetPolicies(nil) }, 1},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if got := len(f.SAs()); got != s.want {
			t.Errorf("%s: %d SAs, want %d", s.name, got, s.want)
		}
	}
}

func TestFakeRefuses(t *testing.T) {
	var f Fake
	there, _ := flow{}.sas()
	broken := *there.outbound
	broken.EncryptionKey = nil
	var invalid *ipsec.InvalidSA
	if err := f.AddSA(&broken); !errors.As(err, &invalid) {
		t.Errorf("AddSA without a key = %v, want an InvalidSA", err)
	}
	if err := f.AddSA(there.outbound); err != nil {
		t.Fatal(err)
	}
	if err := f.AddSA(there.outbound); err == nil {
		t.Error("the same SPI is taken twice")
	}
}

// TestFakeFails: each operation can be made to fail, and then changes nothing.
func TestFakeFails(t *testing.T) {
	there, _ := flow{}.sas()
	broken := errors.New("broken")
	for _, operation := range []string{"SetPolicies", "AddSA", "RemoveSA"} {
		armed := false
		f := Fake{Fail: func(o string, sa *ipsec.SA) error {
			if (sa == nil) != (o == "SetPolicies") {
				t.Errorf("%s with SA %v", o, sa != nil)
			}
			if armed && o == operation {
				return broken
			}
			return nil
		}}
		if err := errors.Join(f.SetPolicies(nil), f.AddSA(there.outbound)); err != nil {
			t.Fatal(err)
		}
		armed = true
		before := f.String()
		var err error
		switch operation {
		case "SetPolicies":
			err = f.SetPolicies([]*ipsec.Policy{policy(wanA, wanB)})
		case "AddSA":
			err = f.AddSA(&ipsec.SA{})
		case "RemoveSA":
			err = f.RemoveSA(there.outbound.ID)
		}
		if err != broken || f.String() != before {
			t.Errorf("%s = %v, want %v and no change; now\n%s", operation, err, broken, f.String())
		}
	}
}

func TestFakeCounts(t *testing.T) {
	var f Fake
	there, _ := flow{}.sas()
	want := ipsec.Counters{Packets: 3, Octets: 300, Sequence: 3}
	f.Count(there.outbound.ID, want) // there is no such SA yet
	if c, ok := f.Counters(there.outbound.ID); ok || c != (ipsec.Counters{}) {
		t.Errorf("Counters of nothing = %+v, %v", c, ok)
	}
	if err := f.AddSA(there.outbound); err != nil {
		t.Fatal(err)
	}
	f.Count(there.outbound.ID, want)
	if c, ok := f.Counters(there.outbound.ID); !ok || c != want {
		t.Errorf("Counters = %+v, %v, want %+v", c, ok, want)
	}
	sums := ipsec.Statistics{InPackets: 7}
	f.Sum(sums)
	if got := f.Statistics(); got != sums {
		t.Errorf("Statistics = %+v, want %+v", got, sums)
	}
}

// TestKeysStayHidden: a fake is printed in test logs.
func TestKeysStayHidden(t *testing.T) {
	var f Fake
	there, _ := flow{encryption: ipsec.AES256, integrity: ipsec.SHA256}.sas()
	there.outbound.EncryptionKey = []byte("0123456789abcdef0123456789abcdef")
	if err := f.AddSA(there.outbound); err != nil {
		t.Fatal(err)
	}
	if s := f.String(); strings.Contains(s, "0123456789") || strings.Contains(s, "30313233") {
		t.Errorf("a key is printed: %s", s)
	}
}

// TestFlowEnds: what one end sends is what the other takes.
func TestFlowEnds(t *testing.T) {
	there, back := flow{encapsulation: ipsec.Ports{Local: 4500, Remote: 4501}}.sas()
	for _, e := range []ends{there, back} {
		out, in := e.outbound, e.inbound
		if out.ID != in.ID || !out.EncryptionKey.Equal(in.EncryptionKey) || out.Local != in.Remote || out.Selector.Local != in.Selector.Remote {
			t.Errorf("%v and %v do not belong together", out, in)
		}
		if out.Encapsulation.Local != in.Encapsulation.Remote || out.Direction != ipsec.Outbound || in.Direction != ipsec.Inbound {
			t.Errorf("ports or directions of %v are wrong", out.ID)
		}
		if err := errors.Join(out.Validate(), in.Validate()); err != nil {
			t.Error(err)
		}
	}
	if there.outbound.ID == back.outbound.ID || there.outbound.EncryptionKey.Equal(back.outbound.EncryptionKey) {
		t.Error("both ways have the same SPI or key")
	}
}
