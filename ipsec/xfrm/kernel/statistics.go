package kernel

import (
	"bytes"
	"io"
	"os"
	"strconv"
)

// A Counter is one of the kernel's counters of errors, since the namespace was made.
type Counter struct {
	Name    string // such as XfrmInNoStates
	Packets uint64
}

// Statistics are the kernel's counters of IPsec errors in the namespace.
type Statistics struct {
	Counters  []Counter // in the kernel's order; empty: it does not count (CONFIG_XFRM_STATISTICS)
	FragFails uint64    // IPv4 packets that were too big and had DF set, IPsec or not
}

// Of returns the number of a counter, 0 if the kernel has none of that name.
func (s *Statistics) Of(name string) uint64 {
	for _, c := range s.Counters {
		if c.Name == name {
			return c.Packets
		}
	}
	return 0
}

// Statistics returns the counters as they are now. After Close it is os.ErrClosed.
func (k *Kernel) Statistics() (s Statistics, err error) {
	text, err := contents(k.counters)
	if err != nil {
		return s, err
	}
	s.Counters = countersIn(text)
	text, err = contents(k.snmp)
	s.FragFails = snmpNumber(text, "Ip:", "FragFails")
	return s, err
}

// contents reads a file of /proc from its beginning; nothing of one that is not there.
func contents(f *os.File) ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	return io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
}

// countersIn reads a file of names and numbers, a line each.
func countersIn(file []byte) (all []Counter) {
	for line := range bytes.Lines(file) {
		f := bytes.Fields(line)
		if len(f) != 2 {
			continue
		}
		if n, err := strconv.ParseUint(string(f[1]), 10, 64); err == nil {
			all = append(all, Counter{string(f[0]), n})
		}
	}
	return all
}

// snmpNumber finds a number in a file of pairs of lines: names, and below them numbers,
// both after the name of the protocol. It is 0 if it is not there.
func snmpNumber(file []byte, protocol, name string) uint64 {
	var names [][]byte
	for line := range bytes.Lines(file) {
		f := bytes.Fields(line)
		switch {
		case len(f) == 0 || string(f[0]) != protocol:
		case names == nil:
			names = f
		default:
			return numberUnder(names, f, name)
		}
	}
	return 0
}

// numberUnder returns the number that stands in the place of a name.
func numberUnder(names, numbers [][]byte, name string) uint64 {
	for i, n := range names[:min(len(names), len(numbers))] {
		if string(n) == name {
			value, err := strconv.ParseUint(string(numbers[i]), 10, 64)
			if err != nil {
				return 0
			}
			return value
		}
	}
	return 0
}
