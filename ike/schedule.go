package ike

import (
	"container/heap"
	"time"
)

// A deadline is a point in time at which fire is due. Its zero value is not
// set. It belongs to the exchange or SA whose field it is.
type deadline struct {
	at    time.Time
	order uint64 // ties are fired in the order they were set
	place int    // in the schedule, from 1; 0: not set
	fire  func()
}

// A schedule holds the deadlines that are set, the next one first, so that an
// engine with many SAs finds it without looking at all of them.
type schedule struct {
	heap  deadlines
	order uint64
}

// set makes d due at t, whether it was set before or not.
func (s *schedule) set(d *deadline, t time.Time, fire func()) {
	s.order++
	d.at, d.order, d.fire = t, s.order, fire
	if d.place > 0 {
		heap.Fix(&s.heap, d.place-1)
		return
	}
	heap.Push(&s.heap, d)
}

// clear makes d not due.
func (s *schedule) clear(d *deadline) {
	if d.place > 0 {
		heap.Remove(&s.heap, d.place-1)
		d.fire = nil
	}
}

// next returns the earliest deadline.
func (s *schedule) next() (time.Time, bool) {
	if len(s.heap) == 0 {
		return time.Time{}, false
	}
	return s.heap[0].at, true
}

// fire runs what is due, in order. What a deadline sets for now or earlier
// waits for the next call.
func (s *schedule) fire(now time.Time) {
	last := s.order
	for len(s.heap) > 0 && !s.heap[0].at.After(now) && s.heap[0].order <= last {
		f := s.heap[0].fire
		s.clear(s.heap[0])
		f()
	}
}

// deadlines is a heap.Interface.
type deadlines []*deadline

// Len is heap.Interface's.
func (h deadlines) Len() int { return len(h) }

// Less puts the earlier deadline first, and of two the one set first.
func (h deadlines) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}

// Swap is heap.Interface's; it keeps each deadline's place.
func (h deadlines) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

// Push is heap.Interface's.
func (h *deadlines) Push(x any) {
	d := x.(*deadline)
	*h = append(*h, d)
	d.place = len(*h)
}

// Pop is heap.Interface's.
func (h *deadlines) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	d.place = 0
	return d
}
