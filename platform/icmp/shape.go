package icmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A shape is what the packets of a socket look like, and where they leave.
type shape struct {
	ttl    int    // zero: the system's
	tos    int    // type of service
	whole  bool   // never in fragments
	device string // Linux device; empty: that of the route
	errors bool   // ICMP errors wait in the socket's error queue
}

// set gives a socket the shape.
func (s shape) set(fd int) error {
	for _, option := range []struct {
		wanted      bool
		name, value int
	}{
		{s.ttl > 0, unix.IP_TTL, s.ttl},
		{s.tos > 0, unix.IP_TOS, s.tos},
		{s.whole, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE}, // whatever the kernel knows of the path
		{s.errors, unix.IP_RECVERR, 1},
	} {
		if !option.wanted {
			continue
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, option.name, option.value); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	if s.device == "" {
		return nil
	}
	return os.NewSyscallError("setsockopt", unix.BindToDevice(fd, s.device))
}

// control is set, in the form that package net wants.
func (s shape) control(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = s.set(int(fd)) }); e != nil {
		return e
	}
	return err
}

// listen opens a socket of that shape on an address of ours.
func (s shape) listen(network string, source netip.Addr) (net.PacketConn, error) {
	config := net.ListenConfig{Control: s.control}
	return config.ListenPacket(context.Background(), network, source.String())
}

// pingSocket opens a socket for echo requests alone, which package net has no
// name for.
func (s shape) pingSocket(source netip.Addr) (net.PacketConn, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "ping socket")
	defer file.Close() // FilePacketConn has one of its own
	if err := s.set(fd); err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: source.As4()}); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	return net.FilePacketConn(file)
}

// opening says why a socket could not be opened on a source and a device. Its
// text follows the command's name.
func opening(err error, source netip.Addr, device string) error {
	switch {
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf(" from %v: no interface has this address", source)
	case errors.Is(err, unix.ENODEV):
		return fmt.Errorf(" through %s: there is no such device", device)
	}
	return fmt.Errorf(": open a socket: %w", err)
}
