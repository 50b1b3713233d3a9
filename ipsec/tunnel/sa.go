package tunnel

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// softSequence is where an SA asks to be replaced because of its sequence numbers,
// which do not wrap: nine tenths of them.
const softSequence = 1 << 32 / 10 * 9

// An outboundSA is one SA that we send with. Packets of several goroutines may meet
// in it.
type outboundSA struct {
	*ipsec.SA
	outer outer
	pmtu  atomic.Int32 // of the path to the peer, outer headers included
	done  atomic.Bool  // a hard limit was reached: never chosen again
	sent  traffic

	mu    sync.Mutex // for what follows
	esp   *esp.Outbound
	limit limits
}

// An inboundSA is one SA that we receive with.
type inboundSA struct {
	*ipsec.SA
	received traffic

	mu      sync.Mutex // for what follows
	esp     *esp.Inbound
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
}

// limits are an SA's bounds, and which of them was reported.
type limits struct {
	soft, hard         uint64 // octets of inner packets; 0: none
	softTold, hardTold bool
}

func limitsOf(sa *ipsec.SA) limits { return limits{soft: sa.Soft.Octets, hard: sa.Hard.Octets} }

// exceeded reports whether one more packet would pass the hard limit.
func (l *limits) exceeded(octets uint64, packet int) bool {
	return l.hard != 0 && octets+uint64(packet) > l.hard
}

// tellSoft reports, once, that octets or sequence reached the soft limit.
func (l *limits) tellSoft(octets uint64, sequence uint32) bool {
	if l.softTold || (l.soft == 0 || octets < l.soft) && sequence < softSequence {
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

// seal protects the inner packet of n octets that lies in b behind headroom, and
// returns the ESP packet with room for the outer headers in front, in b. told says
// which limit the owner has to hear of, if any.
func (sa *outboundSA) seal(b *buffer, n int) (packet []byte, told *ipsec.Expired, err error) {
	sa.mu.Lock()
	defer sa.mu.Unlock()
	if sa.limit.exceeded(sa.sent.octets.Load(), n) {
		return nil, sa.used(), esp.DropError(ipsec.DropExpired)
	}
	end := headroom - sa.esp.HeaderLen()
	start := end - sa.outer.size()
	packet, err = sa.esp.Seal(b[start:end], b[headroom:headroom+n], esp.NextIPv4)
	if errors.Is(err, esp.DropError(ipsec.DropExpired)) {
		return nil, sa.used(), err
	}
	if err != nil {
		return nil, nil, err
	}
	if sa.limit.tellSoft(sa.sent.add(n), sa.esp.Sequence()) {
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

func (sa *outboundSA) counters() ipsec.Counters {
	sa.mu.Lock()
	defer sa.mu.Unlock()
	return ipsec.Counters{
		Packets: sa.sent.packets.Load(), Octets: sa.sent.octets.Load(), Sequence: uint64(sa.esp.Sequence()),
	}
}

func (sa *inboundSA) counters() ipsec.Counters {
	sa.mu.Lock()
	defer sa.mu.Unlock()
	return ipsec.Counters{
		Packets: sa.received.packets.Load(), Octets: sa.received.octets.Load(), Sequence: uint64(sa.esp.Sequence()),
	}
}
