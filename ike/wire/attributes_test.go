package wire

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestAttributesText(t *testing.T) {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	for _, test := range []struct {
		c    CfgAttribute
		want string
	}{
		{CfgEmpty(CfgIP4Address), "ip4-address"},
		{CfgAddr(CfgIP4Address, addr("10.3.0.1")), "ip4-address=10.3.0.1"},
		{CfgAddr(CfgIP4DNS, addr("::ffff:10.2.0.53")), "ip4-dns=10.2.0.53"},
		{CfgAddr(CfgIP4Netmask, addr("255.255.255.0")), "ip4-netmask=255.255.255.0"},
		{CfgAddr(CfgIP6DNS, addr("fd00::53")), "ip6-dns=fd00::53"},
		{CfgOctets(CfgIP4Address, []byte{10, 3, 0}), "ip4-address=0x0a0300"},
		{CfgPrefix(CfgIP4Subnet, prefix("10.2.0.0/16")), "ip4-subnet=10.2.0.0/16"},
		{CfgPrefix(CfgIP6Subnet, prefix("fd00::/8")), "ip6-subnet=fd00::/8"},
		{CfgOctets(CfgIP4Subnet, []byte{1}), "ip4-subnet=0x01"},
		{CfgOctets(CfgAddressExpiry, []byte{0, 0, 0x0e, 0x10}), "address-expiry=3600"},
		{CfgOctets(CfgApplicationVersion, []byte("vpnc\x1b")), `application-version=vpnc\x1b`},
		{CfgBasic(XAUTHType, uint16(XAUTHOTP)), "xauth-type=2"},
		{CfgBasic(XAUTHStatus, 0), "xauth-status=0"},
		{CfgOctets(XAUTHUserName, []byte("rwuser")), "xauth-user-name=rwuser"},
		{CfgOctets(XAUTHChallenge, []byte("chal")), "xauth-challenge=0x6368616c"},
		{CfgSplits(UnitySplitInclude, Split{Prefix: prefix("10.0.0.0/8")}, Split{prefix("10.9.0.0/24"), 6, 0, 443}),
			"unity-split-include=10.0.0.0/8,10.9.0.0/24:6/0-443"},
		{CfgOctets(UnityLocalLAN, []byte{1, 2, 3}), "unity-local-lan=0x010203"},
		{CfgBasic(28690, 7), "28690[2]"},
		{CfgOctets(UnityBanner, bytes.Repeat([]byte("a"), 500)), "unity-banner=" + strings.Repeat("a", 125) + "..."},
	} {
		if got := test.c.String(); got != test.want {
			t.Errorf("String() = %s, want %s", got, test.want)
		}
	}
	got := Attributes{CfgRequest, 4660, []CfgAttribute{CfgEmpty(XAUTHUserName), CfgEmpty(XAUTHUserPassword)}}.String()
	if want := "ATTR[request#4660 xauth-user-name xauth-user-password]"; got != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
}

// TestEveryCfgAttributePrints checks that every type with a name says how its values
// are printed.
func TestEveryCfgAttributePrints(t *testing.T) {
	for c := range cfgAttributeNames {
		if cfgTexts[c] == nil {
			t.Errorf("nothing says how values of %v are printed", c)
		}
	}
	if len(cfgTexts) != len(cfgAttributeNames) {
		t.Errorf("%d ways to print %d types", len(cfgTexts), len(cfgAttributeNames))
	}
}

// TestPasswordsAreHidden prints what may be a password in every way.
func TestPasswordsAreHidden(t *testing.T) {
	const password = "rw-secret-1"
	for _, of := range []CfgAttributeType{XAUTHUserPassword, XAUTHPasscode, XAUTHNextPIN, XAUTHAnswer, 16530, 28690} {
		c := CfgOctets(of, []byte(password))
		a := Attributes{CfgReply, 1, []CfgAttribute{c}}
		m := &Message{Header: header, Payloads: []Payload{a}}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			text := fmt.Sprintf(verb, c) + fmt.Sprintf(verb, a) + fmt.Sprintf(verb, *m) + fmt.Sprintf(verb, m.Payloads)
			for _, secret := range []string{password, fmt.Sprintf("%x", password), fmt.Sprintf("%X", password), "114 119 45", "0x72, 0x77"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %v shows the password: %s", verb, of, text)
				}
			}
		}
		if hidden := strings.Contains(c.String(), "=******"); hidden != of.IsSecret() {
			t.Errorf("%s: hidden %t, IsSecret %t", c, hidden, of.IsSecret())
		}
	}
	for _, of := range []CfgAttributeType{XAUTHUserName, XAUTHStatus, CfgIP4Address} {
		if of.IsSecret() {
			t.Errorf("%v is a secret", of)
		}
	}
}

func TestAttributesFind(t *testing.T) {
	a := Attributes{List: []CfgAttribute{CfgEmpty(CfgIP4DNS), CfgBasic(XAUTHStatus, 1), CfgBasic(XAUTHStatus, 0)}}
	got, ok := a.Find(XAUTHStatus)
	if v, isNumber := got.Uint(); !ok || !isNumber || v != 1 {
		t.Errorf("Find(status) = %v, %t; want the first, 1", got, ok)
	}
	if got, ok := a.Find(CfgIP4Address); ok {
		t.Errorf("Find(address) = %v, want none", got)
	}
}

// TestAttributesTextIsBounded checks that a peer cannot fill a log with one message.
func TestAttributesTextIsBounded(t *testing.T) {
	a := Attributes{Cfg: CfgReply}
	for range 3000 {
		a.List = append(a.List, CfgEmpty(CfgIP4Address))
	}
	if got := a.String(); len(got) > 2100 || !strings.HasSuffix(got, "...]") {
		t.Errorf("String() has %d characters", len(got))
	}
}

func TestCfgAddr(t *testing.T) {
	for _, test := range []struct {
		name   string
		octets string
		addr   string // empty: refused
		bits   int    // of the mask; -1: refused
	}{
		{"address", "0a030001", "10.3.0.1", -1},
		{"mask", "ffffff00", "255.255.255.0", 24},
		{"everything", "00000000", "0.0.0.0", 0},
		{"single", "ffffffff", "255.255.255.255", 32},
		{"mask with a hole", "ff00ff00", "255.0.255.0", -1},
		{"IPv6", "fd000000000000000000000000000001", "fd00::1", -1},
		{"mask of IPv6", "ffffffffffffffff0000000000000000", "ffff:ffff:ffff:ffff::", 64},
		{"empty", "", "", -1},
		{"3 octets", "0a0300", "", -1},
		{"5 octets", "0a03000100", "", -1},
		{"17 octets", "fd00000000000000000000000000000140", "", -1},
	} {
		c := CfgOctets(CfgIP4Address, octetsIn(t, test.octets))
		addr, err := c.Addr()
		checkCfg(t, test.name, err, addr.String(), test.addr)
		bits, err := c.Netmask()
		if (err == nil) != (test.bits >= 0) || err == nil && bits != test.bits {
			t.Errorf("%s: Netmask() = %d, %v; want %d", test.name, bits, err, test.bits)
		}
	}
}

// checkCfg checks a result, or a *SyntaxError of a transaction if none is wanted.
func checkCfg(t *testing.T, name string, err error, got, want string) {
	t.Helper()
	switch {
	case want == "":
		checkError(t, name, err, PayloadAttributes, 0, "wanted")
	case err != nil || got != want:
		t.Errorf("%s: %s, %v; want %s", name, got, err, want)
	}
}

func TestCfgPrefix(t *testing.T) {
	for _, test := range []struct{ name, octets, want string }{
		{"IPv4", "0a020000 ffff0000", "10.2.0.0/16"},
		{"host bits", "0a020009 ffff0000", "10.2.0.0/16"},
		{"everything", "00000000 00000000", "0.0.0.0/0"},
		{"mask with a hole", "0a020000 ff00ff00", ""},
		{"IPv6 with length", "fd000000000000000000000000000001 40", "fd00::/64"},
		{"IPv6, length 129", "fd000000000000000000000000000001 81", ""},
		{"IPv6 with mask", "fd000000000000000000000000000001 ffff0000000000000000000000000000", "fd00::/16"},
		{"IPv6, mask with a hole", "fd000000000000000000000000000001 ffff0000000000000000000000000001", ""},
		{"4 octets", "0a020000", ""},
		{"empty", "", ""},
	} {
		p, err := CfgOctets(CfgIP4Subnet, octetsIn(t, test.octets)).Prefix()
		checkCfg(t, test.name, err, p.String(), test.want)
	}
	for _, p := range []string{"10.2.0.0/16", "0.0.0.0/0", "10.1.2.3/32", "fd00::/8", "fd00::1/128"} {
		if back, err := CfgPrefix(CfgIP4Subnet, netip.MustParsePrefix(p)).Prefix(); err != nil || back.String() != p {
			t.Errorf("CfgPrefix(%s).Prefix() = %v, %v", p, back, err)
		}
	}
}

func TestSplits(t *testing.T) {
	ten, lan := netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.1.0/24")
	all := netip.MustParsePrefix("0.0.0.0/0")
	for _, test := range []struct {
		name   string
		octets string
		want   []Split // nil: refused
	}{
		{"one of 14 octets", "0a000000ff000000 0000 0000 0000", []Split{{Prefix: ten}}},
		{"with a protocol and ports", "c0a80109ffffff00 0011 0035 1f90", []Split{{lan, 17, 53, 8080}}},
		{"two of 14", "0a000000ff000000000000000000 c0a80100ffffff00000000000000", []Split{{Prefix: ten}, {Prefix: lan}}},
		{"one of 8 octets", "0a000000ff000000", []Split{{Prefix: ten}}},
		{"two of 8", "0a000000ff000000 c0a80100ffffff00", []Split{{Prefix: ten}, {Prefix: lan}}},
		{"seven of 8, as long as four of 14", strings.Repeat("0a000000ff000000", 7),
			[]Split{{Prefix: ten}, {Prefix: ten}, {Prefix: ten}, {Prefix: ten}, {Prefix: ten}, {Prefix: ten}, {Prefix: ten}}},
		{"four of 14, which might be seven of 8", strings.Repeat("00", 56), []Split{{Prefix: all}, {Prefix: all}, {Prefix: all}, {Prefix: all}}},
		{"mask with a hole", "0a000000ff00ff00000000000000", nil},
		{"the second mask with a hole", "0a000000ff000000 c0a80100ff00ff00", nil},
		{"13 octets", "0a000000ff0000000000000000", nil},
		{"4 octets", "0a000000", nil},
		{"empty", "", nil},
	} {
		got, err := CfgOctets(UnitySplitInclude, octetsIn(t, test.octets)).Splits()
		if test.want == nil {
			checkError(t, test.name, err, PayloadAttributes, 0, "14 or 8 octets")
		} else if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: Splits() = %v, %v; want %v", test.name, got, err, test.want)
		}
	}
	want := []Split{{ten, 6, 1, 2}, {Prefix: lan}}
	if got, err := CfgSplits(UnityLocalLAN, want...).Splits(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("CfgSplits and back: %v, %v; want %v", got, err, want)
	}
}

func TestCfgName(t *testing.T) {
	for _, test := range []struct{ name, value, wanted string }{
		{"a name", "rwuser", ""},
		{"a name of 256 octets", strings.Repeat("a", 256), ""},
		{"beyond ASCII", "jürgen", ""},
		{"empty", "", "1 to 256"},
		{"a name of 257 octets", strings.Repeat("a", 257), "1 to 256"},
		{"NUL", "root\x00", "printable"},
		{"escape", "\x1b[2J", "printable"},
		{"DEL", "a\x7f", "printable"},
		{"line feed", "a\nb", "printable"},
	} {
		got, err := CfgOctets(XAUTHUserName, []byte(test.value)).Name()
		if test.wanted != "" {
			checkError(t, test.name, err, PayloadAttributes, 0, test.wanted)
		} else if err != nil || got != test.value {
			t.Errorf("%s: Name() = %q, %v", test.name, got, err)
		}
	}
}
