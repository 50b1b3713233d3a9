package sshd

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"time"
)

// A newcomer is a connection that is not a guest yet. As long as it waits for a
// place it costs a descriptor: nothing is read from it.
type newcomer struct {
	conn   net.Conn
	source netip.AddrPort
	limits Limits
	clock  *time.Timer // nil: it does not wait
}

func (n *newcomer) addr() netip.Addr { return n.source.Addr() }

// noPlace is what who waits in vain is refused for.
const noPlace = "too many connections that have not logged in"

// wait has a newcomer wait until a place is free. If too many wait already, the
// address with most of them gives up its last; it returns who is turned away, if
// somebody is. The caller holds the lock.
func (s *Server) wait(n *newcomer) (away *newcomer) {
	if len(s.waiting) >= n.limits.Waiting {
		if away = s.lastOfMany(n); away == n {
			return n
		}
		s.stopWaiting(away)
	}
	n.clock = time.AfterFunc(n.limits.Wait, func() { s.giveUp(n) })
	s.waiting = append(s.waiting, n)
	return away
}

// lastOfMany returns who came last of the address that has most waiting, or n if
// his own would have as many then.
func (s *Server) lastOfMany(n *newcomer) *newcomer {
	waiting := s.waitingOf()
	most := n
	for _, w := range s.waiting {
		if waiting[w.addr()] >= max(waiting[most.addr()], waiting[n.addr()]+2) {
			most = w
		}
	}
	return most
}

// waitingOf counts who waits, by address.
func (s *Server) waitingOf() map[netip.Addr]int {
	waiting := make(map[netip.Addr]int)
	for _, w := range s.waiting {
		waiting[w.addr()]++
	}
	return waiting
}

// stopWaiting takes a newcomer off the list, and reports whether he was on it. The
// caller holds the lock.
func (s *Server) stopWaiting(n *newcomer) bool {
	i := slices.Index(s.waiting, n)
	if i < 0 {
		return false
	}
	n.clock.Stop()
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return true
}

// giveUp refuses who has waited for too long.
func (s *Server) giveUp(n *newcomer) {
	s.mu.Lock()
	waited := s.stopWaiting(n)
	if waited {
		s.group.Add(1)
	}
	s.mu.Unlock()
	if waited {
		defer s.group.Done()
		s.refuse(n, noPlace)
	}
}

// callIn gives the places that are free to who waits. The caller holds the lock.
func (s *Server) callIn() {
	for n := s.next(); n != nil; n = s.next() {
		s.stopWaiting(n)
		s.admit(n)
	}
}

// next returns who gets a place that is free, or nil: of the addresses that may have
// one more, the one that holds fewest, and then the one that has fewest waiting, so
// that nobody is kept out by the many of another.
func (s *Server) next() (first *newcomer) {
	if len(s.waiting) == 0 {
		return nil
	}
	strangers, held := s.strangers()
	waiting := s.waitingOf()
	for _, n := range s.waiting {
		switch {
		case len(strangers) >= n.limits.Unauthenticated, held[n.addr()] >= n.limits.PerSource, !s.hasRoom(n.limits):
		case first == nil, cmp.Or(cmp.Compare(held[n.addr()], held[first.addr()]), cmp.Compare(waiting[n.addr()], waiting[first.addr()])) < 0:
			first = n
		}
	}
	return first
}
