package gre

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"sallyport/platform"
)

// The tunnel of the tests, without a key and with one.
var (
	plain = platform.GRE{Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("192.0.2.2")}
	keyed = platform.GRE{Local: plain.Local, Remote: plain.Remote, Key: 0x01020304, HasKey: true}
)

// packet makes an IPv4 packet.
func packet(protocol byte, source, destination netip.Addr, payload ...byte) []byte {
	b := make([]byte, 20, 20+len(payload))
	b[0], b[8], b[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(payload)))
	copy(b[12:], source.AsSlice())
	copy(b[16:], destination.AsSlice())
	return append(b, payload...)
}

// inside is what is carried.
var inside = packet(17, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), 1, 2, 3)

// carried is inside as it arrives from the other end, behind a GRE header.
func carried(header ...byte) []byte {
	return packet(protocolGRE, plain.Remote, plain.Local, append(header, inside...)...)
}

func TestOpen(t *testing.T) {
	optional := carried(1, 1, 1, 1, 0, 0, 8, 0)
	optional[0] = 0x46 // with four octets of options
	elsewhere := packet(protocolGRE, netip.MustParseAddr("192.0.2.3"), plain.Local, append([]byte{0, 0, 8, 0}, inside...)...)
	for _, test := range []struct {
		name   string
		packet []byte
		ends   platform.GRE
		want   Drop
	}{
		{"plain", carried(0, 0, 8, 0), plain, passed},
		{"more octets behind", append(carried(0, 0, 8, 0), 9, 9, 9), plain, passed},
		{"bits that are ignored", carried(0x03, 0xf8, 8, 0), plain, passed},
		{"a key", carried(0x20, 0, 8, 0, 1, 2, 3, 4), keyed, passed},
		{"a checksum", carried(0x80, 0, 8, 0, 0xda, 0xd1, 0, 0), plain, passed},
		{"a checksum and a key", carried(0xa0, 0, 8, 0, 0xb6, 0xcb, 0, 0, 1, 2, 3, 4), keyed, passed},
		{"another key", carried(0x20, 0, 8, 0, 1, 2, 3, 5), keyed, DropKey},
		{"no key", carried(0, 0, 8, 0), keyed, DropKey},
		{"a key that is not expected", carried(0x20, 0, 8, 0, 1, 2, 3, 4), plain, DropKey},
		{"a wrong checksum", carried(0x80, 0, 8, 0, 0xda, 0xd0, 0, 0), plain, DropChecksum},
		{"routing", carried(0x40, 0, 8, 0), plain, DropHeader},
		{"a sequence number", carried(0x10, 0, 8, 0, 0, 0, 0, 1), plain, DropHeader},
		{"version 1", carried(0, 1, 8, 0), plain, DropHeader},
		{"Ethernet inside", carried(0, 0, 0x65, 0x58), plain, DropProtocol},
		{"IPv6 inside", carried(0, 0, 0x86, 0xdd), plain, DropProtocol},
		{"no IPv4 inside", carried(0, 0, 8, 0, 0x60), plain, DropInner},
		{"somebody else's", elsewhere, plain, DropOther},
		{"options around", optional, plain, passed},
		{"nothing", nil, plain, DropShort},
	} {
		got, drop := open(test.packet, test.ends)
		if drop != test.want || drop == passed && !bytes.Equal(got, inside) {
			t.Errorf("%s: open() = %x, %v, want %v", test.name, got, drop, test.want)
		}
	}
}

// What is sent is understood by the other end.
func TestPutHeader(t *testing.T) {
	for _, ends := range []platform.GRE{plain, keyed} {
		header := make([]byte, headerSize(ends))
		putHeader(header, ends)
		if got, drop := open(carried(header...), ends); drop != passed || !bytes.Equal(got, inside) {
			t.Errorf("%+v: open() = %x, %v", ends, got, drop)
		}
	}
}

// Every beginning of a packet is refused.
func TestOpenPrefixes(t *testing.T) {
	whole := carried(0xa0, 0, 8, 0, 0xb6, 0xcb, 0, 0, 1, 2, 3, 4)
	for n := range whole {
		if got, drop := open(whole[:n], keyed); drop == passed {
			t.Errorf("open(%d octets) = %x", n, got)
		}
		short := bytes.Clone(whole[:n])
		if n >= 20 {
			binary.BigEndian.PutUint16(short[2:], uint16(n))
		}
		if got, drop := open(short, keyed); drop == passed {
			t.Errorf("open(a packet of %d octets) = %x", n, got)
		}
	}
}

func TestDropNames(t *testing.T) {
	seen := map[string]bool{}
	for d := range drops + 1 {
		if name := d.String(); name == "" || seen[name] {
			t.Errorf("Drop(%d) is called %q", d, name)
		}
		seen[d.String()] = true
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(carried(0, 0, 8, 0), false)
	f.Add(carried(0xa0, 0, 8, 0, 0xb6, 0xcb, 0, 0, 1, 2, 3, 4), true)
	f.Fuzz(func(t *testing.T, b []byte, key bool) {
		ends := plain
		if key {
			ends = keyed
		}
		got, drop := open(b, ends)
		if (drop == passed) != (len(got) >= 20) || drop >= drops {
			t.Errorf("open(%x) = %x, %v", b, got, drop)
		}
		if drop == passed {
			complete(got)
		}
	})
}
