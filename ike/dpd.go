package ike

import (
	"cmp"
	"slices"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Dead peer detection: RFC 3706. Each current ISAKMP SA whose peer has announced it has one
// timer. When it fires, the dataplane is asked what has passed since it fired last; nothing is
// done for a packet.

// What is configured nowhere.
const (
	dpdIdle       = 30 * time.Second
	dpdRetransmit = 15 * time.Second
	dpdRetries    = 3
)

// dpd returns how a peer is watched, with nothing left open.
func (e *Engine) dpd(p *Peer) DPD {
	own, box := p.DPD, e.config.DPD
	return DPD{
		Type:       cmp.Or(own.Type, box.Type),
		Idle:       cmp.Or(own.Idle, box.Idle, dpdIdle),
		Retransmit: cmp.Or(own.Retransmit, box.Retransmit, dpdRetransmit),
		Retries:    cmp.Or(own.Retries, box.Retries, dpdRetries),
		Order:      cmp.Or(own.Order, box.Order, DPDHashNotify),
	}
}

// watch begins to watch the peer, or ends it, as s and the configuration are now.
func (s *sa) watch() {
	e := s.engine
	s.watchHeartbeats()
	d := e.dpd(s.peer)
	switch {
	case !s.current() || !s.peerCan.DPD || d.Type == DPDUnset && !s.pulse.doubted:
		e.schedule.clear(&s.pulse.timer)
		s.pulse.probes = 0
	case s.pulse.timer.place == 0:
		s.pulse.sequence = max(s.pulse.sequence, s.firstSequence())
		s.lookAfter(d.Idle)
	case s.pulse.timer.at.Sub(e.now) > max(d.Idle, d.Retransmit):
		s.lookAfter(d.Idle)
	}
}

// rewatch watches all peers as the box-wide settings are now, if they have changed.
func (e *Engine) rewatch(before *Config) {
	if before.DPD == e.config.DPD && before.Heartbeat == e.config.Heartbeat {
		return
	}
	for _, s := range e.sasSorted() {
		s.watch()
	}
}

// current reports whether s is in use.
func (s *sa) current() bool { return s.established && !s.replaced && !s.gone }

// lookAfter sets the timer.
func (s *sa) lookAfter(d time.Duration) {
	s.engine.schedule.set(&s.pulse.timer, s.engine.now.Add(d), s.look)
}

// look is what the timer does: it waits on, probes, or gives the peer up.
func (s *sa) look() {
	e, d := s.engine, s.engine.dpd(s.peer)
	came, went := s.flowing(d.Type)
	silent := e.now.Sub(later(s.heard, came))
	patience := d.Idle
	switch {
	case s.pulse.doubted:
		patience = time.Duration(s.pulse.probes) * d.Retransmit // only what came since
	case s.pulse.probes > 0:
		patience += d.Retransmit // what was heard after the first of them is less old
	}
	switch {
	case !came.IsZero(), silent < patience:
		s.rest(min(d.Idle, d.Idle-silent))
	case s.pulse.probes >= d.Retries:
		s.lost("dpd timeout")
	case s.pulse.probes == 0 && d.Type == DPDOnDemand && !went:
		s.rest(d.Idle)
	default:
		s.probe(d)
	}
}

// rest waits for the next look: the peer lives, or nobody wants to know.
func (s *sa) rest(d time.Duration) {
	s.pulse.probes, s.pulse.doubted = 0, false
	s.lookAfter(max(d, time.Second))
	s.watch()
}

// question has an SA whose name somebody elsewhere has proved show that its peer lives, however it is
// watched otherwise: else it was the same box, which has moved. One that cannot be asked is left
// to its lifetime.
func (s *sa) question() {
	if !s.current() || !s.peerCan.DPD || s.pulse.doubted {
		return
	}
	d := s.engine.dpd(s.peer)
	s.pulse.doubted, s.pulse.probes = true, 0
	s.watch()
	s.flowing(d.Type) // only what comes from now on counts
	s.probe(d)
}

// probe asks the peer for a sign of life, again with the same number if it has not answered.
func (s *sa) probe(d DPD) {
	if s.pulse.probes == 0 {
		s.pulse.sequence++
	}
	s.pulse.probes++
	s.sign(wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, s.pulse.sequence), d.Order)
	s.lookAfter(d.Retransmit)
}

// inProbe takes the number of a R-U-THERE. The latest may come again in another message: our
// answer was lost.
func (s *sa) inProbe(number uint32, id wire.MessageID) (fresh bool, err error) {
	p := &s.pulse
	switch {
	case p.theirID == 0 || ahead(number, p.theirs):
		fresh = !p.resumed
	case number != p.theirs || id == p.theirID:
		return false, reject(UnexpectedMessage, "R-U-THERE %d comes after %d", number, p.theirs)
	}
	p.theirs, p.theirID = number, id
	return fresh, nil
}

// inAnswer takes the number of a R-U-THERE-ACK.
func (s *sa) inAnswer(number uint32, _ wire.MessageID) (fresh bool, err error) {
	if s.pulse.probes == 0 || number != s.pulse.sequence {
		return false, reject(UnexpectedMessage, "R-U-THERE-ACK %d is no answer to a probe of ours", number)
	}
	s.rest(s.engine.dpd(s.peer).Idle)
	return true, nil
}

// A flowing is what was seen of a pair's counters at the last look.
type flowing struct{ in, out uint64 }

// flowing returns when the last ESP or AH of the party has come, if some has since the last look,
// else zero; and whether some was sent, which only on-demand detection wants to know. If nobody can
// tell, it was.
func (s *sa) flowing(t DPDType) (came time.Time, went bool) {
	counters := s.engine.options.Counters
	if counters == nil {
		return came, true
	}
	moved := func(seen *uint64, id ipsec.SAID) (at time.Time) {
		c, _ := counters(id)
		if c.Packets > *seen {
			at = s.engine.lastUsed(c)
		}
		*seen = c.Packets
		return at
	}
	for _, c := range s.engine.pairs[s.party] {
		if !c.up || !s.ownsPair(c) {
			continue
		}
		came = later(came, moved(&c.flowing.in, c.in.ID))
		went = t == DPDOnDemand && !moved(&c.flowing.out, c.out.ID).IsZero() || went
	}
	return came, went
}

// lastUsed returns when the last packet passed: at the end of the second that the dataplane names,
// and now if it names none.
func (e *Engine) lastUsed(c ipsec.Counters) time.Time {
	at := c.LastUsed.Add(time.Second)
	if c.LastUsed.IsZero() || at.After(e.now) {
		return e.now
	}
	return at
}

// lost ends all that we have with a box that does not live any more, without a word to it. If it
// has only moved, it is told where it is now. What is to be up is begun at once, with the next of
// the peer's addresses; the rest when there is traffic.
func (s *sa) lost(reason string) {
	e, with, peer := s.engine, s.party, s.peer
	var wanted []flowKey
	for _, c := range slices.Clone(e.pairs[with]) {
		if !s.ownsPair(c) {
			continue
		}
		if p := e.policies[c.flow.key.policy]; p != nil && p.Auto && !c.replaced {
			wanted = append(wanted, c.flow.key)
		}
		if o := e.current(with); o != nil && !s.owns(o.remote) {
			o.inform(spisOf(c.in).deletes()...)
		}
		c.remove(reason)
	}
	for _, o := range slices.Clone(e.byParty[with]) {
		if o.established && s.owns(o.remote) {
			o.remove(reason)
		}
	}
	e.passOver(peer, with)
	for _, k := range wanted {
		f := e.flow(k)
		e.schedule.clear(&f.retry)
		e.want(f)
		e.idle(f)
	}
}
