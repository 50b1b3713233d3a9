package commands

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sallyport/ipsec"
)

// digits returns a key of that many octets in hexadecimal digits.
func digits(octets int, octet string) string { return strings.Repeat(octet, octets) }

// byHand is a configuration with one manual policy that is complete: AES-128 with SHA1.
func byHand() string {
	return `acl number 3000
 rule 5 permit ip source 192.168.0.0 0.0.0.255 destination 172.16.0.0 0.0.0.255
ipsec proposal a
 esp encryption-algorithm aes-128
 esp authentication-algorithm sha1
ipsec policy m 5 manual
 security acl 3000
 proposal a
 tunnel local 192.0.2.1
 tunnel remote 192.0.2.2
 sa spi inbound esp 300
 sa spi outbound esp 301
 sa authentication-hex inbound esp ` + digits(20, "a1") + `
 sa encryption-hex inbound esp ` + digits(16, "E1") + `
 sa authentication-hex outbound esp ` + digits(20, "a2") + `
 sa encryption-hex outbound esp ` + digits(16, "e2") + `
interface GigabitEthernet0/0/2
 ip address 192.0.2.1 24
 ipsec policy m
`
}

// octets reads a key of digits.
func octets(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestManualProtection(t *testing.T) {
	c := replayed(t, byHand())
	p := protection(t, c)
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	id := ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "m", Sequence: 5}
	if len(p.Policies) != 1 || len(p.IKE.Policies) != 0 || len(p.Manual) != 2 {
		t.Fatalf("%d policies, %d of IKE, %d SAs", len(p.Policies), len(p.IKE.Policies), len(p.Manual))
	}
	if want := (ipsec.Policy{ID: id, Device: "eth2", Local: here, Remote: there, ACL: c.ACLs["3000"], Manual: true}); *p.Policies[0] != want {
		t.Errorf("policy %+v, want %+v", *p.Policies[0], want)
	}
	everywhere := ipsec.PrefixRange(netip.MustParsePrefix("0.0.0.0/0"))
	want := &ipsec.SA{
		ID: ipsec.SAID{Destination: here, Protocol: ipsec.ESP, SPI: 300}, Policy: id, Local: here, Remote: there,
		Encryption: ipsec.AES128, EncryptionKey: octets(t, digits(16, "e1")), Integrity: ipsec.SHA1, IntegrityKey: octets(t, digits(20, "a1")),
		Selector: ipsec.Selector{Local: everywhere, Remote: everywhere},
	}
	checkSA(t, p.Manual[0], want)
	want.Direction, want.ID = ipsec.Outbound, ipsec.SAID{Destination: there, Protocol: ipsec.ESP, SPI: 301}
	want.EncryptionKey, want.IntegrityKey = octets(t, digits(16, "e2")), octets(t, digits(20, "a2"))
	checkSA(t, p.Manual[1], want)
}

func checkSA(t *testing.T, got, want *ipsec.SA) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("SA %+v, want %+v", got, want)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

// TestManualOfOneMoreLine shows what further lines make of the policy.
func TestManualOfOneMoreLine(t *testing.T) {
	const policy, proposal = "ipsec policy m 5\n ", "ipsec proposal a\n "
	for _, test := range []struct {
		name, lines string
		check       func(in, out *ipsec.SA) bool // nil: there are no SAs
	}{
		{"transport mode", proposal + "encapsulation-mode transport", func(in, _ *ipsec.SA) bool { return in.Mode == ipsec.Transport }},
		{"either mode", proposal + "encapsulation-mode auto", func(in, _ *ipsec.SA) bool { return in.Mode == ipsec.Tunnel }},
		{"another local end", policy + "tunnel local 192.0.2.7", func(in, out *ipsec.SA) bool {
			return in.ID.Destination.String() == "192.0.2.7" && out.Local == in.ID.Destination
		}},
		{"an interface's address", "interface g0/0/3\n ip address 198.51.100.3 24\n" + policy + "tunnel local interface g0/0/3", func(in, _ *ipsec.SA) bool {
			return in.Local.String() == "198.51.100.3"
		}},
		{"another peer", policy + "tunnel remote 192.0.2.9", func(in, out *ipsec.SA) bool {
			return out.ID.Destination.String() == "192.0.2.9" && in.Remote == out.ID.Destination
		}},
		{"a string in one direction", policy + "sa string-key inbound esp abcdefgh", func(in, out *ipsec.SA) bool {
			return len(in.EncryptionKey) == 16 && len(in.IntegrityKey) == 20 && !bytes.Equal(in.EncryptionKey, in.IntegrityKey[:16]) && out.EncryptionKey[0] == 0xe2
		}},
		{"SAs of AH besides", policy + "sa spi inbound ah 999\n sa string-key inbound ah x", func(in, _ *ipsec.SA) bool { return in.AH == nil }},
		{"GCM besides", proposal + "esp encryption-algorithm aes-128-gcm-128 aes-128", func(in, _ *ipsec.SA) bool { return in.Encryption == ipsec.AES128 }},

		{"no list", policy + "undo security acl", nil},
		{"shut down", "interface g0/0/2\n shutdown", nil},
		{"not applied", "interface g0/0/2\n undo ipsec policy", nil},
	} {
		p := protection(t, replayed(t, byHand()+test.lines))
		switch {
		case test.check == nil && len(p.Manual)+len(p.Policies) > 0:
			t.Errorf("%s: %+v", test.name, p)
		case test.check != nil && (len(p.Manual) != 2 || len(p.Policies) != 1 || !test.check(p.Manual[0], p.Manual[1])):
			t.Errorf("%s: %d SAs", test.name, len(p.Manual))
		}
	}
}

// TestManualFailsClosed takes one thing from an entry that is applied: the policy stays, to
// drop what the ACL says, and comes back whole with what was taken.
func TestManualFailsClosed(t *testing.T) {
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, test := range []struct {
		line, missing string
		local, remote netip.Addr
	}{
		{"undo proposal", "proposal", here, there},
		{"undo tunnel local", "tunnel local", netip.Addr{}, there},
		{"tunnel local interface g0/0/9", "address of interface GigabitEthernet0/0/9", netip.Addr{}, there},
		{"undo tunnel remote", "tunnel remote", here, netip.Addr{}},
		{"undo sa spi outbound esp", "sa spi outbound esp", here, there},
		{"undo sa encryption-hex inbound esp", "sa encryption-hex inbound esp", here, there},
	} {
		before := replayed(t, byHand())
		first := protection(t, before)
		after, refused := Replay(before, Script{Text: "ipsec policy m 5\n " + test.line})
		if len(refused) > 0 {
			t.Fatalf("%s: %v", test.line, refused[0])
		}
		second := protection(t, after)
		if len(second.Policies) != 1 || len(second.Manual) != 0 {
			t.Fatalf("%s: %d policies and %d SAs, want the policy alone", test.line, len(second.Policies), len(second.Manual))
		}
		p := second.Policies[0]
		if !p.Manual || p.Local != test.local || p.Remote != test.remote || p.ACL != after.ACLs["3000"] || p.Device != "eth2" {
			t.Errorf("%s: %+v", test.line, p)
		}
		entry := displayed(after, PolicyKey{"m", 5})
		if !slices.Equal(entry.Missing, []string{test.missing}) || !entry.Dropped {
			t.Errorf("%s: displayed as missing %v, dropped %v", test.line, entry.Missing, entry.Dropped)
		}
		again, _ := Replay(after, Script{Text: byHand()})
		if third := protection(t, again); !reflect.DeepEqual(third.Manual, first.Manual) || third.Policies[0].Remote != there {
			t.Errorf("%s: then %+v, want %+v", test.line, third.Policies[0], first.Policies[0])
		}
	}
}

// TestManualIsNotDropped has entries that are not complete and whose traffic is nobody's
// concern.
func TestManualIsNotDropped(t *testing.T) {
	const lacks = "ipsec policy m 5\n undo sa spi inbound esp\n"
	for _, line := range []string{
		"ipsec policy m 5\n undo security acl", "interface g0/0/2\n shutdown", "interface g0/0/2\n undo ipsec policy",
	} {
		c := replayed(t, byHand()+lacks+line)
		if p := protection(t, c); len(p.Policies) > 0 || displayed(c, PolicyKey{"m", 5}).Dropped {
			t.Errorf("%q: policies %v", line, p.Policies)
		}
	}
}

// TestTheLastKeyCounts has a string in the place of digits and digits in that of a string.
func TestTheLastKeyCounts(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines []string
		want  []KeyForm // that are left of the inbound ESP SA
	}{
		{"a string", []string{"sa authentication-hex inbound esp " + digits(20, "00"), "sa encryption-hex inbound esp " + digits(16, "00"), "sa string-key inbound esp x"},
			[]KeyForm{StringKey}},
		{"digits", []string{"sa string-key inbound esp x", "sa encryption-hex inbound esp " + digits(16, "00")}, []KeyForm{EncryptionHex}},
		{"both of digits", []string{"sa encryption-hex inbound esp " + digits(16, "00"), "sa authentication-hex inbound esp " + digits(20, "00")},
			[]KeyForm{AuthenticationHex, EncryptionHex}},
		{"those of another SA", []string{"sa string-key inbound esp x", "sa authentication-hex inbound ah " + digits(20, "00"), "sa authentication-hex outbound esp " + digits(20, "00")},
			[]KeyForm{StringKey}},
	} {
		c := replayed(t, "ipsec policy m 1 manual\n "+strings.Join(test.lines, "\n ")+"\n")
		var got []KeyForm
		for _, k := range c.Policies[PolicyKey{"m", 1}].Keys {
			if k.SASide == (SASide{ipsec.Inbound, ipsec.ESP}) {
				got = append(got, k.Form)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v are left, want %v", test.name, got, test.want)
		}
	}
}

// TestManualBundle has AH around ESP, which then needs no authentication of its own, and
// AH alone.
func TestManualBundle(t *testing.T) {
	const text = `acl number 3000
ipsec proposal a
 transform %
ipsec policy m 5 manual
 security acl 3000
 proposal a
 tunnel local 192.0.2.1
 tunnel remote 192.0.2.2
 sa spi inbound esp 300
 sa spi outbound esp 301
 sa spi inbound ah 302
 sa spi outbound ah 303
 sa string-key inbound esp one
 sa string-key outbound esp two
 sa string-key inbound ah three
 sa string-key outbound ah four
interface GigabitEthernet0/0/2
 ipsec policy m
`
	bundle := protection(t, replayed(t, strings.Replace(text, "%", "ah-esp\n undo esp authentication-algorithm", 1))).Manual
	out := bundle[1]
	if name, _ := out.AHID(); out.Validate() != nil || name.SPI != 303 || out.ID.SPI != 301 || out.AH.Integrity != ipsec.SHA256 || out.Integrity != ipsec.NoIntegrity {
		t.Errorf("bundle %+v %+v", out, out.AH)
	}
	ah := protection(t, replayed(t, strings.Replace(text, "%", "ah", 1)))
	in := ah.Manual[0]
	if in.Validate() != nil || in.ID.Protocol != ipsec.AH || in.ID.SPI != 302 || in.AH != nil || in.Encryption != ipsec.NoEncryption || ah.Policies[0].Transform != ipsec.TransformAH {
		t.Errorf("AH %+v", in)
	}
	if !bytes.Equal(in.IntegrityKey, bundle[0].AH.Key) || bytes.Equal(in.IntegrityKey, ah.Manual[1].IntegrityKey) {
		t.Error("keys of AH do not depend on the string alone")
	}
}

// TestDerivedKeys pins what a string stands for: both ends must make the same of it, in
// all versions.
func TestDerivedKeys(t *testing.T) {
	for _, test := range []struct {
		protocol ipsec.Protocol
		form     KeyForm
		octets   int
		want     string
	}{
		{ipsec.ESP, EncryptionHex, 16, "ca64b0801d79c8fa25c5d9152d568ad7"},
		{ipsec.ESP, AuthenticationHex, 20, "812c8fec7a1839c6d414232019cd84b42391d451"},
		{ipsec.AH, AuthenticationHex, 20, "168879005824fbd191ef2d43e43ffbd575c42bbd"},
	} {
		got := hex.EncodeToString(derived([]byte("sixteen-octets-or-more"), test.protocol, test.form, test.octets))
		if got != test.want {
			t.Errorf("%v %v: %s, want %s", test.protocol, test.form, got, test.want)
		}
	}
}

// TestManualSharesWhatDidNotChange compares the pointers of two versions: SAs that stay
// are not touched.
func TestManualSharesWhatDidNotChange(t *testing.T) {
	other := strings.NewReplacer("m 5", "m 10", "acl number 3000", "acl number 3001", "acl 3000", "acl 3001",
		"esp 300", "esp 400", "esp 301", "esp 401", "ipsec proposal a", "ipsec proposal b", " proposal a", " proposal b").Replace(byHand())
	for _, test := range []struct {
		line                string
		whole, policy, pair bool // what of entry 5 stays
	}{
		{"ip route-static 10.0.0.0 8 192.0.2.2", true, true, true},
		{"sysname X", false, true, true}, // it is what peers may know the box by
		{"acl 3001\n rule permit icmp", false, true, true},
		{"acl 3000\n rule permit icmp", false, false, true},
		{"ipsec policy m 10\n sa spi inbound esp 555", false, true, true},
		{"ipsec policy m 5\n sa spi inbound esp 555", false, true, false},
		{"ipsec policy m 5\n sa string-key inbound esp x", false, true, false},
		{"ipsec policy m 5\n tunnel remote 192.0.2.3", false, false, false},
		{"ipsec policy m 5\n sa spi inbound ah 999", true, true, true},
		{"ipsec proposal a\n encapsulation-mode transport", false, false, false},
		{"ipsec proposal a\n encapsulation-mode auto", true, true, true},
		{"ipsec policy m 7 manual", true, true, true},
	} {
		before := replayed(t, byHand()+other)
		first := protection(t, before)
		after, refused := Replay(before, Script{Text: test.line})
		if len(refused) > 0 {
			t.Fatalf("%q: %v", test.line, refused[0])
		}
		second := protection(t, after)
		got := [3]bool{first == second, first.Policies[0] == second.Policies[0], slices.Equal(first.Manual[:2], second.Manual[:2])}
		if want := [3]bool{test.whole, test.policy, test.pair}; got != want {
			t.Errorf("%q: whole, policy and SAs stay: %v, want %v", test.line, got, want)
		}
	}
}

// TestManualWithoutAlgorithms breaks a configuration in a way that no line can.
func TestManualWithoutAlgorithms(t *testing.T) {
	c := replayed(t, byHand())
	c.IPsecProposals["a"] = &ipsec.Proposal{Name: "a", Encryptions: []ipsec.Encryption{ipsec.AES128GCM}}
	if p := protection(t, c); len(p.Manual) > 0 {
		t.Errorf("%d SAs", len(p.Manual))
	}
	entry := displayed(c, PolicyKey{"m", 5})
	if want := []string{"algorithms for configured keys"}; !slices.Equal(entry.Missing, want) {
		t.Errorf("missing is %v, want %v", entry.Missing, want)
	}
}

// TestLocalEndMoves changes the address of an interface that a policy of another one
// looks at.
func TestLocalEndMoves(t *testing.T) {
	before := replayed(t, byHand()+"interface g0/0/3\n ip address 198.51.100.3 24\nipsec policy m 5\n tunnel local interface g0/0/3\n")
	first := protection(t, before)
	for _, test := range []struct{ line, want string }{
		{"interface g0/0/3\n ip address 198.51.100.9 24", "198.51.100.9"},
		{"interface g0/0/3\n mtu 1400", "198.51.100.3"},
	} {
		after, _ := Replay(before, Script{Text: test.line})
		second := protection(t, after)
		if got := second.Manual[0].Local.String(); got != test.want {
			t.Errorf("%q: our end is %s, want %s", test.line, got, test.want)
		}
		if same := second.Manual[0] == first.Manual[0]; same != (test.want == "198.51.100.3") {
			t.Errorf("%q: the SA is the same: %v", test.line, same)
		}
	}
	after, _ := Replay(before, Script{Text: "undo interface g0/0/3"})
	if left := protection(t, after); len(left.Manual) > 0 {
		t.Errorf("%d SAs without the interface", len(left.Manual))
	}
}

// TestProtectionOrder has manual and negotiated entries in one group.
func TestProtectionOrder(t *testing.T) {
	c := replayed(t, byHand()+strings.NewReplacer("policy1 5", "m 3", "policy1", "m", "ipsec proposal a", "ipsec proposal z", " proposal a", " proposal z").Replace(branch))
	p := protection(t, c)
	var got []string
	for _, policy := range p.Policies {
		got = append(got, policy.ID.String())
	}
	if want := []string{"GigabitEthernet0/0/2 m-3", "GigabitEthernet0/0/2 m-5"}; !slices.Equal(got, want) {
		t.Errorf("policies %v, want %v", got, want)
	}
	if len(p.IKE.Policies) != 1 || p.Policies[0] != &p.IKE.Policies[0].Policy {
		t.Error("a negotiated policy is not the engine's")
	}
}

// TestNegotiatedTransform shows what a policy says of its first proposal.
func TestNegotiatedTransform(t *testing.T) {
	p := built(t, replayed(t, branch+"ipsec proposal a\n transform ah-esp\n encapsulation-mode transport\n")).Policies[0]
	if p.Transform != ipsec.TransformAHESP || p.Mode != ipsec.Transport {
		t.Errorf("%v %v, want ah-esp in transport mode", p.Transform, p.Mode)
	}
	if p = built(t, replayed(t, branch+"ipsec proposal a\n encapsulation-mode auto\n")).Policies[0]; p.Mode != ipsec.Tunnel {
		t.Errorf("%v, want tunnel mode", p.Mode)
	}
}
