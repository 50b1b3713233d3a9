// Package keymat makes the keys of IKEv1: Diffie-Hellman (RFC 2409 §6, RFC
// 3526, RFC 5114, RFC 5903), the prf, SKEYID and its children, hashes, the IV chain and
// KEYMAT (RFC 2409 §5 and App. B), and NAT-D's hash (RFC 3947 §3.2). It is
// fed entropy and never finds any, keeps no state, and never prints a key.
//
// Start at [Authenticated] in skeyid.go; [DH] is what comes before.
package keymat

import (
	"sallyport/ike/wire"
)

// A Suite is what phase 1 agreed on. Suites are comparable.
type Suite struct {
	Cipher Cipher
	Hash   wire.HashAlgorithm
	Group  wire.Group
}

// Supported reports whether all parts of the suite are.
func (s Suite) Supported() bool {
	return s.Cipher.Supported() && HashSupported(s.Hash) && GroupSupported(s.Group)
}

// String returns, for example, "aes-cbc-256 sha2-256 modp2048".
func (s Suite) String() string {
	return s.Cipher.String() + " " + s.Hash.String() + " " + s.Group.String()
}

// An Exchange is what the key formulas of RFC 2409 §5 take of phase 1.
type Exchange struct {
	CookieI, CookieR wire.Cookie
	PublicI, PublicR []byte // g^xi and g^xr: KE bodies
	NonceI, NonceR   []byte // Ni_b and Nr_b
	SA               []byte // SAi_b as received
}
