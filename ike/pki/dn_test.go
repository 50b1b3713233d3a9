package pki

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseDN(t *testing.T) {
	for _, test := range []struct{ text, slashes, commas string }{
		{"/C=ZZ/O=interop/CN=left", "/C=ZZ/O=interop/CN=left", "C=ZZ, O=interop, CN=left"},
		{"C=ZZ, O=interop, CN=left", "/C=ZZ/O=interop/CN=left", "C=ZZ, O=interop, CN=left"},
		{"c=ZZ;o=interop;cn=left", "/C=ZZ/O=interop/CN=left", "C=ZZ, O=interop, CN=left"},
		{`CN="a, b"`, "/CN=a, b", `CN=a\, b`},
		{`CN=" a "`, `/CN=\20a\20`, `CN=\20a\20`},
		{`CN = a b  ,O=x`, "/CN=a b/O=x", "CN=a b, O=x"},
		{`/CN=a\/b`, `/CN=a\/b`, "CN=a/b"},
		{`CN=a/b`, `/CN=a\/b`, "CN=a/b"},
		{`CN=a\+b+OU=c`, `/OU=c+CN=a\+b`, `OU=c+CN=a\+b`},
		{`CN=a\\b`, `/CN=a\\b`, `CN=a\\b`},
		{`CN=\c3\a4`, `/CN=\c3\a4`, `CN=\c3\a4`},
		{`CN=ä`, `/CN=\c3\a4`, `CN=\c3\a4`},
		{`CN=\#a`, `/CN=\#a`, `CN=\#a`},
		{`CN=#0c0161`, "/CN=a", "CN=a"},
		{`CN=#020105`, "/CN=#020105", "CN=#020105"},
		{"1.2.3.4=x", "/1.2.3.4=x", "1.2.3.4=x"},
		{"2.5.4.3=x", "/CN=x", "CN=x"},
		{"E=a@b, DC=test", "/emailAddress=a@b/DC=test", "emailAddress=a@b, DC=test"},
		{"CN=a=b", "/CN=a=b", "CN=a=b"},
	} {
		d, err := ParseDN(test.text)
		if err != nil {
			t.Errorf("ParseDN(%q): %v", test.text, err)
			continue
		}
		if got := d.String(); got != test.slashes {
			t.Errorf("ParseDN(%q) = %s, want %s", test.text, got, test.slashes)
		}
		if got := d.Commas(); got != test.commas {
			t.Errorf("ParseDN(%q) = %s with commas, want %s", test.text, got, test.commas)
		}
		checkSameDN(t, d)
	}
}

// checkSameDN goes through each form and back.
func checkSameDN(t *testing.T, d DN) {
	t.Helper()
	read, err := ReadDN(d.DER())
	if err != nil || !read.Equal(d) || !bytes.Equal(read.DER(), d.DER()) {
		t.Errorf("%v in DER and back is %v, %v", d, read, err)
	}
	for _, text := range []string{d.String(), d.Commas()} {
		if again, err := ParseDN(text); err != nil || !again.Equal(d) {
			t.Errorf("%v written as %q is read as %v, %v", d, text, again, err)
		}
	}
}

func TestParseDNRefuses(t *testing.T) {
	for text, words := range map[string]string{
		"":                                `has no "="`,
		"/":                               `has no "="`,
		"left":                            `"left" has no "="`,
		"CN=":                             "CN has no value",
		"CN=a,":                           `has no "="`,
		"/CN=a/":                          `has no "="`,
		"XX=a":                            `"XX" is no type of attribute`,
		"1.2.=a":                          "is no type",
		"3.1=a":                           "is no type",
		"01.2=a":                          "is no type",
		"-1.2=a":                          "is no type",
		"CN=a, b":                         `" b" has no "="`,
		`CN="a`:                           "a quote that does not end",
		`CN=a\`:                           "a backslash at the end",
		`CN=\00`:                          "want text without control characters",
		`CN=\ff`:                          "want text",
		"CN=a\nb":                         "want text without control",
		"CN=#0g":                          `want "#" and hexadecimal`,
		"CN=#0c02":                        "no attribute",
		"CN=#0c016161":                    "no attribute",
		`CN=#0c0100`:                      "a control character in CN",
		"CN=" + strings.Repeat("a", 1024): "octets, want at most 1024",
	} {
		_, err := ParseDN(text)
		checkError(t, err, words)
	}
}

func TestDNEqual(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"CN=left", "CN=LEFT", true},
		{"CN=a  b", "CN=a b", true},
		{`CN=\20a\20`, "CN=a", true},
		{"O=x, CN=a", "CN=a, O=x", false},
		{"O=x+CN=a", "CN=a+O=x", true},
		{"O=x, CN=a", "O=x+CN=a", false},
		{"CN=a", "CN=a, CN=a", false},
		{"CN=a", "OU=a", false},
		{"CN=a", "CN=ab", false},
		{"CN=ab", "CN=a b", false},
		{"CN=ä", "CN=Ä", false},
		{"CN=K", "CN=\u212a", false}, // the sign for kelvin folds to k
		{"CN=a", "CN=#1e020061", true},
		{"CN=a", "CN=#130141", true},
		{"CN=a", "CN=#140161", true},
		{"CN=#020105", "CN=#020106", false},
		{"CN=#020105", "CN=#020105", true},
	} {
		a, err := ParseDN(test.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseDN(test.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Equal(b); got != test.want || b.Equal(a) != test.want {
			t.Errorf("%s equals %s: %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// TestUnorderedSet: the attributes of a relative name have no order, even where
// an authority does not write DER's.
func TestUnorderedSet(t *testing.T) {
	a, b := "\x30\x08\x06\x03\x55\x04\x03\x0c\x01a", "\x30\x08\x06\x03\x55\x04\x0a\x0c\x01b"
	one, err := ReadDN([]byte("\x30\x16\x31\x14" + a + b))
	other, err2 := ReadDN([]byte("\x30\x16\x31\x14" + b + a))
	if err != nil || err2 != nil || !one.Equal(other) {
		t.Errorf("%v, %v equals %v, %v: false, want true", one, err, other, err2)
	}
}

// TestDNStrings: country and serial are printable, all else too if it can be.
func TestDNStrings(t *testing.T) {
	for text, want := range map[string]string{
		"C=ZZ":   "300d310b3009060355040613025a5a",
		"CN=a@b": "300e310c300a06035504030c03614062",
		"E=a@b":  "3014311230100" + "6092a864886f70d0109011603614062",
		"DC=a":   "30133111300f060a0992268993f22c64011916" + "0161",
	} {
		d, err := ParseDN(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.DER(); !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("%s is %x, want %s", text, got, want)
		}
	}
}

func TestReadDNRefuses(t *testing.T) {
	good, err := ParseDN("C=ZZ, CN=left")
	if err != nil {
		t.Fatal(err)
	}
	b := good.DER()
	for n := range b {
		if _, err := ReadDN(b[:n]); err == nil {
			t.Errorf("the first %d octets of %d are a name", n, len(b))
		}
	}
	for der, words := range map[string]string{
		string(b) + "\x00":           "no DER name",
		"\x30\x02\x31\x00":           "no set of attributes",
		"\x30\x02\x30\x00":           "no set of attributes",
		strings.Repeat("\x30", 1025): "1025 octets, want at most 1024",
		"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x00": "a control character in CN",
		"\x30\x04\x31\x02\x30\x00":                                 "no attribute",
	} {
		_, err := ReadDN([]byte(der))
		checkError(t, err, words)
	}
	if d, err := ReadDN([]byte{0x30, 0}); err != nil || !d.IsEmpty() || !d.Equal(DN{}) {
		t.Errorf("the empty name is %v, %v", d, err)
	}
}

func FuzzReadDN(f *testing.F) {
	f.Add(name(f, "left"))
	f.Add([]byte("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x1e\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ReadDN(b)
		if err != nil {
			return
		}
		if !bytes.Equal(d.DER(), b) {
			t.Errorf("%x is written as %x", b, d.DER())
		}
		if s := d.String(); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is not printable", s)
		}
		if again, err := ParseDN(d.String()); err == nil && !again.Equal(d) {
			t.Errorf("%s is read as %s", d, again)
		}
	})
}

func FuzzParseDN(f *testing.F) {
	for _, s := range []string{"/C=ZZ/CN=a", `C=ZZ, CN="a b"+O=x\+`, "CN=#0c0161", `CN=\c3\a4`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDN(s)
		if err != nil {
			return
		}
		checkSameDN(t, d)
	})
}
