package kernel

import (
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long an answer may take. The kernel gives it before the request
// returns; loading a module for it is part of that.
const patience = 30 * time.Second

// attempts is how often a list is asked for that changes while it is read.
const attempts = 5

// largest is the room for what the kernel sends at a time: NLMSG_GOODSIZE is at most
// 16 KiB, and dumps come in 32.
const largest = 64 << 10

// A socket speaks to XFRM, one request at a time. What has passed through its
// buffer is wiped: the kernel shows keys to whoever may change them.
type socket struct {
	file     *os.File
	port     uint32 // by which the kernel knows us
	mutex    sync.Mutex
	sequence uint32
	buffer   []byte
}

// openSocket opens a socket in the calling thread's network namespace.
func openSocket() (*socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_XFRM)
	if err != nil {
		return nil, err
	}
	s := &socket{file: os.NewFile(uintptr(fd), "netlink"), buffer: make([]byte, largest)}
	if s.port, err = bind(fd); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// bind gives a socket its port. Refusals come with the kernel's words, if it has any,
// and without the request, which may hold keys.
func bind(fd int) (port uint32, err error) {
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, err
	}
	for _, option := range []int{unix.NETLINK_CAP_ACK, unix.NETLINK_EXT_ACK} {
		if err := unix.SetsockoptInt(fd, unix.SOL_NETLINK, option, 1); err != nil {
			return 0, err
		}
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	return address.(*unix.SockaddrNetlink).Pid, nil
}

// Close frees the socket. Who reads from it gets os.ErrClosed.
func (s *socket) Close() error { return s.file.Close() }

// do sends a request, and tells each of the answers of type want. The request is
// wiped; the answers last no longer than the call.
func (s *socket) do(m message, want uint16, each func(body []byte)) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer m.wipe()
	s.sequence++
	m.finish(s.sequence, s.port)
	if err := s.send(m); err != nil {
		return err
	}
	if err := s.file.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for a := (answer{sequence: s.sequence, want: want, each: each}); ; {
		n, err := s.receive()
		if err != nil {
			return err
		}
		done, err := a.read(s.buffer[:n])
		clear(s.buffer[:n])
		if done || err != nil {
			return err
		}
	}
}

// send sends a message to the kernel.
func (s *socket) send(m message) error {
	return s.on(func(fd int) (bool, error) {
		err := unix.Sendto(fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		return !errors.Is(err, unix.EAGAIN), err
	}, false)
}

// receive waits for messages of the kernel's and fills the buffer. What other
// processes send is left out; what is too long for the buffer is cut off, and refused where
// it is read.
func (s *socket) receive() (n int, err error) {
	err = s.on(func(fd int) (done bool, err error) {
		var from unix.Sockaddr
		n, from, err = unix.Recvfrom(fd, s.buffer, 0)
		sender, ok := from.(*unix.SockaddrNetlink)
		foreign := err == nil && (!ok || sender.Pid != 0)
		return !foreign && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR), err
	}, true)
	return n, err
}

// on calls f with the descriptor, which stays open meanwhile, until it is done. After
// Close the error is os.ErrClosed.
func (s *socket) on(f func(fd int) (done bool, err error), reading bool) error {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	wait := raw.Write
	if reading {
		wait = raw.Read
	}
	var inner error
	err = wait(func(fd uintptr) (done bool) { done, inner = f(int(fd)); return done })
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case err != nil: // it has a name inside package os alone
		return os.ErrClosed
	}
	return inner
}

// list is do for a list, which is asked for again if it has changed meanwhile.
func (s *socket) list(request func() message, want uint16, begin func(), each func(body []byte)) (err error) {
	for range attempts {
		begin()
		if err = s.do(request(), want, each); !errors.Is(err, errInterrupted) {
			break
		}
	}
	return err
}
