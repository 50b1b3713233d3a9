package selection

import (
	"reflect"
	"slices"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// TestMarked: a template has no clauses, and its mark stands where those of its instances
// begin.
func TestMarked(t *testing.T) {
	named := func(sequence, instance uint32, rules ...acl.Rule) *ipsec.Policy {
		p := policy(rules...)
		p.ID = ipsec.PolicyID{Name: "m", Sequence: sequence, Instance: instance}
		return p
	}
	first, last := named(1, 0, deny(lan, remote)), named(9, 0, permit(lan, remote))
	empty, full := named(5, 0, permit(one(gateway), remote)), named(7, 0)
	empty.Template, full.Template = true, true
	two, three := named(7, 2, permit(one(host), remote)), named(7, 3, permit(world, remote))
	plain := named(9, 4, permit(one(host), one(host)))
	all, marks := Marked([]*ipsec.Policy{first, empty, three, two, full, plain, last})
	want := "allow src 0.0.0.0/0 dst 192.0.2.1/32 proto icmp sport 3/0xffff dport 4/0xffff\n" +
		"allow src 10.1.2.0/24 dst 10.1.1.0/24\nblock src 10.1.2.0/24 dst 0.0.0.0/0\nblock src 10.1.2.0/24 dst 10.1.1.5/32\n" +
		"block src 10.1.1.5/32 dst 10.1.1.5/32\nblock src 10.1.2.0/24 dst 10.1.1.0/24\n"
	if got := written(all); got != want {
		t.Errorf("clauses are\n%swant\n%s", got, want)
	}
	if want := []Mark{{empty.ID, 2, true}, {full.ID, 2, true}, {last.ID, 4, false}}; !slices.Equal(marks, want) {
		t.Errorf("marks are %v, want %v", marks, want)
	}
	reports, rules := ClausesOf(three)
	if len(reports) != 1 || !reports[0].Allow || !reflect.DeepEqual(rules, all[2:3]) {
		t.Errorf("of one come %v and %v", reports, rules)
	}
	if _, rules := ClausesOf(empty); len(rules) != 0 {
		t.Errorf("of a template come %v", rules)
	}
}

// TestSpaced: behind a mark there is room for many, and who had a priority keeps it.
func TestSpaced(t *testing.T) {
	for _, test := range []struct {
		name   string
		old    []uint32
		spaces []int
		mark   int
		room   uint32
	}{
		{"all are new", []uint32{0, 0, 0}, []int{1}, 1, Room},
		{"between others", []uint32{FirstPriority + 5, 0, FirstPriority + 5 + 4*Room}, []int{1}, 1, Room},
		{"at the end", []uint32{FirstPriority + 5, 0}, []int{1}, 1, 0},
		{"with little room", []uint32{FirstPriority + 5, 0, FirstPriority + 6}, []int{1}, 1, 1024},
		{"many marks", make([]uint32, 100), []int{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}, 50, Room / 4},
	} {
		got := Spaced(slices.Clone(test.old), test.spaces)
		for i := range got {
			if got[i] < FirstPriority || i > 0 && got[i] <= got[i-1] {
				t.Fatalf("%s: %#x", test.name, got)
			}
		}
		if test.mark+1 < len(got) && got[test.mark+1]-got[test.mark] < test.room {
			t.Errorf("%s: room for %d, want %d", test.name, got[test.mark+1]-got[test.mark], test.room)
		}
		again := Spaced(slices.Clone(got), test.spaces)
		if !slices.Equal(again, got) {
			t.Errorf("%s: the second time %#x became %#x", test.name, got, again)
		}
	}
	if got := Spaced([]uint32{0}, nil); !slices.Equal(got, Priorities([]uint32{0})) {
		t.Errorf("without marks %#x", got)
	}
}
