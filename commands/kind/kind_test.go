package kind

import (
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/commands/grammar"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A reading is what a kind makes of words.
type reading[F any] struct {
	words string // split at blanks
	want  F
	used  int // words taken; of what is refused the index of the bad one
	ok    bool
	text  string // how the value is written; - if it is as typed
}

func good[F any](words string, want F, text string) reading[F] {
	return reading[F]{words, want, len(strings.Fields(words)), true, text}
}

// more is words that are not enough: want is how many it takes.
func more[F any](words string, want int) reading[F] {
	return reading[F]{words: words, used: want, ok: true, text: "?"}
}

func bad[F any](words string, at int) reading[F] { return reading[F]{words: words, used: at} }

// check reads each, writes what came, and reads that again.
func check[F any](t *testing.T, name string, k grammar.Kind[F], readings ...reading[F]) {
	t.Helper()
	for _, r := range readings {
		words := strings.Fields(r.words)
		v, used, ok := k.Read(words)
		if used != r.used || ok != r.ok {
			t.Errorf("%s: Read(%q) uses %d, %v, want %d, %v", name, r.words, used, ok, r.used, r.ok)
			continue
		}
		if !ok || r.text == "?" {
			continue
		}
		if !reflect.DeepEqual(v, r.want) {
			t.Errorf("%s: Read(%q) = %v, want %v", name, r.words, v, r.want)
		}
		want := r.text
		if want == "-" {
			want = r.words
		}
		text := k.Write(v)
		if text != want {
			t.Errorf("%s: Write(%v) = %q, want %q", name, v, text, want)
		}
		if text == "" {
			continue
		}
		if again, ok := reread(k, text); !ok || !reflect.DeepEqual(again, v) {
			t.Errorf("%s: %q is read back as %v, want %v", name, text, again, v)
		}
	}
	if len(k.Hints) == 0 {
		t.Errorf("%s has no hint", name)
	}
}

// reread reads what was written, as a word of the kind or as a value.
func reread[F any](k grammar.Kind[F], text string) (F, bool) {
	for _, w := range k.Words {
		if w.Text == text {
			return w.Value, true
		}
	}
	v, _, ok := k.Read(strings.Fields(text))
	return v, ok
}

func TestInteger(t *testing.T) {
	check(t, "1-1024", Integer[uint32](1, 1024),
		good[uint32]("1", 1, "-"), good[uint32]("1024", 1024, "-"), good[uint32]("007", 7, "7"),
		bad[uint32]("0", 0), bad[uint32]("1025", 0), bad[uint32]("-1", 0), bad[uint32]("+1", 0), bad[uint32]("1.0", 0),
		bad[uint32]("x", 0), bad[uint32]("0x10", 0), bad[uint32]("1_0", 0), bad[uint32]("99999999999999999999", 0))
	check(t, "whole", Integer[uint32](0, math.MaxUint32-1), good[uint32]("0", 0, "-"), good[uint32]("4294967294", math.MaxUint32-1, "-"), bad[uint32]("4294967295", 0))
	if got := Integer[uint32](0, 9).Write(10); got != "" {
		t.Errorf("a number out of bounds is written as %q", got)
	}
	if got := Integer(68, 9600).Hints[0].Text; got != "INTEGER<68-9600>" {
		t.Errorf("hint %q", got)
	}
}

func TestOneNumber(t *testing.T) {
	check(t, "window", OneNumber(32, 64), good("32", 32, "-"), good("64", 64, "-"), bad[int]("33", 0), bad[int]("3", 0), bad[int]("064", 0))
	if got := OneNumber(32, 64).Write(33); got != "" {
		t.Errorf("33 is written as %q", got)
	}
}

func TestScaled(t *testing.T) {
	check(t, "seconds", Seconds(60, 604800),
		good("60", time.Minute, "-"), good("604800", 7*24*time.Hour, "-"), bad[time.Duration]("59", 0), bad[time.Duration]("604801", 0), bad[time.Duration]("1m", 0))
	check(t, "milliseconds", Milliseconds(1, 65535), good("1500", 1500*time.Millisecond, "-"), bad[time.Duration]("0", 0))
	check(t, "kilobytes", Kilobytes(2560, 4294967295),
		good[uint64]("2560", 2560<<10, "-"), good[uint64]("4294967295", 4294967295<<10, "-"), bad[uint64]("2559", 0), bad[uint64]("4294967296", 0))
	if got := Seconds(60, 100).Write(0); got != "" {
		t.Errorf("no duration is written as %q", got)
	}
}

func TestName(t *testing.T) {
	check(t, "name", Name(15, ""),
		good("b", "b", "-"), good("Branch-1_x.y@z", "Branch-1_x.y@z", "-"), good("#1", "#1", "-"),
		bad[string]("sixteen-letters!", 0), bad[string]("what?", 0), bad[string](`a"b`, 0), bad[string]("ü", 0))
	for _, word := range []string{"", "two words", "a\x01", "a\x7f"} {
		if _, _, ok := Name(15, "").Read([]string{word}); ok {
			t.Errorf("%q is a name", word)
		}
	}
	if got := Name(15, "").Write("//x"); got != `"//x"` {
		t.Errorf("//x is written as %s", got)
	}
}

func TestText(t *testing.T) {
	k := Text(10)
	for text, want := range map[string]bool{"ten octets": true, "eleven octe": false, `"a" b`: true, "a\tb": false, "\x1b[2J": false} {
		if got, _, ok := k.Read([]string{text}); ok != want || ok && got != text {
			t.Errorf("%q: %q, %v, want %v", text, got, ok, want)
		}
	}
	if !k.Rest || k.Write("a  b") != "a  b" {
		t.Error("a text is not the rest of the line as it stands")
	}
}

func TestSecret(t *testing.T) {
	k := Secret()
	stored := "%^%#c2VjcmV0%^%#"
	for _, test := range []struct {
		name, word string
		ok         bool
		text       string
	}{
		{"in clear", "Key@2014", true, "******"},
		{"with blanks", "two words", true, "******"},
		{"the longest", strings.Repeat("k", 128), true, "******"},
		{"too long", strings.Repeat("k", 129), false, ""},
		{"nothing", "", false, ""},
		{"control characters", "a\x1bb", false, ""},
		{"stored", stored, true, stored},
		{"stored, the longest", "%^%#" + strings.Repeat("k", 392) + "%^%#", true, "%^%#" + strings.Repeat("k", 392) + "%^%#"},
		{"stored, too long", "%^%#" + strings.Repeat("k", 393) + "%^%#", false, ""},
		{"stored with a blank", "%^%#a b%^%#", false, ""},
		{"only one frame", "%^%#", true, "******"},
		{"half a frame", "%^%#abc", true, "******"},
	} {
		s, _, ok := k.Read([]string{test.word})
		if ok != test.ok {
			t.Errorf("%s: %v, want %v", test.name, ok, test.ok)
			continue
		}
		if !ok {
			continue
		}
		if !s.Equal(secret.Octets(test.word)) {
			t.Errorf("%s: read as %d octets", test.name, len(s))
		}
		if got := k.Write(s); got != test.text {
			t.Errorf("%s: written as %q, want %q", test.name, got, test.text)
		}
	}
	if got := k.Write(nil); got != "" {
		t.Errorf("no secret is written as %q", got)
	}
}

func TestAddress(t *testing.T) {
	a := netip.MustParseAddr
	check(t, "address", Address(),
		good("192.0.2.1", a("192.0.2.1"), "-"), good("10.0.0.0", a("10.0.0.0"), "-"),
		bad[netip.Addr]("192.0.2", 0), bad[netip.Addr]("192.0.2.256", 0), bad[netip.Addr]("0.0.0.0", 0), bad[netip.Addr]("224.0.0.1", 0),
		bad[netip.Addr]("255.255.255.255", 0), bad[netip.Addr]("2001:db8::1", 0), bad[netip.Addr]("::ffff:192.0.2.1", 0), bad[netip.Addr]("x", 0))
	if got := Address().Write(netip.Addr{}); got != "" {
		t.Errorf("no address is written as %q", got)
	}
}

func TestPrefixes(t *testing.T) {
	p := netip.MustParsePrefix
	check(t, "host", HostPrefix(),
		good("192.0.2.1 24", p("192.0.2.1/24"), "192.0.2.1 255.255.255.0"),
		good("192.0.2.1 255.255.255.252", p("192.0.2.1/30"), "-"),
		good("192.0.2.1 32", p("192.0.2.1/32"), "192.0.2.1 255.255.255.255"),
		more[netip.Prefix]("192.0.2.1", 2),
		bad[netip.Prefix]("0.0.0.0 8", 0), bad[netip.Prefix]("192.0.2.1 33", 1), bad[netip.Prefix]("192.0.2.1 255.0.255.0", 1),
		bad[netip.Prefix]("192.0.2.1 0.0.0.255", 1), bad[netip.Prefix]("192.0.2.1 x", 1), bad[netip.Prefix]("x 24", 0))
	check(t, "network", Network(),
		good("10.1.2.3 8", p("10.0.0.0/8"), "10.0.0.0 255.0.0.0"),
		good("0.0.0.0 0", p("0.0.0.0/0"), "0.0.0.0 0.0.0.0"),
		good("0.0.0.0 0.0.0.0", p("0.0.0.0/0"), "-"),
		more[netip.Prefix]("10.0.0.0", 2), bad[netip.Prefix]("10.0.0 8", 0))
	if got := HostPrefix().Write(netip.Prefix{}); got != "" {
		t.Errorf("no prefix is written as %q", got)
	}
}

func TestWildcard(t *testing.T) {
	w := func(s string, inverse uint32) acl.Wildcard { return acl.NewWildcard(netip.MustParseAddr(s), inverse) }
	check(t, "wildcard", Wildcard("source"),
		good("10.0.0.0 0.0.0.255", w("10.0.0.0", 255), "-"),
		good("10.0.0.77 0.0.0.255", w("10.0.0.0", 255), "10.0.0.0 0.0.0.255"),
		good("10.0.0.77 0", w("10.0.0.77", 0), "-"),
		good("10.0.0.77 0.0.0.0", w("10.0.0.77", 0), "10.0.0.77 0"),
		good("10.0.1.0 0.0.254.255", w("10.0.1.0", 0xfeff), "-"),
		good("10.0.0.0 255.255.255.255", acl.Wildcard{}, ""),
		more[acl.Wildcard]("10.0.0.0", 2),
		bad[acl.Wildcard]("10.0.0 0", 0), bad[acl.Wildcard]("10.0.0.0 24", 1), bad[acl.Wildcard]("10.0.0.0 x", 1))
	if words := Wildcard("source").Words; len(words) != 1 || words[0].Text != "any" || !words[0].Value.Any() {
		t.Errorf("words %v", words)
	}
	check(t, "host", Host("source"),
		good("10.0.0.77 0", w("10.0.0.77", 0), ""),
		more[acl.Wildcard]("10.0.0.77", 2),
		bad[acl.Wildcard]("10.0.0 0", 0), bad[acl.Wildcard]("10.0.0.0 0.0.0.255", 1), bad[acl.Wildcard]("10.0.0.0 x", 1))
}

func TestPorts(t *testing.T) {
	check(t, "ports of TCP", Ports(acl.TCP),
		good("eq 80", acl.Ports{Op: acl.Eq, Low: 80}, "eq www"),
		good("eq www", acl.Ports{Op: acl.Eq, Low: 80}, "-"),
		good("gt 1023", acl.Ports{Op: acl.Gt, Low: 1023}, "-"),
		good("lt 1024", acl.Ports{Op: acl.Lt, Low: 1024}, "-"),
		good("neq ssh", acl.Ports{Op: acl.Neq, Low: 22}, "-"),
		good("range 5000 6000", acl.Ports{Op: acl.Range, Low: 5000, High: 6000}, "-"),
		good("range 7 7", acl.Ports{Op: acl.Range, Low: 7, High: 7}, "-"),
		more[acl.Ports]("eq", 2), more[acl.Ports]("range", 3), more[acl.Ports]("range 5", 3),
		bad[acl.Ports]("about 5", 0), bad[acl.Ports]("eq 65536", 1), bad[acl.Ports]("eq nothing", 1),
		bad[acl.Ports]("range 5 x", 2), bad[acl.Ports]("range 6 5", 2))
	check(t, "ports of UDP", Ports(acl.UDP), good("eq 53", acl.Ports{Op: acl.Eq, Low: 53}, "eq dns"), good("eq 80", acl.Ports{Op: acl.Eq, Low: 80}, "-"))
	if got := Ports(acl.TCP).Write(acl.Ports{}); got != "" {
		t.Errorf("every port is written as %q", got)
	}
}

func TestProtocols(t *testing.T) {
	check(t, "TCP", OneProtocol(acl.TCP), good[uint8]("6", 6, "tcp"), bad[uint8]("17", 0), bad[uint8]("x", 0))
	check(t, "others", Protocol(), good[uint8]("1", 1, "icmp"), good[uint8]("0", 0, "ip"), good[uint8]("200", 200, "-"),
		bad[uint8]("6", 0), bad[uint8]("17", 0), bad[uint8]("256", 0))
	if words := OneProtocol(acl.TCP).Words; len(words) != 1 || words[0].Text != "tcp" {
		t.Errorf("words of TCP: %v", words)
	}
	for _, w := range Protocol().Words {
		if w.Value == acl.TCP || w.Value == acl.UDP || Protocol().Write(w.Value) != w.Text || w.Help == "" {
			t.Errorf("word %+v", w)
		}
	}
	if got := Protocol().Write(acl.UDP); got != "" {
		t.Errorf("UDP is written as %q", got)
	}
}

func TestInterface(t *testing.T) {
	const g2 = "GigabitEthernet0/0/2"
	for _, test := range []struct {
		words []string
		want  string
		used  int
		ok    bool
	}{
		{[]string{g2}, g2, 1, true},
		{[]string{"GigabitEthernet", "0/0/2"}, g2, 2, true},
		{[]string{"g0/0/2"}, g2, 1, true},
		{[]string{"GI0/0/2"}, g2, 1, true},
		{[]string{"gi", "0/0/2", "10.0.0.1"}, g2, 2, true},
		{[]string{"g0/0/2", "10.0.0.1"}, g2, 1, true},
		{[]string{"g255/0/0"}, "GigabitEthernet255/0/0", 1, true},
		{[]string{"gigabit"}, "", 2, true},
		{[]string{"eth1"}, "eth1", 1, true},
		{[]string{"eth1.7"}, "eth1.7", 1, true},
		{[]string{"br-lan"}, "br-lan", 1, true},
		{[]string{"g1"}, "g1", 1, true}, // a Linux device
		{[]string{"Eth1"}, "Eth1", 1, true},
		{[]string{"ge0/0/2"}, "", 0, false},
		{[]string{"g0/0"}, "", 0, false},
		{[]string{"g0/0/256"}, "", 0, false},
		{[]string{"g00/0/2"}, "", 0, false},
		{[]string{"g0/0/2/1"}, "", 0, false},
		{[]string{"gi", "2"}, "", 1, false},
		{[]string{"192.0.2.1"}, "", 0, false},
		{[]string{"1eth"}, "", 0, false},
		{[]string{""}, "", 0, false},
		{[]string{"a-very-long-name"}, "", 0, false},
		{[]string{"eth/1"}, "", 0, false},
		{[]string{"eth 1"}, "", 0, false},
		{[]string{"tunnel1"}, "Tunnel1", 1, true},
		{[]string{"Tunnel0-0-1"}, "", 0, false}, // the Linux device of one
		{[]string{"tun0", "10.0.0.1"}, "tun0", 1, true},
		{[]string{"tun", "10.0.0.1"}, "", 0, false},
	} {
		name, used, ok := Interface().Read(test.words)
		if used != test.used || ok != test.ok || ok && name != test.want {
			t.Errorf("Read(%q) = %q, %d, %v, want %q, %d, %v", test.words, name, used, ok, test.want, test.used, test.ok)
		}
		if ok && name != "" {
			if again, _, ok := Interface().Read([]string{Interface().Write(name)}); !ok || again != name {
				t.Errorf("%q is read back as %q", name, again)
			}
		}
	}
}

// wordsOnce checks that the words of a kind differ and have help.
func wordsOnce[F any](t *testing.T, name string, k grammar.Kind[F], want int) {
	t.Helper()
	seen := map[string]bool{}
	for _, w := range k.Words {
		if seen[w.Text] || w.Help == "" || w.Text != strings.ToLower(w.Text) || strings.Contains(w.Text, " ") {
			t.Errorf("%s: word %+v", name, w)
		}
		seen[w.Text] = true
	}
	if len(seen) != want {
		t.Errorf("%s: %d words, want %d", name, len(seen), want)
	}
}

func TestAlgorithms(t *testing.T) {
	wordsOnce(t, "group", Group("group"), 14)
	wordsOnce(t, "dh-group", Group("dh-group"), 14)
	wordsOnce(t, "cipher", Cipher(), 10)
	wordsOnce(t, "hash", Hash(), 5)
	wordsOnce(t, "ESP encryption", ESPEncryption(), len(ipsec.Encryptions())-1)
	wordsOnce(t, "ESP authentication", ESPIntegrity(), len(ipsec.Integrities()))
	wordsOnce(t, "integrity", V2Integrity(), 6)
	wordsOnce(t, "prf", V2PRF(), 6)
	for _, w := range Cipher().Words {
		if !w.Value.Supported() {
			t.Errorf("%s is %v, which phase 1 does not have", w.Text, w.Value)
		}
	}
	for _, w := range Group("group").Words {
		if !keymat.GroupSupported(w.Value) {
			t.Errorf("%s is not supported", w.Text)
		}
	}
}

// find returns the value of a word.
func find[F any](k grammar.Kind[F], text string) (v F) {
	for _, w := range k.Words {
		if w.Text == text {
			return w.Value
		}
	}
	return v
}

func TestAlgorithmWords(t *testing.T) {
	aes256 := keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 256}
	if find(Cipher(), "aes-256") != aes256 || find(Cipher(), "aes-cbc-256") != aes256 {
		t.Error("aes-256 and aes-cbc-256 are not the same")
	}
	if find(Cipher(), "3des-cbc") != (keymat.Cipher{Algorithm: wire.Enc3DES}) {
		t.Error("3des-cbc")
	}
	if find(Group("dh-group"), "dh-group21") != wire.Group21 || find(Hash(), "sha2-384") != wire.HashSHA384 {
		t.Error("dh-group21, sha2-384")
	}
	if find(ESPEncryption(), "aes-128-gcm-128") != ipsec.AES128GCM || find(ESPIntegrity(), "md5") != ipsec.MD5 {
		t.Error("aes-128-gcm-128, md5")
	}
	if find(ESPEncryption(), "null") != ipsec.NoEncryption {
		t.Error("NULL has a word")
	}
}

func TestHexSecret(t *testing.T) {
	k := HexSecret(2, 4)
	stored := "%^%#c2VjcmV0%^%#"
	for _, test := range []struct{ name, word, want string }{ // want "": it is none
		{"the shortest", "00fF", "00ff"},
		{"the longest", "ABCDEF01", "abcdef01"},
		{"too short", "00", ""},
		{"too long", "0011223344", ""},
		{"half an octet", "00112", ""},
		{"no digit", "00g1", ""},
		{"with 0x", "0x0011", ""},
		{"with a blank", "00 11", ""},
		{"nothing", "", ""},
		{"stored", stored, stored},
		{"stored, too long", "%^%#" + strings.Repeat("k", 393) + "%^%#", ""},
		{"half a frame", "%^%#00", ""},
	} {
		s, _, ok := k.Read([]string{test.word})
		if ok != (test.want != "") || ok && !s.Equal(secret.Octets(test.want)) {
			t.Errorf("%s: %v", test.name, ok)
		}
		if text := k.Write(s); ok && text != stored && text != "******" {
			t.Errorf("%s: written as %q", test.name, text)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("192.0.2.1", "24", "x")
	f.Add("range", "1", "2")
	f.Add("gi", "0/0/2", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		words := []string{a, b, c}
		checkUse(t, Integer[uint32](1, 9), words)
		checkUse(t, Name(15, ""), words)
		checkUse(t, Secret(), words)
		checkUse(t, HexSecret(1, 9), words)
		checkUse(t, Address(), words)
		checkUse(t, HostPrefix(), words)
		checkUse(t, Network(), words)
		checkUse(t, Wildcard(""), words)
		checkUse(t, Ports(acl.TCP), words)
		checkUse(t, Protocol(), words)
		checkUse(t, Interface(), words)
		checkUse(t, Port(), words)
		checkUse(t, Tunnel(), words)
	})
}

// checkUse checks that a kind takes as many words as there are, and names one
// that is there as the bad one.
func checkUse[F any](t *testing.T, k grammar.Kind[F], words []string) {
	t.Helper()
	v, used, ok := k.Read(words)
	if used < 0 || used > len(words) || ok && used == 0 || !ok && used == len(words) {
		t.Fatalf("Read(%q) uses %d, %v", words, used, ok)
	}
	if text := k.Write(v); ok && strings.ContainsAny(text, "\n\r\x1b") {
		t.Fatalf("Write(%q) is %q", words, text)
	}
}
