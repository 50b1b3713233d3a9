package loop

import (
	"time"

	"sallyport/ike"
)

// feed steps the engine with an input, performs what it asks for, and then does
// the same with everything that performing brought about.
func (l *Loop) feed(in ike.Input) {
	l.waiting = append(l.waiting, in)
	for len(l.waiting) > 0 {
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		now := l.config.Now()
		l.perform(now, l.step(now, next))
	}
	l.waiting = nil
}

// step steps the engine. A panic that a packet can provoke costs that packet;
// any other is a defect of ours that no packet carried in, and ends the program:
// a Tick that panics would be due again at once, for ever.
func (l *Loop) step(now time.Time, in ike.Input) (outputs []ike.Output) {
	if provoked(in) {
		defer func() {
			if v := recover(); v != nil {
				outputs = nil
				l.panicked(in, v)
			}
		}()
	}
	return l.config.Engine.Step(now, in)
}

// provoked reports whether an input comes from a packet.
func provoked(in ike.Input) bool {
	switch in.(type) {
	case ike.Datagram, ike.Acquire, ike.Moved, ike.Expire, ike.Computed, ike.Authenticated:
		return true
	}
	return false
}

// perform does what the engine asks for, in order. An SA or a policy that cannot be
// installed ends the batch, and the engine hears of it: what follows may tell
// the peer to use that SA. Events have the time of the step, not of their turn:
// the peer may have answered a Send before that.
func (l *Loop) perform(now time.Time, outputs []ike.Output) {
	for _, output := range outputs {
		switch o := output.(type) {
		case ike.Send:
			l.send(o)
		case ike.InstallSA:
			if err := l.config.Dataplane.AddSA(o.SA); err != nil {
				l.waiting = append(l.waiting, ike.Failed{Output: o, Err: err})
				return
			}
		case ike.AddPolicy:
			if err := l.config.Dataplane.AddPolicy(o.Policy); err != nil {
				l.waiting = append(l.waiting, ike.Failed{Output: o, Err: err})
				return
			}
		case ike.MoveSA:
			l.move(o)
		case ike.RemoveSA:
			l.remove(o)
		case ike.RemovePolicy:
			l.removePolicy(o)
		case ike.OpenPolicy:
			l.openPolicy(o)
		case ike.Compute:
			l.submit(o)
		case ike.Remember, ike.Forget:
			l.memorize(o)
		case ike.Authenticate, ike.Configured, ike.Unconfigured:
			if !l.access(o) {
				return
			}
		case ike.Event:
			l.config.Event(now, o)
		}
	}
}

// memorize hands the memory, if there is one, what is to be kept or dropped.
func (l *Loop) memorize(output ike.Output) {
	if l.config.Memory == nil {
		return
	}
	switch o := output.(type) {
	case ike.Remember:
		l.config.Memory.Remember(o)
	case ike.Forget:
		l.config.Memory.Forget(o.Key)
	}
}

// move has an SA follow its peer. What follows in the batch does not depend on it.
func (l *Loop) move(o ike.MoveSA) {
	if _, err := l.config.Dataplane.MoveSA(o.SA, o.To); err != nil {
		l.waiting = append(l.waiting, ike.Failed{Output: o, Err: err})
	}
}

// remove takes an SA out of the dataplane. The engine has forgotten it already,
// so an error is only reported.
func (l *Loop) remove(o ike.RemoveSA) {
	if err := l.config.Dataplane.RemoveSA(o.ID); err != nil {
		l.config.Trouble(&RemoveError{SA: o.ID, Err: err})
	}
}

// removePolicy takes an instance of a policy out of the dataplane, likewise.
func (l *Loop) removePolicy(o ike.RemovePolicy) {
	if err := l.config.Dataplane.RemovePolicy(o.ID); err != nil {
		l.config.Trouble(&RemovePolicyError{Policy: o.ID, Err: err})
	}
}

// openPolicy says whether a policy's packets may go in clear, likewise.
func (l *Loop) openPolicy(o ike.OpenPolicy) {
	if err := l.config.Dataplane.PassClear(o.ID, o.Open); err != nil {
		l.config.Trouble(&OpenPolicyError{Policy: o.ID, Open: o.Open, Err: err})
	}
}
