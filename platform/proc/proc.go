// Package proc reads what the kernel says of the machine in /proc: its processors,
// its memory, and what this process takes of them. It changes nothing but the
// clock.
//
// Start at [Reader].
package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc, which is the same on all of Linux's
// architectures that Go has.
const tick = 10 * time.Millisecond

// A Reader reads /proc, or what stands for it.
type Reader struct{ Root fs.FS }

// Open returns a Reader of this machine's /proc.
func Open() Reader { return Reader{os.DirFS("/proc")} }

// CPU is what the processors have done since the machine started, all of them
// together.
type CPU struct {
	Busy, Total time.Duration
	Own         time.Duration // of Busy: by this process
	Processors  int
	Load        [3]float64 // processes that want to run, over 1, 5 and 15 minutes
}

// CPU reads stat, loadavg and self/stat.
func (r Reader) CPU() (CPU, error) {
	stat, err := r.text("stat")
	if err != nil {
		return CPU{}, err
	}
	c, err := parseStat(stat)
	if err != nil {
		return CPU{}, err
	}
	load, err := r.text("loadavg")
	if err != nil {
		return CPU{}, err
	}
	if _, err := fmt.Sscan(load, &c.Load[0], &c.Load[1], &c.Load[2]); err != nil {
		return CPU{}, fmt.Errorf("/proc/loadavg %q: %w", load, err)
	}
	own, err := r.text("self/stat")
	if err != nil {
		return CPU{}, err
	}
	c.Own, err = parseOwn(own)
	return c, err
}

// parseStat reads the sums and the number of processors of /proc/stat: user, nice,
// system, idle, iowait, irq, softirq, steal, and then guests, which are in user.
func parseStat(text string) (c CPU, err error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 9 || !strings.HasPrefix(fields[0], "cpu"):
			continue
		case fields[0] != "cpu":
			c.Processors++
			continue
		}
		for i, field := range fields[1:9] {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return c, fmt.Errorf("/proc/stat: %w", err)
			}
			c.Total += time.Duration(n) * tick
			if i != 3 && i != 4 {
				c.Busy += time.Duration(n) * tick
			}
		}
	}
	if c.Total == 0 {
		return c, errors.New("/proc/stat has no line cpu")
	}
	return c, nil
}

// parseOwn reads utime and stime of /proc/self/stat, fields 14 and 15. Field 2, the
// program's name in brackets, may hold anything.
func parseOwn(text string) (time.Duration, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/self/stat has %d fields after the name, want 13", len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err, err2)
}

// Memory is the machine's, in octets.
type Memory struct {
	Total     uint64
	Available uint64 // to programs, without pushing others out
	Own       uint64 // resident, of this process
}

// Memory reads meminfo and self/statm.
func (r Reader) Memory() (Memory, error) {
	text, err := r.text("meminfo")
	if err != nil {
		return Memory{}, err
	}
	m := Memory{Total: kilobytes(text, "MemTotal:"), Available: kilobytes(text, "MemAvailable:")}
	if m.Total == 0 {
		return m, errors.New("/proc/meminfo has no MemTotal")
	}
	statm, err := r.text("self/statm")
	if err != nil {
		return m, err
	}
	var size, resident uint64 // pages
	if _, err := fmt.Sscan(statm, &size, &resident); err != nil {
		return m, fmt.Errorf("/proc/self/statm %q: %w", statm, err)
	}
	m.Own = resident * uint64(os.Getpagesize())
	return m, nil
}

// kilobytes returns a value of meminfo in octets, or 0 if it has none.
func kilobytes(text, name string) uint64 {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == name {
			if n, err := strconv.ParseUint(fields[1], 10, 54); err == nil {
				return n << 10
			}
		}
	}
	return 0
}

// text returns a file, whose reading error says where it is.
func (r Reader) text(name string) (string, error) {
	b, err := fs.ReadFile(r.Root, name)
	if err != nil {
		return "", fmt.Errorf("read /proc: %w", err)
	}
	return string(b), nil
}

// SetClock sets the machine's clock. It needs CAP_SYS_TIME.
func SetClock(t time.Time) error {
	at := unix.NsecToTimespec(t.UnixNano())
	err := unix.ClockSettime(unix.CLOCK_REALTIME, &at)
	if errors.Is(err, unix.EPERM) {
		return errors.New("the clock is not ours to set: run as root or with CAP_SYS_TIME")
	}
	if err != nil {
		return fmt.Errorf("set the clock to %v: %w", t, err)
	}
	return nil
}
