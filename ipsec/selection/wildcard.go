package selection

import (
	"math/bits"
	"net/netip"

	"sallyport/acl"
)

// Prefixes returns the prefixes that together are a wildcard, ascending and none
// twice, and false if more than limit are needed.
func Prefixes(w acl.Wildcard, limit int) ([]netip.Prefix, bool) {
	tail := bits.TrailingZeros32(w.Care) // bits at the end that do not count, of each prefix
	loose := ^w.Care >> tail << tail     // those before, each of both values
	count := bits.OnesCount32(loose)
	if count >= bits.UintSize-1 || 1<<count > limit {
		return nil, false
	}
	all := make([]netip.Prefix, 0, 1<<count)
	for part := uint32(0); ; {
		all = append(all, prefix(w.Addr|part, 32-tail))
		if part == loose {
			return all, true
		}
		part = (part - loose) & loose // the next number that has no other bits than loose
	}
}

// Covering returns the longest prefix with all of a wildcard's addresses.
func Covering(w acl.Wildcard) netip.Prefix {
	n := bits.LeadingZeros32(^w.Care)
	return prefix(w.Addr&^uint32(1<<(32-n)-1), n)
}

// prefix returns the prefix of an address as a number, with no bits set beyond n.
func prefix(address uint32, n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)}), n)
}
