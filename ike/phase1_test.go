package ike

import (
	"strings"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

var (
	aes128 = keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 128}
	// strong is what goodTransform says.
	strong = phase1{keymat.Suite{Cipher: aes128, Hash: wire.HashSHA256, Group: wire.Group14}, wire.AuthPSK, time.Hour, 0, false}
)

// with returns a transform with attributes in place of those of the same type,
// or, for an empty value, without them.
func with(t wire.Transform, attributes ...wire.Attribute) wire.Transform {
	out := wire.Transform{Number: t.Number, ID: t.ID}
	for _, a := range t.Attributes {
		for _, b := range attributes {
			if a.Type == b.Type {
				a = b
			}
		}
		if len(a.Value) > 0 {
			out.Attributes = append(out.Attributes, a)
		}
	}
	return out
}

// and returns a transform with more attributes.
func and(t wire.Transform, attributes ...wire.Attribute) wire.Transform {
	t.Attributes = append(t.Attributes[:len(t.Attributes):len(t.Attributes)], attributes...)
	return t
}

func long(t wire.AttributeType, value ...byte) wire.Attribute {
	return wire.Attribute{Type: t, Long: true, Value: value}
}

// kilo returns what a transform says besides, of a limit in kilobytes.
func kilo(a phase1, n uint64) phase1 {
	a.octets = n * 1024
	return a
}

func without(t wire.AttributeType) wire.Attribute { return wire.Attribute{Type: t} }

func TestReadPhase1(t *testing.T) {
	good := strong.transform(1)
	for _, test := range []struct {
		name string
		t    wire.Transform
		want phase1
		ok   bool
	}{
		{"as we write it", good, strong, true},
		{"unknown attribute", and(good, wire.Basic(99, 1)), phase1{}, false},
		{"PRF", and(good, wire.Basic(13, 1)), phase1{}, false},
		{"private group's prime", and(good, long(6, 1, 2, 3)), phase1{}, false},
		{"doubled cipher", and(good, wire.Basic(wire.AttrEncryption, 7)), phase1{}, false},
		{"another transform ID", wire.Transform{ID: 2, Attributes: good.Attributes}, phase1{}, false},
		{"long form of the cipher", with(good, long(wire.AttrEncryption, 0, 0, 0, 7)), strong, true},
		{"cipher above 16 bits", with(good, long(wire.AttrEncryption, 1, 0, 7)), phase1{}, false},
		{"long lifetime with zeros", with(good, long(wire.AttrLifeDuration, 0, 0, 0, 0, 0, 0, 0x0e, 0x10)), strong, true},
		{"lifetime of 2^64-1", with(good, long(wire.AttrLifeDuration, 255, 255, 255, 255, 255, 255, 255, 255)), life(876000 * time.Hour), true},
		{"lifetime of nine octets", with(good, long(wire.AttrLifeDuration, 1, 0, 0, 0, 0, 0, 0, 0, 0)), life(876000 * time.Hour), true},
		{"no lifetime", with(good, without(wire.AttrLifeType), without(wire.AttrLifeDuration)), life(0), true},
		{"kilobytes only", with(good, wire.Basic(wire.AttrLifeType, 2)), kilo(life(0), 3600), true},
		{"seconds and kilobytes", and(good, wire.Basic(wire.AttrLifeType, 2), wire.Number(wire.AttrLifeDuration, 1<<20)), kilo(strong, 1<<20), true},
		{"a duration before its type", with(good, without(wire.AttrLifeType)), life(0), true},
	} {
		got, ok := readPhase1(test.t)
		if ok != test.ok || got != test.want {
			t.Errorf("%s: readPhase1 = %+v, %v, want %+v, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

// life is strong with another lifetime.
func life(d time.Duration) phase1 {
	p := strong
	p.lifetime = d
	return p
}

// phase1Kit is an engine with two proposals.
func phase1Kit() (*Engine, *Peer) {
	p := &Peer{Name: "far", Key: secret.Octets("key")}
	return New(&Config{Proposals: []*Proposal{
		{Number: 10, Method: wire.AuthPSK, Encryptions: []keymat.Cipher{aes128}, Hashes: []wire.HashAlgorithm{wire.HashSHA256}, Group: wire.Group14, Lifetime: 2 * time.Hour},
		{Number: 20, Method: wire.AuthPSK, Encryptions: []keymat.Cipher{{Algorithm: wire.Enc3DES}}, Hashes: []wire.HashAlgorithm{wire.HashMD5}, Group: wire.Group2, Lifetime: time.Hour},
	}}, &script{}), p
}

func offer1(transforms ...wire.Transform) wire.SA {
	return wire.NewSA(wire.Proposal{Number: 7, Protocol: wire.ProtoISAKMP, Transforms: transforms})
}

// chooseFor has e choose from an offer of one peer.
func chooseFor(e *Engine, p *Peer, offer wire.SA) (wire.SA, phase1, error) {
	_, answer, agreed, err := e.choosePeer(offer, []*Peer{p}, kitAddr(1))
	return answer, agreed, err
}

func TestChoosePhase1(t *testing.T) {
	weak := phase1{keymat.Suite{Cipher: keymat.Cipher{Algorithm: wire.Enc3DES}, Hash: wire.HashMD5, Group: wire.Group2}, wire.AuthPSK, time.Minute, 0, false}
	alien := with(strong.transform(9), wire.Basic(wire.AttrEncryption, 8))
	for _, test := range []struct {
		name   string
		only   uint32
		offer  wire.SA
		number uint8 // of the transform taken; 0: none
		life   time.Duration
	}{
		{"the initiator's order counts", 0, offer1(alien, weak.transform(1), strong.transform(2)), 1, time.Minute},
		{"only the peer's proposal", 10, offer1(weak.transform(1), strong.transform(2)), 2, time.Hour},
		{"a proposal that does not exist", 30, offer1(strong.transform(2)), 0, 0},
		{"nothing in common", 0, offer1(alien), 0, 0},
		{"RSA", 0, offer1(with(strong.transform(1), wire.Basic(wire.AttrAuthMethod, 3))), 0, 0},
		{"AES without key length", 0, offer1(with(strong.transform(1), without(wire.AttrKeyLength))), 0, 0},
		{"3DES with key length", 0, offer1(and(weak.transform(1), wire.Basic(wire.AttrKeyLength, 192))), 0, 0},
		{"no lifetime is ours", 0, offer1(life(0).transform(3), strong.transform(4)), 3, 2 * time.Hour},
		{"a life too short", 0, offer1(life(time.Second).transform(3)), 3, minLifetime},
		{"ESP in phase 1", 0, wire.NewSA(wire.Proposal{Protocol: wire.ProtoESP, Transforms: []wire.Transform{strong.transform(1)}}), 0, 0},
		{"the second proposal", 0, wire.NewSA(offer1(alien).Proposals[0], offer1(strong.transform(5)).Proposals[0]), 5, time.Hour},
		{"no proposal at all", 0, wire.SA{DOI: 1, Situation: 1}, 0, 0},
	} {
		e, p := phase1Kit()
		p.Proposal = test.only
		answer, agreed, err := chooseFor(e, p, test.offer)
		if (err == nil) != (test.number != 0) {
			t.Errorf("%s: chooseFor: %v", test.name, err)
			continue
		}
		if err != nil {
			continue
		}
		if got := answer.Proposals[0]; len(answer.Proposals) != 1 || len(got.Transforms) != 1 || got.Transforms[0].Number != test.number || agreed.lifetime != test.life {
			t.Errorf("%s: answer %v, life %v, want transform %d, life %v", test.name, answer, agreed.lifetime, test.number, test.life)
		}
	}
}

// TestAnswerIsWhatWasOffered checks that the attributes come back in their form.
func TestAnswerIsWhatWasOffered(t *testing.T) {
	e, p := phase1Kit()
	offered := with(strong.transform(3), long(wire.AttrLifeDuration, 0, 0, 0, 0x0e, 0x10), long(wire.AttrHash, 0, 4))
	answer, _, err := chooseFor(e, p, offer1(offered))
	if err != nil || !answer.Proposals[0].Transforms[0].Equal(offered) || answer.Proposals[0].Number != 7 {
		t.Errorf("answer %v, %v, want %v unchanged", answer, err, offered)
	}
}

func TestChosenPhase1(t *testing.T) {
	e, p := phase1Kit()
	offers := e.offersPhase1(p)
	if len(offers) != 2 || offers[0].Number != 1 || offers[1].Number != 2 {
		t.Fatalf("offers %v", offers)
	}
	reversed := wire.Transform{Number: 99, ID: offers[0].ID}
	for i := range offers[0].Attributes {
		reversed.Attributes = append(reversed.Attributes, offers[0].Attributes[len(offers[0].Attributes)-1-i])
	}
	for _, test := range []struct {
		name   string
		answer wire.SA
		ok     bool
	}{
		{"the first", offer1(offers[0]), true},
		{"the second", offer1(offers[1]), true},
		{"another order and number", offer1(reversed), true},
		{"two transforms", offer1(offers...), false},
		{"two proposals", wire.NewSA(offer1(offers[0]).Proposals[0], offer1(offers[1]).Proposals[0]), false},
		{"none", wire.SA{}, false},
		{"another protocol", wire.NewSA(wire.Proposal{Protocol: wire.ProtoESP, Transforms: offers[:1]}), false},
		{"a weaker group", offer1(with(offers[0], wire.Basic(wire.AttrGroup, 2))), false},
		{"a shorter key", offer1(with(offers[0], wire.Basic(wire.AttrKeyLength, 64))), false},
		{"another form of the lifetime", offer1(with(offers[0], long(wire.AttrLifeDuration, 0, 0, 0x1c, 0x20))), true},
		{"an attribute more", offer1(and(offers[0], wire.Basic(6, 2))), false},
		{"an attribute less", offer1(with(offers[0], without(wire.AttrHash))), false},
		{"an attribute twice instead of another", offer1(wire.Transform{ID: 1, Attributes: append(append([]wire.Attribute{}, offers[0].Attributes[1:]...), offers[0].Attributes[2])}), false},
		{"another transform ID", offer1(wire.Transform{ID: 2, Attributes: offers[0].Attributes}), false},
	} {
		if _, err := chosenPhase1(test.answer, offers); (err == nil) != test.ok {
			t.Errorf("%s: chosenPhase1: %v", test.name, err)
		}
	}
}

// TestChosenPhase1Lifetime checks that an answer may have a lifetime of its own, and that the
// shorter one runs.
func TestChosenPhase1Lifetime(t *testing.T) {
	e, p := phase1Kit()
	offer := e.offersPhase1(p)[0]
	const offered = 7200 * time.Second
	for _, test := range []struct {
		name   string
		answer wire.Transform
		want   time.Duration
		octets uint64
	}{
		{"the same", offer, offered, 0},
		{"shorter", with(offer, wire.Number(wire.AttrLifeDuration, 3600)), time.Hour, 0},
		{"longer", with(offer, wire.Number(wire.AttrLifeDuration, 86400)), offered, 0},
		{"shorter than anybody keeps up with", with(offer, wire.Number(wire.AttrLifeDuration, 1)), minLifetime, 0},
		{"none", with(offer, without(wire.AttrLifeType), without(wire.AttrLifeDuration)), offered, 0},
		{"kilobytes besides", and(offer, wire.Basic(wire.AttrLifeType, uint16(wire.LifeKilobytes)), wire.Number(wire.AttrLifeDuration, 1<<20)), offered, 1 << 30},
	} {
		got, err := chosenPhase1(offer1(test.answer), []wire.Transform{offer})
		if err != nil || got.lifetime != test.want || got.octets != test.octets || got.method != wire.AuthPSK {
			t.Errorf("%s: chosenPhase1 = %+v (%v), want %v and %d octets", test.name, got, err, test.want, test.octets)
		}
	}
}

// TestExplainPhase1 checks that a refusal names the lines to change.
func TestExplainPhase1(t *testing.T) {
	for _, test := range []struct {
		change wire.Attribute
		want   string
	}{
		{wire.Basic(wire.AttrGroup, 5), "to accept it, in ike proposal 10: `dh group5`"},
		{wire.Basic(wire.AttrHash, 2), "in ike proposal 10: `authentication-algorithm sha1`"},
		{wire.Basic(wire.AttrKeyLength, 256), "in ike proposal 10: `encryption-algorithm aes-256`"},
		{wire.Basic(wire.AttrAuthMethod, 3), "in ike proposal 10: `authentication-method`"},
	} {
		e, p := phase1Kit()
		_, _, err := chooseFor(e, p, offer1(with(strong.transform(1), test.change)))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want it to say %q", test.change, err, test.want)
		}
	}
	e, p := phase1Kit()
	p.Proposal = 30
	if _, _, err := chooseFor(e, p, offer1(strong.transform(1))); err == nil || !strings.Contains(err.Error(), "its ike-proposal does not exist") {
		t.Errorf("without a proposal: %v", err)
	}
}

func TestShorter(t *testing.T) {
	for _, test := range []struct{ a, b, want time.Duration }{
		{0, 0, 0}, {time.Hour, 0, time.Hour}, {0, time.Hour, time.Hour}, {time.Hour, 2 * time.Hour, time.Hour},
		{2 * time.Hour, time.Hour, time.Hour}, {time.Hour, time.Second, minLifetime}, {time.Nanosecond, 0, minLifetime},
	} {
		if got := shorter(test.a, test.b); got != test.want {
			t.Errorf("shorter(%v, %v) = %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// TestDifferenceOfUsers has two ends differ in XAUTH alone: it is the peer's line that is named.
func TestDifferenceOfUsers(t *testing.T) {
	proposal := kitConfig(0).Proposals[0]
	for _, test := range []struct {
		as   XAUTHRole
		got  wire.AuthMethod
		want string
	}{
		{XAUTHGateway, wire.AuthPSK, "`client-authentication` of ike peer p"},
		{NoXAUTH, wire.AuthXAUTHInitPSK, "`client-authentication` of ike peer p"},
		{NoXAUTH, wire.AuthRSA, "`authentication-method`"},
	} {
		peer := &Peer{Name: "p", Key: []byte("key"), XAUTH: test.as}
		got := proposal.differences(phase1{suite: proposal.choices(peer, false)[0].suite, method: test.got}, peer)
		if len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
			t.Errorf("XAUTH %v against %v: %q, want %s", test.as, test.got, got, test.want)
		}
	}
}
