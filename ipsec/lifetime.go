package ipsec

import "time"

// A Lifetime bounds an SA. A zero field is no bound.
type Lifetime struct {
	Duration time.Duration
	Octets   uint64 // of inner packets
}

// Min returns the tighter of each bound, which is what two peers agree on.
func (l Lifetime) Min(other Lifetime) Lifetime {
	return Lifetime{
		Duration: tighter(l.Duration, other.Duration),
		Octets:   tighter(l.Octets, other.Octets),
	}
}

// tighter returns the smaller of two bounds. Zero bounds nothing.
func tighter[T time.Duration | uint64](a, b T) T {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
