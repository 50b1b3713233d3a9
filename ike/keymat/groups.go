package keymat

import (
	"crypto/ecdh"
	"fmt"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// A group does Diffie-Hellman. A private value is entropy of privateLen octets,
// whatever it holds; the same entropy is always the same private value.
type group interface {
	privateLen() int
	publicLen() int
	public(private secret.Octets) []byte
	// shared returns a reason instead of a secret if peer is no public value.
	shared(private secret.Octets, peer []byte) (s secret.Octets, reason string)
}

// groups has the groups that can be used. The exponents of the MODP ones are at
// least twice as long as the group is strong, so that guessing the exponent is
// no easier than the discrete logarithm (RFC 3526 §8, RFC 5114 §4 and NIST SP
// 800-57 for the strengths in bits), and never below 256 bits; longer ones only
// cost time. The curves that crypto/ecdh lacks (ECP of 192 and 224 bits,
// Brainpool) are left out: there is no arithmetic in constant time for them.
var groups = map[wire.Group]group{
	wire.Group1:  newMODP(prime768, 256/8),  // below 80
	wire.Group2:  newMODP(prime1024, 256/8), // 80
	wire.Group5:  newMODP(prime1536, 256/8), // 90 to 120
	wire.Group14: newMODP(prime2048, 256/8), // 110 to 128
	wire.Group15: newMODP(prime3072, 320/8), // 128 to 160
	wire.Group16: newMODP(prime4096, 384/8), // 150 to 192
	wire.Group17: newMODP(prime6144, 416/8), // 170 to 208
	wire.Group18: newMODP(prime8192, 512/8), // 190 to 256
	wire.Group19: &ecp{ecdh.P256(), 32, 0xff},
	wire.Group20: &ecp{ecdh.P384(), 48, 0xff},
	wire.Group21: &ecp{ecdh.P521(), 66, 0x01},                                         // 521 bits: one in the first octet
	wire.Group22: newSubgroup(prime1024s160, generator1024s160, order1024s160, 256/8), // 80
	wire.Group23: newSubgroup(prime2048s224, generator2048s224, order2048s224, 256/8), // 112
	wire.Group24: newSubgroup(prime2048s256, generator2048s256, order2048s256, 256/8), // 112
}

// GroupSupported reports whether a group can be used.
func GroupSupported(g wire.Group) bool { return groups[g] != nil }

// PrivateLen returns the octets of entropy that DH.Private needs, 0 for a group
// that is not supported.
func PrivateLen(g wire.Group) int {
	if !GroupSupported(g) {
		return 0
	}
	return groups[g].privateLen()
}

// PublicLen returns the octets of a KE payload's body, 0 for a group that is
// not supported.
func PublicLen(g wire.Group) int {
	if !GroupSupported(g) {
		return 0
	}
	return groups[g].publicLen()
}

// wrongLength is the reason for refusing a public value of got octets.
func wrongLength(got, want int) string { return fmt.Sprintf("%d octets, wanted %d", got, want) }
