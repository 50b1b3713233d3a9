package pki

import (
	encoding "encoding/asn1"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

type objectIdentifier = encoding.ObjectIdentifier

// String types that cryptobyte does not name.
const (
	tagNumericString = asn1.Tag(18)
	tagVisibleString = asn1.Tag(26)
	tagBMPString     = asn1.Tag(30)
)

// Attribute types that are not written as UTF8String or PrintableString.
const (
	oidDomainComponent = "0.9.2342.19200300.100.1.25"
	oidEmailAddress    = "1.2.840.113549.1.9.1"
	oidUnstructured    = "1.2.840.113549.1.9.2"
)

// typeNames are the names of attribute types as they are written: RFC 4519,
// RFC 2985, and what devices print. The first of a type is ours.
var typeNames = []struct{ name, oid string }{
	{"C", "2.5.4.6"}, {"ST", "2.5.4.8"}, {"S", "2.5.4.8"}, {"L", "2.5.4.7"}, {"O", "2.5.4.10"},
	{"OU", "2.5.4.11"}, {"CN", "2.5.4.3"}, {"SN", "2.5.4.4"}, {"GN", "2.5.4.42"}, {"T", "2.5.4.12"},
	{"serialNumber", "2.5.4.5"}, {"street", "2.5.4.9"}, {"postalCode", "2.5.4.17"}, {"dnQualifier", "2.5.4.46"},
	{"DC", oidDomainComponent}, {"UID", "0.9.2342.19200300.100.1.1"},
	{"emailAddress", oidEmailAddress}, {"E", oidEmailAddress}, {"Email", oidEmailAddress},
	{"unstructuredName", oidUnstructured}, {"unstructuredAddress", "1.2.840.113549.1.9.8"},
}

// typeName returns the name of an attribute type, or its numbers.
func typeName(oid string) string {
	for _, t := range typeNames {
		if t.oid == oid {
			return t.name
		}
	}
	return oid
}

// typeOID returns the numbers of an attribute type that is written as its name,
// in any case, or as numbers.
func typeOID(name string) (string, error) {
	for _, t := range typeNames {
		if strings.EqualFold(t.name, name) {
			return t.oid, nil
		}
	}
	if _, err := parseOID(name); err != nil {
		return "", fmt.Errorf("%q is no type of attribute: want C, ST, L, O, OU, CN, DC, E or an object identifier", name)
	}
	return name, nil
}

// parseOID reads an object identifier in its one dotted form, no larger than
// what cryptobyte reads.
func parseOID(text string) (oid objectIdentifier, err error) {
	bad := fmt.Errorf("%q is no object identifier", text)
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseUint(part, 10, 28)
		if err != nil {
			return nil, bad
		}
		oid = append(oid, int(n))
	}
	var again objectIdentifier
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	der, err := b.Bytes()
	input := cryptobyte.String(der)
	if err != nil || oid.String() != text || !input.ReadASN1ObjectIdentifier(&again) {
		return nil, bad
	}
	return oid, nil
}

// stringOf reads a value of a string type as UTF-8.
func stringOf(tag asn1.Tag, b []byte) (string, bool) {
	switch tag {
	case asn1.UTF8String:
		return string(b), utf8.Valid(b)
	case asn1.PrintableString, asn1.IA5String, tagNumericString, tagVisibleString:
		return string(b), !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
	case asn1.T61String: // in practice ISO 8859-1
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes), true
	case tagBMPString:
		return bmp(b)
	}
	return "", false
}

// bmp reads two octets for each character.
func bmp(b []byte) (string, bool) {
	if len(b)%2 != 0 {
		return "", false
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) > 0; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	s := string(utf16.Decode(units))
	return s, !strings.ContainsRune(s, utf8.RuneError)
}

// stringDER writes text as the value of an attribute type.
func stringDER(oid, text string) []byte {
	tag := asn1.UTF8String
	switch {
	case slices.Contains([]string{oidDomainComponent, oidEmailAddress, oidUnstructured}, oid) && isASCII(text):
		tag = asn1.IA5String
	case !strings.ContainsFunc(text, func(r rune) bool { return !printable(r) }):
		tag = asn1.PrintableString
	}
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
	return b.BytesOrPanic()
}

// printable reports whether a PrintableString may hold the character.
func printable(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r < utf8.RuneSelf && strings.ContainsRune(" '()+,-./:=?", r)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
