package tunnel

import (
	"sallyport/acl"
	"sallyport/ipsec"
)

// guard is the way of packets that came in clear from outside, to an address that a
// policy protects. One goroutine owns it.
type guard struct {
	d         *Dataplane
	flows     flows[ruling]
	datagrams datagrams
	buffer    [maxPacket]byte
}

// A ruling is what was decided about clear packets of one tuple.
type ruling uint8

const (
	passes ruling = iota
	mustNotBeClear
	unclear // a later fragment whose ports nobody knows
)

// run reads the device until it is closed.
func (g *guard) run() {
	for {
		n, err := g.d.guard.Read(g.buffer[:])
		if err != nil {
			return
		}
		g.packet(g.buffer[:n])
	}
}

// packet drops what should have come protected (RFC 4301 §5.2 step 3a) and lets the
// rest go on.
func (g *guard) packet(packet []byte) {
	defer g.d.survive()
	t, err := acl.ParseTuple(packet)
	if err != nil {
		g.d.statistics.drop(ipsec.DropMalformed)
		return
	}
	packet = packet[:totalLen(packet)]
	switch g.rule(g.datagrams.complete(packet, t)) {
	case mustNotBeClear:
		g.d.statistics.drop(ipsec.DropClear)
	case unclear:
		g.d.statistics.drop(ipsec.DropMalformed)
	default:
		g.d.clear(packet)
	}
}

func (g *guard) rule(t acl.Tuple) ruling {
	epoch, key := g.d.epoch.Load(), keyOf(t)
	if r, ok := g.flows.find(epoch, key); ok {
		return r
	}
	r := rulingOn(g.d.spd.Load(), t)
	g.flows.remember(key, r)
	return r
}

func rulingOn(s *spd, t acl.Tuple) ruling {
	switch {
	case s.ambiguous(t):
		return unclear
	case s.mustBeProtected(t):
		return mustNotBeClear
	}
	return passes
}
