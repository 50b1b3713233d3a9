package radius

import (
	"fmt"
	"net/netip"
	"strings"
)

// A Rejection is a server's Access-Reject: RFC 2865 §4.3.
type Rejection struct {
	Server  netip.AddrPort
	Message string // for the user; may be empty
}

func (r *Rejection) Error() string {
	if r.Message == "" {
		return fmt.Sprintf("radius: %v rejects the user", r.Server)
	}
	return fmt.Sprintf("radius: %v rejects the user: %q", r.Server, r.Message)
}

// NoAnswer says that none of the servers that were asked has answered, and what
// became of each, in the order in which they were asked.
type NoAnswer struct{ Servers []Silence }

// A Silence is a server that did not answer. It is an error only on its way into
// a [NoAnswer].
type Silence struct {
	Server netip.AddrPort
	Tries  int   // requests sent
	Err    error // why, if it is known, such as an *Unauthentic; nil: nothing came
}

func (n *NoAnswer) Error() string {
	if len(n.Servers) == 0 {
		return "radius: there is no server to ask"
	}
	var each []string
	for _, s := range n.Servers {
		each = append(each, s.Error())
	}
	return "radius: no answer: " + strings.Join(each, "; ")
}

func (s *Silence) Error() string {
	if s.Err == nil {
		return fmt.Sprintf("%v is silent after %d tries", s.Server, s.Tries)
	}
	return fmt.Sprintf("%v after %d tries: %v", s.Server, s.Tries, s.Err)
}

// Unwrap returns the reasons of all servers.
func (n *NoAnswer) Unwrap() (all []error) {
	for _, s := range n.Servers {
		if s.Err != nil {
			all = append(all, s.Err)
		}
	}
	return all
}

// An Unauthentic is an answer that has not been taken, because it cannot be told
// from a forged one: the secrets differ, the server is too old to send a
// Message-Authenticator, or somebody is in between.
type Unauthentic struct {
	Server netip.AddrPort
	Reason string // what came and what was wanted
}

func (u *Unauthentic) Error() string {
	return fmt.Sprintf("answer from %v not taken: %s", u.Server, u.Reason)
}
