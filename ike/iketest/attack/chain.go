package attack

import (
	"encoding/binary"
	"fmt"
	"slices"

	"sallyport/ike/wire"
)

// A Chain is the payloads of a message as they stand there: RFC 2408 §3.2.
type Chain struct {
	Why    string // what was done to it; empty: nothing
	First  wire.PayloadType
	Octets []byte // from the first generic header on; what follows the last payload is left out
}

// genericLen is the length of a generic header.
const genericLen = 4

// A part is one payload.
type part struct {
	kind wire.PayloadType
	body []byte
}

// parts takes a genuine chain apart.
func (c Chain) parts() (all []part) {
	next, rest := c.First, c.Octets
	for next != wire.PayloadNone {
		n := int(binary.BigEndian.Uint16(rest[2:]))
		all = append(all, part{next, rest[genericLen:n]})
		next, rest = wire.PayloadType(rest[0]), rest[n:]
	}
	return all
}

// chained puts payloads together.
func chained(why string, parts []part) Chain {
	c := Chain{Why: why}
	if len(parts) > 0 {
		c.First = parts[0].kind
	}
	for i, p := range parts {
		next := wire.PayloadNone
		if i+1 < len(parts) {
			next = parts[i+1].kind
		}
		c.Octets = append(c.Octets, byte(next), 0, byte((genericLen+len(p.body))>>8), byte(genericLen+len(p.body)))
		c.Octets = append(c.Octets, p.body...)
	}
	return c
}

// Types returns the payloads of a genuine chain.
func (c Chain) Types() (all []wire.PayloadType) {
	for _, p := range c.parts() {
		all = append(all, p.kind)
	}
	return all
}

// Body returns the body of the i-th payload of a genuine chain.
func (c Chain) Body(i int) []byte { return c.parts()[i].body }

// After returns what follows the first payload of a genuine chain, as its HASH covers it, and its type.
func (c Chain) After() (wire.PayloadType, []byte) {
	return wire.PayloadType(c.Octets[0]), c.Octets[binary.BigEndian.Uint16(c.Octets[2:]):]
}

// Spoil returns the ways to spoil a chain.
func (c Chain) Spoil() (all []Chain) {
	parts := c.parts()
	all = append(all, chained("no payload", nil), chained("in reverse", reverse(parts)))
	at := 0
	for i, p := range parts {
		name := fmt.Sprintf("%v, payload %d", p.kind, i+1)
		all = append(all, arranged(name, parts, i)...)
		all = append(all, c.misdescribed(name, at)...)
		all = append(all, altered(name, parts, i)...)
		if at > 0 {
			all = append(all, Chain{name + ": cut before it", c.First, c.Octets[:at]})
		}
		at += genericLen + len(p.body)
	}
	return all
}

func reverse(parts []part) []part {
	r := slices.Clone(parts)
	slices.Reverse(r)
	return r
}

// arranged leaves the i-th payload out, doubles it, moves it and cuts the chain short there.
func arranged(name string, parts []part, i int) []Chain {
	without := slices.Delete(slices.Clone(parts), i, i+1)
	all := []Chain{
		chained(name+": left out", without),
		chained(name+": doubled", slices.Insert(slices.Clone(parts), i, parts[i])),
		chained(name+": the last one", parts[:i+1]),
		chained(name+": at the end", append(slices.Clone(without), parts[i])),
	}
	for _, kind := range []wire.PayloadType{parts[i].kind + 1, wire.PayloadSA, wire.PayloadDelete, wire.PayloadFragment, 60, 200} {
		other := slices.Clone(parts)
		other[i].kind = kind
		all = append(all, chained(fmt.Sprintf("%s: as %v", name, kind), other))
	}
	return all
}

// misdescribed changes the generic header at an offset, and nothing else.
func (c Chain) misdescribed(name string, at int) (all []Chain) {
	n := binary.BigEndian.Uint16(c.Octets[at+2:])
	for _, length := range []uint16{0, genericLen - 1, genericLen, n - 1, n + 1, 2 * n, 0xffff} {
		b := slices.Clone(c.Octets)
		binary.BigEndian.PutUint16(b[at+2:], length)
		all = append(all, Chain{fmt.Sprintf("%s: length %d instead of %d", name, length, n), c.First, b})
	}
	ended := slices.Clone(c.Octets)
	ended[at] = 0
	another := slices.Clone(c.Octets)
	another[at] ^= 1
	return append(all, Chain{name + ": no next payload", c.First, ended}, Chain{name + ": another next payload", c.First, another})
}

// altered changes the body of the i-th payload: at each border of its fields, and its length.
func altered(name string, parts []part, i int) (all []Chain) {
	put := func(why string, body []byte) {
		other := slices.Clone(parts)
		other[i].body = body
		all = append(all, chained(name+": "+why, other))
	}
	body := parts[i].body
	for _, at := range borders(parts[i]) {
		b := slices.Clone(body)
		b[at] ^= 1
		put(fmt.Sprintf("octet %d", at), b)
		b = slices.Clone(body)
		b[at] ^= 0x80
		put(fmt.Sprintf("octet %d, high bit", at), b)
	}
	put("nothing in it", nil)
	put("an octet more", append(slices.Clone(body), 0))
	if len(body) > 0 {
		put("an octet less", body[:len(body)-1])
		put("all zero", make([]byte, len(body)))
		put("all one", slices.Repeat([]byte{0xff}, len(body)))
	}
	return all
}
