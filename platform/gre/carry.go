package gre

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// sendAll carries packets from the device to the other end until the device is closed, or
// gone: others may delete it.
func (d *Device) sendAll() {
	size := headerSize(d.ends)
	buffer := make([]byte, size+largest)
	putHeader(buffer, d.ends)
	to := &unix.SockaddrInet4{Addr: d.ends.Remote.As4()}
	var packet []byte
	var failed error
	send := func(fd uintptr) bool {
		failed = unix.Sendto(int(fd), packet, unix.MSG_DONTWAIT, to)
		return !errors.Is(failed, unix.EAGAIN)
	}
	for {
		n, err := d.tun.Read(buffer[size:])
		if err != nil {
			return
		}
		if drop := d.refuse(buffer[size : size+n]); drop != passed {
			d.counts.drops[drop].Add(1)
			continue
		}
		packet = buffer[:size+n]
		err = d.raw.Write(send)
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil || failed != nil:
			d.counts.drops[DropSend].Add(1)
		default:
			d.counts.out(n)
		}
	}
}

// refuse returns why a packet that was routed into the tunnel cannot be carried: it is none
// of IPv4, or goes to the other end itself, to which the packets around it would follow.
func (d *Device) refuse(packet []byte) Drop {
	p, ok := parseIPv4(packet)
	switch {
	case !ok:
		return DropInner
	case p.destination == d.ends.Remote:
		return DropLoop
	}
	return passed
}

// receiveAll carries packets from the other end to the device until the socket is closed.
// No other error lasts: those that ICMP reports are not told to a socket of no connection.
func (d *Device) receiveAll() {
	buffer := make([]byte, largest)
	for {
		n, err := d.socket.Read(buffer)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			d.counts.drops[DropShort].Add(1)
			continue
		}
		packet, drop := open(buffer[:n], d.ends)
		if drop == passed {
			complete(packet)
			if _, err := d.tun.Write(packet); err != nil {
				drop = DropSend
			}
		}
		if drop != passed {
			d.counts.drops[drop].Add(1)
			continue
		}
		d.counts.in(len(packet))
	}
}
