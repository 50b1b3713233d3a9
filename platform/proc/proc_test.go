package proc

import (
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"
)

// paper is a /proc of two processors.
func paper() fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"stat": "cpu  100 20 30 1000 50 6 7 8 90 1\ncpu0 50 10 15 500 25 3 3 4 45 0\ncpu1 50 10 15 500 25 3 4 4 45 1\n" +
			"intr 1 2 3 4 5 6 7 8 9 10\nctxt 5\nbtime 1\n",
		"loadavg":     "0.10 0.08 1.50 1/93 11731\n",
		"self/stat":   "42 (a ) name) R 1 42 42 0 -1 4194304 101 0 0 0 25 17 0 0 20 0 1 0 226921\n",
		"self/statm":  "1000 300 200 10 0 400 0\n",
		"meminfo":     "MemTotal:        2048 kB\nMemFree:          100 kB\nMemAvailable:    1024 kB\n",
		"unused/more": "",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestCPU(t *testing.T) {
	got, err := Reader{paper()}.CPU()
	want := CPU{
		Busy: 171 * tick, Total: 1221 * tick, Own: 42 * tick,
		Processors: 2, Load: [3]float64{0.10, 0.08, 1.5},
	}
	if err != nil || got != want {
		t.Errorf("CPU() = %+v, %v, want %+v", got, err, want)
	}
}

func TestMemory(t *testing.T) {
	got, err := Reader{paper()}.Memory()
	want := Memory{Total: 2 << 20, Available: 1 << 20, Own: 300 * uint64(unix.Getpagesize())}
	if err != nil || got != want {
		t.Errorf("Memory() = %+v, %v, want %+v", got, err, want)
	}
}

// A file that is not there, or that says something else, is an error that names
// it.
func TestDamaged(t *testing.T) {
	cpu := func(r Reader) error { _, err := r.CPU(); return err }
	memory := func(r Reader) error { _, err := r.Memory(); return err }
	for _, test := range []struct {
		file, text string
		read       func(Reader) error
	}{
		{"stat", "", cpu},
		{"stat", "cpu  1 2 3 x 5 6 7 8\n", cpu},
		{"stat", "cpu0 1 2 3 4 5 6 7 8\n", cpu},
		{"loadavg", "0.1", cpu},
		{"self/stat", "42 (name) R 1", cpu},
		{"self/stat", "", cpu},
		{"meminfo", "MemFree: 100 kB\n", memory},
		{"meminfo", "MemTotal: 99999999999999999999 kB\n", memory},
		{"self/statm", "1000", memory},
	} {
		files := paper()
		files[test.file] = &fstest.MapFile{Data: []byte(test.text)}
		if err := test.read(Reader{files}); err == nil || !strings.Contains(err.Error(), test.file) {
			t.Errorf("%s with %q: %v, want an error that names it", test.file, test.text, err)
		}
		delete(files, test.file)
		if err := test.read(Reader{files}); err == nil || !strings.Contains(err.Error(), test.file) {
			t.Errorf("without %s: %v, want an error that names it", test.file, err)
		}
	}
}

// The machine that the test runs on has a processor and memory, of which we take
// some, and its clock does not run backwards.
func TestThisMachine(t *testing.T) {
	r := Open()
	before, err := r.CPU()
	if err != nil {
		t.Fatal(err)
	}
	after, err := r.CPU()
	if err != nil {
		t.Fatal(err)
	}
	if before.Processors < 1 || before.Total <= 0 || before.Busy > before.Total || after.Own < before.Own {
		t.Errorf("CPU() = %+v, then %+v", before, after)
	}
	m, err := r.Memory()
	if err != nil || m.Own == 0 || m.Own > m.Total || m.Available > m.Total {
		t.Errorf("Memory() = %+v, %v", m, err)
	}
}

// withoutTime calls f on a thread that may not set the clock.
func withoutTime(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with its goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var sets [2]unix.CapUserData // 64 capabilities
		if err := unix.Capget(&header, &sets[0]); err != nil {
			done <- err
			return
		}
		sets[0].Effective &^= 1 << unix.CAP_SYS_TIME
		if err := unix.Capset(&header, &sets[0]); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

func TestSetClockRefused(t *testing.T) {
	err := withoutTime(func() error { return SetClock(time.Now()) })
	if err == nil || !strings.Contains(err.Error(), "CAP_SYS_TIME") {
		t.Errorf("SetClock without privilege = %v, want what is missing", err)
	}
}
