package sshd

import (
	"cmp"
	"net/netip"
	"slices"
)

// makeRoom makes a place for one connection more from an address, and says why
// there is none. Nobody keeps the others out by holding all the places: who holds
// most gives one up. The caller holds the lock.
func (s *Server) makeRoom(source netip.Addr, limits Limits) (reason string) {
	strangers := s.oldest((*guest).isStranger)
	held := make(map[netip.Addr]int)
	for _, g := range strangers {
		held[g.source.Addr()]++
	}
	switch full := len(strangers) >= limits.Unauthenticated; {
	case held[source] >= limits.PerSource, full && !crowdOut(strangers, held, source):
		return "too many connections that have not logged in"
	case len(s.guests) >= limits.Connections && !s.closeUnused():
		return "too many connections"
	}
	return ""
}

// crowdOut closes the oldest connection of the address that holds the most, if it
// still holds as many as the newcomer then.
func crowdOut(strangers []*guest, held map[netip.Addr]int, newcomer netip.Addr) bool {
	most := slices.MaxFunc(strangers, func(a, b *guest) int {
		return cmp.Compare(held[a.source.Addr()], held[b.source.Addr()])
	})
	if held[most.source.Addr()] < held[newcomer]+2 {
		return false
	}
	most.Close()
	return true
}

// closeUnused closes the oldest connection in which nothing runs.
func (s *Server) closeUnused() bool {
	unused := s.oldest((*guest).isUnused)
	if len(unused) == 0 {
		return false
	}
	unused[0].Close()
	return true
}

// oldest returns the guests that are so, oldest first. The caller holds the lock.
func (s *Server) oldest(are func(*guest) bool) []*guest {
	var some []*guest
	for g := range s.guests {
		if are(g) {
			some = append(some, g)
		}
	}
	slices.SortFunc(some, func(a, b *guest) int { return cmp.Compare(s.guests[a], s.guests[b]) })
	return some
}
