package loop

import (
	"sallyport/ike"
)

// An Access does for the engine what XAUTH and mode configuration want. Its functions are
// called on the engine's goroutine and must not block; a nil one does nothing.
type Access struct {
	// Authenticate looks at a user's password. It answers later, from a goroutine of its
	// own, with Loop.Input of an ike.Authenticated. nil: every user is refused.
	Authenticate func(ike.Authenticate)

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

// authenticate has a password looked at. Without anybody to do it nobody is let in.
func (l *Loop) authenticate(o ike.Authenticate) {
	if l.config.Access.Authenticate == nil {
		o.Password.Wipe()
		l.waiting = append(l.waiting, ike.Authenticated{Job: o.Job, Reason: "there is nobody to ask about users"})
		return
	}
	l.config.Access.Authenticate(o)
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
