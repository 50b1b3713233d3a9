package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"time"

	"sallyport/ike/wire"
)

// errRecord is what a record has that is not one of this version's.
var errRecord = errors.New("a record makes no sense")

// A coder writes values, or reads them: the same calls do both, so that the two cannot
// differ. The first value that does not fit ends the reading; err tells.
type coder struct {
	b       []byte // written, or still to be read
	reading bool
	err     error
	moment  moment
}

// A moment is a time, and the time since the machine started (CLOCK_BOOTTIME): what is
// kept are times by that clock, which nobody sets and which a sleep does not stop.
type moment struct {
	now    time.Time
	uptime time.Duration
}

// take returns the next n octets to be read, or nil.
func (c *coder) take(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.b) {
		c.err = errRecord
		return nil
	}
	taken := c.b[:n]
	c.b = c.b[n:]
	return taken
}

// varint codes an integer.
func (c *coder) varint(v int64) int64 {
	if !c.reading {
		c.b = binary.AppendVarint(c.b, v)
		return v
	}
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.err = errRecord
		return 0
	}
	c.take(n)
	return v
}

// number codes a number of any kind.
func number[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int | ~int64](c *coder, v *T) {
	coded := c.varint(int64(*v))
	if *v = T(coded); int64(*v) != coded {
		c.err = errRecord
	}
}

// flags codes truth values.
func (c *coder) flags(all ...*bool) {
	for _, v := range all {
		var bit uint8
		if *v {
			bit = 1
		}
		number(c, &bit)
		*v = bit == 1
	}
}

// octets codes octets and their number. What is read is a copy; of none it is nil.
func octets[T ~[]byte](c *coder, v *T) {
	n := len(*v)
	number(c, &n)
	if !c.reading {
		c.b = append(c.b, *v...)
		return
	}
	*v = nil
	if part := c.take(n); len(part) > 0 {
		*v = slices.Clone(T(part))
	}
}

// text codes text.
func (c *coder) text(all ...*string) {
	for _, v := range all {
		b := []byte(*v)
		octets(c, &b)
		*v = string(b)
	}
}

// cookie codes eight octets.
func (c *coder) cookie(v *wire.Cookie) {
	if c.reading {
		copy(v[:], c.take(len(v)))
		return
	}
	c.b = append(c.b, v[:]...)
}

// addr codes an address; the zero one has no octets.
func (c *coder) addr(v *netip.Addr) {
	b := v.AsSlice()
	octets(c, &b)
	if !c.reading {
		return
	}
	var ok bool
	if *v, ok = netip.AddrFromSlice(b); !ok && len(b) > 0 {
		c.err = errRecord
	}
}

// addrPort codes an address and a port.
func (c *coder) addrPort(all ...*netip.AddrPort) {
	for _, v := range all {
		a, port := v.Addr(), v.Port()
		c.addr(&a)
		number(c, &port)
		*v = netip.AddrPortFrom(a, port)
	}
}

// time codes times; the zero one stays that.
func (c *coder) time(all ...*time.Time) {
	for _, v := range all {
		set := !v.IsZero()
		c.flags(&set)
		if !set {
			*v = time.Time{}
			continue
		}
		uptime := c.moment.uptime + v.Sub(c.moment.now)
		number(c, &uptime)
		*v = c.moment.now.Add(uptime - c.moment.uptime)
	}
}

// messageIDs codes message IDs, of four octets each.
func (c *coder) messageIDs(v *[]wire.MessageID) {
	n := len(*v)
	number(c, &n)
	if !c.reading {
		for _, id := range *v {
			c.b = binary.BigEndian.AppendUint32(c.b, uint32(id))
		}
		return
	}
	*v = nil
	for part := c.take(4 * n); len(part) > 0; part = part[4:] {
		*v = append(*v, wire.MessageID(binary.BigEndian.Uint32(part)))
	}
}
