package tunnel

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"sallyport/platform/tun"
)

// threadNamespace is the network namespace of the thread that opens it.
const threadNamespace = "/proc/thread-self/ns/net"

// A home is the network namespace that a dataplane was opened in. Devices of routed
// policies are made later, by whichever thread, and belong there.
type home struct {
	namespace *os.File
	devices   *devices // that prepares them
}

// openHome takes the calling thread's namespace.
func openHome(d *devices) (*home, error) {
	namespace, err := os.Open(threadNamespace)
	if err != nil {
		return nil, err
	}
	return &home{namespace, d}, nil
}

// Open makes a TUN device of exactly this name, and brings it up. An error says what is
// in the way.
func (h *home) Open(name string) (io.ReadWriteCloser, error) {
	var device *tun.Device
	err := h.do(func() (err error) {
		if device, err = tun.Open(name); err != nil {
			return err
		}
		if err = h.devices.prepareOurs(name); err != nil {
			device.Close()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tunnel interface %s: %w", name, err)
	}
	return device, nil
}

// do calls f in the namespace.
func (h *home) do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		changed, err := enter(h.namespace)
		if err == nil {
			err = f()
		}
		if !changed { // else the thread ends with the goroutine
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// enter gives the calling thread, which its goroutine has to itself, another namespace,
// and reports whether that was needed. Usually it is not: then nothing is asked of the
// kernel that wants a privilege.
func enter(namespace *os.File) (changed bool, err error) {
	var here, there unix.Stat_t
	if err := unix.Stat(threadNamespace, &here); err != nil {
		return false, os.NewSyscallError("stat "+threadNamespace, err)
	}
	fd := int(namespace.Fd())
	if err := unix.Fstat(fd, &there); err != nil {
		return false, os.NewSyscallError("fstat", err)
	}
	if here.Ino == there.Ino && here.Dev == there.Dev {
		return false, nil
	}
	return true, os.NewSyscallError("setns", unix.Setns(fd, unix.CLONE_NEWNET))
}

// Close lets the namespace go.
func (h *home) Close() error { return h.namespace.Close() }
