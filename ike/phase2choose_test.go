package ike

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// phase2Policy allows AES-128 with SHA-256, and AES-256-GCM.
func phase2Policy(pfs wire.Group) *Policy {
	p := *kitConfig(0).Policies[0]
	p.PFS = pfs
	p.Proposals = append(p.Proposals, &ipsec.Proposal{Name: "gcm", Encryptions: []ipsec.Encryption{ipsec.AES256GCM}})
	return &p
}

func TestChoosePhase2(t *testing.T) {
	good := plain.transform(wire.ProtoESP)
	pfs := and(good, attr2(wire.Attr2Group, 19))
	const spi = spi2
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
		answer, agreed, err := (&terms{policy: phase2Policy(test.pfs), nat: test.nat}).choose(wire.NewSA(test.offer...), test.ke)
		if (err == nil) != test.ok {
			t.Errorf("%s: choose: %v", test.name, err)
			continue
		}
		if err != nil {
			continue
		}
		last := test.offer[len(test.offer)-1]
		if p := answer[0]; len(answer) != 1 || !p.Transforms[0].Equal(last.Transforms[0]) || p.Number != last.Number || agreed.spis.esp <= 255 {
			t.Errorf("%s: answer %v to %v", test.name, answer, last)
		}
	}
}

func TestChosenPhase2(t *testing.T) {
	offered := (&terms{policy: phase2Policy(19)}).offers()
	first := offered[0].Transforms[0]
	const spi = spi2
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
		{"another cipher", wire.NewSA(esp2(1, spi, wire.Transform{ID: uint8(wire.ESP3DES), Attributes: first.Attributes})), false},
		{"AH", wire.NewSA(wire.Proposal{Protocol: wire.ProtoAH, SPI: []byte(spi), Transforms: []wire.Transform{first}}), false},
	} {
		if got, err := chosenPhase2(test.answer, offered); (err == nil) != test.ok || err == nil && got.spis != (spis{esp: 0x12345678}) {
			t.Errorf("%s: chosenPhase2 = %+v, %v", test.name, got, err)
		}
	}
}

// TestChosenPhase2Lifetime checks that an answer may have a lifetime of its own, and that it is the
// one that is read: the initiator holds it against its configuration.
func TestChosenPhase2Lifetime(t *testing.T) {
	offered := (&terms{policy: phase2Policy(19)}).offers()
	first := offered[0].Transforms[0]
	for _, test := range []struct {
		name   string
		answer wire.Transform
		want   ipsec.Lifetime
	}{
		{"the same", first, ipsec.Lifetime{Duration: time.Hour}},
		{"shorter", with(first, attr2(wire.Attr2LifeDuration, 1800)), ipsec.Lifetime{Duration: 30 * time.Minute}},
		{"longer", with(first, attr2(wire.Attr2LifeDuration, 9999)), ipsec.Lifetime{Duration: 9999 * time.Second}},
		{"none", with(first, no2(wire.Attr2LifeType), no2(wire.Attr2LifeDuration)), ipsec.Lifetime{Duration: defaultLifetime}},
		{"kilobytes besides", and(first, attr2(wire.Attr2LifeType, 2), attr2(wire.Attr2LifeDuration, 4096)), ipsec.Lifetime{Duration: time.Hour, Octets: 4 << 20}},
	} {
		if got, err := chosenPhase2(wire.NewSA(esp2(1, spi2, test.answer)), offered); err != nil || got.lifetime != test.want {
			t.Errorf("%s: chosenPhase2 = %+v (%v), want %+v", test.name, got, err, test.want)
		}
	}
}

// bundlePolicy allows AES-128 under AH with SHA-256, and AH alone with SHA-1.
func bundlePolicy(m ipsec.Mode) *Policy {
	p := *kitConfig(0).Policies[0]
	p.Proposals = []*ipsec.Proposal{
		{Name: "both", Mode: m, Transform: ipsec.TransformAHESP, Encryptions: []ipsec.Encryption{ipsec.AES128}, Integrities: []ipsec.Integrity{ipsec.SHA256},
			AHIntegrities: []ipsec.Integrity{ipsec.SHA256, ipsec.SHA384}},
		{Name: "alone", Mode: m, Transform: ipsec.TransformAH, AHIntegrities: []ipsec.Integrity{ipsec.SHA1}},
	}
	return &p
}

func TestChooseBundle(t *testing.T) {
	esp, ah := plain.transform(wire.ProtoESP), ahOf(ipsec.SHA256)
	udp := func(t wire.Transform) wire.Transform { return with(t, attr2(wire.Attr2Encapsulation, 3)) }
	trans := func(t wire.Transform) wire.Transform { return with(t, attr2(wire.Attr2Encapsulation, 2)) }
	const want = "ah/sha2-256+aes-128/sha2-256"
	for _, test := range []struct {
		name  string
		mode  ipsec.Mode
		nat   nat
		offer []wire.Proposal
		want  string // "": refused
		ours  int    // number of the bundle that is chosen
	}{
		{"AH first", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, esp)}, want, 1},
		{"ESP first", 0, nat{}, []wire.Proposal{esp2(4, spi2, esp), ah2(4, spi2, ah)}, want, 4},
		{"the second of AH", 0, nat{}, []wire.Proposal{ah2(1, spi2, ahOf(ipsec.MD5), ahOf(ipsec.SHA384)), esp2(1, spi2, esp)}, "ah/sha2-384+aes-128/sha2-256", 1},
		{"the second of ESP", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, with(esp, attr2(wire.Attr2KeyLength, 256)), esp)}, want, 1},
		{"the second bundle", 0, nat{}, []wire.Proposal{ah2(1, spi2, ahOf(ipsec.MD5)), esp2(1, spi2, esp), ah2(2, spi2, ah), esp2(2, spi2, esp)}, want, 2},
		{"or AH alone", 0, nat{}, []wire.Proposal{esp2(1, spi2, esp), ah2(2, spi2, ahOf(ipsec.SHA1))}, "ah/sha1", 2},
		{"ESP alone", 0, nat{}, []wire.Proposal{esp2(1, spi2, esp)}, "", 0},
		{"AH alone, that of the bundle", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah)}, "", 0},
		{"AH or ESP", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(2, spi2, esp)}, "", 0},
		{"ESP without its authenticator", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, with(esp, no2(wire.Attr2Authentication)))}, "", 0},
		{"AH has no SPI", 0, nat{}, []wire.Proposal{ah2(1, "", ah), esp2(1, spi2, esp)}, "", 0},
		{"AH is in transport mode", 0, nat{}, []wire.Proposal{ah2(1, spi2, trans(ah)), esp2(1, spi2, esp)}, "", 0},
		{"both are", 0, nat{}, []wire.Proposal{ah2(1, spi2, trans(ah)), esp2(1, spi2, trans(esp))}, "", 0},
		{"both are, and may be", ipsec.Transport, nat{}, []wire.Proposal{ah2(1, spi2, trans(ah)), esp2(1, spi2, trans(esp))}, want, 1},
		{"tunnel mode where transport is wanted", ipsec.Transport, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, esp)}, "", 0},
		{"transport where either may be", ipsec.Auto, nat{}, []wire.Proposal{ah2(1, spi2, trans(ah)), esp2(1, spi2, trans(esp))}, want, 1},
		{"tunnel where either may be", ipsec.Auto, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, esp)}, want, 1},
		{"through a NAT", 0, nat{here: true}, []wire.Proposal{ah2(1, spi2, udp(ah)), esp2(1, spi2, udp(esp))}, "", 0},
		{"AH alone through a NAT", 0, nat{there: true}, []wire.Proposal{ah2(1, spi2, udp(ahOf(ipsec.SHA1)))}, "", 0},
		{"AH through a NAT as if there were none", 0, nat{there: true}, []wire.Proposal{ah2(1, spi2, ahOf(ipsec.SHA1))}, "", 0},
	} {
		answer, agreed, err := (&terms{policy: bundlePolicy(test.mode), nat: test.nat}).choose(wire.NewSA(test.offer...), false)
		if (err == nil) != (test.want != "") {
			t.Errorf("%s: choose: %v", test.name, err)
			continue
		}
		if err == nil && (agreed.offer.String() != test.want || int(answer[0].Number) != test.ours) {
			t.Errorf("%s: %v of bundle %d, want %s of %d", test.name, agreed.offer, answer[0].Number, test.want, test.ours)
		}
	}
}

// TestChosenBundle answers the offer of a bundle, and of ESP alone in another
// proposal, in ways that a peer should not.
func TestChosenBundle(t *testing.T) {
	policy := bundlePolicy(ipsec.Tunnel)
	policy.Proposals = append(policy.Proposals, &ipsec.Proposal{Name: "esp", Encryptions: []ipsec.Encryption{ipsec.AES128}, Integrities: []ipsec.Integrity{ipsec.SHA512}})
	offered := (&terms{policy: policy}).offers()
	ah, esp, alone, other := offered[0].Transforms[0], offered[1].Transforms[0], offered[2].Transforms[0], offered[3].Transforms[0]
	const low, spi = "\x00\x00\x00\x07", spi2
	both := spis{0x12345678, 0x12345678}
	for _, test := range []struct {
		name   string
		answer []wire.Proposal
		want   spis // zero: refused
	}{
		{"both", []wire.Proposal{ah2(1, spi, ah), esp2(1, spi, esp)}, both},
		{"both, the other way round", []wire.Proposal{esp2(1, spi, esp), ah2(1, spi, ah)}, both},
		{"the other of AH", []wire.Proposal{ah2(1, spi, offered[0].Transforms[1]), esp2(1, spi, esp)}, both},
		{"AH alone, as offered", []wire.Proposal{ah2(2, spi, alone)}, spis{ah: 0x12345678}},
		{"ESP alone, as offered", []wire.Proposal{esp2(3, spi, other)}, spis{esp: 0x12345678}},
		{"the AH half", []wire.Proposal{ah2(1, spi, ah)}, spis{}},
		{"the ESP half", []wire.Proposal{esp2(1, spi, esp)}, spis{}},
		{"halves under two numbers", []wire.Proposal{ah2(1, spi, ah), esp2(2, spi, esp)}, spis{}},
		{"the AH half twice", []wire.Proposal{ah2(1, spi, ah), ah2(1, spi, ah)}, spis{}},
		{"AH of the bundle, ESP of another", []wire.Proposal{ah2(1, spi, ah), esp2(1, spi, other)}, spis{}},
		{"ESP of the bundle, AH of another", []wire.Proposal{ah2(1, spi, alone), esp2(1, spi, esp)}, spis{}},
		{"three", []wire.Proposal{ah2(1, spi, ah), esp2(1, spi, esp), esp2(1, spi, esp)}, spis{}},
		{"AH without an SPI", []wire.Proposal{ah2(1, "", ah), esp2(1, spi, esp)}, spis{}},
		{"ESP with SPI 7", []wire.Proposal{ah2(1, spi, ah), esp2(1, low, esp)}, spis{}},
		{"two transforms of AH", []wire.Proposal{ah2(1, spi, ah, offered[0].Transforms[1]), esp2(1, spi, esp)}, spis{}},
		{"the protocols changed about", []wire.Proposal{ah2(1, spi, esp), esp2(1, spi, ah)}, spis{}},
		{"a longer life for AH", []wire.Proposal{ah2(1, spi, with(ah, attr2(wire.Attr2LifeDuration, 9999))), esp2(1, spi, esp)}, both},
		{"transport mode for AH", []wire.Proposal{ah2(1, spi, with(ah, attr2(wire.Attr2Encapsulation, 2))), esp2(1, spi, esp)}, spis{}},
		{"no authenticator for ESP", []wire.Proposal{ah2(1, spi, ah), esp2(1, spi, with(esp, no2(wire.Attr2Authentication)))}, spis{}},
		{"extended sequence numbers", []wire.Proposal{ah2(1, spi, and(ah, attr2(wire.Attr2ESN, 1))), esp2(1, spi, and(esp, attr2(wire.Attr2ESN, 1)))}, spis{}},
	} {
		got, err := chosenPhase2(wire.NewSA(test.answer...), offered)
		if (err == nil) != (test.want != spis{}) || got.spis != test.want {
			t.Errorf("%s: chosenPhase2 = %+v, %v", test.name, got, err)
		}
	}
}

// TestEveryOffer lets each proposal that can be configured be proposed, chosen and
// accepted, in both modes: the strongest of its combinations wins.
func TestEveryOffer(t *testing.T) {
	seen := 0
	for transform := ipsec.TransformESP; transform <= ipsec.TransformAHESP; transform++ {
		for _, mode := range []ipsec.Mode{ipsec.Tunnel, ipsec.Transport, ipsec.Auto} {
			for drop := range 5 {
				o := &ipsec.Proposal{Name: "x", Transform: transform, Mode: mode, Encryptions: ipsec.Encryptions()[drop:],
					Integrities: ipsec.Integrities()[drop:], AHIntegrities: ipsec.Integrities()[:5-drop]}
				p := *kitConfig(0).Policies[0]
				p.Proposals = []*ipsec.Proposal{o}
				agreesOnFirst(t, &terms{policy: &p}, o)
				seen++
			}
		}
	}
	if seen != 45 {
		t.Errorf("%d proposals were tried", seen)
	}
}

// agreesOnFirst proposes, chooses and accepts by the same terms.
func agreesOnFirst(t *testing.T, terms *terms, o *ipsec.Proposal) {
	t.Helper()
	offered := withSPIs(terms.offers(), spis{1000, 2000})
	answer, chosen, err := terms.choose(wire.NewSA(offered...), false)
	if err != nil {
		t.Errorf("%v: %v", o, err)
		return
	}
	accepted, err := chosenPhase2(wire.NewSA(withSPIs(answer, spis{3000, 4000})...), offered)
	first := o.Offers()[0]
	if err != nil || accepted.offer != first || chosen.offer != first || modeOf(chosen.encap) != o.Mode.Proposed() {
		t.Errorf("%v: chosen %v, accepted %v (%v), want %v", o, chosen.offer, accepted.offer, err, first)
	}
	var ours, theirs spis
	if o.Transform.HasESP() {
		ours.esp, theirs.esp = 1000, 3000
	}
	if o.Transform.HasAH() {
		ours.ah, theirs.ah = 2000, 4000
	}
	if chosen.spis != ours || accepted.spis != theirs {
		t.Errorf("%v: SPIs %+v and %+v, want %+v and %+v", o, chosen.spis, accepted.spis, ours, theirs)
	}
}

// TestObstacles checks what is neither proposed nor accepted though it is configured.
func TestObstacles(t *testing.T) {
	weak := ipsec.Everything("this kernel")
	weak.Encryptions, weak.AH, weak.Advice = []ipsec.Encryption{ipsec.AES256GCM}, nil, "run with --dataplane user"
	noTransport := ipsec.Everything("this kernel")
	noTransport.Transport = false
	far := ipsec.Selector{Protocol: 47, Local: ipsec.PrefixRange(netip.MustParsePrefix("10.1.0.0/16"))}
	esp, ah := ipsec.Offer{Encryption: ipsec.AES128, Integrity: ipsec.SHA1}, ipsec.Offer{AH: ipsec.SHA1}
	for _, test := range []struct {
		name  string
		terms terms
		offer ipsec.Offer
		mode  ipsec.Mode
		want  string
	}{
		{"ESP in a tunnel", terms{traffic: far}, esp, ipsec.Tunnel, ""},
		{"AH in a tunnel", terms{traffic: far}, ah, ipsec.Tunnel, ""},
		{"ESP through a NAT", terms{nat: nat{there: true}}, esp, ipsec.Tunnel, ""},
		{"AH through a NAT", terms{nat: nat{here: true}}, ah, ipsec.Tunnel, "a NAT on the way, which AH does not pass"},
		{"transport through a NAT", terms{nat: nat{here: true}}, esp, ipsec.Transport, ""},
		{"NAT traversal is forced, and the peer does none", terms{forced: true}, esp, ipsec.Tunnel, "forced for this peer"},
		{"NAT traversal is forced", terms{forced: true, nat: nat{forced: true}}, esp, ipsec.Tunnel, ""},
		{"transport for others", terms{traffic: far}, esp, ipsec.Transport, "gre 10.1.0.0/16 to "},
		{"transport for a protocol of the ends", terms{traffic: ipsec.Selector{Protocol: 47}}, esp, ipsec.Transport, ""},
		{"a cipher that is not there", terms{can: &weak}, esp, ipsec.Tunnel, "this kernel has no aes-128 (run with --dataplane user)"},
		{"one that is", terms{can: &weak}, ipsec.Offer{Encryption: ipsec.AES256GCM}, ipsec.Tunnel, ""},
		{"no AH", terms{can: &weak}, ah, ipsec.Tunnel, "this kernel has no ah"},
		{"no transport mode", terms{can: &noTransport}, esp, ipsec.Transport, "this kernel has no transport mode"},
	} {
		if got := test.terms.obstacle(test.offer, test.mode); got == "" != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestLike checks that a rekey asks for what the peer has had its way with before.
func TestLike(t *testing.T) {
	for _, test := range []struct {
		name   string
		mode   ipsec.Mode
		window int
		like   *ipsec.SA
		encap  wire.EncapsulationMode
		esn    bool
	}{
		{"a new pair", ipsec.Auto, 64, nil, wire.EncapTunnel, false},
		{"transport", ipsec.Auto, 64, &ipsec.SA{Mode: ipsec.Transport}, wire.EncapTransport, false},
		{"transport, no longer allowed", ipsec.Tunnel, 64, &ipsec.SA{Mode: ipsec.Transport}, wire.EncapTunnel, false},
		{"a tunnel, no longer allowed", ipsec.Transport, 64, &ipsec.SA{}, wire.EncapTransport, false},
		{"ESN", ipsec.Auto, 64, &ipsec.SA{ESN: true}, wire.EncapTunnel, true},
		{"ESN, and now no replay check", ipsec.Auto, 0, &ipsec.SA{ESN: true}, wire.EncapTunnel, false},
	} {
		p := bundlePolicy(test.mode)
		p.Window = test.window
		terms := &terms{policy: p, like: test.like}
		offers := withSPIs(terms.offers(), spis{1000, 2000})
		_, got, err := terms.choose(wire.NewSA(offers...), false)
		if err != nil || got.encap != test.encap || got.esn != test.esn {
			t.Errorf("%s: %v, ESN %v (%v), want %v, %v", test.name, got.encap, got.esn, err, test.encap, test.esn)
		}
	}
}

// TestOfferESN checks with what sequence numbers each algorithm is offered.
func TestOfferESN(t *testing.T) {
	lacks := ipsec.Everything("this kernel")
	lacks.ESN = false
	for _, test := range []struct {
		name    string
		enabled bool
		window  int
		can     *ipsec.Capabilities
		like    *ipsec.SA
		want    []bool // of the transforms of each protocol
	}{
		{"without the command", false, 64, nil, nil, []bool{false}},
		{"with it", true, 64, nil, nil, []bool{true, false}},
		{"with it, without a replay check", true, 0, nil, nil, []bool{false}},
		{"with it, a dataplane that cannot", true, 64, &lacks, nil, []bool{false}},
		{"a rekey of a pair without", true, 64, nil, &ipsec.SA{}, []bool{true, false}},
		{"a rekey of a pair with", true, 64, nil, &ipsec.SA{ESN: true}, []bool{true, false}},
		{"a rekey of a pair with, without the command", false, 64, nil, &ipsec.SA{ESN: true}, []bool{true}},
	} {
		p := bundlePolicy(ipsec.Tunnel)
		p.Window, p.Proposals = test.window, p.Proposals[:1]
		p.Proposals[0].AHIntegrities = []ipsec.Integrity{ipsec.SHA256}
		p.Proposals[0].ESN = test.enabled
		offers := (&terms{policy: p, can: test.can, like: test.like}).offers()
		if len(offers) != 2 {
			t.Fatalf("%s: offers %v", test.name, offers)
		}
		for _, o := range offers {
			var got []bool
			for _, transform := range o.Transforms {
				read, _ := readPhase2(o.Protocol, transform)
				got = append(got, read.esn)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s: %v offers extended sequence numbers: %v, want %v", test.name, o.Protocol, got, test.want)
			}
		}
	}
}

// TestContradictoryAnswer checks that of a bundle whose protocols were offered either way nobody may
// take one with and one without extended sequence numbers.
func TestContradictoryAnswer(t *testing.T) {
	p := bundlePolicy(ipsec.Tunnel)
	p.Proposals[0].ESN = true
	offered := (&terms{policy: p}).offers()
	ah, esp := offered[0].Transforms, offered[1].Transforms
	for _, test := range []struct {
		name    string
		ah, esp wire.Transform
		ok      bool
	}{
		{"both with", ah[0], esp[0], true},
		{"both without", ah[1], esp[1], true},
		{"AH with, ESP without", ah[0], esp[1], false},
		{"ESP with, AH without", ah[1], esp[0], false},
	} {
		got, err := chosenPhase2(wire.NewSA(ah2(1, spi2, test.ah), esp2(1, spi2, test.esp)), offered)
		if (err == nil) != test.ok || got.esn != (test.name == "both with") {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
}

// TestMostTransforms checks that of a policy that offers too much the first proposals can be read.
func TestMostTransforms(t *testing.T) {
	p := phase2Policy(wire.Group14)
	all := &ipsec.Proposal{Name: "all", Transform: ipsec.TransformAHESP, Encryptions: ipsec.Encryptions(), Integrities: ipsec.Integrities(),
		AHIntegrities: ipsec.Integrities(), ESN: true}
	p.Proposals = []*ipsec.Proposal{all, all, all, all, all, all, all, all, all, all, all, all}
	offers := withSPIs((&terms{policy: p}).offers(), spis{1000, 2000})
	octets := wire.AppendPayloads(nil, []wire.Payload{wire.NewSA(offers...)})
	if _, err := wire.ParsePayloads(wire.Header{}, wire.PayloadSA, octets); err != nil || len(offers) < 2 {
		t.Errorf("%d proposals, read with %v", len(offers), err)
	}
}

// TestESN checks when a peer's extended sequence numbers are accepted.
func TestESN(t *testing.T) {
	lacks := ipsec.Everything("this kernel")
	lacks.ESN = false
	offer := wire.NewSA(esp2(1, spi2, and(plain.transform(wire.ProtoESP), attr2(wire.Attr2ESN, 1))))
	for _, test := range []struct {
		name   string
		window int
		can    *ipsec.Capabilities
		want   bool
	}{
		{"a dataplane that can", 64, nil, true},
		{"without a replay check", 0, nil, false},
		{"a dataplane that cannot", 64, &lacks, false},
	} {
		p := phase2Policy(0)
		p.Window = test.window
		_, agreed, err := (&terms{policy: p, can: test.can}).choose(offer, false)
		if (err == nil) != test.want || agreed.esn != test.want {
			t.Errorf("%s: %v, %v", test.name, agreed.esn, err)
		}
	}
}
