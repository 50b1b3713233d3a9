package kernel

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// encapsulating opens UDP sockets of both sides that take ESP.
func encapsulating(t *testing.T, port uint16, sides ...*side) {
	t.Helper()
	for _, s := range sides {
		must(t, s.Do(func() error {
			c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.outer, port)))
			if err != nil {
				return err
			}
			t.Cleanup(func() { c.Close() })
			raw, err := c.SyscallConn()
			if err != nil {
				return err
			}
			var inner error
			err = raw.Control(func(fd uintptr) {
				inner = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_ENCAP, unix.UDP_ENCAP_ESPINUDP)
			})
			return errors.Join(err, inner)
		}))
	}
}

// TestPeerMoves: packets in UDP pass, and one from another port is told of.
func TestPeerMoves(t *testing.T) {
	left, right := established(t, with(func(s *State) { s.Encapsulation = ipsec.Ports{Local: 4500, Remote: 4500} }))
	encapsulating(t, 4500, left, right)
	if n := send(t, left, right, left.inner, right.inner, volley{3, 100, 3}); n != 3 {
		t.Fatalf("%d of 3 arrived in UDP; errors %v and %v", n, left.errors(t), right.errors(t))
	}
	s := plain.states(left, right)[0]
	s.Encapsulation = ipsec.Ports{Local: 40000, Remote: 4500}
	must(t, left.k.UpdateState(s))
	if got, _, err := left.k.State(s.ID); got.Encapsulation != s.Encapsulation || err != nil {
		t.Errorf("ports are %+v, %v, want %+v", got.Encapsulation, err, s.Encapsulation)
	}
	if n := send(t, left, right, left.inner, right.inner, volley{3, 100, 3}); n != 3 {
		t.Errorf("%d of 3 arrived from another port", n)
	}
	want := Mapping{ID: s.ID, ReqID: left.number, Remote: netip.AddrPortFrom(left.outer, 40000)}
	if got := expect[Mapping](t, right); got != want {
		t.Errorf("told is %+v, want %+v", got, want)
	}
	if bad := slices.Concat(left.errors(t), right.errors(t)); len(bad) > 0 {
		t.Errorf("errors are %v", bad)
	}
}
