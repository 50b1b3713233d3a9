package loop

import (
	"sallyport/ike"
	"sallyport/ipsec"
)

// Input hands the engine an input. When a queue is full, what the network or
// the dataplane brought is dropped and counted; what an operator wants
// (SetConfig, Reset) waits. After Run has ended every input is dropped.
func (l *Loop) Input(in ike.Input) {
	switch order := in.(type) {
	case ike.Datagram:
		l.offer(l.datagrams, in, QueueDatagrams)
	case ike.Acquire, ike.Expire, ike.Moved:
		l.offer(l.notices, in, QueueNotices)
	case ike.Clear:
		l.order(func() { l.clear(order) })
	default:
		l.order(func() { l.feed(in) })
	}
}

// order has the engine's goroutine do something, after what was ordered before,
// and reports false if Run has ended.
func (l *Loop) order(do func()) bool {
	select {
	case l.operator <- do:
		return true
	case <-l.done:
		return false
	}
}

// Notify hands the engine an event of the dataplane. It never blocks. An event
// that does not fit is dropped: a packet that still has no SA raises its
// Acquire again, and an SA whose soft limit went unheard ends at its hard one.
func (l *Loop) Notify(event ipsec.Event) {
	switch e := event.(type) {
	case ipsec.Acquire:
		l.Input(ike.Acquire{Policy: e.Policy, Rule: e.Rule, Packet: e.Packet})
	case ipsec.Expired:
		l.Input(ike.Expire{SA: e.SA, Hard: e.Hard})
	case ipsec.Moved:
		l.Input(ike.Moved{SA: e.SA, Remote: e.Remote})
	}
}

// offer queues an input, or drops and counts it.
func (l *Loop) offer(queue chan<- ike.Input, in ike.Input, name Queue) {
	select {
	case queue <- in:
	default:
		l.overload(name)
	}
}

// Status returns the engine's status after everything that an operator wanted
// before; nil after Run has ended.
func (l *Loop) Status() []ike.Status { return ask(l, Engine.Status) }

// Failures returns the engine's latest failures, likewise.
func (l *Loop) Failures() []ike.Failure { return ask(l, Engine.Failures) }

// Offlines returns the peers that went offline lately, likewise.
func (l *Loop) Offlines() []ike.Offline { return ask(l, Engine.Offlines) }

// Fallbacks returns the policies whose traffic goes in clear, likewise.
func (l *Loop) Fallbacks() []ike.Fallback { return ask(l, Engine.Fallbacks) }

// History returns the tunnels that went down lately, likewise.
func (l *Loop) History() []ike.History {
	return ask(l, func(e Engine) []ike.History { return e.History(l.config.Now()) })
}

// Counts returns what the engine has counted, likewise.
func (l *Loop) Counts() ike.Counts { return ask(l, Engine.Counts) }

// Refusals returns what the engine refused, likewise, and behind it what was
// dropped before it came there.
func (l *Loop) Refusals() []ike.Refusal {
	return ask(l, func(e Engine) []ike.Refusal {
		return append(e.Refusals(), l.Counters().since(l.cleared).refusals()...)
	})
}

// clear has the engine forget, and with its refusals the loop's own.
func (l *Loop) clear(in ike.Clear) {
	l.feed(in)
	if in.Refusals {
		l.cleared = l.Counters()
	}
}

// ask puts a question to the engine on its own goroutine. The answer's channel
// has room, so an asker that has gone away does not hold the engine up.
func ask[T any](l *Loop, question func(Engine) T) (answer T) {
	reply := make(chan T, 1)
	if !l.order(func() { reply <- question(l.config.Engine) }) {
		return answer
	}
	select {
	case answer = <-reply:
	case <-l.done: // the order was accepted too late
	}
	return answer
}
