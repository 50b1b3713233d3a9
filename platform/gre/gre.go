// Package gre is a GRE tunnel over IPv4 in userspace (RFC 2784, the key of RFC 2890), for
// kernels that have none: a TUN device, whose packets leave through a raw socket, and the
// other way round. It carries IPv4.
//
// What it sends is like the packets of any program on the host, so that a policy of IPsec
// can protect it. It lets the kernel fragment what the path has no room for: RFC 2784 says
// nothing of that, and a fragment is better than a loss that nobody sees.
//
// Start at [Open]. The device goes away with Close, or with the process.
package gre

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"sallyport/platform"
	"sallyport/platform/tun"
)

// pathMTU is what the path is taken to have room for, in octets; a tunnel's MTU is that
// less the headers.
const pathMTU = 1500

const (
	protocolGRE = 47 // of IP
	outerSize   = 20 // the IPv4 header in front
	outerTTL    = 255
	largest     = 65535   // octets of a packet
	bufferSpace = 1 << 20 // octets that wait to be read, if the system allows as many
)

// A Device is an open tunnel. Its methods may be called from any goroutine.
type Device struct {
	ends   platform.GRE
	tun    *tun.Device
	socket *os.File
	raw    syscall.RawConn // of socket
	counts counts
	group  sync.WaitGroup
}

// Open makes a tunnel whose device has that name, in the calling thread's network
// namespace. The device is down and has no address. The tunnel's own end need not be an
// address of the host yet.
//
// It needs CAP_NET_ADMIN and CAP_NET_RAW; the error says so in one line.
func Open(name string, ends platform.GRE) (*Device, error) {
	if !ends.Local.Is4() || !ends.Remote.Is4() {
		return nil, fmt.Errorf("GRE tunnel %s from %v to %v: want two IPv4 addresses", name, ends.Local, ends.Remote)
	}
	d := &Device{ends: ends}
	if err := d.openSocket(); err != nil {
		return nil, fmt.Errorf("GRE tunnel %s: %w", name, err)
	}
	if err := d.openTUN(name); err != nil {
		return nil, errors.Join(err, d.socket.Close())
	}
	d.group.Go(d.sendAll)
	d.group.Go(d.receiveAll)
	return d, nil
}

// openSocket opens the raw socket. Packets larger than the path are fragmented
// (IP_PMTUDISC_WANT), and the socket may be bound before the host has the address.
func (d *Device) openSocket() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocolGRE)
	if err != nil {
		return fmt.Errorf("raw socket: %w%s", err, advice(err))
	}
	for _, o := range []struct{ level, name, value int }{
		{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_WANT},
		{unix.IPPROTO_IP, unix.IP_TTL, outerTTL},
		{unix.IPPROTO_IP, unix.IP_FREEBIND, 1},
		{unix.SOL_SOCKET, unix.SO_RCVBUF, bufferSpace},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			unix.Close(fd)
			return fmt.Errorf("raw socket: %w", err)
		}
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: d.ends.Local.As4()}); err != nil {
		unix.Close(fd)
		return fmt.Errorf("raw socket: bind to %v: %w", d.ends.Local, err)
	}
	d.socket = os.NewFile(uintptr(fd), "raw socket")
	d.raw, err = d.socket.SyscallConn()
	return err
}

// openTUN makes the device, with the MTU that an Ethernet path has room for.
func (d *Device) openTUN(name string) (err error) {
	if d.tun, err = tun.Open(name); err != nil {
		return err
	}
	request, err := unix.NewIfreq(d.tun.Name())
	if err == nil {
		request.SetUint32(uint32(pathMTU - outerSize - headerSize(d.ends)))
		err = d.control(func(fd int) error { return unix.IoctlIfreq(fd, unix.SIOCSIFMTU, request) })
	}
	if err != nil {
		return errors.Join(fmt.Errorf("GRE tunnel %s: set the MTU: %w", name, err), d.tun.Close())
	}
	return nil
}

// control calls f with the socket's descriptor.
func (d *Device) control(f func(fd int) error) error {
	var failed error
	err := d.raw.Control(func(fd uintptr) { failed = f(int(fd)) })
	return errors.Join(err, failed)
}

// Index returns the interface index of the device.
func (d *Device) Index() int { return d.tun.Index() }

// Ends returns what the tunnel was opened with.
func (d *Device) Ends() platform.GRE { return d.ends }

// Close removes the device, and returns when no goroutine of it runs any more.
func (d *Device) Close() error {
	err := errors.Join(d.tun.Close(), d.socket.Close())
	d.group.Wait()
	return err
}

// advice says what to do about err.
func advice(err error) string {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return ": run as root or give CAP_NET_RAW"
	}
	return ""
}
