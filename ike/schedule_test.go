package ike

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// fired lists what a schedule fires by now, by name.
type fired struct {
	schedule
	names []string
}

func (f *fired) at(d *deadline, seconds int, name string) {
	f.set(d, kitStart.Add(time.Duration(seconds)*time.Second), func() { f.names = append(f.names, name) })
}

func (f *fired) by(seconds int) string {
	f.names = nil
	f.fire(kitStart.Add(time.Duration(seconds) * time.Second))
	return strings.Join(f.names, " ")
}

func TestScheduleOrder(t *testing.T) {
	f := &fired{}
	var d [6]deadline
	for i, seconds := range []int{30, 10, 20, 10, 40, 20} {
		f.at(&d[i], seconds, fmt.Sprintf("%c%d", 'a'+i, seconds))
	}
	if at, ok := f.next(); !ok || !at.Equal(kitStart.Add(10*time.Second)) {
		t.Errorf("next() = %v, %v", at, ok)
	}
	for _, test := range []struct {
		by   int
		want string
	}{
		{9, ""},
		{20, "b10 d10 c20 f20"}, // ties in the order they were set
		{20, ""},
		{40, "a30 e40"},
		{99, ""},
	} {
		if got := f.by(test.by); got != test.want {
			t.Errorf("fire(%d s) ran %q, want %q", test.by, got, test.want)
		}
	}
	if at, ok := f.next(); ok {
		t.Errorf("next() of an empty schedule = %v", at)
	}
}

func TestScheduleSetAgainAndClear(t *testing.T) {
	f := &fired{}
	var a, b, c deadline
	f.at(&a, 10, "a")
	f.at(&b, 10, "b")
	f.at(&c, 10, "c")
	f.at(&a, 10, "a, set again")
	f.at(&b, 15, "b, later")
	f.clear(&c)
	f.clear(&c) // what is not set may be cleared
	if got := f.by(10); got != "a, set again" {
		t.Errorf("at 10 s %q ran", got)
	}
	f.at(&b, 12, "b, sooner")
	if got := f.by(12); got != "b, sooner" {
		t.Errorf("at 12 s %q ran", got)
	}
	if len(f.heap) != 0 || a.place+b.place+c.place != 0 {
		t.Errorf("%d are left", len(f.heap))
	}
}

func TestScheduleChangedWhileFiring(t *testing.T) {
	f := &fired{}
	var a, b, c, d deadline
	f.set(&a, kitStart, func() {
		f.names = append(f.names, "a")
		f.clear(&b)
		f.at(&a, 0, "a again") // due at once, but in the next call
		f.at(&d, -5, "d")
	})
	f.at(&b, 0, "b")
	f.at(&c, 1, "c")
	for _, want := range []string{"a", "d a again", ""} {
		if got := f.by(0); got != want {
			t.Errorf("%q ran, want %q", got, want)
		}
	}
	if got := f.by(1); got != "c" {
		t.Errorf("%q ran, want c", got)
	}
}

// TestScheduleAgainstSorting sets and clears at random, and compares with a list.
func TestScheduleAgainstSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		f := &fired{}
		due := map[int]int{}
		d := make([]deadline, 40)
		for range 200 {
			i, at := rng.IntN(len(d)), rng.IntN(30)
			if rng.IntN(4) == 0 {
				f.clear(&d[i])
				delete(due, i)
				continue
			}
			f.at(&d[i], at, fmt.Sprint(i))
			due[i] = at
		}
		var want []int
		for i, at := range due {
			if at <= 15 {
				want = append(want, i)
			}
		}
		slices.SortFunc(want, func(a, b int) int {
			if due[a] != due[b] {
				return due[a] - due[b]
			}
			return int(d[a].order) - int(d[b].order)
		})
		if got := f.by(15); got != strings.Trim(fmt.Sprint(want), "[]") {
			t.Fatalf("%q ran, want %v", got, want)
		}
	}
}
