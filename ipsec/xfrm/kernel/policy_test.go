package kernel

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// samples are policies of every shape.
func samples() []Policy {
	left, right := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	some := selection.Selection{
		From: netip.MustParsePrefix("10.1.0.0/16"), To: one(right), Protocol: 6,
		FromPort: selection.PortBits{Value: 0x0400, Mask: 0xfc00}, ToPort: selection.OnePort(80),
	}
	esp := Template{ipsec.ESP, ipsec.Tunnel, left, right, Ours | 9, false}
	ah := Template{ipsec.AH, ipsec.Transport, left, right, Ours | 9, false}
	return []Policy{
		{Direction: In, Selection: selection.All(), Block: true, Priority: 1, Index: FirstIndex},
		{Direction: Forward, Selection: some, Priority: selection.FirstPriority, Index: FirstIndex + IndexStep | 2},
		{Direction: Out, Selection: some, Device: 1, Templates: [2]Template{esp}, N: 1, Priority: ^uint32(0), Index: FirstIndex + 2*IndexStep | 1},
		{Direction: Out, Selection: selection.All(), IfID: Ours | 77, Templates: [2]Template{esp, ah}, N: 2, Priority: 5, Index: FirstIndex + 3*IndexStep | 1},
		{Direction: In, Selection: some, Templates: [2]Template{{Protocol: ipsec.ESP, Source: netip.IPv4Unspecified(), Destination: right, ReqID: Ours | 1}},
			N: 1, Priority: 6, Index: Ours | 0xfffff8},
		{Direction: Forward, Selection: selection.All(), Templates: [2]Template{{Protocol: ipsec.ESP, Source: left, Destination: right, ReqID: Ours | 2, Optional: true}},
			N: 1, Priority: 7, Index: FirstIndex + 4*IndexStep | 2},
	}
}

// TestPoliciesComeBack: what the kernel is given it lists, and what is deleted it has no
// longer.
func TestPoliciesComeBack(t *testing.T) {
	s := newSide(t)
	want := samples()
	for _, p := range want {
		must(t, s.k.AddPolicy(p, false))
	}
	got, err := s.k.Policies()
	must(t, err)
	slices.SortFunc(got, func(a, b Policy) int {
		place := func(p Policy) int { return slices.IndexFunc(want, func(q Policy) bool { return p.Index == q.Index }) }
		return place(a) - place(b)
	})
	if !slices.Equal(got, want) {
		t.Errorf("there are\n%v\nwant\n%v", got, want)
	}
	for _, p := range want {
		must(t, s.k.DeletePolicy(p.Index, p.IfID))
		must(t, s.k.DeletePolicy(p.Index, p.IfID)) // is there no longer
	}
	if got, err := s.k.Policies(); len(got) != 0 || err != nil {
		t.Errorf("left are %v, %v", got, err)
	}
}

// TestReplacedPolicyKeepsItsIndex, and a second one for the same packets is refused.
func TestReplacedPolicyKeepsItsIndex(t *testing.T) {
	s := newSide(t)
	p := samples()[2]
	must(t, s.k.AddPolicy(p, false))
	other := p
	other.Index, other.Priority, other.N, other.Templates = p.Index+IndexStep, 7, 0, [2]Template{}
	if err := s.k.AddPolicy(other, false); !errors.Is(err, unix.EEXIST) {
		t.Errorf("a second one: %v, want %v", err, unix.EEXIST)
	}
	must(t, s.k.AddPolicy(other, true))
	other.Index = p.Index
	if got, err := s.k.Policies(); !slices.Equal(got, []Policy{other}) || err != nil {
		t.Errorf("there are %v, %v, want %v", got, err, other)
	}
	wrong := p
	wrong.Index = p.Index - 1 // of another direction
	if err := s.k.AddPolicy(wrong, false); !errors.Is(err, unix.EINVAL) || !strings.HasPrefix(err.Error(), "XFRM policy out src 10.1.0.0/16 ") {
		t.Errorf("an index of another direction: %v", err)
	}
}

// TestForeignPoliciesAreNotListed, and nothing of ours touches them.
func TestForeignPoliciesAreNotListed(t *testing.T) {
	s := newSide(t)
	must(t, foreignPolicy(s, "10.9.9.9/32"))
	before := allPolicies(t, s)
	for _, p := range samples() {
		must(t, s.k.AddPolicy(p, false))
	}
	got, err := s.k.Policies()
	if len(got) != len(samples()) || err != nil {
		t.Errorf("listed are %v, %v", got, err)
	}
	for _, p := range got {
		must(t, s.k.DeletePolicy(p.Index, p.IfID))
	}
	if after := allPolicies(t, s); !reflect.DeepEqual(after, before) {
		t.Errorf("of others are %v, want %v", after, before)
	}
}

// foreignPolicy adds a policy of another program's.
func foreignPolicy(s *side, to string) error {
	return s.Do(func() error {
		return netlink.XfrmPolicyAdd(&netlink.XfrmPolicy{
			Src: ipNet(selection.Anywhere), Dst: ipNet(netip.MustParsePrefix(to)), Dir: netlink.XFRM_DIR_OUT, Action: netlink.XFRM_POLICY_BLOCK,
		})
	})
}

// allPolicies returns whosever policies.
func allPolicies(t *testing.T, s *side) (all []netlink.XfrmPolicy) {
	t.Helper()
	must(t, s.Do(func() (err error) { all, err = netlink.XfrmPolicyList(unix.AF_INET); return err }))
	return all
}

// TestPolicyOctets: a policy's message, octet for octet where it says something.
func TestPolicyOctets(t *testing.T) {
	m := samples()[3].message(nl.XFRM_MSG_NEWPOLICY)
	m.finish(2, 3)
	b := slices.Concat(
		[]byte{0, 0, 0, 0, 0x13, 0, 5, 0, 2, 0, 0, 0, 3, 0, 0, 0}, // header
		zeros(40), []byte{2, 0, 0, 0}, zeros(12), // selector: any IPv4
		slices.Repeat([]byte{0xff}, 32), zeros(64), // no limits
		[]byte{5, 0, 0, 0, 0x21, 0, 0, 0x53, 1, 0, 0, 0}, zeros(4), // priority, index, direction
		[]byte{132, 0, 5, 0}, // two templates
		[]byte{192, 0, 2, 2}, zeros(12), []byte{0, 0, 0, 0, 50, 0, 0, 0, 2, 0, 0, 0, 192, 0, 2, 1}, zeros(12),
		[]byte{9, 0, 0, 0x53, 1, 0, 0, 0}, slices.Repeat([]byte{0xff}, 12),
		[]byte{192, 0, 2, 2}, zeros(12), []byte{0, 0, 0, 0, 51, 0, 0, 0, 2, 0, 0, 0, 192, 0, 2, 1}, zeros(12),
		[]byte{9, 0, 0, 0x53, 0, 0, 0, 0}, slices.Repeat([]byte{0xff}, 12),
		[]byte{8, 0, 31, 0, 77, 0, 0, 0x53}, // identifier
	)
	b[0], b[1] = byte(len(b)), byte(len(b)>>8)
	if !slices.Equal([]byte(m), b) {
		t.Errorf("message is\n% x\nwant\n% x", []byte(m), b)
	}
}

func zeros(n int) []byte { return make([]byte, n) }

// TestPolicyCodec: there and back is the same, what is too short is none, and what has
// more templates than ours have is not taken for one of ours.
func TestPolicyCodec(t *testing.T) {
	for _, p := range samples() {
		body := p.message(nl.XFRM_MSG_NEWPOLICY)[unix.SizeofNlMsghdr:]
		if got, ours := readPolicy(body); got != p || !ours {
			t.Errorf("%v comes back as %v, ours %v", p, got, ours)
		}
		for n := range nl.SizeofXfrmUserpolicyInfo {
			if got, ours := readPolicy(body[:n]); ours {
				t.Fatalf("%d octets are %v", n, got)
			}
		}
	}
	three := samples()[3].message(nl.XFRM_MSG_NEWPOLICY).attribute(nl.XFRMA_TMPL, zeros(3*nl.SizeofXfrmUserTmpl))
	if got, _ := readPolicy(three[unix.SizeofNlMsghdr:]); got == samples()[3] {
		t.Errorf("with three templates more it is still %v", got)
	}
	foreign := samples()[0]
	foreign.Index = 8
	if got, ours := readPolicy(foreign.message(nl.XFRM_MSG_NEWPOLICY)[unix.SizeofNlMsghdr:]); ours {
		t.Errorf("%v of another program is ours", got)
	}
}

func TestPolicyString(t *testing.T) {
	for _, test := range []struct {
		p    Policy
		want string
	}{
		{samples()[0], "dir in src 0.0.0.0/0 dst 0.0.0.0/0 priority 0x1 index 0x53000008 block"},
		{samples()[2], "dir out src 10.1.0.0/16 dst 192.0.2.2/32 proto tcp sport 1024/0xfc00 dport 80/0xffff dev 1 priority 0xffffffff index 0x53000019" +
			" tmpl ESP tunnel src 192.0.2.1 dst 192.0.2.2 reqid 0x53000009"},
		{Policy{Direction: Forward, Selection: selection.All(), IfID: 3}, "dir fwd src 0.0.0.0/0 dst 0.0.0.0/0 if_id 0x3 priority 0x0 index 0x0"},
		{Policy{Direction: 9, Selection: selection.All()}, "dir 9 src 0.0.0.0/0 dst 0.0.0.0/0 priority 0x0 index 0x0"},
	} {
		if got := test.p.String(); got != test.want {
			t.Errorf("%#v is %q, want %q", test.p, got, test.want)
		}
	}
}
