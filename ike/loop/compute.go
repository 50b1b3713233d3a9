package loop

import (
	"errors"

	"sallyport/ike"
)

// errWork is the result of work that panicked.
var errWork = errors.New("the mathematics panicked")

// submit queues work for the workers. What does not fit, the newest, comes back
// to the engine at once, which asks for it again.
func (l *Loop) submit(job ike.Compute) {
	select {
	case l.work <- job:
	default:
		l.overload(QueueWork)
		l.waiting = append(l.waiting, ike.Computed{Job: job.Job, Result: ike.Result{Err: ike.ErrBusy}})
	}
}

// compute is a worker: it does one job after the other until the loop stops.
func (l *Loop) compute() {
	for {
		select {
		case job := <-l.work:
			if !l.deliver(ike.Computed{Job: job.Job, Result: l.result(job.Work)}) {
				return
			}
		case <-l.stop:
			return
		}
	}
}

// deliver hands a result to the engine, or reports that the loop has stopped.
func (l *Loop) deliver(result ike.Computed) bool {
	select {
	case l.results <- result:
		return true
	case <-l.stop:
		result.Result.DH.Shared.Wipe()
		return false
	}
}

// result does the arithmetic. Its operands are the peer's, so a panic costs the job.
func (l *Loop) result(work ike.Work) (result ike.Result) {
	defer func() {
		if v := recover(); v != nil {
			l.panicked(ike.Computed{}, v)
			result = ike.Result{Err: errWork}
		}
	}()
	return l.do(work)
}
