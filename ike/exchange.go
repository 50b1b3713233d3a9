package ike

import (
	"crypto/sha256"
	"math/bits"
	"slices"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// A state is where an exchange stands; each mode names its own.
type state uint8

// payloads is a set of payload types.
type payloads uint64

// of makes a set. The numbers of drafts count as those of their RFC.
func of(types ...wire.PayloadType) (s payloads) {
	for _, t := range types {
		s |= 1 << t.Assigned()
	}
	return s
}

func (s payloads) has(t wire.PayloadType) bool { return s&of(t) != 0 }

// anywhere may come with every message and changes nothing by its absence.
var anywhere = of(wire.PayloadVendorID, wire.PayloadNotify, wire.PayloadCertReq)

// A step is a row of an exchange's table: what it takes to leave a state. The
// runner checks the row before do runs, so do never looks for a missing payload.
// If do returns an error, nothing has changed.
type step[X any] struct {
	from      state
	need      payloads // must be there
	may       payloads // may be there as well, besides anywhere
	encrypted bool
	either    bool // encrypted or not
	computed  bool // waits for a Computed, not for a message
	do        func(X, *wire.Message) error
	to        state // unless do went further at once
}

// An exchange is what every mode has: a state, the kept octets and the timer of
// the last message sent, the digest of the last one accepted.
type exchange struct {
	engine *Engine
	sa     *sa
	kind   wire.ExchangeType
	id     wire.MessageID
	state  state
	iv     keymat.IV // for the next message; nil while messages go in clear
	number int       // messages so far, both ways
	before position  // where x stood before the last message

	accepted [sha256.Size]byte // digest of the last datagram accepted
	sent     []byte            // last message sent, as it went out; nil before there is one
	answered time.Time         // when sent was last repeated on request
	tries    int               // repetitions by our own timer
	repeat   deadline          // next repetition
	instead  func() bool       // may do something else, and says so; nil: never
	end      deadline          // give up, or forget
	began    time.Time
	job      uint64 // the Compute that is under way
	result   Result // of the last one
	hint     string // what an unauthenticated notification said
	hints    int    // different ones so far
}

func (x *exchange) base() *exchange { return x }

// run takes one message, or the result of a Compute if m is nil, through the
// row for the present state.
func run[X interface{ base() *exchange }](x X, table []step[X], m *wire.Message) error {
	b := x.base()
	row := find(table, b.state, m == nil)
	if row == nil {
		return reject(UnexpectedMessage, "no %v message is expected now", b.kind)
	}
	if m != nil {
		if err := row.check(m); err != nil {
			return err
		}
	}
	outputs := len(b.engine.out)
	if err := row.do(x, m); err != nil {
		b.engine.out = b.engine.out[:outputs]
		return err
	}
	if b.state == row.from {
		b.state = row.to
	}
	return nil
}

// find returns the row that leaves from, or nil.
func find[X any](table []step[X], from state, computed bool) *step[X] {
	for i := range table {
		if table[i].from == from && table[i].computed == computed {
			return &table[i]
		}
	}
	return nil
}

// check holds a message against the row.
func (s *step[X]) check(m *wire.Message) error {
	if encrypted := m.Flags&wire.FlagEncrypted != 0; encrypted != s.encrypted && !s.either {
		return reject(InvalidFlags, "encryption flag is %v, want %v", encrypted, s.encrypted)
	}
	var have payloads
	for _, p := range m.Payloads {
		t := p.Type()
		have |= of(t)
		if _, unknown := p.(wire.Unknown); !unknown && !(s.need | s.may | anywhere).has(t) {
			return reject(UnexpectedPayload, "payload %v is not allowed here", t)
		}
	}
	if missing := s.need &^ have; missing != 0 {
		return reject(UnexpectedPayload, "payload %v is missing", wire.PayloadType(bits.TrailingZeros64(uint64(missing))))
	}
	return nil
}

// A position is where an exchange stood before the last message, so that it can
// go back there when the peer's public value turns out to be no good.
type position struct {
	state    state
	iv       keymat.IV
	number   int
	accepted [sha256.Size]byte
}

// position returns where x stands.
func (x *exchange) position() position { return position{x.state, x.iv, x.number, x.accepted} }

// goBack puts x where it stood before the message accepted last.
func (x *exchange) goBack() {
	x.state, x.iv, x.number, x.accepted = x.before.state, x.before.iv, x.before.number, x.before.accepted
}

// receive takes the message m of packet p through the table. next is the IV that
// follows it. An error leaves x as it was.
func receive[X interface{ base() *exchange }](x X, table []step[X], p *packet, m *wire.Message, next keymat.IV) error {
	b := x.base()
	e, at, before, older := b.engine, len(b.engine.out), b.position(), b.before
	b.before, b.iv, b.accepted, b.number = before, next, p.digest, b.number+1
	if err := run(x, table, m); err != nil {
		b.goBack()
		b.before = older
		return err
	}
	b.sa.hear()
	b.sa.spend(p)
	e.out = slices.Insert(e.out, at, Output(MessageReceived{p.Local, p.Remote, before.number + 1, m}))
	return nil
}

// ask has mathematics done for x. Meanwhile nothing is repeated.
func (x *exchange) ask(self computing, work Work) {
	x.engine.schedule.clear(&x.repeat)
	x.job = x.engine.compute(self, work)
}

// resume goes on waiting as if the message accepted last had not come: it was no
// good, and may be forged.
func (x *exchange) resume(failed func()) {
	x.goBack()
	x.engine.schedule.set(&x.repeat, x.repeat.at, func() { x.again(failed) })
}

// stopRepeating ends the timer of the message that has been answered.
func (x *exchange) stopRepeating() {
	x.tries = 0
	x.engine.schedule.clear(&x.repeat)
}

// repeated reports whether p is the message accepted last. If so, the answer to
// it is sent again, at most once a second, and nothing else happens.
func (x *exchange) repeated(p *packet) bool {
	if x.accepted != p.digest {
		return false
	}
	x.answerAgain()
	return true
}

// answerAgain sends the answer to the message accepted last once more, at most once a
// second, and reports whether it has.
func (x *exchange) answerAgain() bool {
	e := x.engine
	if x.sent == nil || x.job != 0 || e.now.Sub(x.answered).Abs() < answerPause {
		return false
	}
	x.answered = e.now
	x.sa.transmit(x.sent)
	e.emit(Repeated{x.sa.local, x.sa.remote, x.kind, x.number, 0})
	return true
}

// send sends the exchange's next message and keeps its octets.
func (x *exchange) send(payloads ...wire.Payload) {
	x.stopRepeating()
	h := wire.Header{CookieI: x.sa.cookieI, CookieR: x.sa.cookieR, Exchange: x.kind, MessageID: x.id}
	m := &wire.Message{Header: h, Payloads: payloads}
	if x.iv == nil {
		x.sent = m.Append(nil)
	} else {
		m.Flags |= wire.FlagEncrypted
		x.sent, x.iv = x.sa.seal(m, x.iv)
	}
	x.number++
	x.sa.transmit(x.sent)
	x.engine.emit(MessageSent{x.sa.local, x.sa.remote, x.number, m})
}

// expectAnswer starts repeating the message just sent until stopRepeating, or
// until failed is called for want of an answer.
func (x *exchange) expectAnswer(failed func()) {
	wait := firstRepeat << x.tries
	if x.tries == maxRepeats {
		wait = lastWait
	}
	jitter := time.Duration(float64(wait) * repeatShare * (2*x.engine.draw() - 1))
	x.engine.schedule.set(&x.repeat, x.engine.now.Add(wait+jitter), func() { x.again(failed) })
}

// hear notes that a message was accepted. Whatever it was: the peer has what ended phase 1.
func (s *sa) hear() {
	s.heard = s.engine.now
	if x := s.phase1; x != nil && x.state == established {
		x.stopRepeating()
	}
}

// again repeats the last message, or gives up.
func (x *exchange) again(failed func()) {
	if x.instead != nil && x.instead() {
		return
	}
	if x.tries == maxRepeats {
		failed()
		return
	}
	x.tries++
	x.sa.transmit(x.sent)
	x.engine.emit(Repeated{x.sa.local, x.sa.remote, x.kind, x.number, x.tries})
	x.expectAnswer(failed)
}

// endAfter calls what d from now, unless the exchange ends before.
func (x *exchange) endAfter(d time.Duration, what func()) {
	x.engine.schedule.set(&x.end, x.engine.now.Add(d), what)
}

// close takes the exchange off the schedule and forgets its Compute.
func (x *exchange) close() {
	x.engine.schedule.clear(&x.repeat)
	x.engine.schedule.clear(&x.end)
	delete(x.engine.jobs, x.job)
	x.result.DH.Shared.Wipe()
}
