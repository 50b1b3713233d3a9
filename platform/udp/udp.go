// Package udp is a UDP socket that tells and chooses the local address of each
// datagram, as IKE needs it: a box with several addresses must answer from the
// one that it was asked at (RFC 7296 §2.11 writes down what IKEv1 left to common
// sense). IPv4 only. It knows nothing of what is in a datagram.
//
// Start at [Listen].
package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// receiveBuffer is what we ask of the kernel for each socket: some thousand
// datagrams that may come while the reader computes.
const receiveBuffer = 4 << 20

// Config says what socket is wanted.
type Config struct {
	Port uint16 // 0: the system chooses one
	Mark uint32 // fwmark of what is sent, for policy routing; 0: none
	// Bypass exempts the socket from the system's IPsec policies; see [Bypass].
	Bypass bool
}

// A Socket is an open UDP socket, bound to every local IPv4 address. Write and
// Close may be called from any goroutine, Read from one at a time.
type Socket struct {
	conn    *net.UDPConn
	control [controlLen]byte // of the datagram being read; here so that Read need not allocate
}

// Listen opens the port on every local address, with the defaults of [Config].
func Listen(port uint16) (*Socket, error) { return Config{Port: port}.Listen() }

// Listen opens the socket. A mark needs CAP_NET_ADMIN; a port below 1024 root or
// CAP_NET_BIND_SERVICE. The error says so in one line.
func (c Config) Listen() (*Socket, error) {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return control(raw, c.prepare)
	}}
	conn, err := lc.ListenPacket(context.Background(), "udp4", ":"+strconv.Itoa(int(c.Port)))
	if err != nil {
		return nil, fmt.Errorf("UDP port %d: %w%s", c.Port, reason(err), advice(err))
	}
	return &Socket{conn: conn.(*net.UDPConn)}, nil
}

// prepare sets the options that must be there before the first datagram.
func (c Config) prepare(fd int) error {
	if c.Mark != 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(c.Mark)); err != nil {
			return fmt.Errorf("set the mark: %w", err)
		}
	}
	if c.Bypass {
		if err := Bypass(fd); err != nil {
			return fmt.Errorf("bypass IPsec policies: %w", err)
		}
	}
	// The forced size passes the system's limit but needs a privilege; the other
	// is cut to the limit. A small buffer is no reason not to run.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
}

// control calls f with the descriptor and returns its error.
func control(raw syscall.RawConn, f func(fd int) error) error {
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// reason strips what package net wraps around an error of the system, since the
// port is named already.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// advice says what to do about err.
func advice(err error) string {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return ": another program has it, see `ss -ulpn`"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return ": run as root or give CAP_NET_BIND_SERVICE and CAP_NET_ADMIN"
	}
	return ""
}

// Read waits for a datagram and puts it into b; what does not fit is lost. local
// is the address that it was sent to. It does not allocate. After Close the error
// is [net.ErrClosed].
func (s *Socket) Read(b []byte) (n int, local, remote netip.AddrPort, err error) {
	n, oobn, _, remote, err := s.conn.ReadMsgUDPAddrPort(b, s.control[:])
	if err != nil {
		return 0, local, remote, err
	}
	local = netip.AddrPortFrom(localAddr(s.control[:oobn]), s.Port())
	return n, local, remote, nil
}

// Write sends b as one datagram to remote, from local's address; an address that
// is not set leaves the choice to the system. The port is always the socket's.
// b is not kept.
func (s *Socket) Write(b []byte, local, remote netip.AddrPort) error {
	_, _, err := s.conn.WriteMsgUDPAddrPort(b, packetInfo(local.Addr()), remote)
	return err
}

// TakeESP has the system's IPsec take the ESP packets that come to the port (RFC 3948
// §2.1) for itself, and drop NAT keep-alives; Read returns the rest. Even a kernel without ESP
// takes them.
func (s *Socket) TakeESP() error {
	return s.encapsulation("take ESP", func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_ENCAP, unix.UDP_ENCAP_ESPINUDP)
	})
}

// ReturnESP undoes TakeESP, if that was done to an adopted socket: Read returns all again.
func (s *Socket) ReturnESP() error {
	return s.encapsulation("return ESP", func(fd int) error {
		taken, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_ENCAP)
		if err != nil || taken == 0 {
			return nil // who does not know the option takes nothing
		}
		return unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_ENCAP, 0)
	})
}

// encapsulation has f change what becomes of ESP; what says so in an error.
func (s *Socket) encapsulation(what string, f func(fd int) error) error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	if err := control(raw, f); err != nil {
		return fmt.Errorf("UDP port %d: %s: %w", s.Port(), what, err)
	}
	return nil
}

// Close frees the port and wakes the reader.
func (s *Socket) Close() error { return s.conn.Close() }

// Port returns the local port.
func (s *Socket) Port() uint16 {
	return uint16(s.conn.LocalAddr().(*net.UDPAddr).Port)
}
