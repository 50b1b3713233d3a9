package kernel

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// TestOthersChange: what others do to ours is told, what they do to theirs is not, and
// what we do is not.
func TestOthersChange(t *testing.T) {
	s := newSide(t)
	s.listen(t)
	others := newHandle(t, s)
	p := samples()[2]
	remove := func() error {
		m := request(nl.XFRM_MSG_DELPOLICY, unix.NLM_F_ACK, (&nl.XfrmUserpolicyId{Index: p.Index, Dir: uint8(p.Direction)}).Serialize())
		return others.do(m, 0, nil)
	}
	ours := func() error { return s.k.AddPolicy(p, true) }
	theirs := func() error { return foreignPolicy(s, "10.9.9.9/32") }
	flush := func(kind uint16) func() error {
		return func() error { return others.do(request(kind, unix.NLM_F_ACK, zeros(8)), 0, nil) }
	}
	// Each is followed by a flush, which is told of in any case.
	for _, test := range []struct {
		name string
		do   func() error
		want int
	}{
		{"our own policy", ours, 1},
		{"a policy of theirs", theirs, 1},
		{"our policy again", ours, 1},
		{"which they remove", remove, 2},
		{"and put there again", func() error { return others.do(p.message(nl.XFRM_MSG_NEWPOLICY), 0, nil) }, 2},
		{"all states go", flush(nl.XFRM_MSG_FLUSHSA), 2},
		{"our own SPI", func() error {
			_, err := s.k.ReserveSPI(probeAddress, probeAddress, ipsec.ESP, ipsec.Tunnel, Ours|1)
			return err
		}, 1},
	} {
		must(t, test.do())
		must(t, flush(nl.XFRM_MSG_FLUSHSA)())
		must(t, acquireOf(others)) // the end mark
		got := 0
		for e := range s.events {
			if _, ok := e.(Expire); ok {
				break
			}
			if e != (Changed{}) {
				t.Errorf("%s: told is %+v", test.name, e)
			}
			got++
		}
		if got != test.want {
			t.Errorf("%s: %d changes told, want %d", test.name, got, test.want)
		}
	}
}

// newHandle returns another program's socket in a side's namespace.
func newHandle(t *testing.T, s *side) (other *socket) {
	t.Helper()
	must(t, s.Do(func() (err error) { other, err = openSocket(); return err }))
	t.Cleanup(func() { other.Close() })
	return other
}
