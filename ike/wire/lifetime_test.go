package wire

import (
	"bytes"
	"math"
	"testing"
)

func TestResponderLifetime(t *testing.T) {
	spi := []byte{0xc0, 0x2e, 0xb8, 0x39}
	cookies := append(header.CookieI[:], header.CookieR[:]...)
	for _, test := range []struct {
		name string
		n    Notify
		want string // body
		l    Lifetime
	}{
		{"phase 2, seconds", NewResponderLifetime(ProtoESP, spi, Lifetime{Seconds: 3600}),
			"00000001 03 04 6000 c02eb839 80010001 80020e10", Lifetime{Seconds: 3600}},
		{"phase 2, both", NewResponderLifetime(ProtoAH, spi, Lifetime{3600, 4608000}),
			"00000001 02 04 6000 c02eb839 80010001 80020e10 80010002 0002000400465000", Lifetime{3600, 4608000}},
		{"phase 1", NewResponderLifetime(ProtoISAKMP, cookies, Lifetime{Seconds: 86400}),
			"00000001 01 10 6000 0102030405060708 0900000000000000 800b0001 000c000400015180", Lifetime{Seconds: 86400}},
		{"nothing", NewResponderLifetime(ProtoESP, nil, Lifetime{}), "00000001 03 00 6000", Lifetime{}},
	} {
		if got := Body(test.n); !bytes.Equal(got, octetsIn(t, test.want)) {
			t.Errorf("%s: body = %x, want %s", test.name, got, test.want)
		}
		if got, err := test.n.Lifetime(); err != nil || got != test.l {
			t.Errorf("%s: Lifetime() = %+v, %v; want %+v", test.name, got, err, test.l)
		}
	}
}

func TestLifetimeRead(t *testing.T) {
	for _, test := range []struct {
		name     string
		protocol ProtocolID
		octets   string
		want     Lifetime
		wanted   string // of the error; empty: none
	}{
		{"long form", ProtoESP, "80010001 0002000400000e10", Lifetime{Seconds: 3600}, ""},
		{"seconds twice", ProtoESP, "80010001 80020e10 80010001 80020708", Lifetime{Seconds: 1800}, ""},
		{"longer than can be", ProtoESP, "80010001 00020009 010000000000000000", Lifetime{Seconds: math.MaxUint64}, ""},
		{"another attribute", ProtoESP, "80050002 80010001 80020e10", Lifetime{Seconds: 3600}, ""},
		{"numbers of phase 2 in phase 1", ProtoISAKMP, "80010001 80020e10", Lifetime{}, ""},
		{"duration without unit", ProtoESP, "80020e10", Lifetime{}, "seconds or kilobytes"},
		{"unknown unit", ProtoESP, "80010003 80020e10", Lifetime{}, "seconds or kilobytes"},
		{"empty duration", ProtoESP, "80010001 00020000", Lifetime{}, "seconds or kilobytes"},
		{"half an attribute", ProtoESP, "800100", Lifetime{}, "2 octets"},
	} {
		n := Notify{Protocol: test.protocol, Notify: ResponderLifetime, Data: octetsIn(t, test.octets)}
		got, err := n.Lifetime()
		if test.wanted != "" {
			checkSyntax(t, test.name, err, PayloadNotify, test.wanted)
		} else if err != nil || got != test.want {
			t.Errorf("%s: Lifetime() = %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
}
