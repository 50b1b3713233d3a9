package selection

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPriorities(t *testing.T) {
	const first, step = FirstPriority, priorityStep
	for _, test := range []struct {
		name      string
		old, want []uint32
	}{
		{"none", nil, nil},
		{"new ones", []uint32{0, 0}, []uint32{first + step, first + 2*step}},
		{"the same", []uint32{first + 1, first + 9}, []uint32{first + 1, first + 9}},
		{"one before", []uint32{0, first + step, first + 2*step}, []uint32{first + step/2, first + step, first + 2*step}},
		{"two between", []uint32{first + 1, 0, 0, first + 10}, []uint32{first + 1, first + 4, first + 7, first + 10}},
		{"one behind", []uint32{first + 7, 0}, []uint32{first + 7, first + 7 + step}},
		{"the last comes first", []uint32{first + 9, first + 1}, []uint32{first + 9, first + 9 + step}},
		{"no room before", []uint32{0, first + 1}, []uint32{first + step, first + 2*step}},
		{"no room between", []uint32{first + 1, 0, first + 2}, []uint32{first + step, first + 2*step, first + 3*step}},
		{"little room behind", []uint32{math.MaxUint32 - 2, 0}, []uint32{math.MaxUint32 - 2, math.MaxUint32 - 1}},
		{"no room behind", []uint32{math.MaxUint32, 0}, []uint32{first + step, first + 2*step}},
		{"of a program that counted from the first", []uint32{first, first + 1, 0}, []uint32{first + step, first + 2*step, first + 3*step}},
	} {
		if got := Priorities(test.old); !slices.Equal(got, test.want) {
			t.Errorf("%s: Priorities(%v) = %v, want %v", test.name, test.old, got, test.want)
		}
	}
}

// TestPrioritiesRise inserts and moves at random: the order is always the one wanted,
// and few change.
func TestPrioritiesRise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	list := Priorities(make([]uint32, 100))
	changed := 0
	for range 2000 {
		at := random.IntN(len(list))
		old := slices.Insert(slices.Clone(list), at, 0)
		list = Priorities(old)
		for i := range list {
			if list[i] < FirstPriority || i > 0 && list[i] <= list[i-1] {
				t.Fatalf("%d of %v", i, list)
			}
			if list[i] != old[i] {
				changed++
			}
		}
		gone := random.IntN(len(list))
		list = slices.Delete(list, gone, gone+1)
	}
	if changed > 4000 {
		t.Errorf("%d changes for 2000 clauses", changed)
	}
	if n := len(Priorities(make([]uint32, MaxClauses))); n != MaxClauses {
		t.Errorf("%d priorities", n)
	}
}

// TestPrioritiesStay: clauses that come one after the other at the same place among many,
// as those of one interface do, leave all but a few neighbours alone.
func TestPrioritiesStay(t *testing.T) {
	list, all := Priorities(make([]uint32, 6000)), 0
	for n := range 500 {
		old := slices.Insert(slices.Clone(list), 5000+n%2*n, 0)
		list = Priorities(old)
		changed := 0
		for i := range list {
			if i > 0 && list[i] <= list[i-1] {
				t.Fatalf("after %d: %d comes before %d", n, list[i-1], list[i])
			}
			if list[i] != old[i] {
				changed++
			}
		}
		if all += changed; changed > 500 {
			t.Fatalf("the %dth changes %d, want few", n, changed)
		}
	}
	if all > 5000 {
		t.Errorf("500 clauses change %d priorities, want ten for each at most", all)
	}
}
