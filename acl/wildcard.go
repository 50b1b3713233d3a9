package acl

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"net/netip"
)

const allBits = ^uint32(0)

// A Wildcard is an IPv4 address and the bits of it that count. The zero value
// matches every IPv4 address.
type Wildcard struct {
	Addr uint32 // already masked: no bit outside Care is set
	Care uint32 // 1 bits must be equal; the inverse of what the operator types
}

// NewWildcard returns the addresses that equal addr where inverse has 0 bits, as
// an operator types it: 0.0.0.255 for a /24. It panics if addr is not IPv4.
func NewWildcard(addr netip.Addr, inverse uint32) Wildcard {
	b := addr.As4()
	return Wildcard{Addr: binary.BigEndian.Uint32(b[:]) &^ inverse, Care: ^inverse}
}

// Host returns the wildcard of one address. It panics if that is not IPv4.
func Host(addr netip.Addr) Wildcard { return NewWildcard(addr, 0) }

// ParseInverse reads the second half of a wildcard: four numbers with dots, or the
// digit 0 for a host.
func ParseInverse(text string) (uint32, error) {
	if text == "0" {
		return 0, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		return 0, errNotInverse
	}
	b := a.As4()
	return binary.BigEndian.Uint32(b[:]), nil
}

var errNotInverse = errors.New("wildcard mask is neither dotted nor 0")

// Any reports whether the wildcard matches every IPv4 address.
func (w Wildcard) Any() bool { return w.Care == 0 }

// Address returns the wildcard's address, which is 0.0.0.0 for any.
func (w Wildcard) Address() netip.Addr { return address(w.Addr) }

// Inverse returns the bits that do not count, as an operator types them.
func (w Wildcard) Inverse() uint32 { return ^w.Care }

// Matches reports whether the address is one of the wildcard's. An address that
// is not IPv4 never is.
func (w Wildcard) Matches(a netip.Addr) bool {
	word, ok := ipv4(a)
	return ok && w.matches(word)
}

func (w Wildcard) matches(word uint32) bool { return word&w.Care == w.Addr }

// Prefix returns the wildcard as a prefix, and false if the bits that count are
// not the leading ones.
func (w Wildcard) Prefix() (netip.Prefix, bool) {
	n := bits.LeadingZeros32(^w.Care)
	if w.Care != ^(allBits >> n) {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address(w.Addr), n), true
}

// String returns the wildcard as VRP shows it: "192.0.2.0 0.0.0.255",
// "192.0.2.9 0" for a host, or "any".
func (w Wildcard) String() string {
	switch w.Care {
	case 0:
		return "any"
	case allBits:
		return w.Address().String() + " 0"
	}
	return w.Address().String() + " " + address(^w.Care).String()
}

func address(word uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, word)))
}
