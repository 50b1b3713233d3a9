package footprint

import (
	"runtime"
	"testing"
)

func TestHeap(t *testing.T) {
	const size = 1 << 20
	before := Heap()
	held := make([]byte, size)
	with := Heap() - before
	runtime.KeepAlive(held)
	if without := Heap() - before; with < size || with > size+size/8 || without > size/8 {
		t.Errorf("%d octets are %d on the heap, and %d when they are gone", size, with, without)
	}
}

func TestOf(t *testing.T) {
	var asked int
	of := Of(func(_ testing.TB, n int) float64 { asked = n; return 100 })
	of.Test(t, 100)
	if asked != tunnels {
		t.Errorf("a footprint was taken of %d tunnels, want %d", asked, tunnels)
	}
}
