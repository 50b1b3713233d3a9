// Package attack spoils IKE messages in every way that a table can list: fields changed at
// their borders, payloads cut, doubled, left out, out of order, and of another type. It keeps
// no state and knows no keys; whoever drives it says what is genuine. It is for tests only.
//
// Start at [Datagram], for what anybody can do, and at [Chain.Spoil], for the payloads of a
// message whose keys are known.
package attack

import (
	"bytes"
	"encoding/binary"

	"sallyport/ike/wire"
)

// A Spoilt is what an attacker makes of a datagram.
type Spoilt struct {
	Why    string // what was done to it
	Octets []byte
}

// Datagram returns the ways to spoil a datagram without its keys. None of them is the
// genuine one. block is the size of a block of the cipher; it counts for encrypted ones only.
func Datagram(octets []byte, block int) []Spoilt {
	all := header(octets)
	if octets[offsetFlags]&byte(wire.FlagEncrypted) != 0 {
		all = append(all, sealed(octets, block)...)
	} else {
		all = append(all, clear(octets)...)
	}
	return different(octets, all)
}

// The fields of a header: RFC 2408 §3.1.
const (
	offsetCookieR  = 8
	offsetNext     = 16
	offsetVersion  = 17
	offsetExchange = 18
	offsetFlags    = 19
	offsetID       = 20
	offsetLength   = 24
)

// header spoils the fields of the header. The commit and the authentication-only bit mean
// nothing to anybody, and IKEv1 protects neither.
func header(octets []byte) (all []Spoilt) {
	for _, f := range []struct {
		why string
		at  int
		xor byte
	}{
		{"first octet of CKY-I", 0, 0x80}, {"last octet of CKY-I", offsetCookieR - 1, 1},
		{"first octet of CKY-R", offsetCookieR, 0x80}, {"last octet of CKY-R", offsetNext - 1, 1},
		{"next payload", offsetNext, 1}, {"next payload of a fragment", offsetNext, byte(wire.PayloadFragment) ^ octets[offsetNext]},
		{"no next payload", offsetNext, octets[offsetNext]}, {"major version", offsetVersion, 0x30}, {"minor version", offsetVersion, 1},
		{"exchange type", offsetExchange, 1}, {"other exchange type", offsetExchange, 6}, {"unknown exchange type", offsetExchange, 0x80},
		{"encryption flag", offsetFlags, 1}, {"unknown flag", offsetFlags, 8}, {"highest flag", offsetFlags, 0x80},
		{"first octet of the message ID", offsetID, 0x80}, {"last octet of the message ID", offsetLength - 1, 1},
		{"length, one more", offsetLength + 3, 1}, {"length, much more", offsetLength, 0x80}, {"length, more by 64 k", offsetLength + 1, 1},
	} {
		b := bytes.Clone(octets)
		b[f.at] ^= f.xor
		all = append(all, Spoilt{f.why, b})
	}
	zero := bytes.Clone(octets)
	copy(zero[:offsetCookieR], make([]byte, offsetCookieR))
	return append(all, Spoilt{"CKY-I is zero", zero},
		Spoilt{"cut in the header", octets[:offsetID]}, Spoilt{"cut behind the header", octets[:wire.HeaderLen]},
		Spoilt{"nothing but a header", measured(bytes.Clone(octets[:wire.HeaderLen]))}, Spoilt{"empty", nil})
}

// measured makes the length field right.
func measured(b []byte) []byte {
	binary.BigEndian.PutUint32(b[offsetLength:], uint32(len(b)))
	return b
}

// sealed spoils the blocks of an encrypted message.
func sealed(octets []byte, block int) (all []Spoilt) {
	put := func(why string, body ...[]byte) {
		b := append(bytes.Clone(octets[:wire.HeaderLen]), bytes.Join(body, nil)...)
		all = append(all, Spoilt{why, measured(b)})
	}
	body := octets[wire.HeaderLen:]
	last := len(body) - block
	for at := 0; at < len(body); at += block {
		b := bytes.Clone(body)
		b[at] ^= 1
		put("first bit of a block", b)
		b = bytes.Clone(body)
		b[at+block-1] ^= 0x80
		if at < last { // what the last block alone carries may be padding, which nothing protects
			put("last bit of a block", b)
		}
		put("cut before a block", body[:at])
	}
	put("part of a block", body[:len(body)-1])
	put("the first block twice", body[:block], body)
	put("the first block left out", body[block:])
	put("blocks in reverse", reversed(body, block))
	return all
}

// reversed puts blocks in the opposite order.
func reversed(body []byte, block int) (b []byte) {
	for at := len(body) - block; at >= 0; at -= block {
		b = append(b, body[at:at+block]...)
	}
	return b
}

// clear spoils the payloads of a message in clear.
func clear(octets []byte) (all []Spoilt) {
	chain := Chain{First: wire.PayloadType(octets[offsetNext]), Octets: octets[wire.HeaderLen:]}
	for _, c := range chain.Spoil() {
		b := append(bytes.Clone(octets[:wire.HeaderLen]), c.Octets...)
		b[offsetNext] = byte(c.First)
		all = append(all, Spoilt{c.Why, measured(b)})
	}
	return append(all, Spoilt{"an octet behind it", append(bytes.Clone(octets), 0)},
		Spoilt{"its last octet cut off", octets[:len(octets)-1]})
}

// different leaves out what is the genuine message.
func different(genuine []byte, all []Spoilt) (rest []Spoilt) {
	for _, s := range all {
		if !bytes.Equal(s.Octets, genuine) {
			rest = append(rest, s)
		}
	}
	return rest
}

// Spliced returns the head of one message and the payloads of another: both cookies, exchange
// and message ID are of the first.
func Spliced(head, tail []byte) Spoilt {
	b := append(bytes.Clone(head[:wire.HeaderLen]), tail[wire.HeaderLen:]...)
	b[offsetNext], b[offsetFlags] = tail[offsetNext], tail[offsetFlags]
	return Spoilt{"payloads of another negotiation", measured(b)}
}
