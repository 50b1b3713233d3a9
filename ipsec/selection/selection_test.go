package selection

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"sallyport/acl"
)

// TestMasked looks at every port.
func TestMasked(t *testing.T) {
	for _, p := range []acl.Ports{
		{}, {Op: acl.Eq}, {Op: acl.Eq, Low: 65535}, {Op: acl.Gt}, {Op: acl.Gt, Low: 65534}, {Op: acl.Gt, Low: 65535}, {Op: acl.Gt, Low: 1023},
		{Op: acl.Lt}, {Op: acl.Lt, Low: 1}, {Op: acl.Lt, Low: 65535}, {Op: acl.Neq}, {Op: acl.Neq, Low: 65535}, {Op: acl.Neq, Low: 500},
		{Op: acl.Range, High: 65535}, {Op: acl.Range, Low: 1, High: 65534}, {Op: acl.Range, Low: 9, High: 8}, {Op: acl.Range + 1},
	} {
		pieces := Masked(p)
		if len(pieces) > 30 {
			t.Errorf("Masked(%v) has %d pieces, want 30 at most", p, len(pieces))
		}
		for port := range 1 << 16 {
			in := slices.ContainsFunc(pieces, func(b PortBits) bool { return uint16(port)&b.Mask == b.Value })
			if want := p.Contains(uint16(port)); in != want {
				t.Fatalf("Masked(%v) = %v has port %d: %v, want %v", p, pieces, port, in, want)
			}
		}
	}
}

// TestOfSaysWhatTheRuleSays compares the two, and their mirrors, for random rules whose
// wildcards need not be prefixes, and packets.
func TestOfSaysWhatTheRuleSays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	matched := 0
	for range 200 {
		rule := drawRule(r)
		rule.Action = acl.Permit
		rule.Source = acl.NewWildcard(host, []uint32{0x0305, 0x030007, 0x0306, 0xffffffff}[r.IntN(4)])
		all, ok := Of(&rule, 16)
		if !ok {
			t.Fatalf("%v cannot be said", rule)
		}
		list := acl.New(3000)
		list.Put(rule)
		for range 50 {
			packet := drawPacket(r)
			want := list.Match(packet).Matched
			holds := func(s Selection) bool { return s.Holds(packet) }
			mirrored := func(s Selection) bool { return s.Mirror().Holds(packet.Reverse()) }
			if got, back := slices.ContainsFunc(all, holds), slices.ContainsFunc(all, mirrored); got != want || back != want {
				t.Fatalf("%v matches %+v: %v, and as its mirror %v, want %v, by %v", rule, packet, got, back, want, all)
			}
			if want {
				matched++
			}
		}
	}
	if matched < 200 {
		t.Errorf("only %d packets matched: the test has become blunt", matched)
	}
}

// TestOfIsBounded: what would take too many prefixes is refused whole.
func TestOfIsBounded(t *testing.T) {
	odd := acl.NewWildcard(host, 0x0000ff00) // 256 hosts
	for _, test := range []struct {
		name  string
		rule  acl.Rule
		limit int
		want  int // 0: refused
	}{
		{"prefixes", permit(lan, remote), 1, 1},
		{"a source that just fits", acl.Rule{Source: odd}, 256, 256},
		{"and one that does not", acl.Rule{Source: odd}, 255, 0},
		{"a destination that does not", acl.Rule{Destination: odd}, 255, 0},
		{"both", acl.Rule{Source: odd, Destination: odd}, 256, 65536},
	} {
		if all, ok := Of(&test.rule, test.limit); len(all) != test.want || ok != (test.want > 0) {
			t.Errorf("%s: Of says %v with %d selections, want %d", test.name, ok, len(all), test.want)
		}
	}
}

func TestSelectionString(t *testing.T) {
	s := Selection{netip.MustParsePrefix("10.0.0.0/8"), one(peer), acl.TCP, PortBits{0x100, 0xff00}, OnePort(80)}
	for _, test := range []struct {
		s    Selection
		want string
	}{
		{All(), "src 0.0.0.0/0 dst 0.0.0.0/0"},
		{s, "src 10.0.0.0/8 dst 192.0.2.2/32 proto tcp sport 256/0xff00 dport 80/0xffff"},
		{s.Mirror(), "src 192.0.2.2/32 dst 10.0.0.0/8 proto tcp sport 80/0xffff dport 256/0xff00"},
	} {
		if got := test.s.String(); got != test.want {
			t.Errorf("%#v is %q, want %q", test.s, got, test.want)
		}
	}
	if All().HasPorts() || !s.HasPorts() || !s.Mirror().HasPorts() {
		t.Error("HasPorts is wrong")
	}
}
