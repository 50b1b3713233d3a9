package ah

import (
	"bytes"
	"testing"

	"sallyport/ipsec"
)

// mutableMask has the bits of the header that are not covered.
var mutableMask = [ipv4Len]byte{ipTOS: 0xff, ipFragment: 0xc0, ipTTL: 0xff, ipChecksum: 0xff, ipChecksum + 1: 0xff}

// covered returns the packet without what routers change in a header without options.
func covered(p []byte) []byte {
	p = bytes.Clone(p)
	for i := range min(len(p), ipv4Len) {
		p[i] &^= mutableMask[i]
	}
	return p
}

// FuzzOpen gives an SA random octets and a packet of its own with a part replaced.
// Nothing may panic, be opened that was not sealed, or move the window.
func FuzzOpen(f *testing.F) {
	all := ipsec.Integrities()
	for n := range all {
		f.Add(uint8(n), []byte{}, uint16(0))
		f.Add(uint8(n)|128, octets(64), uint16(8))
		f.Add(uint8(n), frame(fixedLen+all[n].ICVLen(), []byte{7, 3, 0, 0}, datagram), uint16(0))
	}
	f.Fuzz(func(t *testing.T, algorithm uint8, patch []byte, at uint16) {
		sa := newSA(all[int(algorithm&127)%len(all)])
		sa.ESN = algorithm&128 != 0
		out, in := newPair(t, sa)
		if payload, _, err := in.Open(bytes.Clone(patch)); err == nil {
			t.Fatalf("Open of %x = %x", patch, payload)
		}
		sealed := seal(t, out, octets(50), 17)
		forged := bytes.Clone(sealed)
		copy(forged[int(at)%len(forged):], patch)
		same := bytes.Equal(covered(forged), covered(sealed))
		if _, _, err := in.Open(bytes.Clone(forged)); (err == nil) != same {
			t.Fatalf("Open of %x: %v, sealed was %x", forged, err, sealed)
		} else if err != nil && in.Sequence() != 0 {
			t.Fatalf("%x moved the window to %d", forged, in.Sequence())
		}
	})
}

// FuzzSeal seals packets with any header. Nothing may panic, and what is sealed opens.
func FuzzSeal(f *testing.F) {
	f.Add(frame(24, []byte{148, 4, 0, 0, 7, 3, 0, 0}, datagram))
	f.Add(frame(24, nil, nil))
	f.Fuzz(func(t *testing.T, packet []byte) {
		sa := newSA(ipsec.SHA1)
		out, in := newPair(t, sa)
		if err := out.Seal(packet, 17); err != nil {
			return
		}
		n, _ := headerOf(packet)
		payload, next, err := in.Open(bytes.Clone(packet))
		if err != nil || next != 17 || !bytes.Equal(payload, packet[n+out.HeaderLen():]) {
			t.Fatalf("Open of %x = %x, %d, %v", packet, payload, next, err)
		}
	})
}
