package tunnel

import (
	"encoding/binary"

	"sallyport/acl"
)

// maxDatagrams bounds each half of a datagrams memory.
const maxDatagrams = 1024

// A datagramKey tells the fragments of one packet from those of others: RFC 791
// §3.2.
type datagramKey struct {
	addresses uint64
	id        uint16
	protocol  uint8
}

func datagramKeyOf(packet []byte, t acl.Tuple) datagramKey {
	return datagramKey{keyOf(t).addresses, binary.BigEndian.Uint16(packet[ipID:]), t.Protocol}
}

// datagrams remembers the ports of fragmented packets, which only the first
// fragment has, so that policies with ports hold for the others too (stateful
// fragment checking, RFC 4301 §7.3). The memory has two halves: when the young one
// is full it becomes the old one, and what was there is forgotten. It is for one
// goroutine; the zero value is empty.
type datagrams struct{ kept *halves } // nil: nothing was fragmented yet

type halves struct{ young, old map[datagramKey]uint32 }

// complete returns the tuple with its ports, if packet is a later fragment whose
// first came before; any other tuple comes back as it is.
func (d *datagrams) complete(packet []byte, t acl.Tuple) acl.Tuple {
	flags := binary.BigEndian.Uint16(packet[ipFragment:])
	if flags&(moreFrags|offsetMask) == 0 {
		return t // not fragmented, the usual case
	}
	k := datagramKeyOf(packet, t)
	if !t.Fragment {
		d.remember(k, uint32(t.SourcePort)<<16|uint32(t.DestinationPort))
		return t
	}
	if d.kept == nil {
		return t
	}
	ports, ok := d.kept.young[k]
	if !ok {
		ports, ok = d.kept.old[k]
	}
	if ok {
		t.Fragment, t.SourcePort, t.DestinationPort = false, uint16(ports>>16), uint16(ports)
	}
	return t
}

func (d *datagrams) remember(k datagramKey, ports uint32) {
	if d.kept == nil {
		d.kept = new(halves)
	}
	h := d.kept
	if len(h.young) >= maxDatagrams {
		h.young, h.old = h.old, h.young
		clear(h.young)
	}
	if h.young == nil {
		h.young = make(map[datagramKey]uint32)
	}
	h.young[k] = ports
}
