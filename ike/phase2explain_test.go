package ike

import (
	"strings"
	"testing"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// TestExplainPhase2 checks that a refusal names the lines to change.
func TestExplainPhase2(t *testing.T) {
	good := and(plain.transform(wire.ProtoESP), attr2(wire.Attr2Group, 19))
	for _, test := range []struct {
		offer    wire.Transform
		category Category
		want     string
	}{
		{plain.transform(wire.ProtoESP), Phase2Mismatch, "to accept it: `undo pfs` in ipsec policy p 1"},
		{with(good, attr2(wire.Attr2Group, 14)), Phase2Mismatch, "to accept it: `pfs dh-group14` in ipsec policy p 1"},
		{with(good, attr2(wire.Attr2KeyLength, 256)), Phase2Mismatch, "`esp encryption-algorithm aes-256` in ipsec proposal esp"},
		{with(good, attr2(wire.Attr2Authentication, 2)), Phase2Mismatch, "`esp authentication-algorithm sha1` in ipsec proposal esp"},
		{with(good, attr2(wire.Attr2Encapsulation, 2)), EncapsulationMismatch, "`encapsulation-mode transport` in ipsec proposal esp"},
		{with(good, attr2(wire.Attr2Encapsulation, 3)), EncapsulationMismatch, "the encapsulation (the peer's is "},
		{with(good, attr2(wire.Attr2Encapsulation, 2), attr2(wire.Attr2KeyLength, 256)), Phase2Mismatch, "`encapsulation-mode transport` in ipsec proposal esp"},
	} {
		_, _, err := (&terms{policy: phase2Policy(19)}).choose(wire.NewSA(esp2(1, spi2, test.offer)), false)
		if err == nil || !strings.Contains(err.Error(), test.want) || categoryOf(err) != test.category {
			t.Errorf("%v, want it to say %q, category %v", err, test.want, test.category)
		}
	}
}

// TestExplainBundle names the lines of the nearest proposal.
func TestExplainBundle(t *testing.T) {
	esp, ah := plain.transform(wire.ProtoESP), ahOf(ipsec.SHA256)
	for _, test := range []struct {
		name  string
		mode  ipsec.Mode
		nat   nat
		offer []wire.Proposal
		want  string
	}{
		{"ESP alone", 0, nat{}, []wire.Proposal{esp2(1, spi2, esp)}, "to accept it: `transform esp` in ipsec proposal both"},
		{"AH alone", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah)}, "to accept it: `transform ah` in ipsec proposal both"},
		{"another AH", 0, nat{}, []wire.Proposal{ah2(1, spi2, ahOf(ipsec.MD5))}, "to accept it: `ah authentication-algorithm md5` in ipsec proposal alone"},
		{"another cipher", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, with(esp, attr2(wire.Attr2KeyLength, 192)))},
			"to accept it: `esp encryption-algorithm aes-192` in ipsec proposal both"},
		{"no authenticator in ESP", 0, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, with(esp, no2(wire.Attr2Authentication)))},
			"to accept it: `undo esp authentication-algorithm` in ipsec proposal both"},
		{"PFS that is not asked for", 0, nat{}, []wire.Proposal{ah2(1, spi2, and(ahOf(ipsec.MD5), attr2(wire.Attr2Group, 19)))},
			"to accept it: `ah authentication-algorithm md5` in ipsec proposal alone"},
		{"the nearer of two", 0, nat{}, []wire.Proposal{esp2(1, spi2, with(esp, attr2(wire.Attr2Authentication, 1))), ah2(2, spi2, ahOf(ipsec.MD5))},
			"to accept it: `ah authentication-algorithm md5` in ipsec proposal alone"},
		{"tunnel mode", ipsec.Transport, nat{}, []wire.Proposal{ah2(1, spi2, ah), esp2(1, spi2, esp)}, "to accept it: `encapsulation-mode tunnel` in ipsec proposal both"},
		{"through a NAT", 0, nat{here: true}, []wire.Proposal{ah2(1, spi2, ah)}, "; there is a NAT on the way, which AH does not pass"},
		{"what nobody serves", 0, nat{}, []wire.Proposal{{Number: 1, Protocol: wire.ProtoIPComp, SPI: []byte(spi2)}},
			"allows both[ah-sha2-384 hmac-sha2-384 tunnel 3600s + esp-aes-cbc-128 hmac-sha2-256 tunnel 3600s], "},
	} {
		_, _, err := (&terms{policy: bundlePolicy(test.mode), nat: test.nat}).choose(wire.NewSA(test.offer...), false)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want it to say %q", test.name, err, test.want)
		}
	}
}

// TestExplainCapabilities says which dataplane lacks what, to both ends' operators.
func TestExplainCapabilities(t *testing.T) {
	can := ipsec.Everything("this kernel")
	can.AH, can.ESN, can.Advice = nil, false, "run with --dataplane user"
	terms := &terms{policy: bundlePolicy(ipsec.Tunnel), can: &can}
	_, _, err := terms.choose(wire.NewSA(ah2(1, spi2, ahOf(ipsec.SHA1))), false)
	if want := "; this kernel has no ah (run with --dataplane user)"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v, want it to end with %q", err, want)
	}
	if len(terms.offers()) != 0 || !strings.HasPrefix(terms.text(), "nothing; left out: both[ah/sha2-384+aes-128/sha2-256 in tunnel mode] (this kernel has no ah") {
		t.Errorf("offers %v, text %q", terms.offers(), terms.text())
	}
	esn := and(plain.transform(wire.ProtoESP), attr2(wire.Attr2ESN, 1))
	terms.policy = phase2Policy(0)
	_, _, err = terms.choose(wire.NewSA(esp2(1, spi2, esn)), false)
	if want := "to accept it: 32-bit sequence numbers (the peer's are extended)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want it to say %q", err, want)
	}
}

// TestExplainIsBounded lets a policy and a peer name all that there is.
func TestExplainIsBounded(t *testing.T) {
	all := &ipsec.Proposal{Name: "all", Transform: ipsec.TransformAHESP, Mode: ipsec.Auto, Encryptions: ipsec.Encryptions(),
		Integrities: ipsec.Integrities(), AHIntegrities: ipsec.Integrities()}
	p := phase2Policy(wire.Group14)
	p.Proposals = []*ipsec.Proposal{all, all, all, all, all, all}
	var esp, ah []wire.Transform
	for range 64 {
		esp, ah = append(esp, plain.transform(wire.ProtoESP)), append(ah, ahOf(ipsec.SHA1))
	}
	text := (&terms{policy: p}).explain(wire.NewSA(ah2(1, spi2, ah...), esp2(1, spi2, esp...)))
	if len(text) > 2*maxAllowedText+500 || !strings.HasSuffix(text, "to accept it: `undo pfs` in ipsec policy p 1") {
		t.Errorf("%d characters: %s", len(text), text)
	}
}
