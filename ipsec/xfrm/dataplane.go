package xfrm

import (
	"os"
	"sync"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// DefaultMark is the fwmark of what the kernel has encrypted, and of the sockets whose
// traffic is not to be taken into a tunnel.
const DefaultMark = 0x53414c50 // "SALP"

// Config says what a dataplane needs from the program around it.
type Config struct {
	Notify func(ipsec.Event) // must not block or call back; nil: nobody is told
	Mark   uint32            // fwmark of what was encrypted; 0: DefaultMark
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
	if c.Mark == 0 {
		c.Mark = DefaultMark
	}
	return c
}

// A Dataplane has the kernel protect traffic. It is an [ipsec.Dataplane].
type Dataplane struct {
	Config
	system       system
	network      network
	capabilities ipsec.Capabilities
	waiting      *kernel.Waiting // as it was before us; nil: it was left as it was

	mu          sync.Mutex // for what follows
	table       *table
	flows       flows
	stated      claimed
	byID        map[ipsec.PolicyID]*entry
	holders     selection.Holders
	early       []*ipsec.Policy // instances that came before the first SetPolicies, oldest first
	told        bool            // it has come
	rounds      uint64
	routes      []selection.Route
	devices     map[string]int           // indexes of those that were asked for
	tunnels     map[string]kernel.Tunnel // tunnel interfaces of ours that there are
	sas         map[ipsec.SAID]*association
	around      map[ipsec.SAID]*association // bundles, by the names of their AH
	ofPolicy    map[ipsec.PolicyID][]*association
	kept        map[ipsec.SAID]bool // reserved SPIs
	retired     ipsec.Statistics    // of SAs that are gone
	begin       kernel.Statistics   // when we opened
	last        kernel.Statistics   // as they were when they could be read last
	begun       bool                // what a predecessor left is ours or gone
	reassembles *bool               // fragments are put together; nil: nobody knows
	known       bool                // table and tunnels are what the kernel has
	moved       bool                // devices or routes are others than the policies were made for
	dirty       bool                // others changed something of ours, perhaps
	warned      map[string]bool
	closed      bool

	once    sync.Once // of the end
	stop    chan struct{}
	workers sync.WaitGroup
}

var _ ipsec.Dataplane = (*Dataplane)(nil)

// newDataplane returns a dataplane over a system, without policies. Its goroutine does
// not run yet.
func newDataplane(c Config, s system, n network) *Dataplane {
	return &Dataplane{
		Config: c.withDefaults(), system: s, network: n,
		table: newTable(), flows: newFlows(), byID: make(map[ipsec.PolicyID]*entry),
		devices: make(map[string]int), tunnels: make(map[string]kernel.Tunnel),
		sas: make(map[ipsec.SAID]*association), around: make(map[ipsec.SAID]*association),
		ofPolicy: make(map[ipsec.PolicyID][]*association),
		kept:     make(map[ipsec.SAID]bool), warned: make(map[string]bool), stop: make(chan struct{}),
	}
}

// Capabilities returns what the kernel can do.
func (d *Dataplane) Capabilities() ipsec.Capabilities { return d.capabilities }

// warnOnce tells a line that was not told before.
func (d *Dataplane) warnOnce(line string) {
	if !d.warned[line] {
		d.warned[line] = true
		d.Warn(line)
	}
}

// prepare refuses what is asked for after the end, and sees to what a predecessor left if
// nobody asked for that. The caller has the lock.
func (d *Dataplane) prepare() error {
	if d.closed {
		return os.ErrClosed
	}
	if d.begun {
		return nil
	}
	_, err := d.takeOver(nil)
	return err
}
