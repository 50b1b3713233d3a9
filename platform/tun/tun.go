// Package tun is one Linux TUN device: a network interface whose wire is this
// program. What the system routes to the device is read here packet by packet,
// whole IP packets without any header in front; what is written here arrives on
// the device. It knows nothing of what is in a packet.
//
// Start at [Open]. The device goes away with Close, or with the process.
package tun

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const path = "/dev/net/tun"

// A Device is an open TUN device. Its methods may be called from any goroutine.
type Device struct {
	file  *os.File
	name  string
	index int
}

// Open makes a TUN device, in the calling thread's network namespace. A %d in
// the name becomes the lowest number that is free; an empty name is the kernel's
// choice. The device is down and has no address.
//
// It needs CAP_NET_ADMIN; the error says so in one line.
func Open(name string) (*Device, error) {
	// Without O_NONBLOCK Close could not wake a reader: os.NewFile gives only
	// such descriptors to the runtime's poller.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w%s", path, err, advice(err))
	}
	d, err := attach(fd, name)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("%s: make device %s: %w%s", path, expected(name), err, advice(err))
	}
	return d, nil
}

// attach binds the descriptor to a new device. The poller gets the descriptor
// last: before the device exists it would report an error condition.
func attach(fd int, name string) (*Device, error) {
	req, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		return nil, err
	}
	ifi, err := net.InterfaceByName(req.Name())
	if err != nil {
		return nil, err
	}
	return &Device{file: os.NewFile(uintptr(fd), path), name: ifi.Name, index: ifi.Index}, nil
}

// expected returns the name that the kernel would have given a device.
func expected(name string) string {
	if name == "" {
		name = "tun%d"
	}
	for n := 0; ; n++ {
		chosen := strings.Replace(name, "%d", strconv.Itoa(n), 1)
		if _, err := net.InterfaceByName(chosen); err != nil || chosen == name {
			return chosen
		}
	}
}

// advice says what to do about err.
func advice(err error) string {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return ": run as root or give CAP_NET_ADMIN"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return ": load the kernel module tun, or `mknod /dev/net/tun c 10 200`"
	case errors.Is(err, unix.EBUSY):
		return ": another program has a device of this name"
	}
	return ""
}

// Name returns the device's name, such as sallyport0.
func (d *Device) Name() string { return d.name }

// Index returns the interface index.
func (d *Device) Index() int { return d.index }

// Read waits for a packet and puts it into b; what does not fit is lost. After
// Close the error is [os.ErrClosed].
func (d *Device) Read(b []byte) (int, error) { return d.file.Read(b) }

// Write hands the system one packet, as if it had arrived on the device. While
// the device is down that is an error.
func (d *Device) Write(b []byte) (int, error) { return d.file.Write(b) }

// Close removes the device and wakes readers.
func (d *Device) Close() error { return d.file.Close() }
