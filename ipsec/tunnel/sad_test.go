package tunnel

import (
	"errors"
	"net/netip"
	"testing"

	"sallyport/ipsec"
)

func entry(t *testing.T, sa *ipsec.SA) *outboundSA {
	t.Helper()
	out, err := newOutbound(sa, zeros{}, 1500)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func half(sa *ipsec.SA) { // does not have the server
	sa.Selector.Remote = ipsec.PrefixRange(netip.MustParsePrefix("10.1.2.128/25"))
}

func otherPolicy(sa *ipsec.SA) { sa.Policy = id(20) }

func TestChoose(t *testing.T) {
	d := newSAD()
	for _, sa := range []*ipsec.SA{
		outboundOf(0x1000), outboundOf(0x1001), outboundOf(0x1002, half), outboundOf(0x1003, otherPolicy),
	} {
		d.addOutbound(entry(t, sa))
	}
	name := func(spi ipsec.SPI) ipsec.SAID { return outboundOf(spi).ID }
	for _, step := range []struct {
		name   string
		do     func()
		policy uint32
		want   ipsec.SPI // 0: none
	}{
		{"the newest whose selector has the packet", func() {}, 10, 0x1001},
		{"of the policy", func() {}, 20, 0x1003},
		{"of a policy without SAs", func() {}, 30, 0},
		{"one of no consequence removed", func() { d.remove(name(0x1002)) }, 10, 0x1001},
		{"the newest used up", func() { d.outbound[nameOf(name(0x1001))].done.Store(true) }, 10, 0x1000},
		{"the newest removed", func() { d.remove(name(0x1001)) }, 10, 0x1000},
		{"removed again", func() { d.remove(name(0x1001)) }, 10, 0x1000},
		{"another policy removed", func() { d.removePolicy(id(20)) }, 20, 0},
		{"the last removed", func() { d.remove(name(0x1000)) }, 10, 0},
	} {
		step.do()
		var got ipsec.SPI
		if sa := d.choose(id(step.policy), tuple()); sa != nil {
			got = sa.ID.SPI
		}
		if got != step.want {
			t.Errorf("%s: SPI %#x, want %#x", step.name, got, step.want)
		}
	}
	if len(d.outbound)+len(d.byPolicy) != 0 {
		t.Errorf("%d SAs and %d lists are left", len(d.outbound), len(d.byPolicy))
	}
}

func TestRemovePolicyTakesInboundToo(t *testing.T) {
	d := newSAD()
	for _, sa := range []*ipsec.SA{inboundOf(0x1000, around(0x2000)), inboundOf(0x1001, otherPolicy, around(0x2001))} {
		in, err := newInbound(sa)
		if err != nil {
			t.Fatal(err)
		}
		d.addInbound(in)
	}
	d.removePolicy(id(10))
	if len(d.inbound) != 2 || !d.has(inboundOf(0x1001).ID) {
		t.Errorf("left are %v, want the other policy's", d.inbound)
	}
}

func TestUnusableSA(t *testing.T) {
	r := newRig(t)
	r.add(t, inboundOf(0x1000), outboundOf(0x1000), outboundOf(0x1001, around(0x1000)))
	six := netip.MustParseAddr("2001:db8::1")
	for _, test := range []struct {
		name string
		sa   *ipsec.SA
	}{
		{"AH around ESP in UDP", outboundOf(0x2000, inUDP, around(0x3000))},
		{"AH in UDP", outboundOf(0x2000, onlyAH, inUDP)},
		{"IPv6 end", outboundOf(0x2000, func(sa *ipsec.SA) { sa.Remote, sa.ID.Destination = six, six })},
		{"does not end where it says", outboundOf(0x2000, func(sa *ipsec.SA) { sa.ID.Destination = gateway })},
		{"inbound that ends at the peer", inboundOf(0x2000, func(sa *ipsec.SA) { sa.ID.Destination = peer })},
		{"inbound SPI in use", inboundOf(0x1000)},
		{"outbound SPI in use", outboundOf(0x1000)},
		{"SPI of AH in use", outboundOf(0x1000, onlyAH)},
	} {
		err := r.AddSA(test.sa)
		var unusable *UnusableSA
		if !errors.As(err, &unusable) || unusable.SA != test.sa.ID || unusable.Reason == "" {
			t.Errorf("%s: AddSA = %v, want an UnusableSA", test.name, err)
		}
	}
	r.add(t, inboundOf(0x1001, onlyAH))
	for _, sa := range []*ipsec.SA{outboundOf(0x2000, around(0x1000)), inboundOf(0x2000, around(0x1001))} {
		var unusable *UnusableSA
		if err, id := r.AddSA(sa), names(sa)[1]; !errors.As(err, &unusable) || unusable.SA != id {
			t.Errorf("AddSA of a bundle whose AH is there = %v, want an UnusableSA of %v", err, id)
		}
		if _, ok := r.Counters(sa.ID); ok {
			t.Errorf("half of a bundle is there: %v", sa.ID)
		}
	}
	for _, sa := range []*ipsec.SA{outboundOf(0x2000), inboundOf(0x2000)} {
		sa.EncryptionKey = sa.EncryptionKey[1:]
		var invalid *ipsec.InvalidSA
		if err := r.AddSA(sa); !errors.As(err, &invalid) {
			t.Errorf("AddSA with a short key = %v, want an InvalidSA", err)
		}
	}
}
