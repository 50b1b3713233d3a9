package keymat

import (
	"encoding/binary"
	"net/netip"

	"sallyport/ike/wire"
)

// NATD returns the hash of an address and port that tells a NAT on the way:
// hash(CKY-I | CKY-R | IP | port), RFC 3947 §3.2. An IPv4 address in IPv6's
// clothes counts as IPv4. The hash must be a supported one.
func NATD(h wire.HashAlgorithm, i, r wire.Cookie, addr netip.AddrPort) []byte {
	port := binary.BigEndian.AppendUint16(nil, addr.Port())
	return sum(h, i[:], r[:], addr.Addr().Unmap().AsSlice(), port)
}
