package acl

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

var (
	pcA    = netip.MustParseAddr("10.1.1.5")
	pcB    = netip.MustParseAddr("10.1.2.7")
	guest  = netip.MustParseAddr("10.1.1.200")
	nobody = netip.MustParseAddr("203.0.113.9")
	ipv6   = netip.MustParseAddr("2001:db8::1")
)

// sites is the list most tests look at: all between two sites, but for one guest
// and for telnet.
func sites() *ACL {
	a := New(3001)
	a.Put(Rule{ID: 10, Action: Permit, Source: net("10.1.1.0", 8), Destination: net("10.1.2.0", 8)})
	a.Put(Rule{ID: 5, Source: Host(guest)})
	a.Put(Rule{ID: 7, Protocol: TCP, DestinationPort: Ports{Op: Eq, Low: 23}})
	return a
}

// net returns the wildcard of an address whose last n bits do not count.
func net(addr string, n int) Wildcard {
	return NewWildcard(netip.MustParseAddr(addr), 1<<n-1)
}

func TestMatch(t *testing.T) {
	permit, none := Verdict{true, Permit, 2}, Verdict{}
	for _, test := range []struct {
		name  string
		tuple Tuple
		want  Verdict
	}{
		{"between the sites", Tuple{Source: pcA, Destination: pcB, Protocol: 1}, permit},
		{"another destination", Tuple{Source: pcA, Destination: nobody, Protocol: 1}, none},
		{"another source", Tuple{Source: nobody, Destination: pcB, Protocol: 1}, none},
		{"the way back", Tuple{Source: pcB, Destination: pcA, Protocol: 1}, none},
		{"an earlier deny wins", Tuple{Source: guest, Destination: pcB, Protocol: 1}, Verdict{true, Deny, 0}},
		{"deny by port", Tuple{Source: pcA, Destination: pcB, Protocol: TCP, DestinationPort: 23}, Verdict{true, Deny, 1}},
		{"that port, another protocol", Tuple{Source: pcA, Destination: pcB, Protocol: UDP, DestinationPort: 23}, permit},
		{"that port as source", Tuple{Source: pcA, Destination: pcB, Protocol: TCP, SourcePort: 23}, permit},
		{"later fragment passes the port rule", Tuple{Source: pcA, Destination: pcB, Protocol: TCP, Fragment: true}, permit},
		{"IPv4 in IPv6 notation", Tuple{Source: netip.MustParseAddr("::ffff:10.1.1.5"), Destination: pcB}, permit},
		{"IPv6", Tuple{Source: ipv6, Destination: ipv6, Protocol: 58}, none},
		{"IPv6 destination", Tuple{Source: pcA, Destination: ipv6}, none},
		{"no addresses", Tuple{}, none},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := sites().Match(test.tuple); got != test.want {
				t.Errorf("Match(%+v) = %+v, want %+v", test.tuple, got, test.want)
			}
			if got := sites().Mirror(test.tuple.Reverse()); got != test.want {
				t.Errorf("Mirror(%+v) = %+v, want %+v", test.tuple.Reverse(), got, test.want)
			}
		})
	}
}

func TestMatchOfEmptyLists(t *testing.T) {
	for _, a := range []*ACL{New(3000), {}} {
		if got := a.Match(Tuple{Source: pcA, Destination: pcB}); got != (Verdict{}) {
			t.Errorf("%+v.Match = %+v, want no match", a, got)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	a, tuple := sites(), Tuple{Source: pcB, Destination: pcA, Protocol: TCP, SourcePort: 80}
	if n := testing.AllocsPerRun(100, func() { a.Match(tuple); a.Mirror(tuple) }); n != 0 {
		t.Errorf("Match and Mirror allocate %v times", n)
	}
}

func TestNewKind(t *testing.T) {
	for _, test := range []struct {
		number uint32
		want   Kind
	}{
		{2000, Basic}, {2999, Basic}, {3000, Advanced}, {3999, Advanced},
	} {
		if got := New(test.number); got.Kind != test.want || got.Number != test.number || got.Step != 5 {
			t.Errorf("New(%d) = %+v, want kind %v and step 5", test.number, got, test.want)
		}
	}
}

func TestPutKeepsOrder(t *testing.T) {
	a := New(3000)
	for _, id := range rand.New(rand.NewPCG(1, 2)).Perm(50) {
		a.Put(Rule{ID: uint32(id)})
	}
	a.Put(Rule{ID: MaxID})
	for i, r := range a.Rules[:50] {
		if r.ID != uint32(i) {
			t.Fatalf("rule at %d has ID %d", i, r.ID)
		}
	}
	if last := a.Rules[50].ID; last != MaxID {
		t.Errorf("last rule is %d, want %d", last, uint32(MaxID))
	}
}

func TestPutReplaces(t *testing.T) {
	a := sites()
	a.Put(Rule{ID: 7, Action: Permit, Protocol: 1})
	if got, ok := a.Rule(7); !ok || len(a.Rules) != 3 || got != (Rule{ID: 7, Action: Permit, Protocol: 1}) {
		t.Errorf("Rule(7) = %+v, %v in a list of %d", got, ok, len(a.Rules))
	}
}

func TestRule(t *testing.T) {
	for _, test := range []struct {
		id   uint32
		want bool
	}{
		{5, true}, {7, true}, {10, true}, {0, false}, {6, false}, {11, false},
	} {
		if got, ok := sites().Rule(test.id); ok != test.want || ok && got.ID != test.id {
			t.Errorf("Rule(%d) = %+v, %v, want %v", test.id, got, ok, test.want)
		}
	}
}

func TestRemove(t *testing.T) {
	a := sites()
	if !a.Remove(7) || a.Remove(7) || a.Remove(8) {
		t.Error("Remove does not say whether there was a rule")
	}
	if ids := idsOf(a); !slices.Equal(ids, []uint32{5, 10}) {
		t.Errorf("left are %v, want 5 and 10", ids)
	}
}

func TestClone(t *testing.T) {
	a := sites()
	c := a.Clone()
	c.Put(Rule{ID: 5, Action: Permit})
	c.Remove(10)
	c.Name = "other"
	if got := idsOf(a); !slices.Equal(got, []uint32{5, 7, 10}) || a.Rules[0].Action != Deny || a.Name != "" {
		t.Errorf("the original became %+v", a)
	}
}

func TestNextID(t *testing.T) {
	for _, test := range []struct {
		name string
		step uint32
		ids  []uint32
		want uint32
		ok   bool
	}{
		{"first", 5, nil, 5, true},
		{"step unset", 0, nil, 5, true},
		{"after a multiple", 5, []uint32{5, 10}, 15, true},
		{"after none", 5, []uint32{5, 11}, 15, true},
		{"just below a multiple", 5, []uint32{14}, 15, true},
		{"after zero", 5, []uint32{0}, 5, true},
		{"another step", 20, []uint32{5}, 20, true},
		{"gaps are not filled", 5, []uint32{100}, 105, true},
		{"the highest possible", 1, []uint32{MaxID - 1}, MaxID, true},
		{"used up", 1, []uint32{MaxID}, 0, false},
		{"used up for this step", 20, []uint32{MaxID - 1}, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := &ACL{Step: test.step}
			for _, id := range test.ids {
				a.Put(Rule{ID: id})
			}
			if got, ok := a.NextID(); got != test.want || ok != test.ok {
				t.Errorf("NextID() = %d, %v, want %d, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestTwin(t *testing.T) {
	a := sites()
	for _, test := range []struct {
		name string
		rule Rule
		want uint32 // 0: none
	}{
		{"same under another number", Rule{ID: 50, Source: Host(guest)}, 5},
		{"and with a description", Rule{ID: 50, Source: Host(guest), Description: "guests"}, 5},
		{"itself", Rule{ID: 5, Source: Host(guest)}, 0},
		{"another action", Rule{ID: 50, Action: Permit, Source: Host(guest)}, 0},
		{"another source", Rule{ID: 50, Source: Host(nobody)}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, ok := a.Twin(test.rule); got.ID != test.want || ok != (test.want != 0) {
				t.Errorf("Twin(%+v) = %+v, %v, want %d", test.rule, got, ok, test.want)
			}
		})
	}
}

func idsOf(a *ACL) []uint32 {
	var ids []uint32
	for _, r := range a.Rules {
		ids = append(ids, r.ID)
	}
	return ids
}

// BenchmarkMatch looks for a packet that only the last of so many rules matches.
func BenchmarkMatch(b *testing.B) {
	for _, rules := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			a := New(3000)
			for i := range rules - 1 {
				a.Put(Rule{ID: uint32(i), Action: Permit, Source: Host(nobody), Destination: net("10.9.0.0", 16)})
			}
			a.Put(Rule{ID: MaxID, Action: Permit, Source: net("10.1.1.0", 8), Destination: net("10.1.2.0", 8)})
			tuple := Tuple{Source: pcA, Destination: pcB, Protocol: UDP, SourcePort: 9, DestinationPort: 10}
			b.ReportAllocs()
			for b.Loop() {
				if !a.Match(tuple).Matched {
					b.Fatal("no match")
				}
			}
		})
	}
}

func TestNamed(t *testing.T) {
	for _, test := range []struct {
		list *ACL
		want string
		kind Kind
	}{
		{New(2999), "2999", Basic},
		{New(3000), "3000", Advanced},
		{NewNamed("nets", Advanced), "nets", Advanced},
		{NewNamed("hosts", Basic), "hosts", Basic},
		{&ACL{Name: "both", Number: 3005}, "both", Advanced},
	} {
		if got := test.list.String(); got != test.want || test.list.Kind != test.kind {
			t.Errorf("list %q of kind %d, want %q of %d", got, test.list.Kind, test.want, test.kind)
		}
	}
}

func TestRenumber(t *testing.T) {
	a := New(3000)
	for _, id := range []uint32{0, 7, 4000} {
		a.Put(Rule{ID: id, Protocol: uint8(id)})
	}
	older := *a
	a.Renumber(20)
	for i, want := range []uint32{20, 40, 60} {
		if r := a.Rules[i]; r.ID != want || r.Protocol != older.Rules[i].Protocol {
			t.Errorf("rule %d became %d, want %d, of %v", i, r.ID, want, older.Rules[i])
		}
	}
	if next, _ := a.NextID(); next != 80 || a.Step != 20 {
		t.Errorf("step %d, next %d", a.Step, next)
	}
	if older.Rules[1].ID != 7 {
		t.Error("an older version of the list has changed")
	}
}
