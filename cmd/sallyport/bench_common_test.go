package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sallyport/platform/netns/strongswan"
)

// The benchmarks of a figure that strongSwan can show too print its figure in a
// comment line above theirs:
//
//	# strongswan-5.9.8 BenchmarkTCP 400 Mbit/s

var (
	askedMu sync.Mutex
	asked   = map[string]bool{} // by name of the benchmark
)

// once runs ask the first time that the benchmark is run (the testing package
// runs it several times), if the peer can be run at all. At that time no part
// of the benchmark's own line is printed yet.
func once(b *testing.B, ask func()) {
	askedMu.Lock()
	defer askedMu.Unlock()
	if asked[b.Name()] || strongswan.Missing() != "" {
		return
	}
	asked[b.Name()] = true
	b.StopTimer()
	ask()
	b.ResetTimer()
	b.StartTimer()
}

// peerFigure prints a figure of strongSwan's.
func peerFigure(b *testing.B, value float64, unit string) {
	fmt.Printf("# strongswan-5.9.8 %s %.0f %s\n", b.Name(), value, unit)
}

// processCPU returns the processor time that the threads of a process have
// used so far. Those that have ended are not counted; the daemons have none.
func processCPU(t testing.TB, pid int) time.Duration {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("process %d has no schedstat: it has ended, or the kernel keeps none", pid)
	}
	var sum time.Duration
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended since
		}
		var ran time.Duration // the first of three numbers, in nanoseconds
		if _, err := fmt.Sscan(string(text), (*int64)(&ran)); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		sum += ran
	}
	return sum
}
