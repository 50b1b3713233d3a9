package loop

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"time"

	"sallyport/ike"
)

// A Socket receives and sends datagrams on one port; *udp.Socket is one. Read
// and Write are used from different goroutines. Read returns an error that
// wraps net.ErrClosed once Close was called.
type Socket interface {
	Read(b []byte) (n int, local, remote netip.AddrPort, err error)
	Write(b []byte, local, remote netip.AddrPort) error
	Close() error
}

const (
	minESP      = 8         // SPI and sequence number: RFC 4303 §2
	maxDatagram = 1 << 16   // octets; more than UDP can carry
	keepAlive   = byte(255) // RFC 3948 §2.3
	readPause   = 100 * time.Millisecond
)

// nonESP is the marker in front of IKE on port 4500: RFC 3948 §2.2.
var nonESP = []byte{0, 0, 0, 0}

// receive reads datagrams until the socket is closed. An error of the system's
// is reported and followed by a pause, so that a lasting one does not spin.
func (l *Loop) receive(socket Socket, handle func(local, remote netip.AddrPort, b []byte)) {
	buffer := make([]byte, maxDatagram)
	for {
		n, local, remote, err := socket.Read(buffer)
		switch {
		case err == nil:
			l.guard(local, remote, buffer[:n], handle)
		case errors.Is(err, net.ErrClosed):
			l.broken <- &SocketError{Op: "receive", Err: err}
			return
		case !l.pause(&SocketError{Op: "receive", Err: err}):
			return
		}
	}
}

// pause reports an error and waits a moment, or reports that the loop has stopped.
func (l *Loop) pause(err error) bool {
	l.config.Trouble(err)
	timer := time.NewTimer(readPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.stop:
		return false
	}
}

// guard handles one datagram. A panic costs that datagram.
func (l *Loop) guard(local, remote netip.AddrPort, b []byte, handle func(local, remote netip.AddrPort, b []byte)) {
	defer func() {
		if v := recover(); v != nil {
			l.panicked(ike.Datagram{Local: local, Remote: remote, Octets: b}, v)
		}
	}()
	handle(local, remote, b)
}

// fromIKE takes a message of port 500. The engine keeps its octets, so they are copied.
func (l *Loop) fromIKE(local, remote netip.AddrPort, b []byte) {
	if len(b) > ike.MaxMessage {
		l.counters.malformed.Add(1)
		return
	}
	l.Input(ike.Datagram{Local: local, Remote: remote, Octets: bytes.Clone(b)})
}

// fromNATT tells apart what comes over port 4500: RFC 3948 §2.
func (l *Loop) fromNATT(local, remote netip.AddrPort, b []byte) {
	switch {
	case len(b) == 1 && b[0] == keepAlive:
		l.counters.keepAlives.Add(1)
	case bytes.HasPrefix(b, nonESP):
		l.fromIKE(local, remote, b[len(nonESP):])
	case len(b) >= minESP:
		l.config.ESP(local, remote, b)
	default:
		l.counters.malformed.Add(1)
	}
}

// send sends a message. Loss is the protocol's business, but the operator wants
// to read that the network is unreachable.
func (l *Loop) send(o ike.Send) {
	socket, octets := l.config.IKE, o.Octets
	if o.Local.Port() == ike.PortNATT {
		socket = l.config.NATT
		octets = l.marked(octets)
	}
	if err := socket.Write(octets, o.Local, o.Remote); err != nil {
		l.counters.unsent.Add(1)
		l.config.Trouble(&SocketError{Op: "send to " + o.Remote.String(), Err: err})
	}
}

// marked puts the non-ESP marker in front, except of a keep-alive. The result is
// good until the next call.
func (l *Loop) marked(octets []byte) []byte {
	if len(octets) == 1 && octets[0] == keepAlive {
		return octets
	}
	l.frame = append(append(l.frame[:0], nonESP...), octets...)
	return l.frame
}
