package tunnel

import (
	"io"
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/ah"
	"sallyport/ipsec/esp"
)

// An arrival is a protected packet and how it came.
type arrival struct {
	payload      []byte         // from the ESP header on, or from AH's
	packet       []byte         // payload with the outer header; nil if encapsulated
	protocol     ipsec.Protocol // of payload
	local        netip.Addr
	tos          byte           // of the outer header; 0 if it is not known
	remote       netip.AddrPort // of the datagram, if encapsulated
	encapsulated bool
}

// InboundUDP takes an ESP packet that came in a UDP datagram: what the IKE port got
// and is neither IKE nor a keep-alive (RFC 3948 §2.2). The packet is decrypted where
// it lies; it is not kept. It may be called from any goroutine.
func (d *Dataplane) InboundUDP(local, remote netip.AddrPort, packet []byte) {
	d.arrive(arrival{
		payload: packet, protocol: ipsec.ESP, local: local.Addr().Unmap(), remote: remote, encapsulated: true,
	})
}

// arrive opens a protected packet and hands what was in it to the system. The order is
// RFC 4303 §3.4's: SA, then the checks of packages ah and esp, then the selectors.
func (d *Dataplane) arrive(a arrival) {
	defer d.survive()
	spi, ok := a.spi()
	if !ok {
		d.statistics.drop(ipsec.DropShort)
		return
	}
	sa := d.receiver(ipsec.SAID{Destination: a.local, Protocol: a.protocol, SPI: spi}, a.encapsulated)
	if sa == nil {
		d.statistics.drop(ipsec.DropUnknownSPI)
		return
	}
	inner, to, news, err := d.open(sa, &a)
	for _, e := range news.events() {
		d.notify(e)
	}
	if err != nil {
		d.statistics.drop(dropReason(err))
		return
	}
	if len(inner) > 0 {
		d.deliver(inner, to)
	}
}

// spi returns the SPI of the outermost header, and false if the packet is too short.
func (a *arrival) spi() (ipsec.SPI, bool) {
	if a.protocol == ipsec.AH {
		return ah.SPIOf(a.payload)
	}
	return esp.SPIOf(a.payload)
}

// receiver finds the SA of an arriving packet. One that was negotiated for UDP
// takes nothing that came without, and the other way round, and one with AH around ESP
// nothing without AH: the form is part of what was agreed.
func (d *Dataplane) receiver(id ipsec.SAID, encapsulated bool) *inboundSA {
	d.mu.RLock()
	defer d.mu.RUnlock()
	sa := d.sad.inbound[nameOf(id)]
	if sa == nil || encapsulated != (sa.Encapsulation != ipsec.Ports{}) || sa.ah != nil && id.Protocol == ipsec.ESP {
		return nil
	}
	return sa
}

// deliver hands a decrypted packet to the system, as if it had come by a device.
func (d *Dataplane) deliver(inner []byte, to io.Writer) {
	d.statistics.in.add(len(inner)) // before it can be answered
	if _, err := to.Write(inner); err != nil {
		d.statistics.in.takeBack(len(inner))
		d.statistics.drop(ipsec.DropSend)
	}
}

// open returns the inner packet and the device that it comes out of, or nothing and no
// error for a dummy. The error is an [esp.DropError].
func (d *Dataplane) open(sa *inboundSA, a *arrival) (inner []byte, to io.Writer, n news, err error) {
	sa.mu.Lock()
	defer sa.mu.Unlock()
	if exceeded(sa.SA, sa.received.octets.Load(), 1) {
		n.hard(sa)
		return nil, nil, n, esp.DropError(ipsec.DropExpired)
	}
	highest := sa.sequence()
	inner, next, err := sa.unwrap(a)
	if err != nil {
		return nil, nil, n, err
	}
	if a.encapsulated && sa.sequence() > highest {
		n.moved(sa, a.remote)
	}
	if next == esp.NextDummy {
		return nil, nil, n, nil
	}
	inner, to, err = d.inspect(sa, inner, a.tos)
	if err != nil {
		return nil, nil, n, err
	}
	sa.received.used.Store(d.clock.Load())
	n.soft(sa, sa.received.add(len(inner)))
	return inner, to, n, nil
}

// inspect checks what was decrypted against the SA's selectors (RFC 4301 §5.2 step
// 4) and gives it the congestion mark of the outer header. What follows the packet
// is padding of the sender's (RFC 4303 §2.7) and cut off. It returns the device that the
// packet comes out of, too.
func (d *Dataplane) inspect(sa *inboundSA, inner []byte, tos byte) ([]byte, io.Writer, error) {
	t, err := acl.ParseTuple(inner)
	if err != nil {
		return nil, nil, esp.DropError(ipsec.DropMalformed)
	}
	inner = inner[:totalLen(inner)]
	ecn, ok := decapsulatedECN(tos&ecnMask, inner[ipTOS]&ecnMask) // the same in transport mode
	if !ok {
		return nil, nil, esp.DropError(ipsec.DropMalformed)
	}
	v := d.admits(sa, sa.ports.complete(inner, t))
	if !v.ok {
		return nil, nil, esp.DropError(ipsec.DropSelector)
	}
	setECN(inner, ecn)
	return inner, v.to, nil
}

// admits reports whether the packet is the SA's traffic: its selector's, and the
// policy's as it is now. A routed policy's comes out of its device, and of no other.
func (d *Dataplane) admits(sa *inboundSA, t acl.Tuple) *verdict {
	epoch, key := d.epoch.Load(), keyOf(t)
	v := &sa.allowed
	if v.epoch == epoch && v.key == key {
		return v
	}
	s := d.spd.Load()
	*v = verdict{epoch: epoch, key: key, ok: sa.Selector.ContainsInbound(t) && s.admits(sa.Policy, t), to: d.inside}
	if device := s.deviceOf(sa.Policy); device != nil {
		v.to = device
	}
	return v
}
