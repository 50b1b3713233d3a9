package tunnel

import (
	"slices"
	"testing"
	"time"

	"sallyport/acl"
)

func held(rule uint32, since time.Time, octets ...byte) heldPacket {
	return heldPacket{key: ruleKey{id(10), rule}, tuple: tuple(), packet: octets, since: since}
}

func everything(acl.Tuple) bool { return true }

// first returns the first octet of each packet.
func first(packets []*heldPacket) (octets []byte) {
	for _, h := range packets {
		octets = append(octets, h.packet[0])
	}
	return octets
}

var t0 = time.Unix(1e9, 0)

func TestQueueIsFirstInFirstOut(t *testing.T) {
	q := newQueue()
	packet := []byte{1}
	q.hold(held(5, t0, packet...))
	q.hold(held(10, t0, 2))
	q.hold(held(5, t0, 3))
	packet[0] = 99 // the queue has a copy
	if got := q.take(id(20), everything); got != nil {
		t.Errorf("another policy takes %v", first(got))
	}
	if got := q.take(id(10), func(acl.Tuple) bool { return false }); got != nil {
		t.Errorf("an SA of other traffic takes %v", first(got))
	}
	if got, want := first(q.take(id(10), everything)), []byte{1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("taken are %v, want %v", got, want)
	}
	if q.octets != 0 || q.all.Len() != 0 || len(q.rules) != 0 {
		t.Errorf("left are %d octets, %d packets, %d rules", q.octets, q.all.Len(), len(q.rules))
	}
}

func TestQueueBoundsARule(t *testing.T) {
	q := newQueue()
	q.hold(held(10, t0, 200))
	for i := range byte(maxHeldPackets + 3) {
		dropped, _ := q.hold(held(5, t0, i))
		if want := max(0, min(int(i)-maxHeldPackets+1, 1)); dropped != want {
			t.Errorf("packet %d: %d were dropped for it, want %d", i, dropped, want)
		}
	}
	got := first(q.take(id(10), everything))
	if len(got) != maxHeldPackets+1 || got[0] != 200 || got[1] != 3 {
		t.Errorf("kept are %v, want the other rule's and the last %d", got, maxHeldPackets)
	}
}

func TestQueueBoundsOctets(t *testing.T) {
	q := newQueue()
	const size = 60000
	dropped := 0
	for i := range uint32(20) { // one packet for each of many rules
		n, _ := q.hold(heldPacket{key: ruleKey{id(10), i}, packet: make([]byte, size), since: t0})
		dropped += n
	}
	if q.octets > maxHeldOctets || dropped != 20-maxHeldOctets/size {
		t.Errorf("%d octets are kept and %d packets dropped, want at most %d and %d", q.octets, dropped, maxHeldOctets, 20-maxHeldOctets/size)
	}
	if oldest := q.all.Front().Value.(*heldPacket).key.rule; oldest != uint32(dropped) {
		t.Errorf("the oldest kept is of rule %d, want %d", oldest, dropped)
	}
}

func TestQueueAsks(t *testing.T) {
	q := newQueue()
	for _, test := range []struct {
		rule  uint32
		after time.Duration
		want  bool
	}{
		{5, 0, true},
		{5, askInterval / 2, false},
		{10, askInterval / 2, true},
		{5, askInterval, true},
		{5, askInterval + 1, false},
		{5, 2 * askInterval, true},
	} {
		if _, ask := q.hold(held(test.rule, t0.Add(test.after), 1)); ask != test.want {
			t.Errorf("rule %d after %v: ask is %v, want %v", test.rule, test.after, ask, test.want)
		}
	}
	q.take(id(10), everything)
	if _, ask := q.hold(held(5, t0.Add(2*askInterval+1), 1)); !ask {
		t.Error("after an SA came and went nobody is asked for the next")
	}
}

func TestQueueExpires(t *testing.T) {
	q := newQueue()
	q.hold(held(5, t0, 1))
	q.hold(held(10, t0.Add(time.Second), 2))
	for _, test := range []struct {
		after time.Duration
		want  int
	}{{maxHeldTime - 1, 0}, {maxHeldTime, 1}, {maxHeldTime, 0}, {maxHeldTime + time.Second, 1}} {
		if got := q.expire(t0.Add(test.after)); got != test.want {
			t.Errorf("after %v expire %d, want %d", test.after, got, test.want)
		}
	}
	if len(q.rules) != 0 || q.octets != 0 {
		t.Errorf("left are %d rules, %d octets", len(q.rules), q.octets)
	}
}

func TestQueueDropsAPolicy(t *testing.T) {
	q := newQueue()
	q.hold(held(5, t0, 1))
	q.hold(held(10, t0, 2))
	if n := q.drop(id(20)); n != 0 {
		t.Errorf("%d packets of another policy", n)
	}
	if n := q.drop(id(10)); n != 2 {
		t.Errorf("%d packets dropped, want 2", n)
	}
}
