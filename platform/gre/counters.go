package gre

import "sync/atomic"

// A Drop is why a packet was not carried.
type Drop uint8

// The reasons. Packets of other tunnels between the same ends are counted under DropKey:
// the socket gets them all.
const (
	passed       Drop = iota
	DropShort         // the lengths do not fit
	DropOther         // not between the tunnel's ends
	DropHeader        // a version or a flag that RFC 2784 §2.3 has discarded
	DropProtocol      // not IPv4 inside: RFC 2784 §2.4
	DropChecksum      // RFC 2784 §2.5
	DropKey           // not the tunnel's key, or one too many or too few
	DropInner         // what is inside is no IPv4 packet
	DropLoop          // the route to the other end leads into the tunnel
	DropSend          // the system did not take it: no route, too large, tunnel down
	drops
)

// dropWords describe the reasons, in their order.
var dropWords = [drops]string{"passed", "too short", "other ends", "unknown header", "not IPv4", "wrong checksum", "other key", "no IPv4 packet", "route into itself", "not sent"}

// String returns the reason in words.
func (d Drop) String() string {
	if d >= drops {
		return "unknown"
	}
	return dropWords[d]
}

// Counters are a tunnel's, since it was opened.
type Counters struct {
	InPackets, InOctets   uint64 // of inner packets
	OutPackets, OutOctets uint64
	Drops                 [drops]uint64 // by Drop
}

// counts are Counters while they are counted.
type counts struct {
	inPackets, inOctets, outPackets, outOctets atomic.Uint64
	drops                                      [drops]atomic.Uint64
}

func (c *counts) in(octets int) {
	c.inPackets.Add(1)
	c.inOctets.Add(uint64(octets))
}

func (c *counts) out(octets int) {
	c.outPackets.Add(1)
	c.outOctets.Add(uint64(octets))
}

// Counters returns what the tunnel has done so far.
func (d *Device) Counters() Counters {
	c := Counters{
		InPackets: d.counts.inPackets.Load(), InOctets: d.counts.inOctets.Load(),
		OutPackets: d.counts.outPackets.Load(), OutOctets: d.counts.outOctets.Load(),
	}
	for i := range c.Drops {
		c.Drops[i] = d.counts.drops[i].Load()
	}
	return c
}
