package tunnel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// xfrmStatistics are the kernel's counters of the calling thread's namespace. They
// need CONFIG_XFRM_STATISTICS.
const xfrmStatistics = "/proc/thread-self/net/xfrm_stat"

// blockedCounter is the line with the packets that a policy of direction in held
// back, whoever made it.
const blockedCounter = "XfrmInPolBlock"

// A gate has the kernel drop clear packets to this box itself that should have come
// protected. They never come here: the kernel looks into its local table before any
// rule of ours is asked. See the package's comment.
type gate struct {
	kernel  xfrmPolicies
	counter *os.File // nil: the kernel does not count
	begin   uint64   // its number when we opened
	last    atomic.Uint64
	warn    func(string)
	warned  map[selection]bool
}

// xfrmPolicies are the kernel's policies of direction in.
type xfrmPolicies interface {
	// list returns those that are ours.
	list() ([]installed, error)
	// add adds one; EEXIST if somebody has a policy with this selection. With
	// replace it takes the place of one of ours.
	add(p installed, replace bool) error
	remove(index uint32) error
	Close() error
}

// An installed is a clause at its place in the kernel.
type installed struct {
	clause
	priority uint32
	index    uint32 // the kernel's name for it
}

// errNoXFRM says that a kernel has no policies.
var errNoXFRM = errors.New("the kernel lacks CONFIG_XFRM_USER")

// openGate opens the gate in the calling thread's namespace.
func openGate(warn func(string)) (*gate, error) {
	kernel, err := openXFRM()
	if err != nil {
		return nil, err
	}
	g := &gate{kernel: kernel, warn: warn, warned: make(map[selection]bool)}
	if g.counter, err = os.Open(xfrmStatistics); err != nil {
		warn("clear packets to this box that should be protected are dropped but not counted: the kernel lacks CONFIG_XFRM_STATISTICS")
		return g, nil
	}
	g.begin = g.read()
	return g, nil
}

// apply makes the kernel have these clauses of ours, and no others. What others made
// stays, and what is there already is not touched.
func (g *gate) apply(want []clause) error {
	if len(want) > maxClauses {
		return fmt.Errorf("XFRM policies: %d are needed, the most is %d", len(want), maxClauses)
	}
	now, err := g.kernel.list()
	if err != nil {
		return describe(err, "list XFRM policies")
	}
	change := difference(now, want)
	for _, p := range change.replaced {
		if err := g.kernel.add(p, true); err != nil {
			return describe(err, "change XFRM policy %v", p.selection)
		}
	}
	if err := each(change.added, g.add); err != nil {
		return err
	}
	return each(change.gone, func(p installed) error {
		return describe(g.kernel.remove(p.index), "remove XFRM policy %v", p.selection)
	})
}

// add adds a clause, unless somebody else has a policy for the very same packets:
// then that one decides.
func (g *gate) add(p installed) error {
	err := g.kernel.add(p, false)
	if !errors.Is(err, unix.EEXIST) {
		return describe(err, "XFRM policy %v", p.selection)
	}
	if !g.warned[p.selection] {
		g.warned[p.selection] = true
		g.warn(fmt.Sprintf("another program's XFRM policy decides about clear packets to this box: %v", p.selection))
	}
	return nil
}

// A gateChange is what leads from some clauses in the kernel to others.
type gateChange struct{ replaced, added, gone []installed }

// difference returns the change from now to want. A clause keeps its index while its
// selection stays, and a new one gets one that is free. It keeps its priority while
// the order allows.
func difference(now []installed, want []clause) (change gateChange) {
	mine, used := make(map[selection]installed), make(map[uint32]bool)
	for _, p := range now {
		if used[p.index] = true; mine[p.selection].index == 0 {
			mine[p.selection] = p
		}
	}
	old := make([]uint32, len(want))
	for i, c := range want {
		old[i] = mine[c.selection].priority
	}
	kept := make(map[uint32]bool)
	next := firstIndex
	for i, priority := range priorities(old) {
		c := want[i]
		p := installed{clause: c, priority: priority}
		if old, ok := mine[c.selection]; ok {
			p.index = old.index
			kept[p.index] = true
			if p != old {
				change.replaced = append(change.replaced, p)
			}
			continue
		}
		for used[next] {
			next += indexStep
		}
		p.index, used[next] = next, true
		change.added = append(change.added, p)
	}
	for _, p := range now {
		if !kept[p.index] {
			change.gone = append(change.gone, p)
		}
	}
	return change
}

// Blocked returns how many packets were held back since the gate was opened. A
// packet for several raw sockets counts once for each.
func (g *gate) Blocked() uint64 {
	if g.counter == nil {
		return 0
	}
	if n := g.read(); n > g.begin {
		g.last.Store(n - g.begin)
	}
	return g.last.Load()
}

// read returns the kernel's number, or 0 after Close.
func (g *gate) read() uint64 {
	b, err := io.ReadAll(io.NewSectionReader(g.counter, 0, 1<<16))
	if err != nil {
		return 0
	}
	return counterIn(b, blockedCounter)
}

// counterIn finds a number by its name in a file of names and numbers.
func counterIn(file []byte, name string) uint64 {
	for line := range bytes.Lines(file) {
		if f := bytes.Fields(line); len(f) == 2 && string(f[0]) == name {
			n, err := strconv.ParseUint(string(f[1]), 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// Close frees what the gate holds open; its clauses stay as they are.
func (g *gate) Close() error {
	g.Blocked() // the last number stays
	if g.counter == nil {
		return g.kernel.Close()
	}
	return errors.Join(g.counter.Close(), g.kernel.Close())
}
