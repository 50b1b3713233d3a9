package tunnel

import (
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// A frame says where the parts of an outer packet lie in a buffer, whose inner packet
// begins at headroom: the outer headers, AH, ESP, and what they protect, each maybe
// without octets. In transport mode that is what follows the inner packet's header,
// which becomes the outer one.
type frame struct {
	start, esp, payload, end int
	header                   int  // octets of the IPv4 header
	inside                   int  // octets of what is protected
	next                     byte // what is protected
}

// frame returns that of an inner packet. It changes nothing and needs no lock.
func (sa *outboundSA) frame(inner []byte) frame {
	f := frame{payload: headroom, inside: len(inner), header: ipv4Len, next: esp.NextIPv4}
	if sa.Mode == ipsec.Transport {
		f.header, f.next = headerLen(inner), inner[ipProtocol]
		f.payload += f.header
		f.inside -= f.header
	}
	f.esp, f.end = f.payload, f.payload+f.inside
	if sa.esp != nil {
		f.esp -= sa.esp.HeaderLen()
		f.end = f.esp + sa.esp.SealedLen(f.inside)
	}
	f.start = f.esp - f.header - (sa.outer.size() - ipv4Len)
	if sa.ah != nil {
		f.start -= sa.ah.HeaderLen()
	}
	return f
}

// size returns the octets of the outer packet, inner those of the inner one.
func (f *frame) size() int  { return f.end - f.start }
func (f *frame) inner() int { return f.payload + f.inside - headroom }

// wrap makes the outer packet around the inner one in b: RFC 2401 §4.3 has AH applied
// after ESP. The header is written first; in transport mode ESP's lies where that was. The
// caller locks.
func (sa *outboundSA) wrap(b *buffer, f *frame, id uint16) ([]byte, error) {
	inner, packet := b[headroom:headroom+f.inner()], b[f.start:f.end]
	if sa.Mode == ipsec.Transport {
		sa.outer.adopt(packet, inner[:f.header], id)
	} else {
		sa.outer.write(packet, carriedFrom(inner), id)
	}
	if sa.esp != nil {
		if _, err := sa.esp.Seal(b[f.esp:f.esp], b[f.payload:f.payload+f.inside], f.next); err != nil {
			return nil, err
		}
	}
	if sa.ah != nil {
		if err := sa.ah.Seal(packet, sa.underAH(f)); err != nil {
			return nil, err
		}
	}
	return packet, nil
}

// underAH says what comes after AH: ESP in a bundle.
func (sa *outboundSA) underAH(f *frame) byte {
	if sa.esp != nil {
		return byte(ipsec.ESP)
	}
	return f.next
}

// fits returns the octets of the longest inner packet like this one that its path takes
// whole. Options are in the inner header, or with transport mode in the outer one.
func (sa *outboundSA) fits(inner []byte) int {
	mtu := int(sa.pmtu.Load())
	if sa.Mode == ipsec.Tunnel {
		return esp.MaxInner(sa.SA, mtu)
	}
	options := headerLen(inner) - ipv4Len
	return esp.MaxInner(sa.SA, mtu-options) + options
}

// carries reports whether the SA can protect a packet at all. Transport mode is for
// whole packets (RFC 4303 §3.1.1) between its very ends.
func (sa *outboundSA) carries(inner []byte) bool {
	if sa.Mode == ipsec.Tunnel {
		return true
	}
	return !isFragment(inner) && source(inner) == sa.Local && destination(inner) == sa.Remote
}
