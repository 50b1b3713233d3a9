package loop

import (
	"errors"

	"sallyport/ike"
)

// An Access does for the engine what XAUTH and mode configuration want. Its functions are
// called on the engine's goroutine and must not block; a nil one does nothing.
type Access struct {
	// Authenticate has a user's password looked at. The answer comes later, from another
	// goroutine, with Loop.Input of an ike.Authenticated. Its error, which refuses the user at
	// once, says why nobody looks at it; the password is then not its own. nil: every user is
	// refused.
	Authenticate func(ike.Authenticate) error

	// Configured puts an address that a gateway has given us on an interface, with what
	// comes with it. Its error ends the ISAKMP SA.
	Configured func(ike.Configured) error

	// Unconfigured takes the address away again.
	Unconfigured func(ike.Unconfigured)
}

// access performs an output of XAUTH or mode configuration, and reports whether the rest of
// the batch may be performed.
func (l *Loop) access(output ike.Output) bool {
	switch o := output.(type) {
	case ike.Authenticate:
		l.authenticate(o)
	case ike.Configured:
		return l.configured(o)
	case ike.Unconfigured:
		if l.config.Access.Unconfigured != nil {
			l.config.Access.Unconfigured(o)
		}
	}
	return true
}

// errNobodyToAsk refuses every user.
var errNobodyToAsk = errors.New("there is nobody to ask about users")

// authenticate has a password looked at. Without anybody to do it nobody is let in.
func (l *Loop) authenticate(o ike.Authenticate) {
	err := errNobodyToAsk
	if l.config.Access.Authenticate != nil {
		err = l.config.Access.Authenticate(o)
	}
	if err != nil {
		o.Password.Wipe()
		l.waiting = append(l.waiting, ike.Authenticated{Job: o.Job, Reason: err.Error()})
	}
}

// configured puts an address to use. What follows may tell the peer of SAs for it, so it is
// not performed if that fails.
func (l *Loop) configured(o ike.Configured) bool {
	if l.config.Access.Configured == nil {
		return true
	}
	if err := l.config.Access.Configured(o); err != nil {
		l.waiting = append(l.waiting, ike.Failed{Output: o, Err: err})
		return false
	}
	return true
}
