package main

import "time"

// samplePeriod is the time between two looks that are kept.
const samplePeriod = 10 * time.Second

// samples are looks at something that grows, oldest first, so that what came in
// between is known.
type samples[T any] []sample[T]

type sample[T any] struct {
	at    time.Time
	value T
}

// keep adds a look and forgets those that are more than so many periods older.
func (s *samples[T]) keep(periods int, v sample[T]) {
	if len(*s) > periods {
		*s = append((*s)[:0], (*s)[len(*s)-periods:]...)
	}
	*s = append(*s, v)
}

// with returns the looks that are kept, or as long as there are not two, with the
// one that somebody takes now. So the time that they span is the same for all who
// ask, once the gateway has run so long.
func (s samples[T]) with(now sample[T]) samples[T] {
	if len(s) >= 2 {
		return s
	}
	return append(s[:len(s):len(s)], now)
}
