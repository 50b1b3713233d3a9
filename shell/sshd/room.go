package sshd

import (
	"cmp"
	"net/netip"
	"slices"
)

// hasPlace reports whether one connection more from an address may try to log in,
// and makes a place for it if it can. Nobody keeps the others out by holding all the
// places: who holds most gives one up. The caller holds the lock.
func (s *Server) hasPlace(source netip.Addr, limits Limits) bool {
	strangers, held := s.strangers()
	return held[source] < limits.PerSource &&
		(len(strangers) < limits.Unauthenticated || crowdOut(strangers, held, source))
}

// strangers returns the connections whose user is not in yet, oldest first, and how
// many each address has of them. The caller holds the lock.
func (s *Server) strangers() (all []*guest, held map[netip.Addr]int) {
	all, held = s.oldest((*guest).isStranger), make(map[netip.Addr]int)
	for _, g := range all {
		held[g.source.Addr()]++
	}
	return all, held
}

// hasRoom reports whether one connection more may be there at all.
func (s *Server) hasRoom(limits Limits) bool { return len(s.guests) < limits.Connections }

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
