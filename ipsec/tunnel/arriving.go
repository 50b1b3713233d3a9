package tunnel

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// arriving is the way in of plain ESP. One goroutine owns it.
type arriving struct {
	d      *Dataplane
	buffer [maxPacket]byte
}

// run reads the network until it is closed. A read fails when a router reported
// something about a packet of ours; the socket goes on.
func (r *arriving) run() {
	for {
		n, err := r.d.arrived.Read(r.buffer[:])
		if err == nil {
			r.packet(r.buffer[:n])
			continue
		}
		if errors.Is(err, os.ErrClosed) || errors.Is(err, unix.EBADF) {
			return
		}
		for report, ok := r.d.arrived.TooBig(); ok; report, ok = r.d.arrived.TooBig() {
			r.d.lower(report)
		}
	}
}

// packet takes an IPv4 packet that carries ESP, reassembled by the system.
func (r *arriving) packet(packet []byte) {
	payload, ok := payloadOf(packet)
	if !ok {
		r.d.statistics.drop(ipsec.DropShort)
		return
	}
	r.d.arrive(payload, arrival{local: destination(packet), tos: packet[ipTOS]})
}
