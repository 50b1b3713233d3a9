package esp

import (
	"encoding"
	"encoding/binary"
	"hash"
	"slices"

	"sallyport/ipsec/secret"
)

// A resumable is a hash that can go back to where it was: all of the standard library's can.
type resumable interface {
	hash.Hash
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// The two passes of HMAC, by what the key is xored with before it is hashed: RFC 2104 §2.
type pass int

const (
	inner pass = iota
	outer
)

var pads = [...]byte{inner: 0x36, outer: 0x5c}

// A keyedHash is HMAC (RFC 2104) with one key. Package crypto/hmac keeps a hash and a whole
// state of it for each pass, twice what it takes: a gateway has two of these for each tunnel.
// Here is one hash, and one state of it, in which only what differs is exchanged.
type keyedHash struct {
	hash resumable // nil: none

	// The hash's state after the block that the key makes; what is in it at from after the
	// inner pass's block, and after the outer's; room for a sum, and for a number.
	octets             []byte
	state, from, width uint8 // octets of the state, and of what differs in it

	length   uint8 // octets of a sum that are sent
	extended bool  // a number is hashed behind all else
}

// newKeyedHash returns that of a key, which is not longer than a block of the hash.
func newKeyedHash(h resumable, key secret.Octets) keyedHash {
	one, other := primed(h, key, inner), primed(h, key, outer)
	from, to := 0, len(one)
	for from < to && one[from] == other[from] {
		from++
	}
	for from < to && one[to-1] == other[to-1] {
		to--
	}
	return keyedHash{
		hash: h, octets: slices.Concat(one, one[from:to], other[from:to], make([]byte, h.Size()+numberLen)),
		state: uint8(len(one)), from: uint8(from), width: uint8(to - from),
	}
}

// primed returns the state of a hash after the block that a pass begins with.
func primed(h resumable, key secret.Octets, p pass) []byte {
	block := make(secret.Octets, h.BlockSize())
	defer block.Wipe()
	copy(block, key)
	for i := range block {
		block[i] ^= pads[p]
	}
	h.Reset()
	h.Write(block)
	state, err := h.MarshalBinary()
	if err != nil {
		panic(err) // a hash has a state
	}
	return state
}

// begin has the hash go on behind the block of a pass.
func (k *keyedHash) begin(p pass) {
	state, rest := k.octets[:k.state], k.octets[k.state:]
	copy(state[k.from:], rest[int(p)*int(k.width):][:k.width])
	if err := k.hash.UnmarshalBinary(state); err != nil {
		panic(err) // it is the hash's own
	}
}

// room returns where the sum is, and the number behind it.
func (k *keyedHash) room() []byte { return k.octets[int(k.state)+2*int(k.width):] }

// numberLen is the octets of a number.
const numberLen = 4

// number hashes one. It lies here so that it costs no allocation.
func (k *keyedHash) number(n uint32) {
	octets := k.octets[len(k.octets)-numberLen:]
	binary.BigEndian.PutUint32(octets, n)
	k.hash.Write(octets)
}

// finish returns the sum of what the hash was given since the inner pass began. It is valid
// until the next call.
func (k *keyedHash) finish() []byte {
	sum := k.hash.Sum(k.room()[:0])
	k.begin(outer)
	k.hash.Write(sum)
	return k.hash.Sum(sum[:0])
}
