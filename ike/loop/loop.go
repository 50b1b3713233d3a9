// Package loop is the outside of the IKE engine: one goroutine that feeds it and
// performs what it asks for, the two UDP ports, one timer, and a few workers for
// the Diffie-Hellman arithmetic. Nothing else touches the engine. It knows no
// protocol beyond what RFC 3948 §2 needs to tell IKE from ESP on port 4500.
//
// Start at [Config] and [Loop.Run].
package loop

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// An Engine is what the loop owns while Run runs; *ike.Engine is one.
type Engine interface {
	Step(now time.Time, in ike.Input) []ike.Output
	Deadline() (time.Time, bool)
	Status() []ike.Status
	Failures() []ike.Failure
	Offlines() []ike.Offline
	History(now time.Time) []ike.History
	Refusals() []ike.Refusal
	Counts() ike.Counts
	Fallbacks() []ike.Fallback
}

// A Memory keeps what a successor of the engine needs after a crash. It is called
// on the engine's goroutine, in order with what the engine has done, and must not
// block.
type Memory interface {
	Remember(ike.Remember)
	Forget(key string)
}

// A Config is what a Loop is made of. All fields but Access, Memory, Keep and Now are
// required.
type Config struct {
	Engine    Engine
	Dataplane ipsec.Dataplane
	IKE       Socket // port 500; the loop closes it when it ends
	NATT      Socket // port 4500; the loop closes it when it ends

	// ESP takes a packet that came over port 4500. It is called on the socket's
	// goroutine and must not keep the packet.
	ESP func(local, remote netip.AddrPort, packet []byte)

	// Event is told what happened, in order. It is called on the engine's
	// goroutine and must not block.
	Event func(time.Time, ike.Event)

	// Trouble is told what went wrong outside the engine: *Overload, *Panic,
	// *SocketError, *RemoveError. It is called from any goroutine and must not block.
	Trouble func(error)

	Access Access // the zero value serves no clients, and is none

	Memory Memory // nil: nothing is remembered
	Keep   bool   // at the end the SAs stay, for a successor, and the peers hear nothing

	Now func() time.Time // nil: time.Now
}

// The bounds of the queues. A datagram waits for tens of microseconds as a rule;
// the queues are there for bursts, such as all peers coming back at once.
const (
	datagramQueue = 512
	noticeQueue   = 1024
	operatorQueue = 16
	workQueue     = 64
)

// A Loop runs one engine. Its methods may be called from any goroutine.
type Loop struct {
	config  Config
	workers int
	do      func(ike.Work) ike.Result // the arithmetic

	datagrams chan ike.Input // from the sockets: what does not fit is dropped
	notices   chan ike.Input // from the dataplane: what does not fit is dropped
	operator  chan func()    // configuration, commands and questions, in order: the sender waits
	work      chan ike.Compute
	results   chan ike.Input

	stop     chan struct{} // closed when the engine has been shut down
	done     chan struct{} // closed when Run is about to return
	group    sync.WaitGroup
	counters counters

	// Owned by the engine's goroutine.
	waiting []ike.Input // what performing outputs brought about; fed before anything else
	frame   []byte      // scratch for the non-ESP marker and what follows it
	broken  chan error  // a socket that was closed by somebody else
	cleared Counters    // at the last Clear of refusals
}

// New returns a loop that does nothing until Run.
func New(config Config) *Loop {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Loop{
		config:    config,
		workers:   runtime.GOMAXPROCS(0),
		do:        ike.Work.Do,
		datagrams: make(chan ike.Input, datagramQueue),
		notices:   make(chan ike.Input, noticeQueue),
		operator:  make(chan func(), operatorQueue),
		work:      make(chan ike.Compute, workQueue),
		results:   make(chan ike.Input),
		stop:      make(chan struct{}),
		done:      make(chan struct{}),
		broken:    make(chan error, 2),
	}
}

// Run runs the engine until ctx ends, then tells the peers unless the SAs are kept, closes the sockets
// and waits for every goroutine it started. The error is nil if ctx ended it,
// else a *SocketError. Run is called once.
func (l *Loop) Run(ctx context.Context) error {
	l.start()
	err := l.run(ctx)
	if !l.config.Keep {
		l.feed(ike.Reset{Quiet: true})
	}
	close(l.stop)
	l.config.IKE.Close()
	l.config.NATT.Close()
	close(l.done)
	l.group.Wait()
	return err
}

// start starts the socket readers and the workers.
func (l *Loop) start() {
	l.group.Go(func() { l.receive(l.config.IKE, l.fromIKE) })
	l.group.Go(func() { l.receive(l.config.NATT, l.fromNATT) })
	for range l.workers {
		l.group.Go(l.compute)
	}
}

// run is the only place that waits for inputs.
func (l *Loop) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		l.arm(timer)
		select {
		case in := <-l.datagrams:
			l.feed(in)
		case in := <-l.notices:
			l.feed(in)
		case do := <-l.operator:
			do()
		case in := <-l.results:
			l.feed(in)
		case <-timer.C:
			l.feed(ike.Tick{})
		case err := <-l.broken:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

// arm sets the timer to the engine's next deadline.
func (l *Loop) arm(timer *time.Timer) {
	if t, ok := l.config.Engine.Deadline(); ok {
		timer.Reset(max(0, t.Sub(l.config.Now())))
		return
	}
	timer.Stop()
}
