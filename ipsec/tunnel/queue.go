package tunnel

import (
	"container/list"
	"time"

	"sallyport/acl"
	"sallyport/ipsec"
)

// What is kept while an SA is negotiated. Enough for the first packets of every
// connection that starts meanwhile; TCP repeats the rest.
const (
	maxHeldPackets = 64               // of one rule of a policy
	maxHeldOctets  = 1 << 20          // of all
	maxHeldTime    = 30 * time.Second // then nobody waits for it any more
	askInterval    = time.Second      // between two acquires of one rule
)

// A ruleKey is one permit rule of one policy: what an acquire is for.
type ruleKey struct {
	policy ipsec.PolicyID
	rule   uint32
}

// A heldPacket waits for an SA.
type heldPacket struct {
	key    ruleKey
	tuple  acl.Tuple
	packet []byte
	since  time.Time
}

// A queue holds packets that wait. When it is full the oldest go. The caller locks.
type queue struct {
	all    *list.List // of *heldPacket, oldest first
	rules  map[ruleKey]*waiting
	octets int
}

// waiting is one rule's part of the queue.
type waiting struct {
	packets []*list.Element // oldest first
	asked   time.Time       // of the last acquire
}

func newQueue() queue { return queue{all: list.New(), rules: make(map[ruleKey]*waiting)} }

// hold keeps a copy of the packet. It returns how many were dropped for it, and
// whether it is time to raise an acquire.
func (q *queue) hold(h heldPacket) (dropped int, ask bool) {
	w := q.rules[h.key]
	if w == nil {
		w = new(waiting)
		q.rules[h.key] = w
	}
	h.packet = append([]byte(nil), h.packet...)
	w.packets = append(w.packets, q.all.PushBack(&h))
	q.octets += len(h.packet)
	if len(w.packets) > maxHeldPackets {
		q.remove(w.packets[0])
		dropped++
	}
	for q.octets > maxHeldOctets {
		q.remove(q.all.Front())
		dropped++
	}
	if ask = h.since.Sub(w.asked) >= askInterval; ask {
		w.asked = h.since
	}
	return dropped, ask
}

// remove takes out one packet, which is the oldest of its rule unless the rule's
// packets are taken in another order.
func (q *queue) remove(e *list.Element) *heldPacket {
	h := q.all.Remove(e).(*heldPacket)
	q.octets -= len(h.packet)
	w := q.rules[h.key]
	for i, other := range w.packets {
		if other == e {
			w.packets = append(w.packets[:i], w.packets[i+1:]...)
			break
		}
	}
	return h
}

// take returns the packets of the policy that wanted accepts, oldest first, and
// holds them no longer.
func (q *queue) take(policy ipsec.PolicyID, wanted func(acl.Tuple) bool) []*heldPacket {
	var taken []*heldPacket
	q.each(func(e *list.Element, h *heldPacket) {
		if h.key.policy == policy && wanted(h.tuple) {
			taken = append(taken, q.remove(e))
		}
	})
	q.forget()
	return taken
}

// each calls f for every packet, oldest first; f may remove it.
func (q *queue) each(f func(*list.Element, *heldPacket)) {
	for e := q.all.Front(); e != nil; {
		next := e.Next()
		f(e, e.Value.(*heldPacket))
		e = next
	}
}

// drop removes the packets of a policy and returns how many there were.
func (q *queue) drop(policy ipsec.PolicyID) int {
	return len(q.take(policy, func(acl.Tuple) bool { return true }))
}

// expire removes the packets that have waited too long and returns how many.
func (q *queue) expire(now time.Time) (expired int) {
	for e := q.all.Front(); e != nil && now.Sub(e.Value.(*heldPacket).since) >= maxHeldTime; e = q.all.Front() {
		q.remove(e)
		expired++
	}
	if expired > 0 {
		q.forget()
	}
	return expired
}

// forget removes the rules that nothing waits for.
func (q *queue) forget() {
	for k, w := range q.rules {
		if len(w.packets) == 0 {
			delete(q.rules, k)
		}
	}
}
