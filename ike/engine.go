// Package ike is the IKEv1 engine: RFC 2408, 2409, 2407, 3947. It is a state
// machine fed with inputs and answering with outputs; it opens no socket, reads
// no clock, draws no entropy of its own, starts no goroutine and does no
// Diffie-Hellman: that leaves as Compute and comes back as Computed.
//
// Start at [Engine.Step], then mainmode.go and quickmode.go, whose tables are
// the ladders of RFC 2409.
package ike

import (
	"io"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// An Engine holds all ISAKMP SAs and negotiations of one box. It is not safe
// for concurrent use: one goroutine owns it.
type Engine struct {
	config    *Config
	options   Options
	policies  map[ipsec.PolicyID]*Policy
	directory directory
	roster    roster             // nil: not asked for since the configuration changed
	keyrings  map[uint32]keyring // of user tables, by number
	entropy   io.Reader

	now      time.Time
	out      []Output
	schedule schedule

	sas       map[wire.Cookie]*sa // by our own cookie
	firsts    map[firstKey]*sa    // as responder: by what a repeated message 1 shows
	halfOpen  halfOpen
	puzzles   puzzles
	byParty   map[party][]*sa // oldest first
	flows     map[flowKey]*flow
	inbound   map[ipsec.SPI]*child
	bundled   map[ipsec.SPI]*child // by the SPI of a bundle's AH, inbound
	outbound  map[ipsec.SAID]*child
	instances map[instanceKey]*instance
	held      holdings
	pairs     map[party][]*child // oldest first
	jobs      map[uint64]job
	busy      []uint64 // jobs that were not done, to be asked for again
	notBusy   deadline // when

	waiting          map[party][]*flow // for phase 1
	lastID           uint32            // connection id
	lastJob          uint64
	lastInstance     uint32
	attempts         map[party]int  // which of a peer's addresses is tried
	made             uint64         // ISAKMP SAs so far
	ups              uint64         // pairs that came up so far
	contacted        map[party]bool // who has had our INITIAL-CONTACT
	notices          noticeLimit
	firstsKnown      budget    // of configured addresses
	firstsStrange    budget    // of others
	exchangesKnown   rateLimit // likewise
	exchangesStrange rateLimit
	signedKnown      rateLimit
	signedStrange    rateLimit

	explainedKnown   rateLimit // offers that nothing of ours fits, of configured addresses
	explainedStrange rateLimit // of others

	waitersKnown   waiters // of configured addresses
	waitersStrange waiters // of others
	halves         halves
	failures       []failure        // newest last
	offlines       []Offline        // newest last
	history        []*tunnelHistory // newest last
	refused        [categories]uint64
	odd            oddities
	tally          tally
	unsaved        unsaved
	open           map[ipsec.PolicyID]*clearing // whose traffic goes in clear
	census         census
	leases         leases
	given          map[party]*Configured // by gateways, to us
	logins         map[uint64]*sa        // by the Authenticate that is under way
}

// computing is an exchange that waits for a Computed.
type computing interface {
	computed(Result) error
	about() *packet // what an error is an answer to
}

// New returns an engine with an empty configuration if c is nil. It reads
// cookies, nonces, SPIs and private values from entropy, which must not fail.
func New(c *Config, entropy io.Reader) *Engine {
	e := &Engine{
		entropy:   entropy,
		sas:       map[wire.Cookie]*sa{},
		firsts:    map[firstKey]*sa{},
		byParty:   map[party][]*sa{},
		flows:     map[flowKey]*flow{},
		inbound:   map[ipsec.SPI]*child{},
		bundled:   map[ipsec.SPI]*child{},
		outbound:  map[ipsec.SAID]*child{},
		instances: map[instanceKey]*instance{},
		attempts:  map[party]int{},
		open:      map[ipsec.PolicyID]*clearing{},
		pairs:     map[party][]*child{},
		jobs:      map[uint64]job{},
		given:     map[party]*Configured{},
		logins:    map[uint64]*sa{},
		contacted: map[party]bool{},
		keyrings:  map[uint32]keyring{},
		waiting:   map[party][]*flow{},
	}
	if c == nil {
		c = &Config{}
	}
	e.index(c)
	return e
}

// Step feeds one input to the engine and returns what the caller must do, in
// order. It does not block, read a clock or find entropy of its own. The
// outputs are the caller's to keep.
func (e *Engine) Step(now time.Time, in Input) []Output {
	e.now, e.out = now, nil
	switch in := in.(type) {
	case Datagram:
		e.datagram(in)
	case Tick:
		e.schedule.fire(now)
		e.dropShares()
	case Acquire:
		e.acquire(in)
	case Expire:
		e.expire(in)
	case Moved:
		e.moved(in)
	case SetConfig:
		e.setConfig(in.Config)
	case Resume:
		e.resume(in)
	case Reset:
		e.reset(in)
	case Clear:
		e.clear(in)
	case Computed:
		e.computed(in)
	case Failed:
		e.failed(in)
	case Authenticated:
		e.authenticated(in)
	}
	return e.outputs()
}

// outputs returns those of this step, what is to be remembered of it before the others.
func (e *Engine) outputs() []Output {
	out := e.out
	e.tally.note(out)
	if first := e.remembered(); first != nil {
		out = append(first, out...)
	}
	e.out = nil
	return out
}

// Deadline reports when the engine next wants a Tick.
func (e *Engine) Deadline() (t time.Time, ok bool) { return e.schedule.next() }

// emit adds outputs to those of this step.
func (e *Engine) emit(out ...Output) { e.out = append(e.out, out...) }

// random returns n octets of entropy.
func (e *Engine) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(e.entropy, b); err != nil {
		panic("ike: no entropy: " + err.Error()) // nothing can go on without it; crypto/rand does the same
	}
	return b
}

// draw returns a number in [0,1).
func (e *Engine) draw() float64 {
	b := e.random(2)
	return float64(uint16(b[0])<<8|uint16(b[1])) / (1 << 16)
}

// newID returns a connection id, as displays show it.
func (e *Engine) newID() uint32 {
	e.lastID++
	return e.lastID
}
