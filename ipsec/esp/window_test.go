package esp

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"sallyport/ipsec"
)

// naive is the window as RFC 4303 §3.4.3 says it, with all numbers kept.
type naive struct {
	size    int64
	highest int64
	seen    map[uint64]bool
}

func (n *naive) check(sequence uint64) bool {
	if n.size == 0 {
		return true
	}
	return sequence != 0 && int64(sequence) > n.highest-n.size && !n.seen[sequence]
}

func (n *naive) accept(sequence uint64) {
	n.seen[sequence] = true
	n.highest = max(n.highest, int64(sequence))
}

func newWindow(size int) Window { return NewWindow(&ipsec.SA{Window: size}) }

// compare gives both the same numbers, and fails at the first they do not agree on.
func compare(t *testing.T, size int, numbers []uint64) {
	t.Helper()
	w, n := newWindow(size), naive{size: int64(size), seen: map[uint64]bool{}}
	for i, sequence := range numbers {
		got, want := w.Check(sequence), n.check(sequence)
		if got != want {
			t.Fatalf("window of %d at %d: Check(%d), number %d, = %v, want %v", size, n.highest, sequence, i, got, want)
		}
		if want {
			w.Accept(sequence)
			n.accept(sequence)
		}
		if int64(w.Highest()) != n.highest {
			t.Fatalf("window of %d: Highest() = %d, want %d", size, w.Highest(), n.highest)
		}
	}
}

func TestWindow(t *testing.T) {
	for _, test := range []struct {
		name    string
		size    int
		before  []uint64 // accepted
		number  uint64
		isFresh bool
	}{
		{"first", 64, nil, 1, true},
		{"first is far", 64, nil, 1 << 31, true},
		{"zero", 64, nil, 0, false},
		{"zero later", 64, []uint64{5}, 0, false},
		{"next", 64, []uint64{1}, 2, true},
		{"repeated", 64, []uint64{1, 2}, 1, false},
		{"repeated right edge", 64, []uint64{9}, 9, false},
		{"late", 64, []uint64{9}, 8, true},
		{"left edge", 64, []uint64{100}, 37, true},
		{"left of the window", 64, []uint64{100}, 36, false},
		{"left edge, odd size", 100, []uint64{1000}, 901, true},
		{"left of the window, odd size", 100, []uint64{1000}, 900, false},
		{"left edge, largest", 1024, []uint64{5000}, 3977, true},
		{"left of the window, largest", 1024, []uint64{5000}, 3976, false},
		{"seen, then a jump within the window", 1024, []uint64{5, 1000}, 5, false},
		{"same bit of the ring, a ring later", 1024, []uint64{7, 7 + 2048}, 7 + 2048 - 1, true},
		{"same bit of the ring, jump of the ring", 64, []uint64{7, 7 + 2048}, 7 + 2048, false},
		{"a jump over many rings", 1024, []uint64{7, 1 << 30}, 1<<30 - 1023, true},
		{"last number", 64, []uint64{math.MaxUint32 - 1}, math.MaxUint32, true},
		{"last number repeated", 64, []uint64{math.MaxUint32}, math.MaxUint32, false},
		{"first number after the last", 64, []uint64{math.MaxUint32}, 1, false},
		{"off: repeated", 0, []uint64{1}, 1, true},
		{"off: zero", 0, nil, 0, true},
		{"off: long ago", 0, []uint64{1 << 30}, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWindow(test.size)
			for _, sequence := range test.before {
				w.Accept(sequence)
			}
			for range 2 { // asking changes nothing
				if got := w.Check(test.number); got != test.isFresh {
					t.Errorf("after %d, Check(%d) = %v, want %v", test.before, test.number, got, test.isFresh)
				}
			}
		})
	}
}

// TestWindowAgainstNaive walks through the numbers with reordering, repetition and
// jumps of all lengths.
func TestWindowAgainstNaive(t *testing.T) {
	for _, size := range []int{32, 33, 63, 64, 65, 100, 128, 256, 512, 1000, 1023, 1024} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			draw := rand.New(rand.NewPCG(uint64(size), 1))
			var numbers []uint64
			edge := uint64(0)
			for range 20000 {
				switch draw.IntN(20) {
				case 0:
					edge += uint64(draw.IntN(4 * size)) // over the window
				case 1:
					edge += uint64(draw.IntN(5000)) // over the ring
				default:
					edge += uint64(draw.IntN(3))
				}
				numbers = append(numbers, edge-min(edge, uint64(draw.IntN(size+size/4))))
			}
			compare(t, size, numbers)
		})
	}
}

func TestNewWindowSizes(t *testing.T) {
	for _, test := range []struct {
		size int
		want uint64
	}{
		{-1, 0}, {0, 0}, {32, 32}, {1024, 1024}, {1025, 1024}, {math.MaxInt, 1024},
	} {
		if w := newWindow(test.size); uint64(w.size) != test.want {
			t.Errorf("NewWindow(%d) has %d, want %d", test.size, w.size, test.want)
		}
	}
}

// FuzzWindow reads numbers of 4 octets, each as a distance from the one before.
func FuzzWindow(f *testing.F) {
	f.Add(uint16(64), []byte{0, 0, 0, 1, 0, 0, 0, 5, 255, 255, 255, 254, 0, 0, 8, 0})
	f.Add(uint16(1024), []byte{0x7f, 255, 255, 255, 0x7f, 255, 255, 255, 0, 0, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, size uint16, steps []byte) {
		var numbers []uint64
		sequence := uint64(0)
		for ; len(steps) >= 4; steps = steps[4:] {
			sequence += uint64(binary.BigEndian.Uint32(steps))
			numbers = append(numbers, sequence)
		}
		compare(t, 32+int(size)%(1024-32+1), numbers)
	})
}

func BenchmarkWindow(b *testing.B) {
	w, sequence := newWindow(1024), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		sequence++
		if !w.Check(sequence) {
			b.Fatal("not new")
		}
		w.Accept(sequence)
	}
}
