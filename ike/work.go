package ike

import (
	"errors"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/pki"
	"sallyport/ike/wire"
)

// Work is mathematics that is done away from the engine: a pure function of its fields,
// to be done on any goroutine. Its result comes back as Computed.
type Work interface{ Do() Result }

// ErrBusy is the Err of a Work that was not done, for too much of it waits. It is asked for again.
var ErrBusy = errors.New("too much mathematics is waiting")

// busyPause is how long after that, and busyAtOnce how much of it: what a core does in that time.
const (
	busyPause  = 100 * time.Millisecond
	busyAtOnce = 64
)

// A job is work under way.
type job struct {
	exchange computing
	work     Work
}

// compute asks for work on behalf of x.
func (e *Engine) compute(x computing, work Work) (id uint64) {
	e.lastJob++
	e.jobs[e.lastJob] = job{x, work}
	e.emit(Compute{e.lastJob, work})
	return e.lastJob
}

// computed hands a result to the exchange that waits for it. One that has ended
// meanwhile is not missed.
func (e *Engine) computed(in Computed) {
	j, ok := e.jobs[in.Job]
	switch {
	case !ok:
		in.Result.DH.Shared.Wipe()
	case errors.Is(in.Result.Err, ErrBusy):
		e.busy = append(e.busy, in.Job)
		e.schedule.set(&e.notBusy, e.now.Add(busyPause), e.computeAgain)
	default:
		delete(e.jobs, in.Job)
		if err := j.exchange.computed(in.Result); err != nil {
			e.refuse(j.exchange.about(), err)
		}
	}
}

// computeAgain asks once more for the work that was not done, the oldest first. It is no
// peer's fault, and the exchanges wait as they did.
func (e *Engine) computeAgain() {
	again := e.busy[:min(len(e.busy), busyAtOnce)]
	if e.busy = e.busy[len(again):]; len(e.busy) > 0 {
		e.schedule.set(&e.notBusy, e.now.Add(busyPause), e.computeAgain)
	}
	for _, id := range again {
		if j, ok := e.jobs[id]; ok {
			e.emit(Compute{id, j.work})
		}
	}
}

// A Result is what became of a Work. What the kind of work does not make is zero.
type Result struct {
	DH        keymat.DHResult
	Signature []byte
	Proved    *pki.Verified                 // the peer, of a Verification that found nothing wrong
	Withdrawn map[pki.Proof]*pki.Withdrawal // of a Recheck
	Err       error
}

// A DiffieHellman makes a public value and g^xy.
type DiffieHellman struct{ keymat.DH }

// Do does the arithmetic.
func (w DiffieHellman) Do() Result {
	r := w.DH.Do()
	return Result{DH: r, Err: r.Err}
}

// A Signing signs HASH_I or HASH_R: RFC 2409 §5.1.
type Signing struct {
	Credential *pki.Credential
	Method     wire.AuthMethod
	Hash       []byte
}

// Do signs.
func (w Signing) Do() Result {
	signature, err := w.Credential.Sign(w.Method, w.Hash)
	return Result{Signature: signature, Err: err}
}

// A Verification checks a peer's signature, and the certificates that it rests on.
type Verification struct{ pki.Verify }

// Do checks everything. Its Err is a *pki.Refusal.
func (w Verification) Do() Result {
	proved, err := w.Verify.Do()
	return Result{Proved: proved, Err: err}
}
