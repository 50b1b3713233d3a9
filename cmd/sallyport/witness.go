package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
)

// Sightings are the packets that a witness saw.
type sightings struct {
	espAB, espBA int // ESP from gateway A to B and back, plain or over UDP port 4500
	ike          int // IKE messages, both ways
	clear        int // packets from PC to PC in clear
}

// String is the demo's verdict on the cable, in one line.
func (s sightings) String() string {
	return fmt.Sprintf("%d ESP packets from FW_A to FW_B, %d from FW_B to FW_A, %d IKE messages, %d packets between the PCs in clear",
		s.espAB, s.espBA, s.ike, s.clear)
}

// A witness watches a cable between two sites and counts what passes.
type witness struct {
	socket *os.File // AF_PACKET, without link headers
	a, b   *site
	group  sync.WaitGroup
	once   sync.Once
	seen   sightings
}

// openWitness watches a device of a namespace, both ways.
func openWitness(space *netns.Namespace, device string, a, b *site) (*witness, error) {
	w := &witness{a: a, b: b}
	err := space.Do(func() (err error) {
		w.socket, err = packetSocket(device)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", device, err)
	}
	w.group.Go(w.watch)
	return w, nil
}

// packetSocket opens a socket that sees every packet of a device: only one that
// takes all protocols sees what leaves, too. It does not block, so that closing
// it wakes its reader.
func packetSocket(device string) (*os.File, error) {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	address := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: link.Index}
	if err := unix.Bind(fd, address); err != nil {
		unix.Close(fd) // the bind's error is the one to report
		return nil, err
	}
	return os.NewFile(uintptr(fd), "packets of "+device), nil
}

// networkOrder returns a number whose octets in memory are n's in network order.
func networkOrder(n uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, n))
}

// watch counts packets until the socket is closed.
func (w *witness) watch() {
	packet := make([]byte, 1<<16)
	for {
		n, err := w.socket.Read(packet)
		if err != nil {
			return
		}
		w.seen.count(packet[:n], w.a, w.b)
	}
}

// close stops watching and returns what was seen.
func (w *witness) close() sightings {
	w.once.Do(func() { w.socket.Close() }) // nothing was written to it
	w.group.Wait()
	return w.seen
}

// count counts one packet, if it is IPv4.
func (s *sightings) count(packet []byte, a, b *site) {
	const version4, minHeader, protocolAt, sourceAt, destinationAt = 4, 20, 9, 12, 16
	if len(packet) < minHeader || packet[0]>>4 != version4 {
		return
	}
	source := netip.AddrFrom4([4]byte(packet[sourceAt:]))
	destination := netip.AddrFrom4([4]byte(packet[destinationAt:]))
	kind := classify(packet[protocolAt], packet[min(len(packet), int(packet[0]&0xF)*4):])
	switch {
	case source == a.host().Addr() || source == b.host().Addr(),
		destination == a.host().Addr() || destination == b.host().Addr():
		s.clear++
	case kind == kindIKE:
		s.ike++
	case kind == kindESP && source == a.wan() && destination == b.wan():
		s.espAB++
	case kind == kindESP && source == b.wan() && destination == a.wan():
		s.espBA++
	}
}

// A packetKind is what an outer packet carries.
type packetKind uint8

const (
	kindOther packetKind = iota
	kindESP
	kindIKE
)

// classify tells ESP, plain or in UDP, from IKE: RFC 3948 §2.
func classify(protocol byte, payload []byte) packetKind {
	const udpHeader = 8
	if protocol == unix.IPPROTO_ESP {
		return kindESP
	}
	if protocol != unix.IPPROTO_UDP || len(payload) < udpHeader {
		return kindOther
	}
	body := payload[udpHeader:]
	switch binary.BigEndian.Uint16(payload[2:]) { // the destination port
	case portIKE:
		return kindIKE
	case portNATT:
		return classifyNATT(body)
	}
	return kindOther
}

// classifyNATT tells apart what goes to port 4500.
func classifyNATT(body []byte) packetKind {
	const marker = 4
	switch {
	case len(body) < marker: // a keep-alive
		return kindOther
	case binary.BigEndian.Uint32(body) == 0:
		return kindIKE
	}
	return kindESP
}
