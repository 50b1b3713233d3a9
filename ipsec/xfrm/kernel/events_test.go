package kernel

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// TestOthersChange: what others do to ours is told, what they do to theirs is not, and
// what we do is not.
func TestOthersChange(t *testing.T) {
	left, right := newPair(t)
	left.listen(t)
	mark := marker(t, left, right)
	others := newHandle(t, left)
	p := samples()[2]
	remove := &nl.XfrmUserpolicyId{Index: p.Index, Dir: uint8(p.Direction)}
	reserve := func() error {
		_, err := left.k.ReserveSPI(probeAddress, probeAddress, ipsec.ESP, ipsec.Tunnel, Ours|1)
		return err
	}
	for _, test := range []struct {
		name string
		do   func() error
		want int
	}{
		{"our own policy", func() error { return left.k.AddPolicy(p, false) }, 0},
		{"a policy of theirs", func() error { return foreignPolicy(left, "10.9.9.9/32") }, 0},
		{"our policy again", func() error { return left.k.AddPolicy(p, true) }, 0},
		{"they remove ours", func() error {
			return others.do(request(nl.XFRM_MSG_DELPOLICY, unix.NLM_F_ACK, remove.Serialize()), 0, nil)
		}, 1},
		{"and put it there again", func() error { return others.do(p.message(nl.XFRM_MSG_NEWPOLICY), 0, nil) }, 1},
		{"an SPI of ours", reserve, 0},
		{"all states go", func() error {
			return errors.Join(reserve(), others.do(request(nl.XFRM_MSG_FLUSHSA, unix.NLM_F_ACK, zeros(1)), 0, nil))
		}, 1},
		{"all policies go", func() error { return others.do(request(nl.XFRM_MSG_FLUSHPOLICY, unix.NLM_F_ACK, nil), 0, nil) }, 1},
	} {
		must(t, test.do())
		mark()
		got := 0
		for e := range left.events {
			if _, ok := e.(Acquire); ok {
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

// marker returns a function that causes an Acquire of a side, the last of what has
// happened so far.
func marker(t *testing.T, left, right *side) func() {
	c := open(t, left, left.inner)
	t.Cleanup(func() { c.Close() })
	return func() {
		t.Helper()
		must(t, left.k.AddPolicy(plain.policy(Out, left, right), true))
		must(t, left.k.requests.do(request(nl.XFRM_MSG_FLUSHSA, unix.NLM_F_ACK, zeros(1)), 0, nil))
		_, _ = c.WriteToUDPAddrPort([]byte("mark"), netip.AddrPortFrom(right.inner, 9)) // is refused
	}
}

// newHandle returns another program's socket in a side's namespace.
func newHandle(t *testing.T, s *side) (other *socket) {
	t.Helper()
	must(t, s.Do(func() (err error) { other, err = openSocket(); return err }))
	t.Cleanup(func() { other.Close() })
	return other
}

// TestOverrun: who is slow is told that something was lost.
func TestOverrun(t *testing.T) {
	s := newSide(t)
	slow, events := make(chan bool), make(chan Event, 1<<16)
	must(t, s.k.Listen(func(e Event) {
		<-slow
		events <- e
	}))
	raw, err := s.k.events.file.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { must(t, unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 2304)) }))
	others := newHandle(t, s)
	for range 100 {
		must(t, others.do(samples()[0].message(nl.XFRM_MSG_UPDPOLICY), 0, nil))
	}
	close(slow)
	for e := range events {
		if e == (Overrun{}) {
			return
		}
	}
}

// TestOwnChangesDoNotOverrun: many are made at a start.
func TestOwnChangesDoNotOverrun(t *testing.T) {
	left, right := newPair(t)
	left.listen(t)
	raw, err := left.k.events.file.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { must(t, unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 2304)) }))
	for range 1000 {
		must(t, left.k.AddPolicy(samples()[0], true))
	}
	marker(t, left, right)()
	if e, ok := (<-left.events).(Acquire); !ok {
		t.Errorf("told is %+v first, want the mark", e)
	}
}

// TestReadRemovals: a state or policy that goes is ours by what stands in an attribute.
func TestReadRemovals(t *testing.T) {
	state := State{ReqID: Ours | 4}
	foreign := State{ReqID: 4}
	mine, theirs := nl.XfrmUserpolicyInfo{Index: FirstIndex}, nl.XfrmUserpolicyInfo{Index: 8}
	id, name := &nl.XfrmUsersaId{}, &nl.XfrmUserpolicyId{}
	for _, test := range []struct {
		what string
		m    message
		want Event
	}{
		{"a state of ours", request(nl.XFRM_MSG_DELSA, 0, id.Serialize()).attribute(nl.XFRMA_SA, state.info().Serialize()), Changed{}},
		{"of others", request(nl.XFRM_MSG_DELSA, 0, id.Serialize()).attribute(nl.XFRMA_SA, foreign.info().Serialize()), nil},
		{"of whom is not said", request(nl.XFRM_MSG_DELSA, 0, id.Serialize()), Changed{}},
		{"cut off", request(nl.XFRM_MSG_DELSA, 0, zeros(8)), Changed{}},
		{"a policy of ours", request(nl.XFRM_MSG_DELPOLICY, 0, name.Serialize()).attribute(nl.XFRMA_POLICY, mine.Serialize()), Changed{}},
		{"of others", request(nl.XFRM_MSG_DELPOLICY, 0, name.Serialize()).attribute(nl.XFRMA_POLICY, theirs.Serialize()), nil},
		{"new, of others", request(nl.XFRM_MSG_NEWSA, 0, foreign.info().Serialize()), nil},
		{"changed, ours", request(nl.XFRM_MSG_UPDSA, 0, state.info().Serialize()), Changed{}},
		{"another message", request(nl.XFRM_MSG_REPORT, 0, zeros(100)), nil},
	} {
		test.m.finish(0, 0)
		got := readEvents(test.m)
		if test.want == nil && len(got) != 0 || test.want != nil && !slices.Equal(got, []Event{test.want}) {
			t.Errorf("%s, message %#x: %+v, want %+v", test.what, test.m[4], got, test.want)
		}
	}
	if got := readEvents(zeros(20)); !slices.Equal(got, []Event{Overrun{}}) {
		t.Errorf("what makes no sense is %+v, want an overrun", got)
	}
}

// TestReadExpireAndMapping of ours, and not of others.
func TestReadExpireAndMapping(t *testing.T) {
	s := State{ID: ipsec.SAID{Destination: netip.MustParseAddr("192.0.2.1"), Protocol: ipsec.AH, SPI: 0x12345678}, ReqID: Ours | 4}
	info := s.info()
	info.Curlft = nl.XfrmLifetimeCur{Bytes: 7, Packets: 3}
	body := append(info.Serialize(), 1, 0, 0, 0, 0, 0, 0, 0)
	want := Expire{ID: s.ID, Hard: true, ReqID: s.ReqID, Counters: ipsec.Counters{Packets: 3, Octets: 7}}
	if got := readExpire(body); got != Event(want) {
		t.Errorf("it is %+v, want %+v", got, want)
	}
	if got := readExpire(body[:nl.SizeofXfrmUsersaInfo]); got != nil {
		t.Errorf("cut off it is %+v", got)
	}
	moved := slices.Concat(stateID(s.ID), native32(s.ReqID), zeros(16), []byte{198, 51, 100, 7}, zeros(12), []byte{17, 148, 0x9c, 0x40})
	there := Mapping{ID: s.ID, ReqID: s.ReqID, Remote: netip.MustParseAddrPort("198.51.100.7:40000")}
	if got := readMapping(moved); got != Event(there) {
		t.Errorf("it is %+v, want %+v", got, there)
	}
	for n := range moved {
		if got := readMapping(moved[:n]); got != nil {
			t.Fatalf("%d octets are %+v", n, got)
		}
	}
	info.Reqid = 4
	if got := readExpire(append(info.Serialize(), 1)); got != nil {
		t.Errorf("of others: %+v", got)
	}
	moved[27] = 0
	if got := readMapping(moved); got != nil {
		t.Errorf("of others: %+v", got)
	}
}
