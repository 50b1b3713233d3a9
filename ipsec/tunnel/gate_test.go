package tunnel

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// policyTable is a kernel's policies without a kernel.
type policyTable struct {
	ours    []installed
	others  []installed // of ours, and none of a gate's
	foreign []selection.Selection
	asked   int // for changes
	closed  bool
	held    uint64 // packets

	uncounted bool
	err       error
}

func (k *policyTable) list() (ours, others []installed, err error) {
	return slices.Clone(k.ours), slices.Clone(k.others), nil
}
func (k *policyTable) Close() error { k.closed = true; return nil }

func (k *policyTable) blocked() (uint64, bool) { return k.held, !k.uncounted }

func (k *policyTable) add(p installed, replace bool) error {
	k.asked++
	if k.err != nil {
		return k.err
	}
	if i := slices.IndexFunc(k.ours, func(q installed) bool { return q.Selection == p.Selection }); i >= 0 && replace {
		k.ours[i] = p
		return nil
	} else if i >= 0 || slices.Contains(k.foreign, p.Selection) {
		return unix.EEXIST
	}
	k.ours = append(k.ours, p)
	return nil
}

func (k *policyTable) remove(gone installed) error {
	k.asked++
	index := gone.index
	k.others = slices.DeleteFunc(k.others, func(p installed) bool { return p == gone })
	k.ours = slices.DeleteFunc(k.ours, func(p installed) bool { return p.index == index })
	return k.err
}

// inForce returns the clauses in the order in which the kernel asks them.
func (k *policyTable) inForce() (all []selection.Clause) {
	ours := slices.Clone(k.ours)
	slices.SortFunc(ours, func(a, b installed) int { return int(a.priority) - int(b.priority) })
	for _, p := range ours {
		all = append(all, p.Clause)
	}
	return all
}

// written prints clauses, one a line, in order.
func written(all []selection.Clause) string {
	var b strings.Builder
	for _, c := range all {
		fmt.Fprintf(&b, "allow %v %v\n", c.Allow, c.Selection)
	}
	return b.String()
}

func newGate(k *policyTable) (*gate, *[]string) {
	var lines []string
	return &gate{kernel: k, look: func() {}, warned: make(map[selection.Selection]bool), warn: func(line string) { lines = append(lines, line) }}, &lines
}

// TestGateApply goes from one list to the next: the kernel has each as it was stated,
// by no more changes than are needed.
func TestGateApply(t *testing.T) {
	k := new(policyTable)
	g, _ := newGate(k)
	a, b := permit(lan, remote), deny(one(host), remote)
	for _, test := range []struct {
		name  string
		want  []selection.Clause
		asked int
	}{
		{"nothing", nil, 0},
		{"the first", selection.Clauses([]*ipsec.Policy{policy(1, a)}), 1},
		{"the same again", selection.Clauses([]*ipsec.Policy{policy(1, a)}), 0},
		{"a denial before it", selection.Clauses([]*ipsec.Policy{policy(1, b, a)}), 1},
		{"the other way round", selection.Clauses([]*ipsec.Policy{policy(1, a, b)}), 1},
		{"the denial permits", selection.Clauses([]*ipsec.Policy{policy(1, a, permit(one(host), remote))}), 1},
		{"the first goes", selection.Clauses([]*ipsec.Policy{policy(1, b)}), 2},
		{"nothing is left", nil, 1},
	} {
		k.asked = 0
		if err := g.apply(test.want); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := k.inForce(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: in force are\n%swant\n%s", test.name, written(got), written(test.want))
		}
		if k.asked != test.asked {
			t.Errorf("%s: %d changes, want %d", test.name, k.asked, test.asked)
		}
	}
}

// TestDifferenceKeepsIndexesApart: an index is the name of one policy at a time, and
// one that two of ours share a selection with goes.
func TestDifferenceKeepsIndexesApart(t *testing.T) {
	want := selection.Clauses([]*ipsec.Policy{policy(1, permit(lan, remote), permit(one(host), remote), permit(lan, one(server)))})
	now := []installed{
		{Clause: want[1], priority: selection.FirstPriority + 2, index: kernel.FirstIndex + kernel.IndexStep},
		{Clause: want[1], priority: selection.FirstPriority + 7, index: kernel.FirstIndex + 5*kernel.IndexStep},
	}
	g, _ := newGate(new(policyTable))
	g.learn(now, nil)
	c := g.difference(want)
	if len(c.replaced) != 0 || len(c.gone) != 1 || c.gone[0] != now[1] {
		t.Errorf("replaced %v, gone %v, want only %v gone", c.replaced, c.gone, now[1])
	}
	used := map[uint32]bool{now[0].index: true, now[1].index: true}
	for _, p := range c.added {
		if used[p.index] || !kernel.IsOurs(p.index) || p.index%kernel.IndexStep != 0 {
			t.Errorf("new index %#x", p.index)
		}
		used[p.index] = true
	}
	if len(c.added) != 2 || c.added[0].priority >= now[0].priority || c.added[1].priority <= now[0].priority {
		t.Errorf("added are %+v", c.added)
	}
}

// TestForeignPolicyDecides: where somebody has a policy for the same packets ours is
// left out, which is said once.
func TestForeignPolicyDecides(t *testing.T) {
	want := selection.Clauses([]*ipsec.Policy{policy(1, permit(lan, remote), permit(one(host), one(server)))})
	k := &policyTable{foreign: []selection.Selection{want[0].Selection}}
	g, lines := newGate(k)
	for range 3 {
		if err := g.apply(want); err != nil {
			t.Fatal(err)
		}
	}
	if got := k.inForce(); !reflect.DeepEqual(got, want[1:]) {
		t.Errorf("in force are\n%s", written(got))
	}
	told := []string{"another program's XFRM policy decides about clear packets to this box: src 10.1.2.0/24 dst 10.1.1.0/24"}
	if !slices.Equal(*lines, told) {
		t.Errorf("told is %q, want %q", *lines, told)
	}
}

func TestGateErrors(t *testing.T) {
	want := selection.Clauses([]*ipsec.Policy{policy(1, permit(lan, remote))})
	k := &policyTable{err: unix.EPERM}
	g, _ := newGate(k)
	if err := g.apply(want); !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), "XFRM policy src 10.1.2.0/24 dst 10.1.1.0/24: ") {
		t.Errorf("apply = %v", err)
	}
	if err := g.apply(make([]selection.Clause, selection.MaxClauses+1)); err == nil || errors.Is(err, unix.EPERM) {
		t.Errorf("apply of too many = %v", err)
	}
	k.ours = []installed{{Clause: want[0], index: kernel.FirstIndex}}
	if err := g.apply(want); !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), "change XFRM policy") {
		t.Errorf("apply with another priority = %v", err)
	}
	if err := g.apply(nil); !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), "remove XFRM policy") {
		t.Errorf("apply of nothing = %v", err)
	}
}

// TestBlocked counts from when the gate was opened, and keeps the sum after Close.
func TestBlocked(t *testing.T) {
	k := new(policyTable)
	g, _ := newGate(k)
	g.begin = 7
	for _, test := range []struct {
		held    uint64
		unknown bool
		want    uint64
	}{
		{7, false, 0}, {10, false, 3}, {0, true, 3}, {2, false, 3}, {11, false, 4},
	} {
		k.held, k.uncounted = test.held, test.unknown
		if got := g.Blocked(); got != test.want {
			t.Errorf("Blocked() = %d, want %d, with %d held back", got, test.want, test.held)
		}
	}
	if err := g.Close(); err != nil || !k.closed {
		t.Errorf("Close = %v, the kernel's end is closed: %v", err, k.closed)
	}
	if k.uncounted = true; g.Blocked() != 4 {
		t.Errorf("Blocked() = %d after Close, want 4", g.Blocked())
	}
}

// TestBlockedIsDropClear: what the system held back is among the statistics.
func TestBlockedIsDropClear(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	r.routes.blocked = 5
	r.guard.packet(r.guard.buffer[:copy(r.guard.buffer[:], shape{from: server, to: host}.build())])
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropClear: 6})
}
