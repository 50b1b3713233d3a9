package tunnel

import (
	"net/netip"

	"sallyport/ipsec"
)

// The path MTUs that are believed. Below 576 an ICMP message is more likely a lie
// than a link: every IPv4 host takes that much (RFC 791 §3.1).
const (
	minMTU     = 576
	maxMTU     = 9000
	unknownMTU = 1500
)

func believable(mtu int) int32 { return int32(min(max(mtu, minMTU), maxMTU)) }

// pathMTU asks the system how large a packet to the peer may be. Without a route
// there is no answer yet; refreshMTU will get one.
func (d *Dataplane) pathMTU(peer netip.Addr) int {
	_, mtu, err := d.router.Path(peer)
	if err != nil {
		return unknownMTU
	}
	return int(believable(mtu))
}

// refreshMTU takes over what the system knows: the egress device's MTU, and what
// routers reported in the last ten minutes, which the kernel keeps and forgets for us.
func (d *Dataplane) refreshMTU(sa *outboundSA) {
	if _, mtu, err := d.router.Path(sa.Remote); err == nil {
		sa.pmtu.Store(believable(mtu))
	}
}

// refreshMTUs does so for every SA.
func (d *Dataplane) refreshMTUs() {
	d.mu.RLock()
	all := make([]*outboundSA, 0, len(d.sad.outbound))
	for id, sa := range d.sad.outbound {
		if id == nameOf(sa.ID) {
			all = append(all, sa)
		}
	}
	d.mu.RUnlock()
	for _, sa := range all {
		d.refreshMTU(sa)
	}
}

// A tooBigReport is an ICMP message of a router that dropped one of our packets,
// which it quotes. Anybody can forge one, but not without knowing an SPI in use.
type tooBigReport struct {
	sa  ipsec.SAID // of the outermost header
	mtu int        // 0: an old router, which does not say
}

// lower believes a report about an SA that we have, if it lowers the MTU: RFC 4301
// §8.2.1. Only the SA that it names is touched.
func (d *Dataplane) lower(r tooBigReport) {
	d.mu.RLock()
	sa := d.sad.outbound[nameOf(r.sa)]
	d.mu.RUnlock()
	if sa == nil || r.mtu == 0 {
		return
	}
	if mtu := believable(r.mtu); mtu < sa.pmtu.Load() {
		sa.pmtu.Store(mtu)
	}
}
