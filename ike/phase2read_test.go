package ike

import (
	"math"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

func attr2(t wire.AttributeType2, v uint64) wire.Attribute {
	return wire.Number(wire.AttributeType(t), v)
}

func no2(t wire.AttributeType2) wire.Attribute { return without(wire.AttributeType(t)) }

// plain is the transform of plainOffer.
var plain = phase2{offer: ipsec.Offer{Encryption: ipsec.AES128, Integrity: ipsec.SHA256}, encap: wire.EncapTunnel,
	lifetime: ipsec.Lifetime{Duration: time.Hour}}

// spi2 is the SPI of proposals that are as they should be.
const spi2 = "\x12\x34\x56\x78"

// esp2 returns a proposal of ESP.
func esp2(number uint8, spi string, transforms ...wire.Transform) wire.Proposal {
	return wire.Proposal{Number: number, Protocol: wire.ProtoESP, SPI: []byte(spi), Transforms: transforms}
}

// ah2 returns a proposal of AH.
func ah2(number uint8, spi string, transforms ...wire.Transform) wire.Proposal {
	return wire.Proposal{Number: number, Protocol: wire.ProtoAH, SPI: []byte(spi), Transforms: transforms}
}

// ahOf returns a transform of AH that is like plain otherwise.
func ahOf(i ipsec.Integrity) wire.Transform {
	a := plain
	a.offer = ipsec.Offer{AH: i}
	return a.transform(wire.ProtoAH)
}

func TestReadPhase2(t *testing.T) {
	good := plain.transform(wire.ProtoESP)
	gcm := phase2{offer: ipsec.Offer{Encryption: ipsec.AES256GCM}, encap: wire.EncapTunnel}.transform(wire.ProtoESP)
	for _, test := range []struct {
		name string
		t    wire.Transform
		ok   bool
	}{
		{"as we write it", good, true},
		{"GCM", gcm, true},
		{"GCM with an authenticator", and(gcm, attr2(wire.Attr2Authentication, 5)), false},
		{"GCM without key length", with(gcm, no2(wire.Attr2KeyLength)), false},
		{"AES without authenticator", with(good, no2(wire.Attr2Authentication)), false},
		{"AES without key length", with(good, no2(wire.Attr2KeyLength)), false},
		{"AES with an odd key length", with(good, attr2(wire.Attr2KeyLength, 160)), false},
		{"NULL with SHA-256", with(wire.Transform{ID: uint8(wire.ESPNull), Attributes: good.Attributes}, no2(wire.Attr2KeyLength)), true},
		{"NULL with nothing", wire.Transform{ID: uint8(wire.ESPNull), Attributes: []wire.Attribute{attr2(wire.Attr2Encapsulation, 1)}}, false},
		{"DES with key length", wire.Transform{ID: uint8(wire.ESPDES), Attributes: good.Attributes}, false},
		{"ESN", and(good, attr2(wire.Attr2ESN, 1)), true},
		{"ESN 2", and(good, attr2(wire.Attr2ESN, 2)), false},
		{"ESN 0", and(good, attr2(wire.Attr2ESN, 0)), false},
		{"unknown attribute", and(good, attr2(77, 1)), false},
		{"encapsulation twice", and(good, attr2(wire.Attr2Encapsulation, 1)), false},
		{"XCBC", with(good, attr2(wire.Attr2Authentication, 9)), false},
		{"key rounds", and(good, attr2(wire.Attr2KeyRounds, 1)), false},
		{"transform 0", wire.Transform{ID: 0, Attributes: good.Attributes}, false},
	} {
		if _, ok := (bundle{esp2(1, spi2, test.t)}).first(); ok != test.ok {
			t.Errorf("%s: first is %v, want %v", test.name, ok, test.ok)
		}
	}
}

// TestReadAH reads transforms of AH, in which ID and attribute must say the same.
func TestReadAH(t *testing.T) {
	good := ahOf(ipsec.SHA1)
	for _, test := range []struct {
		name string
		t    wire.Transform
		want ipsec.Integrity
	}{
		{"MD5", ahOf(ipsec.MD5), ipsec.MD5},
		{"SHA-1", good, ipsec.SHA1},
		{"SHA-256", ahOf(ipsec.SHA256), ipsec.SHA256},
		{"SHA-384", ahOf(ipsec.SHA384), ipsec.SHA384},
		{"SHA-512", ahOf(ipsec.SHA512), ipsec.SHA512},
		{"extended sequence numbers", and(good, attr2(wire.Attr2ESN, 1)), ipsec.SHA1},
		{"the ID says MD5, the attribute SHA-1", wire.Transform{ID: uint8(wire.AHMD5), Attributes: good.Attributes}, 0},
		{"no attribute", with(good, no2(wire.Attr2Authentication)), 0},
		{"an attribute of 0", with(good, attr2(wire.Attr2Authentication, 0)), 0},
		{"a key length", and(good, attr2(wire.Attr2KeyLength, 160)), 0},
		{"XCBC", with(wire.Transform{ID: uint8(wire.AHAESXCBC), Attributes: good.Attributes}, attr2(wire.Attr2Authentication, 9)), 0},
		{"DES", with(wire.Transform{ID: uint8(wire.AHDES), Attributes: good.Attributes}, attr2(wire.Attr2Authentication, 3)), 0},
		{"a cipher's ID", wire.Transform{ID: uint8(wire.ESPAESCBC), Attributes: good.Attributes}, 0},
		{"transform 0", wire.Transform{Attributes: good.Attributes}, 0},
	} {
		got, ok := (bundle{ah2(1, spi2, test.t)}).first()
		if ok != (test.want != 0) || ok && got.offer != (ipsec.Offer{AH: test.want}) {
			t.Errorf("%s: %v, %v, want %v", test.name, got.offer, ok, test.want)
		}
	}
}

// TestReadBundle puts transforms of AH and ESP together.
func TestReadBundle(t *testing.T) {
	esp, ah := plain.transform(wire.ProtoESP), ahOf(ipsec.SHA1)
	bare := with(esp, no2(wire.Attr2Authentication))
	null := with(wire.Transform{ID: uint8(wire.ESPNull), Attributes: bare.Attributes}, no2(wire.Attr2KeyLength))
	for _, test := range []struct {
		name string
		esp  wire.Transform
		ah   wire.Transform
		want string
	}{
		{"both authenticate", esp, ah, "ah/sha1+aes-128/sha2-256"},
		{"AH authenticates for ESP", bare, ah, "ah/sha1+aes-128"},
		{"ESP does nothing", null, ah, ""},
		{"a shorter life of AH", esp, with(ah, attr2(wire.Attr2LifeDuration, 600)), "ah/sha1+aes-128/sha2-256"},
		{"a longer life of AH", esp, with(ah, attr2(wire.Attr2LifeDuration, 9999)), "ah/sha1+aes-128/sha2-256"},
		{"two modes", esp, with(ah, attr2(wire.Attr2Encapsulation, 2)), ""},
		{"two groups", and(esp, attr2(wire.Attr2Group, 14)), and(ah, attr2(wire.Attr2Group, 2)), ""},
		{"PFS for one", and(esp, attr2(wire.Attr2Group, 14)), ah, ""},
		{"one group", and(esp, attr2(wire.Attr2Group, 14)), and(ah, attr2(wire.Attr2Group, 14)), "ah/sha1+aes-128/sha2-256"},
		{"ESN for one", esp, and(ah, attr2(wire.Attr2ESN, 1)), ""},
		{"AH says nothing we know", esp, with(ah, attr2(wire.Attr2Authentication, 1)), ""},
		{"ESP says nothing we know", with(esp, attr2(wire.Attr2KeyLength, 512)), ah, ""},
	} {
		for _, b := range []bundle{{esp2(1, spi2, test.esp), ah2(1, spi2, test.ah)}, {ah2(1, spi2, test.ah), esp2(1, spi2, test.esp)}} {
			got, ok := b.first()
			if text := got.offer.String(); ok != (test.want != "") || ok && text != test.want {
				t.Errorf("%s: %q, %v, want %q", test.name, text, ok, test.want)
			}
			if ok && got.lifetime.Duration > time.Hour {
				t.Errorf("%s: it lives for %v", test.name, got.lifetime.Duration)
			}
		}
	}
}

// TestBundles sorts proposals by number and refuses what is no bundle of ours.
func TestBundles(t *testing.T) {
	esp, ah := plain.transform(wire.ProtoESP), ahOf(ipsec.SHA1)
	comp := wire.Proposal{Number: 1, Protocol: wire.ProtoIPComp, SPI: []byte("\x58\x62"), Transforms: []wire.Transform{{ID: 2}}}
	for _, test := range []struct {
		name string
		all  []wire.Proposal
		want []spis // zero: not served
	}{
		{"ESP", []wire.Proposal{esp2(1, spi2, esp)}, []spis{{esp: 0x12345678}}},
		{"AH", []wire.Proposal{ah2(1, spi2, ah)}, []spis{{ah: 0x12345678}}},
		{"AH and ESP", []wire.Proposal{ah2(1, "\x00\x00\x01\x00", ah), esp2(1, spi2, esp)}, []spis{{0x12345678, 256}}},
		{"AH or ESP", []wire.Proposal{ah2(1, spi2, ah), esp2(2, spi2, esp)}, []spis{{ah: 0x12345678}, {esp: 0x12345678}}},
		{"halves apart", []wire.Proposal{ah2(3, spi2, ah), esp2(7, spi2, esp), esp2(3, spi2, esp)}, []spis{{0x12345678, 0x12345678}, {esp: 0x12345678}}},
		{"ESP twice", []wire.Proposal{esp2(1, spi2, esp), esp2(1, spi2, esp)}, []spis{{}}},
		{"AH, ESP and AH", []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, esp), ah2(1, spi2, ah)}, []spis{{}}},
		{"with IPComp", []wire.Proposal{esp2(1, spi2, esp), comp}, []spis{{}}},
		{"one without an SPI", []wire.Proposal{ah2(1, "", ah), esp2(1, spi2, esp)}, []spis{{}}},
		{"one with SPI 255", []wire.Proposal{ah2(1, spi2, ah), esp2(1, "\x00\x00\x00\xff", esp)}, []spis{{}}},
		{"ISAKMP", []wire.Proposal{{Number: 1, Protocol: wire.ProtoISAKMP, SPI: []byte(spi2)}}, []spis{{}}},
	} {
		var got []spis
		for _, b := range bundles(test.all) {
			s, _ := b.spis()
			got = append(got, s)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestLifetimePhase2(t *testing.T) {
	base := with(plain.transform(wire.ProtoESP), no2(wire.Attr2LifeType), no2(wire.Attr2LifeDuration))
	seconds := func(v uint64) []wire.Attribute {
		return []wire.Attribute{attr2(wire.Attr2LifeType, 1), attr2(wire.Attr2LifeDuration, v)}
	}
	kilobytes := func(v uint64) []wire.Attribute {
		return []wire.Attribute{attr2(wire.Attr2LifeType, 2), attr2(wire.Attr2LifeDuration, v)}
	}
	for _, test := range []struct {
		name string
		life []wire.Attribute
		want ipsec.Lifetime
	}{
		{"none", nil, ipsec.Lifetime{Duration: defaultLifetime}},
		{"seconds", seconds(7200), ipsec.Lifetime{Duration: 2 * time.Hour}},
		{"kilobytes", kilobytes(100), ipsec.Lifetime{Duration: defaultLifetime, Octets: 102400}},
		{"both", append(seconds(600), kilobytes(4608000)...), ipsec.Lifetime{Duration: 10 * time.Minute, Octets: 4608000 * 1024}},
		{"both, the other way round", append(kilobytes(1), seconds(600)...), ipsec.Lifetime{Duration: 10 * time.Minute, Octets: 1024}},
		{"as much as can be said", append(seconds(math.MaxUint64), kilobytes(math.MaxUint64)...), ipsec.Lifetime{Duration: 876000 * time.Hour, Octets: 1 << 63}},
	} {
		got, ok := readPhase2(wire.ProtoESP, and(base, test.life...))
		if !ok || got.lifetime != test.want {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got.lifetime, ok, test.want)
		}
	}
}
