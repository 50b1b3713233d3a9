package icmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

var (
	host     = netip.MustParseAddr("192.0.2.1")
	stranger = netip.MustParseAddr("192.0.2.66")
)

const id = 0x1234

// A packet is what the fake socket receives, some time after a request.
type packet struct {
	after   time.Duration
	message []byte
	from    netip.Addr
}

// A paper socket answers request n with what the test wrote down for it.
// Its clock is the bubble's.
type paper struct {
	answers map[uint16][]packet // by sequence number, in order of time
	errors  map[uint16]error    // of send
	due     []arrival
	changed chan struct{} // setDeadline was called
	sent    []time.Duration
	start   time.Time

	lock     sync.Mutex
	deadline time.Time
}

type arrival struct {
	at time.Time
	packet
}

func newPaper() *paper {
	return &paper{start: time.Now(), changed: make(chan struct{}, 1),
		answers: map[uint16][]packet{}, errors: map[uint16]error{}}
}

var _ socket = (*paper)(nil)

func (s *paper) identifier() (uint16, bool) { return id, true }
func (s *paper) close()                     {}

func (s *paper) send(message []byte, to netip.Addr) error {
	e, ok := parse(message)
	if !ok || e.kind != echoRequest || e.id != id || to != host {
		return fmt.Errorf("%x to %v is no echo request of ours", message, to)
	}
	s.sent = append(s.sent, time.Since(s.start))
	for _, p := range s.answers[e.sequence] {
		s.due = append(s.due, arrival{time.Now().Add(p.after), p})
	}
	return s.errors[e.sequence]
}

func (s *paper) setDeadline(t time.Time) error {
	s.lock.Lock()
	s.deadline = t
	s.lock.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

// next returns when the next packet is there or the deadline, and which.
func (s *paper) next() (at time.Time, late bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.due) > 0 && s.due[0].at.Before(s.deadline) {
		return s.due[0].at, false
	}
	return s.deadline, true
}

// receive waits for the next packet or the deadline, whatever comes first.
func (s *paper) receive(buffer []byte) (int, sender, error) {
	for {
		at, late := s.next()
		select {
		case <-time.After(time.Until(at)):
		case <-s.changed:
			continue
		}
		if late {
			return 0, sender{}, os.ErrDeadlineExceeded
		}
		p := s.due[0]
		s.due = s.due[1:]
		if p.message == nil {
			return 0, sender{}, io.ErrClosedPipe
		}
		return copy(buffer, p.message), sender{p.from, 63}, nil
	}
}

// pattern is the data of a request of n octets.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// reply is the answer to request n of size 4, with changes.
func reply(n uint16, change func(*echo)) []byte {
	e := echo{kind: echoReply, id: id, sequence: n, data: pattern(4)}
	if change != nil {
		change(&e)
	}
	return e.append(nil)
}

// good and lost are what Ping reports.
func good(n int, after time.Duration) Reply {
	return Reply{Sequence: n, From: host, Size: 4, TTL: 63, Time: after}
}

func lost(n int) Reply { return Reply{Sequence: n, Lost: true} }

// ping runs two requests of 4 octets against s.
func ping(ctx context.Context, s *paper) ([]Reply, error) {
	r, err := Request{Host: host, Count: 2, Size: 4}.complete()
	if err != nil {
		return nil, err
	}
	var replies []Reply
	err = newPinger(r, s).run(ctx, func(r Reply) { replies = append(replies, r) })
	return replies, err
}

// A request goes out after the reply or the loss of the one before, and no
// earlier than the interval; what is not its reply is passed over.
func TestPing(t *testing.T) {
	const ms = time.Millisecond
	damaged := reply(1, nil)
	damaged[9] ^= 1
	for _, test := range []struct {
		name    string
		answers map[uint16][]packet
		errors  map[uint16]error
		want    []Reply
		sent    []time.Duration
	}{
		{"both answered", map[uint16][]packet{1: {{3 * ms, reply(1, nil), host}}, 2: {{900 * ms, reply(2, nil), host}}},
			nil, []Reply{good(1, 3*ms), good(2, 900*ms)}, []time.Duration{0, 500 * ms}},
		{"an answer later than the interval", map[uint16][]packet{1: {{1900 * ms, reply(1, nil), host}}},
			nil, []Reply{good(1, 1900*ms), lost(2)}, []time.Duration{0, 1900 * ms}},
		{"no answers", nil, nil, []Reply{lost(1), lost(2)}, []time.Duration{0, 2000 * ms}},
		{"the first answer after the second", map[uint16][]packet{
			1: {{2500 * ms, reply(1, nil), host}}, 2: {{900 * ms, reply(2, nil), host}}},
			nil, []Reply{lost(1), good(2, 900*ms)}, []time.Duration{0, 2000 * ms}},
		{"an answer twice", map[uint16][]packet{1: {{ms, reply(1, nil), host}, {600 * ms, reply(1, nil), host}}},
			nil, []Reply{good(1, ms), lost(2)}, []time.Duration{0, 500 * ms}},
		{"of another host", map[uint16][]packet{1: {{ms, reply(1, nil), stranger}}},
			nil, []Reply{lost(1), lost(2)}, []time.Duration{0, 2000 * ms}},
		{"of another program", map[uint16][]packet{1: {{ms, reply(1, func(e *echo) { e.id++ }), host}}},
			nil, []Reply{lost(1), lost(2)}, []time.Duration{0, 2000 * ms}},
		{"a request", map[uint16][]packet{1: {{ms, reply(1, func(e *echo) { e.kind = echoRequest }), host}}},
			nil, []Reply{lost(1), lost(2)}, []time.Duration{0, 2000 * ms}},
		{"damaged, then whole", map[uint16][]packet{1: {{ms, damaged, host}, {2 * ms, reply(1, nil), host}}},
			nil, []Reply{good(1, 2*ms), lost(2)}, []time.Duration{0, 500 * ms}},
		{"too short", map[uint16][]packet{1: {{ms, reply(1, func(e *echo) { e.data = pattern(3) }), host}}},
			nil, []Reply{lost(1), lost(2)}, []time.Duration{0, 2000 * ms}},
		{"no message at all", map[uint16][]packet{1: {{ms, []byte{}, host}, {2 * ms, reply(1, nil), host}}},
			nil, []Reply{good(1, 2*ms), lost(2)}, []time.Duration{0, 500 * ms}},
		{"not sent for now", map[uint16][]packet{2: {{ms, reply(2, nil), host}}},
			map[uint16]error{1: unix.ENOBUFS}, []Reply{lost(1), good(2, ms)}, []time.Duration{0, 500 * ms}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newPaper()
				s.answers, s.errors = test.answers, test.errors
				got, err := ping(t.Context(), s)
				if err != nil || !reflect.DeepEqual(got, test.want) {
					t.Errorf("Ping reports %v, %v, want %v", got, err, test.want)
				}
				if !reflect.DeepEqual(s.sent, test.sent) {
					t.Errorf("requests went out at %v, want %v", s.sent, test.sent)
				}
			})
		})
	}
}

// The end of the context ends a ping at once, wherever it stands.
func TestPingCancelled(t *testing.T) {
	for _, test := range []struct {
		name  string
		after time.Duration
		want  []Reply
	}{
		{"before it starts", 0, nil},
		{"while it waits for the reply", time.Second, nil},
		{"while it waits for the interval", 2 * time.Millisecond, []Reply{good(1, time.Millisecond)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newPaper()
				if test.want != nil {
					s.answers[1] = []packet{{time.Millisecond, reply(1, nil), host}}
				}
				ctx, cancel := context.WithTimeout(t.Context(), test.after)
				defer cancel()
				got, err := ping(ctx, s)
				if !errors.Is(err, context.DeadlineExceeded) || !reflect.DeepEqual(got, test.want) {
					t.Errorf("Ping reports %v, %v, want %v and the context's error", got, err, test.want)
				}
				if took := time.Since(s.start); took != test.after {
					t.Errorf("Ping took %v, want %v", took, test.after)
				}
			})
		})
	}
}

func TestPingHopeless(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{unix.ENETUNREACH, "ping 192.0.2.1: no route to the host"},
		{unix.EHOSTUNREACH, "ping 192.0.2.1: no route to the host"},
		{unix.ENETDOWN, "ping 192.0.2.1: the interface of the route is down"},
		{unix.EACCES, "ping 192.0.2.1: the system forbids packets to this address"},
		{unix.EINVAL, "ping 192.0.2.1: the system takes no packets to this address from this source"},
		{unix.EMSGSIZE, "ping 192.0.2.1: the packet is too long for the path"},
	} {
		s := newPaper()
		s.errors[1] = os.NewSyscallError("sendto", test.err)
		if got, err := ping(t.Context(), s); err == nil || err.Error() != test.want || got != nil {
			t.Errorf("after %v Ping reports %v, %v, want %q", test.err, got, err, test.want)
		}
	}
}

func TestPingSocketBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPaper()
		s.answers[1] = []packet{{after: time.Millisecond}}
		if got, err := ping(t.Context(), s); !errors.Is(err, io.ErrClosedPipe) || got != nil {
			t.Errorf("Ping reports %v, %v, want %v", got, err, io.ErrClosedPipe)
		}
	})
}

func TestComplete(t *testing.T) {
	got, err := Request{Host: host}.complete()
	want := Request{Host: host, Count: 5, Interval: 500 * time.Millisecond, Timeout: 2 * time.Second}
	if err != nil || got != want {
		t.Errorf("complete() = %+v, %v, want %+v", got, err, want)
	}
	six := netip.MustParseAddr("2001:db8::1")
	for _, test := range []struct {
		r    Request
		want string
	}{
		{Request{}, "want IPv4 addresses"},
		{Request{Host: six}, "ping 2001:db8::1 from "},
		{Request{Host: host, Source: six}, "want IPv4 addresses"},
		{Request{Host: host, Size: -1}, "want 0 to 65507"},
		{Request{Host: host, Size: 65508}, "want 0 to 65507"},
	} {
		err := Ping(t.Context(), test.r, func(r Reply) { t.Errorf("%+v was sent: %+v", test.r, r) })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Ping(%+v) = %v, want %q in it", test.r, err, test.want)
		}
	}
}
