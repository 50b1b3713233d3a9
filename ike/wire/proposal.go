package wire

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// maxSPI is the longest SPI: the two cookies that some peers repeat in phase 1.
const maxSPI = 16

// A Proposal is one protocol and the transforms it may use, in order of
// preference: RFC 2408 §3.5. Proposals with the same number belong together.
type Proposal struct {
	Number     uint8
	Protocol   ProtocolID
	SPI        []byte
	Transforms []Transform
}

func parseProposal(r *reader) Proposal {
	p := Proposal{Number: r.uint8(), Protocol: ProtocolID(r.uint8())}
	at := r.offset
	size := int(r.uint8())
	if size > maxSPI {
		r.failAt(at, "SPI of "+octets(size), "at most 16")
	}
	at = r.offset
	count := int(r.uint8())
	p.SPI = r.bytes(size)
	for next := PayloadTransform; next != PayloadNone && r.err == nil; {
		if r.transforms++; r.transforms > maxTransforms {
			r.fail("another transform", "at most 128 in all")
		}
		var body *reader
		next, body = r.sub(PayloadTransform)
		r.checkNext(next, PayloadTransform)
		p.Transforms = append(p.Transforms, parseTransform(body))
	}
	if len(p.Transforms) != count {
		r.payload = PayloadProposal
		r.failAt(at, fmt.Sprintf("a count of %d transforms", count), fmt.Sprintf("%d, as there are", len(p.Transforms)))
	}
	return p
}

func (p Proposal) appendTo(b []byte) []byte {
	b = append(b, p.Number, byte(p.Protocol), byte(len(p.SPI)), byte(len(p.Transforms)))
	b = append(b, p.SPI...)
	for i, t := range p.Transforms {
		b = appendGeneric(b, nextOf(PayloadTransform, i, len(p.Transforms)), t.appendTo)
	}
	return b
}

// String returns, for example, "1 esp-aes-cbc-128 hmac-sha1 tunnel 3600s spi=c02eb839".
func (p Proposal) String() string {
	words := make([]string, len(p.Transforms))
	for i, t := range p.Transforms {
		words[i] = t.Text(p.Protocol)
	}
	s := fmt.Sprintf("%d %s", p.Number, strings.Join(words, wordBetween))
	if len(p.SPI) != 0 {
		s += " spi=" + hex.EncodeToString(p.SPI)
	}
	return s
}

// Equal reports whether the two have the same number, protocol, SPI and
// transforms.
func (p Proposal) Equal(q Proposal) bool {
	return p.Number == q.Number && p.Protocol == q.Protocol && string(p.SPI) == string(q.SPI) &&
		slices.EqualFunc(p.Transforms, q.Transforms, Transform.Equal)
}
