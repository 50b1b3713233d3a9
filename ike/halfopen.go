package ike

import (
	"net/netip"
	"slices"
)

// halfOpen holds the responder's negotiations that are not authenticated, oldest
// first, by the address that message 1 came from. A full table replaces its oldest entry and never refuses an address: a
// forger could lock a real peer out.
type halfOpen struct {
	entries []*sa
	perAddr map[netip.Addr]int
}

// add makes room for s and enters it.
func (h *halfOpen) add(s *sa) {
	if h.perAddr == nil {
		h.perAddr = map[netip.Addr]int{}
	}
	addr, limits := s.firstKey.remote.Addr(), s.engine.limits()
	for h.perAddr[addr] >= s.engine.halfOpenOf(addr) {
		h.drop(func(o *sa) bool { return o.firstKey.remote.Addr() == addr })
	}
	for len(h.entries) >= limits.HalfOpen {
		h.drop(func(*sa) bool { return true })
	}
	h.entries = append(h.entries, s)
	h.perAddr[addr]++
}

// halfOpenOf returns how many an address may have. One that is configured has more, unless the
// configuration says how many: the peer that it belongs to must find a place beside a forger for as long
// as its message 3 takes.
func (e *Engine) halfOpenOf(a netip.Addr) int {
	if e.directory.single[a] != nil && e.config.Limits.HalfOpenPerAddr == 0 {
		return maxHalfOpenKnown
	}
	return e.limits().HalfOpenPerAddr
}

// drop ends the oldest entry that which allows: one that has not come back with
// message 3, if there is one, has proved nothing.
func (h *halfOpen) drop(which func(*sa) bool) {
	unproven := func(s *sa) bool { return which(s) && s.phase1 != nil && !s.phase1.here }
	i := slices.IndexFunc(h.entries, unproven)
	if i < 0 {
		i = slices.IndexFunc(h.entries, which)
	}
	s := h.entries[i]
	s.engine.refused[Limited]++
	s.remove(Limited.String())
}

// remove takes s out, if it is in.
func (h *halfOpen) remove(s *sa) {
	i := slices.Index(h.entries, s)
	if i < 0 {
		return
	}
	h.entries = slices.Delete(h.entries, i, i+1)
	addr := s.firstKey.remote.Addr()
	if h.perAddr[addr]--; h.perAddr[addr] == 0 {
		delete(h.perAddr, addr)
	}
}
