package loop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

var (
	here     = netip.MustParseAddrPort("192.0.2.1:500")
	hereNATT = netip.MustParseAddrPort("192.0.2.1:4500")
	there    = netip.MustParseAddrPort("198.51.100.7:500")
)

// A journal is what happened, one line each, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// A scripted engine writes its inputs down and answers as answer says.
type scripted struct {
	*journal
	answer   func(ike.Input) []ike.Output
	deadline time.Time
	status   []ike.Status
	failures []ike.Failure
	offlines []ike.Offline
	history  []ike.History
	refusals []ike.Refusal
	counts   ike.Counts
}

func (s *scripted) Step(now time.Time, in ike.Input) []ike.Output {
	switch i := in.(type) {
	case ike.Datagram:
		s.add("step datagram %v>%v %x", i.Remote, i.Local, i.Octets)
	case ike.Failed:
		s.add("step failed %T: %v", i.Output, i.Err)
	case ike.Computed:
		s.add("step computed %d: %v", i.Job, i.Result.Err)
	default:
		s.add("step %T", in)
	}
	if _, tick := in.(ike.Tick); tick {
		s.deadline = time.Time{}
	}
	if s.answer == nil {
		return nil
	}
	return s.answer(in)
}

func (s *scripted) Deadline() (time.Time, bool) { return s.deadline, !s.deadline.IsZero() }
func (s *scripted) Status() []ike.Status        { return s.status }
func (s *scripted) Failures() []ike.Failure     { return s.failures }
func (s *scripted) Refusals() []ike.Refusal     { return s.refusals }
func (s *scripted) Fallbacks() []ike.Fallback   { return nil }
func (s *scripted) Counts() ike.Counts          { return s.counts }
func (s *scripted) Offlines() []ike.Offline     { return s.offlines }

func (s *scripted) History(time.Time) []ike.History { return s.history }

// A plane is a dataplane that refuses the SPIs it is told to refuse.
type plane struct {
	*journal
	refuse []ipsec.SPI
}

func (p *plane) AddSA(sa *ipsec.SA) error {
	p.add("add %d", sa.ID.SPI)
	if slices.Contains(p.refuse, sa.ID.SPI) {
		return fmt.Errorf("no room for %d", sa.ID.SPI)
	}
	return nil
}

func (p *plane) RemoveSA(id ipsec.SAID) error {
	p.add("remove %d", id.SPI)
	if slices.Contains(p.refuse, id.SPI) {
		return fmt.Errorf("%d is stuck", id.SPI)
	}
	return nil
}

func (p *plane) Capabilities() (c ipsec.Capabilities)                           { return }
func (p *plane) Adopt([]*ipsec.SA) (kept []*ipsec.SA, err error)                { return }
func (p *plane) Faults() (none []ipsec.Fault)                                   { return }
func (p *plane) SetPolicies([]*ipsec.Policy) error                              { return nil }
func (p *plane) Counters(ipsec.SAID) (c ipsec.Counters, known bool)             { return }
func (p *plane) SPI(_, _ netip.Addr, _ ipsec.Protocol) (s ipsec.SPI, err error) { return }

func (p *plane) Statistics() (s ipsec.Statistics) { return }

func (p *plane) AddPolicy(*ipsec.Policy) error     { return nil }
func (p *plane) RemovePolicy(ipsec.PolicyID) error { return nil }

func (p *plane) PassClear(id ipsec.PolicyID, open bool) error {
	p.add("pass clear %d %v", id.Sequence, open)
	if id.Sequence == stuckPolicy {
		return errors.New("no such policy")
	}
	return nil
}

// stuckPolicy is the sequence number of the policy that no plane opens.
const stuckPolicy = 666

func (p *plane) MoveSA(id ipsec.SAID, to netip.AddrPort) (ipsec.SAID, error) {
	p.add("move %d to %v", id.SPI, to)
	if slices.Contains(p.refuse, id.SPI) {
		return id, fmt.Errorf("%d is stuck", id.SPI)
	}
	return id, nil
}

// A pipe is a socket in memory. Its reader gets what is put into in.
type pipe struct {
	*journal
	name  string
	local netip.AddrPort
	in    chan any // []byte or error
	shut  chan struct{}
	once  sync.Once
	fail  error         // of Write
	slow  time.Duration // of Write
}

func (p *pipe) Read(b []byte) (int, netip.AddrPort, netip.AddrPort, error) {
	select {
	case v := <-p.in:
		if err, failed := v.(error); failed {
			return 0, netip.AddrPort{}, netip.AddrPort{}, err
		}
		return copy(b, v.([]byte)), p.local, there, nil
	case <-p.shut:
		return 0, netip.AddrPort{}, netip.AddrPort{}, fmt.Errorf("read: %w", net.ErrClosed)
	}
}

func (p *pipe) Write(b []byte, local, remote netip.AddrPort) error {
	time.Sleep(p.slow) // fake time
	p.add("%s %v>%v %x", p.name, local, remote, b)
	return p.fail
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.shut) })
	return nil
}

// A bench is a loop among fakes that all write into one journal.
type bench struct {
	*journal
	loop      *Loop
	engine    *scripted
	plane     *plane
	ike, natt *pipe
	cancel    context.CancelFunc
	ended     chan error
}

// newBench makes a loop that does not run yet, with no workers.
func newBench() *bench {
	j := &journal{}
	b := &bench{
		journal: j,
		engine:  &scripted{journal: j},
		plane:   &plane{journal: j},
		ike:     &pipe{journal: j, name: "500", local: here, in: make(chan any), shut: make(chan struct{})},
		natt:    &pipe{journal: j, name: "4500", local: hereNATT, in: make(chan any), shut: make(chan struct{})},
		ended:   make(chan error, 1),
	}
	b.loop = New(Config{
		Engine: b.engine, Dataplane: b.plane, IKE: b.ike, NATT: b.natt,
		ESP: func(local, remote netip.AddrPort, packet []byte) {
			if string(packet) == "esp-panic" {
				panic("a secret thing")
			}
			j.add("esp %v>%v %x", remote, local, packet)
		},
		Event:   func(_ time.Time, e ike.Event) { j.add("event %T", e) },
		Trouble: func(err error) { j.add("trouble %T", err) },
	})
	b.loop.workers = 0
	return b
}

// run starts the loop.
func (b *bench) run() {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go func() { b.ended <- b.loop.Run(ctx) }()
}

// end ends the loop and returns what Run returned.
func (b *bench) end() error {
	b.cancel()
	return <-b.ended
}

// conversation runs a loop in a bubble of fake time, lets talk do something
// with it, and compares the journal until the loop was told to end.
func conversation(t *testing.T, prepare, talk func(*bench), want ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		if prepare != nil {
			prepare(b)
		}
		b.run()
		synctest.Wait()
		talk(b)
		synctest.Wait()
		got := b.String()
		if err := b.end(); err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
		if want := strings.Join(want, "\n"); got != want {
			t.Errorf("journal\n%s\nwant\n%s", got, want)
		}
	})
}
