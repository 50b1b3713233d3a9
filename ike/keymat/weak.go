package keymat

import (
	"encoding/binary"
	"errors"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// ErrWeakKey says that a derived key is one that its cipher must not be used
// with. The SA is to be abandoned: RFC 2409 App. B.
var ErrWeakKey = errors.New("the derived key is weak, wanted another")

// parity removes the lowest bit of each octet, which DES does not use.
const parity = 0xfefefefefefefefe

// weakDES has the weak and the semi-weak keys of DES without their parity bits:
// under them encrypting twice, or encrypting with the partner, is the identity.
var weakDES = map[uint64]bool{
	0x0000000000000000: true, 0xfefefefefefefefe: true, 0xe0e0e0e0f0f0f0f0: true, 0x1e1e1e1e0e0e0e0e: true,
	0x00fe00fe00fe00fe: true, 0xfe00fe00fe00fe00: true, 0x1ee01ee00ef00ef0: true, 0xe01ee01ef00ef00e: true,
	0x00e000e000f000f0: true, 0xe000e000f000f000: true, 0x1efe1efe0efe0efe: true, 0xfe1efe1efe0efe0e: true,
	0x001e001e000e000e: true, 0x1e001e000e000e00: true, 0xe0fee0fef0fef0fe: true, 0xfee0fee0fef0fef0: true,
}

// checkKey returns ErrWeakKey for a weak key of phase 1.
func checkKey(a wire.EncryptionAlgorithm, key secret.Octets) error {
	if (a == wire.EncDES && isWeakDES(key)) || (a == wire.Enc3DES && isWeak3DES(key)) {
		return ErrWeakKey
	}
	return nil
}

// isWeakDES reports whether 8 octets are a weak or semi-weak key of DES.
func isWeakDES(key secret.Octets) bool { return weakDES[desKey(key, 0)] }

// isWeak3DES reports whether 24 octets are three keys of which two in a row are
// the same, which makes 3DES as weak as DES: RFC 2451 §2.3.
func isWeak3DES(key secret.Octets) bool {
	k1, k2, k3 := desKey(key, 0), desKey(key, 1), desKey(key, 2)
	return k1 == k2 || k2 == k3
}

// desKey returns the n-th key of DES in octets of keys, without parity.
func desKey(key secret.Octets, n int) uint64 { return binary.BigEndian.Uint64(key[8*n:]) & parity }
