package gre

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestComplete gives checksums of each kind, at the offset of the protocol.
func TestComplete(t *testing.T) {
	udp := []byte{0x1b, 0x58, 0x1b, 0x58, 0, 11, 0, 0, 'a', 'b', 'c'}
	tcp := []byte{0x1b, 0x58, 0, 22, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 2, 0, 0, 0, 0, 0, 'a', 'b', 'c', 'd'}
	for _, test := range []struct {
		name      string
		protocol  byte
		payload   []byte
		at        int
		sum, want uint16
	}{
		{"UDP that was not on a wire", 17, udp, 6, 0x141f, 0xf0c2},
		{"UDP that was", 17, udp, 6, 0xf0c2, 0xf0c2},
		{"UDP without", 17, udp, 6, 0, 0},
		{"wrong UDP", 17, udp, 6, 0x1420, 0x1420},
		{"TCP that was not on a wire", 6, tcp, 16, 0x1421, 0xb996},
		{"TCP that was", 6, tcp, 16, 0xb996, 0xb996},
		{"short TCP", 6, tcp[:17], 14, 0x141a, 0x141a},
		{"ICMP", 1, udp, 6, 0x140f, 0x140f},
	} {
		b := packet(test.protocol, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), test.payload...)
		binary.BigEndian.PutUint16(b[20+test.at:], test.sum)
		complete(b)
		if got := binary.BigEndian.Uint16(b[20+test.at:]); got != test.want {
			t.Errorf("%s: %#04x became %#04x, want %#04x", test.name, test.sum, got, test.want)
		}
	}
}

// A fragment has no checksum that could be looked at.
func TestCompleteFragments(t *testing.T) {
	for _, offset := range []uint16{0x2000, 0x0001, 0x2001} {
		b := packet(17, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), 0x1b, 0x58, 0x1b, 0x58, 0, 11, 0x14, 0x1f, 'a', 'b', 'c')
		binary.BigEndian.PutUint16(b[6:], offset)
		before := bytes.Clone(b)
		if complete(b); !bytes.Equal(b, before) {
			t.Errorf("fragment %#04x became %x", offset, b)
		}
	}
}

// A packet whose checksum was left to hardware arrives: the other end here is a socket
// that sends one as a kernel of the same machine would.
func TestUnfinishedChecksum(t *testing.T) {
	ends := newEnds(t, plain, turned(plain))
	to := ends[0].listen(t)
	datagram := packet(protocolUDP, ends[1].inner, ends[0].inner, 0x1b, 0x58, 0x1b, 0x58, 0, 11, 0x14, 0x1f, 'a', 'b', 'c')
	binary.BigEndian.PutUint16(datagram[10:], checksum(datagram[:20]))
	err := ends[1].Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocolGRE)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, append([]byte{0, 0, 8, 0}, datagram...), 0, &unix.SockaddrInet4{Addr: plain.Local.As4()})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := to.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	if n, err := to.Read(got); err != nil || string(got[:n]) != "abc" {
		t.Errorf("%q came, %v, want abc", got[:n], err)
	}
}
