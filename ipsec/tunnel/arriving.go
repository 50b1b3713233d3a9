package tunnel

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// arriving is the way in of one protocol, plain ESP or AH. One goroutine owns it.
type arriving struct {
	d      *Dataplane
	from   receiver
	buffer [maxPacket]byte
}

// run reads the network until it is closed. A read fails when a router reported
// something about a packet of ours; the socket goes on.
func (r *arriving) run() {
	for {
		n, err := r.from.Read(r.buffer[:])
		if err == nil {
			r.packet(r.buffer[:n])
			continue
		}
		if errors.Is(err, os.ErrClosed) || errors.Is(err, unix.EBADF) {
			return
		}
		for report, ok := r.from.TooBig(); ok; report, ok = r.from.TooBig() {
			r.d.lower(report)
		}
	}
}

// packet takes an IPv4 packet that carries ESP or AH, reassembled by the system.
func (r *arriving) packet(packet []byte) {
	payload, ok := payloadOf(packet)
	if !ok {
		r.d.statistics.drop(ipsec.DropShort)
		return
	}
	a := arrival{
		payload: payload, packet: packet[:totalLen(packet)], protocol: ipsec.ESP,
		local: destination(packet), tos: packet[ipTOS],
	}
	if packet[ipProtocol] == byte(ipsec.AH) {
		a.protocol = ipsec.AH
	}
	r.d.arrive(a)
}
