package ike

import (
	"math"
	"strings"
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

// esp2 returns a proposal that offers one transform.
func esp2(number uint8, spi string, transforms ...wire.Transform) wire.Proposal {
	return wire.Proposal{Number: number, Protocol: wire.ProtoESP, SPI: []byte(spi), Transforms: transforms}
}

func TestReadPhase2(t *testing.T) {
	good := plain.transform(1)
	gcm := phase2{offer: ipsec.Offer{Encryption: ipsec.AES256GCM}, encap: wire.EncapTunnel}.transform(1)
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
		{"ESN", and(good, attr2(wire.Attr2ESN, 1)), false},
		{"unknown attribute", and(good, attr2(77, 1)), false},
		{"encapsulation twice", and(good, attr2(wire.Attr2Encapsulation, 1)), false},
		{"XCBC", with(good, attr2(wire.Attr2Authentication, 9)), false},
		{"key rounds", and(good, attr2(wire.Attr2KeyRounds, 1)), false},
		{"transform 0", wire.Transform{ID: 0, Attributes: good.Attributes}, false},
	} {
		if _, ok := readPhase2(test.t); ok != test.ok {
			t.Errorf("%s: readPhase2 is %v, want %v", test.name, ok, test.ok)
		}
	}
}

func TestLifetimePhase2(t *testing.T) {
	base := with(plain.transform(1), no2(wire.Attr2LifeType), no2(wire.Attr2LifeDuration))
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
		got, ok := readPhase2(and(base, test.life...))
		if !ok || got.lifetime != test.want {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got.lifetime, ok, test.want)
		}
	}
}

// phase2Policy allows AES-128 with SHA-256, and AES-256-GCM.
func phase2Policy(pfs wire.Group) *Policy {
	p := *kitConfig(0).Policies[0]
	p.PFS = pfs
	p.Proposals = append(p.Proposals, &ipsec.Proposal{Name: "gcm", Encryptions: []ipsec.Encryption{ipsec.AES256GCM}})
	return &p
}

func TestChoosePhase2(t *testing.T) {
	good := plain.transform(1)
	pfs := and(good, attr2(wire.Attr2Group, 19))
	const spi = "\x12\x34\x56\x78"
	for _, test := range []struct {
		name  string
		pfs   wire.Group
		ke    bool
		nat   nat
		offer []wire.Proposal
		ok    bool
	}{
		{"the plain case", 0, false, nat{}, []wire.Proposal{esp2(1, spi, good)}, true},
		{"SPI 255", 0, false, nat{}, []wire.Proposal{esp2(1, "\x00\x00\x00\xff", good)}, false},
		{"SPI 256", 0, false, nat{}, []wire.Proposal{esp2(1, "\x00\x00\x01\x00", good)}, true},
		{"SPI 0", 0, false, nat{}, []wire.Proposal{esp2(1, "\x00\x00\x00\x00", good)}, false},
		{"an SPI of 2 octets", 0, false, nat{}, []wire.Proposal{esp2(1, "\x12\x34", good)}, false},
		{"an SPI of 8 octets", 0, false, nat{}, []wire.Proposal{esp2(1, spi+spi, good)}, false},
		{"no encapsulation mode", 0, false, nat{}, []wire.Proposal{esp2(1, spi, with(good, no2(wire.Attr2Encapsulation)))}, false},
		{"transport", 0, false, nat{}, []wire.Proposal{esp2(1, spi, with(good, attr2(wire.Attr2Encapsulation, 2)))}, false},
		{"tunnel behind a NAT", 0, false, nat{here: true}, []wire.Proposal{esp2(1, spi, good)}, false},
		{"UDP tunnel behind a NAT", 0, false, nat{there: true}, []wire.Proposal{esp2(1, spi, with(good, attr2(wire.Attr2Encapsulation, 3)))}, true},
		{"UDP tunnel without NAT", 0, false, nat{}, []wire.Proposal{esp2(1, spi, with(good, attr2(wire.Attr2Encapsulation, 3)))}, false},
		{"PFS on both sides", 19, true, nat{}, []wire.Proposal{esp2(1, spi, pfs)}, true},
		{"PFS wanted, not offered", 19, false, nat{}, []wire.Proposal{esp2(1, spi, good)}, false},
		{"PFS of another group", 14, true, nat{}, []wire.Proposal{esp2(1, spi, pfs)}, false},
		{"PFS offered, not asked for", 0, true, nat{}, []wire.Proposal{esp2(1, spi, pfs)}, true},
		{"PFS of a group we cannot do", 0, true, nat{}, []wire.Proposal{esp2(1, spi, with(pfs, attr2(wire.Attr2Group, 3)))}, false},
		{"group without KE", 0, false, nat{}, []wire.Proposal{esp2(1, spi, pfs)}, false},
		{"KE without group", 0, true, nat{}, []wire.Proposal{esp2(1, spi, good)}, false},
		{"a bundle with AH", 0, false, nat{}, []wire.Proposal{{Number: 1, Protocol: wire.ProtoAH, SPI: []byte(spi), Transforms: []wire.Transform{good}}, esp2(1, spi, good)}, false},
		{"AH, or else ESP", 0, false, nat{}, []wire.Proposal{{Number: 1, Protocol: wire.ProtoAH, SPI: []byte(spi), Transforms: []wire.Transform{good}}, esp2(2, spi, good)}, true},
		{"none", 0, false, nat{}, nil, false},
	} {
		answer, agreed, err := choosePhase2(wire.NewSA(test.offer...), phase2Policy(test.pfs), test.nat, test.ke, 0xabcdef01)
		if (err == nil) != test.ok {
			t.Errorf("%s: choosePhase2: %v", test.name, err)
			continue
		}
		if err != nil {
			continue
		}
		last := test.offer[len(test.offer)-1]
		if p := answer.Proposals[0]; len(answer.Proposals) != 1 || string(p.SPI) != "\xab\xcd\xef\x01" || !p.Transforms[0].Equal(last.Transforms[0]) || p.Number != last.Number || agreed.spi <= 255 {
			t.Errorf("%s: answer %v to %v", test.name, answer, last)
		}
	}
}

func TestChosenPhase2(t *testing.T) {
	offered := offersPhase2(phase2Policy(19), nat{}, 0x1000)
	first := offered[0].Transforms[0]
	const spi = "\x12\x34\x56\x78"
	for _, test := range []struct {
		name   string
		answer wire.SA
		ok     bool
	}{
		{"the first", wire.NewSA(esp2(1, spi, first)), true},
		{"the second", wire.NewSA(esp2(2, spi, offered[1].Transforms[0])), true},
		{"another proposal behind it", wire.NewSA(esp2(1, spi, first), esp2(2, spi, offered[1].Transforms[0])), true},
		{"two transforms", wire.NewSA(esp2(1, spi, first, first)), false},
		{"SPI 7", wire.NewSA(esp2(1, "\x00\x00\x00\x07", first)), false},
		{"no PFS", wire.NewSA(esp2(1, spi, with(first, no2(wire.Attr2Group)))), false},
		{"a longer life", wire.NewSA(esp2(1, spi, with(first, attr2(wire.Attr2LifeDuration, 9999)))), false},
		{"another cipher", wire.NewSA(esp2(1, spi, wire.Transform{ID: uint8(wire.ESP3DES), Attributes: first.Attributes})), false},
		{"AH", wire.NewSA(wire.Proposal{Protocol: wire.ProtoAH, SPI: []byte(spi), Transforms: []wire.Transform{first}}), false},
	} {
		if got, err := chosenPhase2(test.answer, offered); (err == nil) != test.ok || err == nil && got.spi != 0x12345678 {
			t.Errorf("%s: chosenPhase2 = %+v, %v", test.name, got, err)
		}
	}
}

// TestExplainPhase2 checks that a refusal names the lines to change.
func TestExplainPhase2(t *testing.T) {
	good := and(plain.transform(1), attr2(wire.Attr2Group, 19))
	for _, test := range []struct {
		offer wire.Transform
		want  string
	}{
		{plain.transform(1), "to accept it: `undo pfs`"},
		{with(good, attr2(wire.Attr2Group, 14)), "to accept it: `pfs dh-group14`"},
		{with(good, attr2(wire.Attr2KeyLength, 256)), "`esp encryption-algorithm aes-256` in ipsec proposal esp"},
		{with(good, attr2(wire.Attr2Authentication, 2)), "`esp authentication-algorithm sha1` in ipsec proposal esp"},
		{with(good, attr2(wire.Attr2Encapsulation, 2)), "the encapsulation (the peer's is transport)"},
	} {
		_, _, err := choosePhase2(wire.NewSA(esp2(1, "\x12\x34\x56\x78", test.offer)), phase2Policy(19), nat{}, false, 0x1000)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want it to say %q", err, test.want)
		}
	}
}
