package pki

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A DN is a distinguished name: RFC 5280 §4.1.2.4. The zero value is the empty
// name.
type DN struct{ rdns []rdn }

// An rdn is a relative distinguished name: one attribute, seldom more.
type rdn []attribute

// An attribute is one type and value of a relative distinguished name.
type attribute struct {
	oid    string // dotted
	text   string // without control characters; empty unless isText
	isText bool   // the value is of a string type that we read
	value  []byte // the value's DER, tag and length included
}

// ReadDN reads a DER name, at most 1024 octets. Errors: octets that are no
// name, a control character in it, or something that follows it.
func ReadDN(der []byte) (DN, error) {
	if len(der) > maxDN {
		return DN{}, fmt.Errorf("a name of %d octets, want at most %d", len(der), maxDN)
	}
	input, name := cryptobyte.String(der), cryptobyte.String(nil)
	if !input.ReadASN1(&name, asn1.SEQUENCE) || !input.Empty() {
		return DN{}, fmt.Errorf("octets that are no DER name")
	}
	var d DN
	for !name.Empty() {
		var set cryptobyte.String
		if !name.ReadASN1(&set, asn1.SET) || set.Empty() {
			return DN{}, fmt.Errorf("relative name %d is no set of attributes", len(d.rdns)+1)
		}
		r, err := readRDN(set)
		if err != nil {
			return DN{}, fmt.Errorf("relative name %d: %w", len(d.rdns)+1, err)
		}
		d.rdns = append(d.rdns, r)
	}
	return d, nil
}

func readRDN(set cryptobyte.String) (r rdn, err error) {
	for !set.Empty() {
		a, err := readAttribute(&set)
		if err != nil {
			return nil, err
		}
		r = append(r, a)
	}
	return r, nil
}

func readAttribute(set *cryptobyte.String) (a attribute, err error) {
	var pair, value, content cryptobyte.String
	var oid objectIdentifier
	var tag asn1.Tag
	if !set.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&oid) ||
		!pair.ReadAnyASN1Element(&value, &tag) || !pair.Empty() {
		return a, fmt.Errorf("octets that are no attribute")
	}
	a = attribute{oid: oid.String(), value: slices.Clone(value)}
	value.ReadAnyASN1(&content, &tag)
	a.text, a.isText = stringOf(tag, content)
	if strings.ContainsFunc(a.text, unicode.IsControl) {
		return a, fmt.Errorf("a control character in %s", typeName(a.oid))
	}
	return a, nil
}

// DER returns the name's encoding; of one that was read, the same octets.
func (d DN) DER() []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, r := range d.rdns {
			b.AddASN1(asn1.SET, r.append)
		}
	})
	return b.BytesOrPanic() // lengths and identifiers were checked when the name was read
}

func (r rdn) append(b *cryptobyte.Builder) {
	for _, a := range r {
		b.AddBytes(a.der())
	}
}

// der returns the attribute as a SEQUENCE.
func (a attribute) der() []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		oid, _ := parseOID(a.oid) // it was an identifier when it was read
		b.AddASN1ObjectIdentifier(oid)
		b.AddBytes(a.value)
	})
	return b.BytesOrPanic()
}

// IsEmpty reports whether the name has no relative names.
func (d DN) IsEmpty() bool { return len(d.rdns) == 0 }

// Equal reports whether two names have the same relative names in the same
// order. Text is compared without regard to the case of ASCII letters, to the
// type of string and to the length of runs of spaces: RFC 5280 §7.1. What is
// no text is compared octet by octet.
func (d DN) Equal(o DN) bool {
	return slices.EqualFunc(d.rdns, o.rdns, func(a, b rdn) bool { return slices.Equal(a.keys(), b.keys()) })
}

// keys returns what an rdn is compared by: the order inside it means nothing.
func (r rdn) keys() []string {
	keys := make([]string, 0, len(r))
	for _, a := range r {
		keys = append(keys, a.key())
	}
	slices.Sort(keys)
	return keys
}

func (a attribute) key() string {
	if !a.isText {
		return a.oid + "#" + string(a.value)
	}
	return a.oid + "=" + lowerASCII(strings.Join(strings.FieldsFunc(a.text, isSpace), " "))
}

func isSpace(r rune) bool { return r == ' ' }

// lowerASCII leaves all other letters alone: what is one letter to Unicode's
// folding may be two to an authority. Octets that are no UTF-8 stay what they are.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}
