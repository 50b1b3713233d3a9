package main_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
)

// A monitor counts the IPv4 packets on a cable by what can be seen from outside.
type monitor struct {
	esp       atomic.Int64 // protocol 50
	ah        atomic.Int64 // protocol 51
	udpESP    atomic.Int64 // ESP in UDP on port 4500
	keepalive atomic.Int64 // for a NAT, on port 4500
	clear     atomic.Int64 // between protected networks, 10.0.0.0/8, as they are
	farClear  atomic.Int64 // those of them that come from 10.2.0.0/16
	fragments atomic.Int64 // IKE messages that are part of one
	longest   atomic.Int64 // IP packet with such a part, octets

	mu     sync.Mutex
	isakmp [][]byte // IKE's datagrams on port 500, in order
}

// A port is a device of a namespace.
type port struct {
	space  *netns.Namespace
	device string
}

// watch counts what passes a port, both ways, until the test ends. Where the
// kernel decrypts, it shows what was in an ESP packet as coming in at the same
// port once more: see watchCable.
func watch(t testing.TB, p port) *monitor {
	t.Helper()
	w := &monitor{}
	w.listen(t, p, func(*unix.SockaddrLinklayer) bool { return true })
	return w
}

// watchCable counts what passes a cable, both ways, until the test ends: what
// either of its ends sends. What comes in there is not counted, as it may have
// been decrypted by the kernel before it is seen.
func watchCable(t testing.TB, a, b port) *monitor {
	t.Helper()
	w := &monitor{}
	for _, p := range []port{a, b} {
		w.listen(t, p, func(from *unix.SockaddrLinklayer) bool { return from.Pkttype == unix.PACKET_OUTGOING })
	}
	return w
}

// listen counts those packets at a port that are wanted.
func (w *monitor) listen(t testing.TB, p port, wanted func(*unix.SockaddrLinklayer) bool) {
	t.Helper()
	var fd int
	must(t, p.space.Do(func() (err error) {
		fd, err = tap(p.device)
		return err
	}))
	ended := make(chan struct{})
	var stop atomic.Bool
	go func() {
		defer close(ended)
		w.read(fd, &stop, wanted)
	}()
	t.Cleanup(func() {
		stop.Store(true)
		<-ended
		unix.Close(fd)
	})
}

// tap opens a packet socket that sees both directions of a device in the
// current namespace. Reads time out, so that the reader sees when it must stop.
func tap(device string) (int, error) {
	var all [2]byte
	binary.BigEndian.PutUint16(all[:], unix.ETH_P_ALL)
	protocol := binary.NativeEndian.Uint16(all[:])
	link, err := net.InterfaceByName(device)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(protocol))
	if err != nil {
		return 0, err
	}
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: link.Index}),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}))
	return fd, err
}

func (w *monitor) read(fd int, stop *atomic.Bool, wanted func(*unix.SockaddrLinklayer) bool) {
	packet := make([]byte, 2048)
	for !stop.Load() {
		n, from, err := unix.Recvfrom(fd, packet, 0)
		if at, ok := from.(*unix.SockaddrLinklayer); err == nil && ok && wanted(at) {
			w.count(packet[:n])
		}
	}
}

// count looks at an IPv4 packet; others are left out.
func (w *monitor) count(p []byte) {
	if len(p) < 20 || p[0]>>4 != 4 {
		return
	}
	body := p[4*int(p[0]&0xf):]
	w.look(p, body)
	switch {
	case p[9] == unix.IPPROTO_ESP:
		w.esp.Add(1)
	case p[9] == unix.IPPROTO_AH:
		w.ah.Add(1)
	case p[9] == unix.IPPROTO_UDP && on4500(body):
		w.count4500(body[8:])
	case p[9] == unix.IPPROTO_UDP && on500(body):
		w.keep(body[8:])
	case p[12] == 10 && p[16] == 10:
		if p[13] == 2 {
			w.farClear.Add(1)
		}
		w.clear.Add(1)
	}
}

// look counts a packet that holds a fragment of an IKE message: its first payload is 132,
// behind the marker of port 4500.
func (w *monitor) look(p, udp []byte) {
	const fragment, next = 132, 16
	message := udp[min(8, len(udp)):]
	if on4500(udp) && len(message) > 4 && binary.BigEndian.Uint32(message) == 0 {
		message = message[4:]
	} else if !on500(udp) {
		return
	}
	if p[9] == unix.IPPROTO_UDP && len(message) > next && message[next] == fragment {
		w.fragments.Add(1)
		w.longest.Store(max(w.longest.Load(), int64(len(p))))
	}
}

// on4500 reports whether a UDP datagram is one of NAT traversal, whose port is
// 4500 at one end at least.
func on4500(udp []byte) bool {
	const port = 4500
	return len(udp) > 8 &&
		(binary.BigEndian.Uint16(udp) == port || binary.BigEndian.Uint16(udp[2:]) == port)
}

func on500(udp []byte) bool { return len(udp) > 8 && binary.BigEndian.Uint16(udp[2:]) == 500 }

// keep remembers an IKE message.
func (w *monitor) keep(message []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isakmp = append(w.isakmp, bytes.Clone(message))
}

// messages returns the IKE messages seen so far.
func (w *monitor) messages() [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.isakmp)
}

// count4500 tells what is on port 4500 apart, as RFC 3948 §2 does: IKE begins
// with four zero octets, where ESP has its SPI.
func (w *monitor) count4500(body []byte) {
	switch {
	case len(body) == 1 && body[0] == 0xff:
		w.keepalive.Add(1)
	case len(body) >= 8 && binary.BigEndian.Uint32(body) != 0:
		w.udpESP.Add(1)
	}
}

// protected returns how many packets of ESP and AH have passed.
func (w *monitor) protected() int64 {
	return w.esp.Load() + w.udpESP.Load() + w.ah.Load()
}

// await waits until a counter of the wire has reached n; the reader may lag
// behind whoever sent.
func (w *monitor) await(t testing.TB, what string, counter *atomic.Int64, n int64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d packets of %s are seen on the wire", n, what), func() bool { return counter.Load() >= n })
}

// nothingInClear fails the test if a packet between the protected networks was
// seen unprotected, or none at all.
func (w *monitor) nothingInClear(t testing.TB) {
	t.Helper()
	if n := w.clear.Load(); n > 0 {
		t.Errorf("%d packets between the protected networks passed in clear, want 0", n)
	}
	eventually(t, "something protected is seen on the wire", func() bool { return w.protected() > 0 })
}

// nothingOfOursInClear is nothingInClear for a far end that is strongSwan: it may
// answer a packet that comes with quick mode's third message before it has
// installed its outbound SA, and has nothing that keeps the answer back.
func (w *monitor) nothingOfOursInClear(t testing.TB) {
	t.Helper()
	w.clear.Add(-w.farClear.Swap(0))
	w.nothingInClear(t)
}

func TestWireCount(t *testing.T) {
	header := func(protocol, from, to byte, body ...byte) []byte {
		p := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, from, 0, 0, 1, to, 0, 0, 2}
		return append(p, body...)
	}
	udp := func(port byte, spi byte) []byte {
		return []byte{0x11, 0x94, 0x11, port, 0, 16, 0, 0, 0, 0, 0, spi, 0, 0, 0, 1}
	}
	type counts struct{ esp, ah, udpESP, keepalive, clear int64 }
	tests := []struct {
		name   string
		packet []byte
		want   counts
	}{
		{"nothing", nil, counts{}},
		{"IPv6", []byte{0x60, 19: 0}, counts{}},
		{"ESP", header(50, 192, 192, 1, 2, 3, 4), counts{esp: 1}},
		{"AH", header(51, 192, 192, 4, 4, 0, 0), counts{ah: 1}},
		{"ESP in UDP", header(17, 192, 192, udp(0x94, 9)...), counts{udpESP: 1}},
		{"ESP in UDP from a NAT's port", header(17, 192, 192, udp(0x95, 9)...), counts{udpESP: 1}},
		{"IKE on 4500", header(17, 192, 192, udp(0x94, 0)...), counts{}},
		{"keep-alive", header(17, 192, 192, 0x11, 0x94, 0x11, 0x94, 0, 9, 0, 0, 0xff), counts{keepalive: 1}},
		{"ICMP in clear", header(1, 10, 10, 8, 0), counts{clear: 1}},
		{"ICMP of the gateways", header(1, 192, 192, 8, 0), counts{}},
	}
	for _, test := range tests {
		var w monitor
		w.count(test.packet)
		got := counts{w.esp.Load(), w.ah.Load(), w.udpESP.Load(), w.keepalive.Load(), w.clear.Load()}
		if got != test.want {
			t.Errorf("%s: count gives %+v, want %+v", test.name, got, test.want)
		}
	}
}
