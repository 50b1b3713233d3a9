package ike

import (
	"encoding/binary"
	"time"

	"sallyport/ike/wire"
)

// Heartbeats are Huawei's forerunner of dead peer detection: each end sends a notification at
// intervals, which nobody answers, and misses the other's. What it looks like on the wire is
// not documented. Ours has the number 32768, the cookies as its SPI, and for data a sequence
// number of four octets, which begins anywhere (`seq-num new`, draft-ietf-ipsec-heartbeats) or
// with 1 (`old`), and with `spi-list` for each inbound SA its protocol in one octet, three of
// zero, and its SPI. It is understood by this program at both ends; with others it is
// untried, and dead peer detection is to be preferred.

// A heartbeats is what is known of those under an ISAKMP SA.
type heartbeats struct {
	send, miss deadline
	sequence   uint32 // of our last
	theirs     uint32 // highest of the peer's
	seen       bool   // there was one
	late       bool   // the time-out is over once already: VRP's flag TIMEOUT
}

// heartbeatEntry is the length of an entry of the list of SPIs.
const heartbeatEntry = 8

// heartbeatNumber returns the sequence number of a heartbeat.
func heartbeatNumber(n wire.Notify) (uint32, bool) {
	if len(n.Data) < 4 || (len(n.Data)-4)%heartbeatEntry != 0 {
		return 0, false
	}
	return binary.BigEndian.Uint32(n.Data), true
}

// watchHeartbeats begins or ends heartbeats, as s and the configuration are now.
func (s *sa) watchHeartbeats() {
	e, b := s.engine, s.pulse.beats
	wanted := s.current() && e.config.Heartbeat != (Heartbeat{})
	if !wanted {
		if b != nil {
			e.schedule.clear(&b.send)
			e.schedule.clear(&b.miss)
			s.pulse.beats = nil
		}
		return
	}
	if b == nil {
		s.pulse.beats = s.newHeartbeats()
	}
	s.armHeartbeats()
}

// armHeartbeats sets those of the two timers that are configured and not set, and clears the
// others.
func (s *sa) armHeartbeats() {
	e, b := s.engine, s.pulse.beats
	for _, t := range []struct {
		timer *deadline
		after time.Duration
		fire  func()
	}{{&b.send, e.config.Heartbeat.Interval, s.beat}, {&b.miss, e.config.Heartbeat.Timeout, s.missed}} {
		switch {
		case t.after == 0:
			e.schedule.clear(t.timer)
		case t.timer.place == 0:
			e.schedule.set(t.timer, e.now.Add(t.after), t.fire)
		}
	}
}

// newHeartbeats chooses the numbers of ours: higher ones after a crash.
func (s *sa) newHeartbeats() *heartbeats {
	first := s.firstSequence()
	if !s.engine.config.Heartbeat.NewSeq {
		own := s.own()
		first -= binary.BigEndian.Uint32(own[:]) >> 2
	}
	return &heartbeats{sequence: first}
}

// beat sends a heartbeat.
func (s *sa) beat() {
	b := s.pulse.beats
	b.sequence++
	data := binary.BigEndian.AppendUint32(nil, b.sequence)
	if s.engine.config.Heartbeat.SPIs {
		data = s.appendSPIs(data)
	}
	s.sign(wire.NewNotify(wire.Heartbeat, s.cookieI, s.cookieR, data), DPDHashNotify)
	s.armHeartbeats()
}

// appendSPIs appends the list of our inbound SAs with the party.
func (s *sa) appendSPIs(b []byte) []byte {
	for _, c := range s.engine.pairs[s.party] {
		if c.up {
			b = append(b, byte(c.in.ID.Protocol), 0, 0, 0)
			b = binary.BigEndian.AppendUint32(b, uint32(c.in.ID.SPI))
		}
	}
	return b
}

// missed marks an SA whose peer has not been heard of for a time-out, and after another ends it.
func (s *sa) missed() {
	if b := s.pulse.beats; !b.late {
		b.late = true
		s.armHeartbeats()
		return
	}
	s.lost("heartbeat timeout")
}

// inHeartbeat takes the number of a heartbeat of the peer's.
func (s *sa) inHeartbeat(number uint32, _ wire.MessageID) (fresh bool, err error) {
	b := s.pulse.beats
	if b == nil {
		return false, reject(UnexpectedMessage, "a heartbeat, and none is configured")
	}
	if b.seen && !ahead(number, b.theirs) {
		return false, reject(UnexpectedMessage, "heartbeat %d comes after %d", number, b.theirs)
	}
	fresh = !s.pulse.resumed
	b.theirs, b.seen, b.late = number, true, false
	s.engine.schedule.clear(&b.miss)
	s.armHeartbeats()
	return fresh, nil
}
