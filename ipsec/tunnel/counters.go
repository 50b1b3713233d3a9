package tunnel

import (
	"sync/atomic"
	"time"

	"sallyport/ipsec"
)

// traffic sums up packets and the octets of inner packets.
type traffic struct {
	packets, octets atomic.Uint64
	used            atomic.Int64 // when the last packet came, in seconds; 0: none
}

// add counts one packet and returns the octets so far.
func (t *traffic) add(octets int) uint64 {
	t.packets.Add(1)
	return t.octets.Add(uint64(octets))
}

// takeBack uncounts a packet that did not pass after all.
func (t *traffic) takeBack(octets int) {
	t.packets.Add(^uint64(0))
	t.octets.Add(-uint64(octets))
}

// counters returns an SA's, whose last sequence number the caller knows.
func (t *traffic) counters(sequence uint64) ipsec.Counters {
	c := ipsec.Counters{Packets: t.packets.Load(), Octets: t.octets.Load(), Sequence: sequence}
	if used := t.used.Load(); used != 0 {
		c.LastUsed = time.Unix(used, 0)
	}
	return c
}

// statistics are the sums over all traffic since the start.
type statistics struct {
	in, out traffic
	drops   [ipsec.DropReasons]atomic.Uint64
}

// drop counts one packet.
func (s *statistics) drop(r ipsec.DropReason) { s.dropMany(r, 1) }

func (s *statistics) dropMany(r ipsec.DropReason, n int) { s.drops[r].Add(uint64(n)) }

// snapshot copies the sums. Packets that pass meanwhile may be in one and not yet
// in another.
func (s *statistics) snapshot() ipsec.Statistics {
	sums := ipsec.Statistics{
		InPackets: s.in.packets.Load(), InOctets: s.in.octets.Load(),
		OutPackets: s.out.packets.Load(), OutOctets: s.out.octets.Load(),
	}
	for r := range s.drops {
		sums.Drops[r] = s.drops[r].Load()
	}
	return sums
}
