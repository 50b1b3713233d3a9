package tunnel

import (
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/ah"
	"sallyport/ipsec/esp"
)

// An outboundSA is one SA that we send with. Packets of several goroutines may meet
// in it. One that has moved to another address is another outboundSA, that works on the
// same sealing.
type outboundSA struct {
	*ipsec.SA
	outer outer
	*sealing
}

// A sealing is what stays of an outboundSA wherever it goes.
type sealing struct {
	pmtu atomic.Int32 // of the path to the peer, outer headers included
	done atomic.Bool  // a hard limit was reached: never chosen again
	sent traffic

	mu    sync.Mutex    // for what follows
	esp   *esp.Outbound // nil: AH alone
	ah    *ah.Outbound  // nil: ESP alone; with both ESP is inside
	limit limits
}

// An inboundSA is one SA that we receive with, and an opening what stays of it, as a
// sealing does.
type inboundSA struct {
	*ipsec.SA
	*opening
}

type opening struct {
	received traffic

	mu      sync.Mutex   // for what follows
	esp     *esp.Inbound // nil: AH alone
	ah      *ah.Inbound  // nil: ESP alone; with both ESP is inside
	limit   limits
	peer    netip.AddrPort // where its packets come from, if encapsulated
	ports   datagrams
	allowed verdict
}

// A verdict is the last answer of the selector check: packets come in flows, and
// one memory is enough to spare most of them the search.
type verdict struct {
	epoch uint64
	key   flowKey
	ok    bool
	to    io.Writer // the device that the packet comes out of
}

// limits are an SA's bounds, and which of them was reported.
type limits struct {
	soft, hard         uint64 // octets of inner packets; 0: none
	sequence           uint64 // where the SA asks to be replaced; the numbers do not wrap
	softTold, hardTold bool
}

// limitsOf returns the bounds of an SA, with nine tenths of the sequence numbers that it
// has.
func limitsOf(sa *ipsec.SA) limits {
	return limits{soft: sa.Soft.Octets, hard: sa.Hard.Octets, sequence: esp.LastSequence(sa) / 10 * 9}
}

// exceeded reports whether one more packet would pass the hard limit.
func (l *limits) exceeded(octets uint64, packet int) bool {
	return l.hard != 0 && octets+uint64(packet) > l.hard
}

// tellSoft reports, once, that octets or sequence reached the soft limit.
func (l *limits) tellSoft(octets, sequence uint64) bool {
	if l.softTold || (l.soft == 0 || octets < l.soft) && sequence < l.sequence {
		return false
	}
	l.softTold = true
	return true
}

// tellHard reports once that the hard limit was reached.
func (l *limits) tellHard() bool {
	first := !l.hardTold
	l.hardTold = true
	return first
}

// chosenFor reports whether a packet that leaves may go with this SA.
func (sa *outboundSA) chosenFor(t acl.Tuple) bool {
	return !sa.done.Load() && sa.Selector.Contains(t)
}

// seal protects the inner packet that lies in b behind headroom, and returns the outer
// packet, in b. id tells its fragments from those of others. told says which limit the
// owner has to hear of, if any.
func (sa *outboundSA) seal(b *buffer, f *frame, id uint16) (packet []byte, told *ipsec.Expired, err error) {
	n := f.inner()
	sa.mu.Lock()
	defer sa.mu.Unlock()
	if sa.limit.exceeded(sa.sent.octets.Load(), n) {
		return nil, sa.used(), esp.DropError(ipsec.DropExpired)
	}
	packet, err = sa.wrap(b, f, id)
	if errors.Is(err, esp.DropError(ipsec.DropExpired)) {
		return nil, sa.used(), err
	}
	if err != nil {
		return nil, nil, err
	}
	if sa.limit.tellSoft(sa.sent.add(n), sa.sequence()) {
		told = &ipsec.Expired{SA: sa.ID}
	}
	return packet, told, nil
}

// used marks the SA as used up, and returns the event the first time.
func (sa *outboundSA) used() *ipsec.Expired {
	sa.done.Store(true)
	if !sa.limit.tellHard() {
		return nil
	}
	return &ipsec.Expired{SA: sa.ID, Hard: true}
}

// sequence returns the number of the last packet, in the numbers of the SA's own name.
func (sa *outboundSA) sequence() uint64 {
	if sa.esp == nil {
		return sa.ah.Sequence()
	}
	return sa.esp.Sequence()
}

func (sa *inboundSA) sequence() uint64 {
	if sa.esp == nil {
		return sa.ah.Sequence()
	}
	return sa.esp.Sequence()
}

// counters returns what the SA has done, under its own name or that of a bundle's AH:
// both parts do the same packets, and have sequence numbers of their own.
func (sa *outboundSA) counters(p ipsec.Protocol) ipsec.Counters {
	sa.mu.Lock()
	defer sa.mu.Unlock()
	sequence := sa.sequence()
	if p == ipsec.AH {
		sequence = sa.ah.Sequence()
	}
	return sa.sent.counters(sequence)
}

func (sa *inboundSA) counters(p ipsec.Protocol) ipsec.Counters {
	sa.mu.Lock()
	defer sa.mu.Unlock()
	sequence := sa.sequence()
	if p == ipsec.AH {
		sequence = sa.ah.Sequence()
	}
	c := sa.received.counters(sequence)
	if p == ipsec.AH {
		c.ICVFailures, c.OtherICV = sa.ah.Failures()
	} else {
		c.ICVFailures, c.OtherICV = sa.esp.Failures()
	}
	return c
}
