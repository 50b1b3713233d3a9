package tunnel

import (
	"errors"
	"io"
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
	peer    endpoint // where its packets come from, if encapsulated
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

// limits are which of an SA's bounds were reported.
type limits struct{ softTold, hardTold bool }

// exceeded reports whether one more packet would pass an SA's hard limit.
func exceeded(sa *ipsec.SA, octets uint64, packet int) bool {
	return sa.Hard.Octets != 0 && octets+uint64(packet) > sa.Hard.Octets
}

// tellSoft reports, once, that octets reached the soft limit of an SA, or sequence nine
// tenths of its numbers, which do not wrap.
func (l *limits) tellSoft(sa *ipsec.SA, octets, sequence uint64) bool {
	if l.softTold || (sa.Soft.Octets == 0 || octets < sa.Soft.Octets) && sequence < esp.LastSequence(sa)/10*9 {
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
	if exceeded(sa.SA, sa.sent.octets.Load(), n) {
		return nil, sa.used(), esp.DropError(ipsec.DropExpired)
	}
	packet, err = sa.wrap(b, f, id)
	if errors.Is(err, esp.DropError(ipsec.DropExpired)) {
		return nil, sa.used(), err
	}
	if err != nil {
		return nil, nil, err
	}
	if sa.limit.tellSoft(sa.SA, sa.sent.add(n), sa.sequence()) {
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
