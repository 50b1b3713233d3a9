package esp

import (
	"bytes"
	"crypto/hmac"
	"testing"

	"sallyport/ipsec"
)

// TestKeyedHash compares sums with those of the standard library, for keys of all lengths up
// to a block, octets of many lengths, and one sum after another.
func TestKeyedHash(t *testing.T) {
	for i, h := range hashes {
		if h == nil {
			continue
		}
		for n := range h().BlockSize() + 1 {
			key := octets(n)
			k, want := newKeyedHash(h().(resumable), key), hmac.New(h, key)
			for _, size := range []int{0, 1, 55, 56, 64, 111, 112, 128, 1400} {
				k.begin(inner)
				k.hash.Write(octets(size)[:size/2])
				k.hash.Write(octets(size)[size/2:])
				want.Reset()
				want.Write(octets(size))
				if got, sum := k.finish(), want.Sum(nil); !bytes.Equal(got, sum) {
					t.Fatalf("%v, key of %d octets: HMAC of %d octets = %x, want %x", ipsec.Integrity(i), n, size, got, sum)
				}
			}
		}
	}
}
