package tunnel

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/ipsec"
)

// DefaultMark is the fwmark of what the dataplane sends. Sockets whose traffic must
// never be taken into a tunnel, such as IKE's own, carry it too.
const DefaultMark = 0x53414c50 // "SALP"

// DefaultTable is the first of the two routing tables that the dataplane fills.
const DefaultTable = 4500

// Config says what a dataplane needs from the program around it.
type Config struct {
	Notify  func(ipsec.Event) // must not block; nil: nobody is told
	Entropy io.Reader         // for the IVs of CBC, safe for several goroutines; nil: crypto/rand
	Mark    uint32            // fwmark of what is sent; 0: DefaultMark
	Table   int               // this routing table and the next are ours; 0: DefaultTable
	// Caught is told the value of a panic that a packet caused, in the panicking
	// goroutine; the packet is dropped. nil: a panic ends the program.
	Caught func(value any)
	// Warn is told in one line what the kernel cannot do, what another program keeps
	// us from, or what it undid. It must not block or call back. nil: nobody is told.
	Warn func(line string)
}

func (c Config) withDefaults() Config {
	if c.Notify == nil {
		c.Notify = func(ipsec.Event) {}
	}
	if c.Warn == nil {
		c.Warn = func(string) {}
	}
	if c.Entropy == nil {
		c.Entropy = rand.Reader
	}
	if c.Mark == 0 {
		c.Mark = DefaultMark
	}
	if c.Table == 0 {
		c.Table = DefaultTable
	}
	return c
}

// A Dataplane protects traffic in userspace. It is an [ipsec.Dataplane].
type Dataplane struct {
	entropy io.Reader
	ivs     pool
	notify  func(ipsec.Event)
	caught  func(any)
	now     func() time.Time
	system

	spd        atomic.Pointer[spd]
	epoch      atomic.Uint64 // moves with every change of policies or SAs
	lastID     atomic.Uint32 // of outer packets
	clock      atomic.Int64  // in seconds, as it was when it was looked at last
	statistics statistics

	mu   sync.RWMutex // for what follows
	sad  sad
	held queue

	instances *instances
	stating   sync.Mutex      // one change of policies at a time; for what follows
	early     []*ipsec.Policy // instances that came before the first SetPolicies, oldest first
	told      bool            // it has come
	closed    sync.Once
	stop      chan struct{}
	workers   sync.WaitGroup
}

var _ ipsec.Dataplane = (*Dataplane)(nil)

// system is the outside of a dataplane.
type system struct {
	inside  io.ReadWriteCloser // what leaves comes out; what was decrypted goes in
	guard   io.ReadCloser      // what came in clear to a protected address comes out
	arrived []receiver         // of ESP and AH
	outside sender
	router  router
	tunnels deviceMaker
}

// A sender sends whole IPv4 packets, past the tables that lead to us. It returns
// EMSGSIZE for one that is larger than the path allows. It keeps nothing.
type sender interface {
	Send(packet []byte) error
	Close() error
}

// A receiver reads plain ESP, or AH, from the network.
type receiver interface {
	// Read waits for a packet and puts it, outer header included, into b.
	Read(b []byte) (int, error)
	// TooBig returns a report of a router that one of our packets did not fit,
	// after a Read that failed; false when there is none left.
	TooBig() (tooBigReport, bool)
	Close() error
}

// A router makes the system bring packets here.
type router interface {
	// Set states the policies; it is idempotent.
	Set([]*ipsec.Policy) error
	// Add states an instance too, before those that were added earlier, and Remove takes it
	// back. What they cost does not grow with what is stated.
	Add(*ipsec.Policy) error
	Remove(*ipsec.Policy) error
	// PassClear says whether the system lets clear packets to this box itself pass that
	// a policy is for.
	PassClear(id ipsec.PolicyID, whether bool) error
	// Retry tries again what Set could not do yet.
	Retry()
	// Path returns our address and the MTU on the way to a destination.
	Path(netip.Addr) (local netip.Addr, mtu int, err error)
	// Blocked returns how many clear packets to this box itself the system dropped
	// because a policy protects them.
	Blocked() uint64
	Close() error
}

// A deviceMaker makes the devices of routed policies, which go with Close.
type deviceMaker interface {
	Open(name string) (io.ReadWriteCloser, error)
	Close() error
}

// newDataplane returns a dataplane over a system, without policies. Its goroutines
// do not run yet.
func newDataplane(c Config, s system) *Dataplane {
	c = c.withDefaults()
	d := &Dataplane{
		entropy: c.Entropy, ivs: pool{from: c.Entropy}, notify: c.Notify, caught: c.Caught, now: time.Now, system: s,
		sad: newSAD(), held: newQueue(), stop: make(chan struct{}),
	}
	d.instances = newInstances()
	d.spd.Store(&spd{instances: d.instances})
	d.lookAtClock()
	d.epoch.Store(1) // 0 is what a memory has that remembers nothing
	var first [4]byte
	if _, err := io.ReadFull(c.Entropy, first[:]); err == nil { // no entropy: IDs begin at 0, AddSA will say so
		d.lastID.Store(binary.BigEndian.Uint32(first[:]))
	}
	return d
}

// nextID returns the identification of an outer packet. It is shared by all SAs: two
// of them may go to the same peer. It is never 0, which the system would fill in for
// another; AH covers it.
func (d *Dataplane) nextID() uint16 {
	for {
		if id := uint16(d.lastID.Add(1)); id != 0 {
			return id
		}
	}
}

// start starts the goroutines: two devices, the network, the clock. Each tunnel has one
// more.
func (d *Dataplane) start() {
	d.workers.Go(func() { (&leaving{d: d}).run(d.inside) })
	d.workers.Go((&guard{d: d}).run)
	for _, from := range d.arrived {
		d.workers.Go((&arriving{d: d, from: from}).run)
	}
	d.workers.Go(d.keepTime)
}

// survive ends the handling of one packet: a panic in it drops the packet and
// nothing else, if there is somebody to tell.
func (d *Dataplane) survive() {
	if d.caught == nil {
		return
	}
	if value := recover(); value != nil {
		d.statistics.drop(ipsec.DropMalformed)
		d.caught(value)
	}
}

// Close removes devices, rules and routes, and returns when all goroutines have
// ended. What still calls other methods afterwards gets errors or counts drops.
func (d *Dataplane) Close() error {
	var err error
	d.closed.Do(func() {
		close(d.stop)
		errs := []error{d.inside.Close(), d.guard.Close(), d.outside.Close()}
		for _, from := range d.arrived {
			errs = append(errs, from.Close())
		}
		errs = append(errs, d.closeTunnels())
		d.workers.Wait()
		err = errors.Join(append(errs, d.router.Close())...)
	})
	return err
}

// closeTunnels removes the devices of all routed policies; there will be no more.
func (d *Dataplane) closeTunnels() error {
	d.stating.Lock()
	defer d.stating.Unlock()
	none := &spd{instances: d.instances}
	return errors.Join(closeTunnels(d.spd.Load(), none), d.tunnels.Close())
}

// Statistics returns the sums over all traffic since the start.
func (d *Dataplane) Statistics() ipsec.Statistics {
	sums := d.statistics.snapshot()
	sums.Drops[ipsec.DropClear] += d.router.Blocked()
	return sums
}
