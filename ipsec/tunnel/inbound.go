package tunnel

import (
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// An arrival is how an ESP packet came.
type arrival struct {
	local        netip.Addr
	tos          byte           // of the outer header; 0 if it is not known
	remote       netip.AddrPort // of the datagram, if encapsulated
	encapsulated bool
}

// InboundUDP takes an ESP packet that came in a UDP datagram: what the IKE port got
// and is neither IKE nor a keep-alive (RFC 3948 §2.2). The packet is decrypted where
// it lies; it is not kept. It may be called from any goroutine.
func (d *Dataplane) InboundUDP(local, remote netip.AddrPort, packet []byte) {
	d.arrive(packet, arrival{local: local.Addr().Unmap(), remote: remote, encapsulated: true})
}

// arrive opens an ESP packet and hands what was in it to the system. The order is
// RFC 4303 §3.4's: SA, then package esp's checks, then the selectors.
func (d *Dataplane) arrive(packet []byte, a arrival) {
	defer d.survive()
	spi, ok := esp.SPIOf(packet)
	if !ok {
		d.statistics.drop(ipsec.DropShort)
		return
	}
	sa := d.receiver(ipsec.SAID{Destination: a.local, Protocol: ipsec.ESP, SPI: spi}, a.encapsulated)
	if sa == nil {
		d.statistics.drop(ipsec.DropUnknownSPI)
		return
	}
	inner, news, err := d.open(sa, packet, a)
	for _, e := range news.events() {
		d.notify(e)
	}
	if err != nil {
		d.statistics.drop(dropReason(err))
		return
	}
	if len(inner) > 0 {
		d.deliver(inner)
	}
}

// receiver finds the SA of an arriving packet. One that was negotiated for UDP
// takes nothing that came without, and the other way round: the form is part of
// what was agreed.
func (d *Dataplane) receiver(id ipsec.SAID, encapsulated bool) *inboundSA {
	d.mu.RLock()
	defer d.mu.RUnlock()
	sa := d.sad.inbound[id]
	if sa == nil || encapsulated != (sa.Encapsulation != ipsec.Ports{}) {
		return nil
	}
	return sa
}

// deliver hands a decrypted packet to the system, as if it had come by the inside
// device.
func (d *Dataplane) deliver(inner []byte) {
	if _, err := d.inside.Write(inner); err != nil {
		d.statistics.drop(ipsec.DropSend)
		return
	}
	d.statistics.in.add(len(inner))
}

// open returns the inner packet, or nothing and no error for a dummy. The error is
// an [esp.DropError].
func (d *Dataplane) open(sa *inboundSA, packet []byte, a arrival) (inner []byte, n news, err error) {
	sa.mu.Lock()
	defer sa.mu.Unlock()
	if sa.limit.exceeded(sa.received.octets.Load(), 1) {
		n.hard(sa)
		return nil, n, esp.DropError(ipsec.DropExpired)
	}
	highest := sa.esp.Sequence()
	inner, next, err := sa.esp.Open(packet)
	if err != nil {
		return nil, n, err
	}
	if a.encapsulated && sa.esp.Sequence() > highest {
		n.moved(sa, a.remote)
	}
	if next == esp.NextDummy {
		return nil, n, nil
	}
	inner, err = d.inspect(sa, inner, a.tos)
	if err != nil {
		return nil, n, err
	}
	n.soft(sa, sa.received.add(len(inner)))
	return inner, n, nil
}

// inspect checks what was decrypted against the SA's selectors (RFC 4301 §5.2 step
// 4) and gives it the congestion mark of the outer header. What follows the packet
// is padding of the sender's (RFC 4303 §2.7) and cut off.
func (d *Dataplane) inspect(sa *inboundSA, inner []byte, tos byte) ([]byte, error) {
	t, err := acl.ParseTuple(inner)
	if err != nil {
		return nil, esp.DropError(ipsec.DropMalformed)
	}
	inner = inner[:totalLen(inner)]
	ecn, ok := decapsulatedECN(tos&ecnMask, inner[ipTOS]&ecnMask)
	if !ok {
		return nil, esp.DropError(ipsec.DropMalformed)
	}
	if !d.admits(sa, sa.ports.complete(inner, t)) {
		return nil, esp.DropError(ipsec.DropSelector)
	}
	setECN(inner, ecn)
	return inner, nil
}

// admits reports whether the packet is the SA's traffic: its selector's, and the
// policy's as it is now.
func (d *Dataplane) admits(sa *inboundSA, t acl.Tuple) bool {
	epoch, key := d.epoch.Load(), keyOf(t)
	if v := &sa.allowed; v.epoch == epoch && v.key == key {
		return v.ok
	}
	s := d.spd.Load()
	ok := sa.Selector.ContainsInbound(t) && s.admits(sa.Policy, t)
	sa.allowed = verdict{epoch, key, ok}
	return ok
}
