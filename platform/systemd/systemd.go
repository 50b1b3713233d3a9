// Package systemd is the service manager that started this process, as the process sees
// it: it wants to hear when the process is ready, and keeps descriptors over a restart
// (sd_notify(3), sd_listen_fds(3), systemd's FileDescriptorStoreMax=). It knows nothing of
// what is kept. Another manager that speaks the protocol will do.
//
// Start at [Started].
package systemd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socketVariable names the manager's socket: a path, or a name without one after an @.
const socketVariable = "NOTIFY_SOCKET"

// patience is how long the manager may be busy with other things. Who ends has 3 s in all.
const patience = time.Second

// A Manager is told how the process does. The zero value is none, and its methods do
// nothing. They may be called from any goroutine.
type Manager struct{ socket string }

// Started returns who started this process, and the descriptors that it kept of an earlier
// one, which are the caller's to close. The variables that say so are removed, so that no
// child believes that they are meant for it. The error is one line; what is
// returned beside it is of use all the same.
func Started() (Manager, []Descriptor, error) {
	socket := take(socketVariable)
	kept, err := inherited()
	switch {
	case socket == "":
		return Manager{}, kept, err
	case !strings.HasPrefix(socket, "/") && !strings.HasPrefix(socket, "@"):
		return Manager{}, kept, errors.Join(fmt.Errorf("%s is %q, want a path from / on, or a name after @", socketVariable, socket), err)
	}
	return Manager{socket}, kept, err
}

// take reads a variable and removes it.
func take(variable string) string {
	value := os.Getenv(variable)
	os.Unsetenv(variable)
	return value
}

// Ready says that the process does its work from now on.
func (m Manager) Ready() error { return m.send("READY=1") }

// Keep gives the manager a copy of a descriptor: it keeps it under the name, in which no
// colon may be, until Forget or until the service is stopped. What it has already it does
// not keep twice. That the descriptor is in an error state is no reason to drop it.
func (m Manager) Keep(name string, c syscall.Conn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) {
		inner = m.send("FDSTORE=1\nFDPOLL=0\nFDNAME="+name, int(fd))
	}); err != nil {
		return err
	}
	return inner
}

// Forget has the manager close what it keeps under the names, and returns when it
// has done so.
func (m Manager) Forget(names ...string) error {
	for _, name := range names {
		if err := m.send("FDSTOREREMOVE=1\nFDNAME=" + name); err != nil {
			return err
		}
	}
	return m.barrier()
}

// barrier waits until the manager has read all that it was told: it then closes a
// pipe's end that it is sent. Managers before systemd 246 close it unasked.
func (m Manager) barrier() error {
	if m.socket == "" {
		return nil
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ours.Close()
	err = errors.Join(m.send("BARRIER=1", int(theirs.Fd())), theirs.Close(), ours.SetReadDeadline(time.Now().Add(patience)))
	if err != nil {
		return err
	}
	if _, err = io.Copy(io.Discard, ours); err != nil {
		return fmt.Errorf("service manager %s: no answer within %v: %w", m.socket, patience, err)
	}
	return nil
}

// send sends one datagram, with copies of descriptors.
func (m Manager) send(text string, descriptors ...int) error {
	if m.socket == "" {
		return nil
	}
	var rights []byte
	if len(descriptors) > 0 {
		rights = unix.UnixRights(descriptors...)
	}
	if err := m.datagram([]byte(text), rights); err != nil {
		return fmt.Errorf("service manager %s: %w", m.socket, err)
	}
	return nil
}

// datagram sends text with a control message. Package net has no way to do that to a
// socket that is named.
func (m Manager) datagram(text, control []byte) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err != nil {
		return err
	}
	for {
		err = unix.Sendmsg(fd, text, control, &unix.SockaddrUnix{Name: m.socket}, 0)
		if !errors.Is(err, unix.EINTR) { // of the runtime's own signals
			return err
		}
	}
}
