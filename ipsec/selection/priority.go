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
// it has, old, where that is above those before it; 0 means that it has none. Where there
// is no room for a new one its neighbours get others too, as few as will do: each change
// costs the kernel as much as there are clauses.
func Priorities(old []uint32) []uint32 {
	now := make([]uint32, len(old))
	for i := 0; i < len(old); {
		last := before(now, i)
		if old[i] > last {
			now[i] = old[i]
			i++
			continue
		}
		end := i // of those that need one
		for end < len(old) && old[end] <= last {
			end++
		}
		i = spread(old, now, i, end)
	}
	return now
}

// Room is how many clauses a place that many come to is made ready for.
const Room = 1 << 20

// Spaced is Priorities with room for others to come: behind the i-th for each i that is in
// spaces and has no priority yet, as for a mark, which is no clause but takes a place. They
// share what there is if they are many.
func Spaced(old []uint32, spaces []int) []uint32 {
	if len(spaces) == 0 {
		return Priorities(old)
	}
	slots := max(Room/int(priorityStep)/(1+len(spaces)/8), 1)
	wide, at := make([]uint32, 0, len(old)+slots), make([]int, len(old))
	for i, p := range old {
		at[i] = len(wide)
		wide = append(wide, p)
		if len(spaces) > 0 && spaces[0] == i {
			spaces = spaces[1:]
			if p == 0 {
				wide = append(wide, make([]uint32, slots)...)
			}
		}
	}
	all := Priorities(wide)
	for i := range at {
		old[i] = all[at[i]]
	}
	return old
}

// before returns the priority that the i-th has to be above.
func before(now []uint32, i int) uint32 {
	if i == 0 {
		return FirstPriority
	}
	return now[i-1]
}

// roomy is how far apart priorities are to be where neighbours had to make room.
const roomy = 16

// spread gives priorities to the clauses from low to end, and returns where the first is
// that may keep its own. As long as there is no room it takes neighbours in, on both sides.
func spread(old, now []uint32, low, end int) int {
	for width, enough := 1, uint32(1); ; width, enough = 2*width, roomy {
		last, room := before(now, low), math.MaxUint32-before(now, low)
		if end < len(old) {
			room = old[end] - last
		}
		step := min(room/uint32(end-low+1), priorityStep)
		if step >= enough || low == 0 && end == len(old) {
			for ; low < end; low++ {
				last += step
				now[low] = last
			}
			return end
		}
		low, end = max(low-width, 0), min(end+width, len(old))
		for end < len(old) && old[end] <= before(now, low) {
			end++
		}
	}
}
