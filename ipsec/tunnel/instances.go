package tunnel

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// instances are those of all policies, and what else of the policies changes while they
// are stated. Packets look for one by its destination, so that they need not ask all.
type instances struct {
	askPorts atomic.Int32 // how many have a rule that asks for ports

	mu      sync.RWMutex // for what follows
	byID    map[ipsec.PolicyID]*member
	groups  map[ipsec.PolicyID]map[ipsec.PolicyID]bool // names, by the policies that they are of
	among   prefixed
	holders selection.Holders
	open    map[ipsec.PolicyID]bool // policies whose packets may go in clear
	last    uint64
}

func newInstances() *instances {
	return &instances{
		byID: make(map[ipsec.PolicyID]*member), groups: make(map[ipsec.PolicyID]map[ipsec.PolicyID]bool),
		among: prefixed{byPrefix: make(map[netip.Prefix][]*member)}, open: make(map[ipsec.PolicyID]bool),
	}
}

// A member is an instance at its place.
type member struct {
	*ipsec.Policy
	serial uint64 // the highest is the newest
}

// A prefixed is instances by the prefixes of their rules' destinations.
type prefixed struct {
	byPrefix map[netip.Prefix][]*member
	lengths  [33]int // how many of byPrefix have so many bits
}

// add takes a policy in, in the place of the one of its name if there is one. The error is an
// *ipsec.SelectorHeld.
func (s *instances) add(p *ipsec.Policy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.holders.Add(p); err != nil {
		return err
	}
	s.last++
	i := &member{p, s.last}
	if old := s.byID[p.ID]; old != nil {
		i.serial = old.serial
		s.takeOut(old)
		if old.Remote != p.Remote {
			s.holders.Remove(old.Policy)
		}
	}
	s.byID[p.ID] = i
	of := p.ID.Configured()
	if s.groups[of] == nil {
		s.groups[of] = make(map[ipsec.PolicyID]bool)
	}
	s.groups[of][p.ID] = true
	s.among.add(i)
	if asksPorts(p.ACL) {
		s.askPorts.Add(1)
	}
	return nil
}

// remove takes an instance out, and returns it; nil if it is not there.
func (s *instances) remove(id ipsec.PolicyID) *ipsec.Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.byID[id]
	if i == nil {
		return nil
	}
	s.takeOut(i)
	s.holders.Remove(i.Policy)
	return i.Policy
}

// hold has an instance that comes later hold its packets already. The error is an
// *ipsec.SelectorHeld.
func (s *instances) hold(p *ipsec.Policy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holders.Add(p)
}

// letGo is the way back of hold.
func (s *instances) letGo(p *ipsec.Policy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holders.Remove(p)
}

func (s *instances) takeOut(i *member) {
	delete(s.byID, i.ID)
	of := i.ID.Configured()
	s.among.remove(i)
	if delete(s.groups[of], i.ID); len(s.groups[of]) == 0 {
		delete(s.groups, of)
	}
	if asksPorts(i.ACL) {
		s.askPorts.Add(-1)
	}
}

// destinations returns the prefixes of a list's rules, each once. An instance without rules
// is of none.
func destinations(list *acl.ACL) (prefixes []netip.Prefix) {
	for i := range list.Rules {
		if p := selection.Covering(list.Rules[i].Destination); !slices.Contains(prefixes, p) {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes
}

func (g *prefixed) add(i *member) {
	for _, p := range destinations(i.ACL) {
		if len(g.byPrefix[p]) == 0 {
			g.lengths[p.Bits()]++
		}
		g.byPrefix[p] = append(g.byPrefix[p], i)
	}
}

func (g *prefixed) remove(i *member) {
	for _, p := range destinations(i.ACL) {
		rest := slices.DeleteFunc(g.byPrefix[p], func(other *member) bool { return other == i })
		if g.byPrefix[p] = rest; len(rest) == 0 {
			delete(g.byPrefix, p)
			g.lengths[p.Bits()]--
		}
	}
}

// A match is the newest instance of a policy that has a rule for a packet.
type match struct {
	of ipsec.PolicyID
	*member
}

// match appends the newest instance of each policy whose list has a rule for a packet that
// leaves.
func (s *instances) match(found []match, t acl.Tuple) []match {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for bits, n := range s.among.lengths {
		if n == 0 {
			continue
		}
		p, _ := t.Destination.Prefix(bits)
		for _, i := range s.among.byPrefix[p] {
			if i.ACL.Match(t).Matched {
				found = newest(found, i)
			}
		}
	}
	return found
}

// newest puts an instance in the place of an older one of its policy.
func newest(found []match, i *member) []match {
	of := i.ID.Configured()
	for k := range found {
		if found[k].of == of {
			if i.serial > found[k].serial {
				found[k].member = i
			}
			return found
		}
	}
	return append(found, match{of, i})
}

// instance returns the one of that name, nil if it is not there.
func (s *instances) instance(id ipsec.PolicyID) *ipsec.Policy {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if i := s.byID[id]; i != nil {
		return i.Policy
	}
	return nil
}

// of returns the names of a policy's instances.
func (s *instances) of(policy ipsec.PolicyID) (ids []ipsec.PolicyID) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id := range s.groups[policy] {
		ids = append(ids, id)
	}
	return ids
}
