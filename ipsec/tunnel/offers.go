package tunnel

import (
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net/netip"
	"slices"

	"sallyport/ipsec"
)

// Capabilities returns what this dataplane can do, on every kernel.
func (d *Dataplane) Capabilities() ipsec.Capabilities {
	return ipsec.Everything("the userspace dataplane")
}

// draws is how many SPIs are tried before there is none to be had.
const draws = 8

var errNoSPI = errors.New("no free SPI was found")

// SPI draws one that no SA of ours has. It is not kept: of four thousand million
// nobody draws the same meanwhile.
func (d *Dataplane) SPI(local, _ netip.Addr, p ipsec.Protocol) (ipsec.SPI, error) {
	for range draws {
		var b [4]byte
		if _, err := io.ReadFull(d.entropy, b[:]); err != nil {
			return 0, err
		}
		spi := ipsec.SPI(binary.BigEndian.Uint32(b[:]))
		d.mu.RLock()
		taken := d.sad.has(ipsec.SAID{Destination: local, Protocol: p, SPI: spi})
		d.mu.RUnlock()
		if spi >= ipsec.MinSPI && !taken {
			return spi, nil
		}
	}
	return 0, errNoSPI
}

// Adopt takes nothing over: what protected packets ended with its process.
func (d *Dataplane) Adopt([]*ipsec.SA) ([]*ipsec.SA, error) { return nil, nil }

// Faults returns what Statistics do not say: that peers cut their ICVs otherwise than we do.
func (d *Dataplane) Faults() []ipsec.Fault {
	d.mu.RLock()
	all := slices.Collect(maps.Keys(d.sad.inbound))
	d.mu.RUnlock()
	var packets uint64
	for _, name := range all {
		if c, _ := d.Counters(name.id()); c.OtherICV {
			packets += c.ICVFailures
		}
	}
	if packets == 0 {
		return nil
	}
	return []ipsec.Fault{ipsec.OtherICVFault(packets)}
}
