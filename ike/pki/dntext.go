package pki

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A style is one of the two ways to write a name.
type style struct {
	first     string // before the first relative name
	between   string
	separates string // characters that end a relative name
	escaped   string // characters that are written with a backslash
	loose     bool   // spaces around a value mean nothing, and it may be quoted
}

var (
	slashes = style{first: "/", between: "/", separates: "/", escaped: `\/+`}
	commas  = style{between: ", ", separates: ",;", escaped: `\,;+"`, loose: true}
)

// String returns VRP's form, "/C=ZZ/O=interop/CN=left", in printable ASCII.
// [ParseDN] reads it.
func (d DN) String() string { return d.text(slashes) }

// Commas returns the form "C=ZZ, O=interop, CN=left", in printable ASCII.
// [ParseDN] reads it.
func (d DN) Commas() string { return d.text(commas) }

func (d DN) text(s style) string {
	var b strings.Builder
	b.WriteString(s.first)
	for i, r := range d.rdns {
		if i > 0 {
			b.WriteString(s.between)
		}
		for j, a := range r {
			if j > 0 {
				b.WriteByte('+')
			}
			b.WriteString(typeName(a.oid) + "=" + a.written(s))
		}
	}
	return b.String()
}

// written returns a value with its escapes.
func (a attribute) written(s style) string {
	if !a.isText {
		return "#" + hex.EncodeToString(a.value)
	}
	var b strings.Builder
	for i := range len(a.text) {
		c := a.text[i]
		atEnd := i == 0 || i == len(a.text)-1
		switch {
		case c < ' ', c > '~', c == ' ' && atEnd:
			fmt.Fprintf(&b, `\%02x`, c)
		case strings.IndexByte(s.escaped, c) >= 0, c == '#' && i == 0:
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ParseDN reads a name as an operator writes it, "/C=ZZ/O=interop/CN=left" or
// "C=ZZ, O=interop, CN=left", in the order of the certificate. A backslash
// before two hexadecimal digits makes that octet, before any other character
// takes it as it is; in the second form a value may stand in quotes. A plus
// sign joins attributes into one relative name; "#" begins a value in DER.
// Errors say what is wrong.
func ParseDN(text string) (DN, error) {
	p := dnParser{rest: text, style: commas}
	if strings.HasPrefix(text, "/") {
		p.style, p.rest = slashes, text[1:]
	}
	var d DN
	for more := true; more; {
		r, err := p.rdn()
		if err != nil {
			return DN{}, fmt.Errorf("name %q: %w", text, err)
		}
		d.rdns = append(d.rdns, r)
		more = p.end != 0
	}
	if n := len(d.DER()); n > maxDN {
		return DN{}, fmt.Errorf("a name of %d octets, want at most %d", n, maxDN)
	}
	return d, nil
}

// A dnParser reads a name from left to right.
type dnParser struct {
	rest  string
	style style
	end   byte // what ended the last value: a separator, '+', or 0 at the end of the text
}

func (p *dnParser) rdn() (r rdn, err error) {
	for more := true; more; more = p.end == '+' {
		a, err := p.attribute()
		if err != nil {
			return nil, err
		}
		r = append(r, a)
	}
	slices.SortFunc(r, func(a, b attribute) int { return slices.Compare(a.der(), b.der()) }) // DER's order of a SET
	return r, nil
}

func (p *dnParser) attribute() (a attribute, err error) {
	name, rest, ok := strings.Cut(p.rest, "=")
	if !ok {
		return a, fmt.Errorf("%q has no \"=\": want TYPE=VALUE", p.rest)
	}
	p.rest = rest
	if a.oid, err = typeOID(strings.Trim(name, " ")); err != nil {
		return a, err
	}
	b, der, err := p.value()
	switch {
	case err != nil:
		return a, err
	case der:
		return derAttribute(a.oid, string(b))
	case len(b) == 0:
		return a, fmt.Errorf("%s has no value", typeName(a.oid))
	case !utf8.Valid(b) || strings.ContainsFunc(string(b), unicode.IsControl):
		return a, fmt.Errorf("%s is %q: want text without control characters", typeName(a.oid), b)
	}
	return attribute{oid: a.oid, text: string(b), isText: true, value: stringDER(a.oid, string(b))}, nil
}

// derAttribute reads a value that is written as "#" and hexadecimal DER.
func derAttribute(oid, digits string) (a attribute, err error) {
	der, err := hex.DecodeString(digits[1:])
	if err != nil {
		return a, fmt.Errorf("%s is %q: want \"#\" and hexadecimal digits", typeName(oid), digits)
	}
	var pair cryptobyte.Builder
	pair.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		numbers, _ := parseOID(oid) // typeOID has read it
		b.AddASN1ObjectIdentifier(numbers)
		b.AddBytes(der)
	})
	input := cryptobyte.String(pair.BytesOrPanic())
	return readAttribute(&input)
}

// value reads up to the next separator or plus sign. der: it began with a "#"
// that was not escaped.
func (p *dnParser) value() (b []byte, der bool, err error) {
	if p.style.loose {
		p.rest = strings.TrimLeft(p.rest, " ")
	}
	der = strings.HasPrefix(p.rest, "#")
	kept, quoted := 0, false // octets that are not loose spaces; inside quotes
	for p.end = 0; p.rest != "" && p.end == 0; {
		c := p.rest[0]
		p.rest = p.rest[1:]
		switch {
		case c == '\\':
			if c, err = p.escape(); err != nil {
				return nil, false, err
			}
			b = append(b, c)
			kept = len(b)
		case c == '"' && p.style.loose:
			quoted, kept = !quoted, len(b)
		case !quoted && (c == '+' || strings.IndexByte(p.style.separates, c) >= 0):
			p.end = c
		default:
			b = append(b, c)
			if quoted || c != ' ' || !p.style.loose {
				kept = len(b)
			}
		}
	}
	if quoted {
		return nil, false, fmt.Errorf("a quote that does not end")
	}
	return b[:kept], der, nil
}

// escape reads what follows a backslash.
func (p *dnParser) escape() (byte, error) {
	if p.rest == "" {
		return 0, fmt.Errorf("a backslash at the end")
	}
	if len(p.rest) >= 2 {
		if b, err := hex.DecodeString(p.rest[:2]); err == nil {
			p.rest = p.rest[2:]
			return b[0], nil
		}
	}
	c := p.rest[0]
	p.rest = p.rest[1:]
	return c, nil
}

// nameText returns a DER name as DN.String does, or in hexadecimal what is no
// name that we would read.
func nameText(der []byte) string {
	d, err := ReadDN(der)
	if err != nil {
		return "#" + hex.EncodeToString(der[:min(len(der), 64)])
	}
	return d.String()
}
