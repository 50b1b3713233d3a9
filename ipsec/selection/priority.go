package selection

import "math"

// FirstPriority is the first priority of ours. They are the last that anybody uses, so
// that policies of others are asked before and keep their say.
const FirstPriority uint32 = 0xff000000

// MaxClauses is how many policies of one direction there can be: with half of the
// indexes there is always a free one.
const MaxClauses = 1 << 20

// priorityStep is how far apart the priorities of clauses are to begin with, so that
// a clause may come between two others and leave them alone.
const priorityStep uint32 = 1024

// Priorities returns the priorities of clauses, in their order. A clause keeps the one
// it has, old, where that is above those before it; 0 means that it has none. Only if
// there is no room for a new one, all get others.
func Priorities(old []uint32) []uint32 {
	now := make([]uint32, len(old))
	last := FirstPriority
	for i := 0; i < len(old); {
		if old[i] > last {
			now[i], last = old[i], old[i]
			i++
			continue
		}
		end := i // of those that need one
		for end < len(old) && old[end] <= last {
			end++
		}
		room := math.MaxUint32 - last
		if end < len(old) {
			room = old[end] - last
		}
		step := min(room/uint32(end-i+1), priorityStep)
		if step == 0 {
			return evenly(len(old))
		}
		for ; i < end; i++ {
			last += step
			now[i] = last
		}
	}
	return now
}

// evenly returns n priorities as far apart as there is room for.
func evenly(n int) []uint32 {
	all := make([]uint32, n)
	step := min(priorityStep, (math.MaxUint32-FirstPriority)/uint32(n+1))
	for i := range all {
		all[i] = FirstPriority + uint32(i+1)*step
	}
	return all
}
