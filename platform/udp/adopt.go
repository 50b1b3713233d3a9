package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Adopt makes a Socket of one that is open already, with all that waits in it: one that a
// predecessor has left, for example. It must be what Listen would have opened, in this
// network namespace; options are set as for a fresh one, and whether ESP is taken stays
// as it is. The file is closed, also after an error, which says in one line what came.
func (c Config) Adopt(file *os.File) (*Socket, error) {
	defer file.Close() // net makes a descriptor of its own
	raw, err := file.SyscallConn()
	if err == nil {
		err = control(raw, c.fits)
	}
	if err == nil {
		err = control(raw, c.prepare)
	}
	if err != nil {
		return nil, fmt.Errorf("UDP port %d: adopt: %w", c.Port, err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("UDP port %d: adopt: %w", c.Port, err)
	}
	return &Socket{conn: conn.(*net.UDPConn)}, nil
}

// fits refuses what Listen would not have opened.
func (c Config) fits(fd int) error {
	for _, want := range []struct {
		option, value int
		text          string
	}{
		{unix.SO_DOMAIN, unix.AF_INET, "not IPv4"},
		{unix.SO_PROTOCOL, unix.IPPROTO_UDP, "not UDP"},
	} {
		got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, want.option)
		if errors.Is(err, unix.ENOTSOCK) {
			return errors.New("no socket")
		}
		if err != nil {
			return err
		}
		if got != want.value {
			return errors.New("a socket that is " + want.text)
		}
	}
	if err := c.bound(fd); err != nil {
		return err
	}
	return atHome(fd)
}

// bound refuses an IPv4 socket that is not at every local address, as one that is
// connected to a peer is not either, and at the right port.
func (c Config) bound(fd int) error {
	at, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	local := at.(*unix.SockaddrInet4)
	if local.Port == 0 || c.Port != 0 && local.Port != int(c.Port) || local.Addr != [4]byte{} {
		return fmt.Errorf("a socket that is bound to %s:%d, want every address and port %d", netip.AddrFrom4(local.Addr), local.Port, c.Port)
	}
	return nil
}

// atHome refuses a socket of another network namespace than the caller's: nothing of
// ours would come to it. Kernels before 5.14 do not tell.
func atHome(fd int) error {
	fresh, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fresh)
	here, err := unix.GetsockoptUint64(fresh, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if errors.Is(err, unix.ENOPROTOOPT) {
		return nil
	}
	if err != nil {
		return err
	}
	there, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err == nil && there != here {
		err = errors.New("a socket of another network namespace")
	}
	return err
}

// SyscallConn lends the descriptor, for who hands it on ([syscall.Conn]).
func (s *Socket) SyscallConn() (syscall.RawConn, error) { return s.conn.SyscallConn() }
