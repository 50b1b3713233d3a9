package acl

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// world draws from few addresses, protocols and ports, so that rules and packets
// often meet.
type world struct{ *rand.Rand }

func (w world) addr() netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(w.IntN(2)), byte(w.IntN(2)), byte(w.IntN(4))})
}

func (w world) wildcard() Wildcard {
	inverse := []uint32{0, 1, 0xff, 0xffff, 0x00ff0002, 0xffffffff}[w.IntN(6)]
	return NewWildcard(w.addr(), inverse)
}

func (w world) ports() Ports {
	return Ports{Op: PortOp(w.IntN(int(Range) + 1)), Low: uint16(w.IntN(5)), High: uint16(w.IntN(5))}
}

func (w world) rule() Rule {
	r := Rule{
		ID: uint32(w.IntN(100)), Action: Action(w.IntN(2)), Protocol: []uint8{0, 1, TCP, UDP}[w.IntN(4)],
		Source: w.wildcard(), Destination: w.wildcard(),
	}
	if hasPorts(r.Protocol) {
		r.SourcePort, r.DestinationPort = w.ports(), w.ports()
	}
	return r
}

func (w world) tuple() Tuple {
	t := Tuple{Source: w.addr(), Destination: w.addr(), Protocol: []uint8{1, TCP, UDP}[w.IntN(3)], Fragment: w.IntN(4) == 0}
	if t.HasPorts() {
		t.SourcePort, t.DestinationPort = uint16(w.IntN(5)), uint16(w.IntN(5))
	}
	return t
}

// says is a rule as the words of the command reference have it, bit by bit.
func says(r Rule, t Tuple) bool {
	if r.Protocol != 0 && r.Protocol != t.Protocol {
		return false
	}
	for _, side := range []struct {
		wildcard Wildcard
		addr     netip.Addr
	}{{r.Source, t.Source}, {r.Destination, t.Destination}} {
		rule, inverse, packet := side.wildcard.Address().As4(), address(side.wildcard.Inverse()).As4(), side.addr.As4()
		for i := range packet {
			if rule[i]|inverse[i] != packet[i]|inverse[i] {
				return false
			}
		}
	}
	for _, side := range []struct {
		ports Ports
		port  uint16
	}{{r.SourcePort, t.SourcePort}, {r.DestinationPort, t.DestinationPort}} {
		if side.ports.Op != AnyPort && (t.Fragment || !side.ports.Contains(side.port)) {
			return false
		}
	}
	return true
}

// TestMatchAgainstWords compares Match and Mirror with asking each rule, the lowest
// number first.
func TestMatchAgainstWords(t *testing.T) {
	w := world{rand.New(rand.NewPCG(1, 2))}
	var matched, missed int
	for range 300 {
		a := New(3000)
		for range w.IntN(6) {
			a.Put(w.rule())
		}
		for range 100 {
			tuple, want := w.tuple(), Verdict{}
			for id := range uint32(100) {
				if r, ok := a.Rule(id); ok && says(r, tuple) {
					want.Matched, want.Action = true, r.Action
					break
				} else if ok {
					want.Rule++
				}
			}
			if want.Matched {
				matched++
			} else {
				missed, want = missed+1, Verdict{}
			}
			if got := a.Match(tuple); got != want {
				t.Fatalf("Match(%+v) = %+v, want %+v in %v", tuple, got, want, a.Rules)
			}
			if got := a.Mirror(tuple.Reverse()); got != want {
				t.Fatalf("Mirror(%+v) = %+v, want %+v in %v", tuple.Reverse(), got, want, a.Rules)
			}
		}
	}
	if matched < 1000 || missed < 1000 {
		t.Errorf("%d packets matched and %d did not: too few of one", matched, missed)
	}
}

// TestWildcardPrefixContains compares a contiguous wildcard with its prefix.
func TestWildcardPrefixContains(t *testing.T) {
	w := world{rand.New(rand.NewPCG(3, 4))}
	for range 5000 {
		wildcard, addr := w.wildcard(), w.addr()
		if p, ok := wildcard.Prefix(); ok && p.Contains(addr) != wildcard.Matches(addr) {
			t.Fatalf("%v matches %v: %v, its prefix is %v", wildcard, addr, wildcard.Matches(addr), p)
		}
	}
}

// FuzzWildcard takes any address and mask: all forms of a wildcard are the same.
func FuzzWildcard(f *testing.F) {
	f.Add(uint32(0xc0000209), uint32(0))
	f.Add(uint32(0xc000024d), uint32(0xff))
	f.Add(uint32(0xc000024d), uint32(0xffffff00))
	f.Fuzz(func(t *testing.T, addr, inverse uint32) {
		w := NewWildcard(address(addr), inverse)
		if !w.Matches(address(addr)) || !w.Matches(address(addr^inverse)) {
			t.Errorf("%v does not match its own addresses", w)
		}
		if again, err := ParseInverse(address(w.Inverse()).String()); err != nil || again != inverse {
			t.Errorf("mask %#x reads back as %#x, %v", inverse, again, err)
		}
		if p, ok := w.Prefix(); ok && Host(p.Addr()).Addr != w.Addr {
			t.Errorf("%v has the prefix %v", w, p)
		}
	})
}
