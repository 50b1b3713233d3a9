package tunnel

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// errNoRoom says that an MTU leaves no room for a fragment.
var errNoRoom = errors.New("MTU is smaller than a header and 8 octets")

// protect sends the inner packet of n octets, which lies in b behind headroom, with
// the SA. It uses b up.
func (d *Dataplane) protect(sa *outboundSA, b *buffer, n int) {
	inner := b[headroom : headroom+n]
	df, f := mustNotFragment(inner), sa.frame(inner)
	switch {
	case !sa.carries(inner):
		d.statistics.drop(ipsec.DropMalformed)
		return
	case df && f.size() > int(sa.pmtu.Load()):
		d.refuse(inner, sa.Local, sa.fits(inner))
		return
	case f.size() > maxPacket:
		d.statistics.drop(ipsec.DropTooBig)
		return
	}
	packet, told, err := sa.seal(b, &f, d.nextID())
	if told != nil {
		d.expired(*told)
	}
	if err != nil {
		d.statistics.drop(dropReason(err))
		return
	}
	sa.sent.used.Store(d.clock.Load())
	d.statistics.out.add(n) // before an answer can come
	if !d.transmit(sa, packet, df) {
		d.statistics.out.takeBack(n)
	}
}

// transmit sends an outer packet, in fragments if it must and may be, and reports
// whether it did. RFC 4303 §3.3.4 has fragments made after ESP, RFC 4302 §3.3.4 after
// AH, so that it is the outer packet that is cut.
func (d *Dataplane) transmit(sa *outboundSA, packet []byte, df bool) bool {
	err := d.emit(packet, int(sa.pmtu.Load()), df)
	if errors.Is(err, unix.EMSGSIZE) {
		// The system knows of a smaller MTU than we do. Fragments find their way
		// at once; a packet that must stay whole is lost, and the next one of its
		// size will be refused with a message to its sender (RFC 4301 §8.2.1).
		d.refreshMTU(sa)
		if !df {
			err = d.emit(packet, int(sa.pmtu.Load()), df)
		}
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, unix.EMSGSIZE):
		d.statistics.drop(ipsec.DropTooBig)
	default:
		d.statistics.drop(ipsec.DropSend)
	}
	return false
}

// emit sends an IPv4 packet whole if it fits or must not be cut.
func (d *Dataplane) emit(packet []byte, mtu int, df bool) error {
	if df || len(packet) <= mtu {
		return d.outside.Send(packet)
	}
	return fragment(packet, mtu, d.outside.Send)
}

// refuse drops a packet that is too big for the tunnel and tells its sender what
// fits: RFC 4301 §8.2.2.
func (d *Dataplane) refuse(packet []byte, local netip.Addr, fits int) {
	d.statistics.drop(ipsec.DropTooBig)
	var room [2*60 + icmpLen + icmpQuote]byte
	if message, ok := tooBig(room[:0], packet, local, fits); ok {
		if err := d.outside.Send(message); err != nil {
			d.statistics.drop(ipsec.DropSend)
		}
	}
}

// dropReason is why sealing or opening was refused. What is not ESP's own reason is
// the entropy source's: we could not send.
func dropReason(err error) ipsec.DropReason {
	if drop, ok := err.(esp.DropError); ok { // errors.As would allocate
		return drop.Reason()
	}
	return ipsec.DropSend
}

// clear lets a packet go its way unprotected. It was routed here by us, so that
// what routing would have done about its size is ours to do.
func (d *Dataplane) clear(packet []byte) {
	err := d.outside.Send(packet)
	if errors.Is(err, unix.EMSGSIZE) {
		err = d.clearTooBig(packet)
	}
	if err != nil {
		d.statistics.drop(ipsec.DropSend)
	}
}

func (d *Dataplane) clearTooBig(packet []byte) error {
	local, mtu, err := d.router.Path(destination(packet))
	if err != nil {
		return fmt.Errorf("path to %v: %w", destination(packet), err)
	}
	if mustNotFragment(packet) {
		d.refuse(packet, local, mtu)
		return nil
	}
	return fragment(packet, mtu, d.outside.Send)
}
