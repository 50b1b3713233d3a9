package tunnel

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// instances are those of all templates, and what else of the policies changes while they
// are stated. Packets look for one by its destination, so that they need not ask all.
type instances struct {
	askPorts atomic.Int32 // how many have a rule that asks for ports

	mu      sync.RWMutex // for what follows
	byID    map[ipsec.PolicyID]*member
	groups  map[ipsec.PolicyID]*group // by template
	holders selection.Holders
	open    map[ipsec.PolicyID]bool // policies whose packets may go in clear
	last    uint64
}

func newInstances() *instances {
	return &instances{
		byID: make(map[ipsec.PolicyID]*member), groups: make(map[ipsec.PolicyID]*group), open: make(map[ipsec.PolicyID]bool),
	}
}

// A member is an instance at its place.
type member struct {
	*ipsec.Policy
	serial uint64 // the highest is the newest
}

// A group is the instances of a template by the prefixes of their rules' destinations.
type group struct {
	members  map[ipsec.PolicyID]bool
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
		s.groups[of] = &group{members: make(map[ipsec.PolicyID]bool), byPrefix: make(map[netip.Prefix][]*member)}
	}
	s.groups[of].add(i)
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

func (s *instances) takeOut(i *member) {
	delete(s.byID, i.ID)
	of := i.ID.Configured()
	s.groups[of].remove(i)
	if len(s.groups[of].members) == 0 {
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

func (g *group) add(i *member) {
	g.members[i.ID] = true
	for _, p := range destinations(i.ACL) {
		if len(g.byPrefix[p]) == 0 {
			g.lengths[p.Bits()]++
		}
		g.byPrefix[p] = append(g.byPrefix[p], i)
	}
}

func (g *group) remove(i *member) {
	delete(g.members, i.ID)
	for _, p := range destinations(i.ACL) {
		rest := slices.DeleteFunc(g.byPrefix[p], func(other *member) bool { return other == i })
		if g.byPrefix[p] = rest; len(rest) == 0 {
			delete(g.byPrefix, p)
			g.lengths[p.Bits()]--
		}
	}
}

// match returns the newest instance of a template whose list has a rule for a packet that
// leaves, or nil.
func (s *instances) match(template ipsec.PolicyID, t acl.Tuple) *ipsec.Policy {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g := s.groups[template]
	if g == nil {
		return nil
	}
	var best *member
	for bits, n := range g.lengths {
		if n == 0 {
			continue
		}
		p, _ := t.Destination.Prefix(bits)
		for _, i := range g.byPrefix[p] {
			if (best == nil || i.serial > best.serial) && i.ACL.Match(t).Matched {
				best = i
			}
		}
	}
	if best == nil {
		return nil
	}
	return best.Policy
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

// of returns the names of a template's instances.
func (s *instances) of(template ipsec.PolicyID) (ids []ipsec.PolicyID) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.groups[template] == nil {
		return nil
	}
	for id := range s.groups[template].members {
		ids = append(ids, id)
	}
	return ids
}

// passesClear reports whether a policy's packets may go in clear.
func (s *instances) passesClear(id ipsec.PolicyID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.open[id]
}

// close says that a policy's packets may not go in clear, and opened the opposite.
func (s *instances) close(id ipsec.PolicyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

func (s *instances) opened(id ipsec.PolicyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = true
}

// AddPolicy adds an instance of a template. Packets meet it before routing brings them.
func (d *Dataplane) AddPolicy(p *ipsec.Policy) error {
	d.stating.Lock()
	defer d.stating.Unlock()
	if p.ID.Instance == 0 || p.Template || p.Routed {
		return fmt.Errorf("policy %v is no instance of a template", p.ID)
	}
	if !d.told {
		d.early = append(slices.DeleteFunc(d.early, func(other *ipsec.Policy) bool { return other.ID == p.ID }), p)
		return nil
	}
	of := d.spd.Load().byID[p.ID.Configured()]
	switch {
	case of == nil || !of.Template:
		return fmt.Errorf("policy %v: there is no template %v", p.ID, p.ID.Configured())
	case of.Device != p.Device:
		return fmt.Errorf("policy %v is of device %s, want its template's, %s", p.ID, p.Device, of.Device)
	}
	return d.addInstance(p)
}

// addInstance adds an instance of a template that is there. On error everything is as before.
func (d *Dataplane) addInstance(p *ipsec.Policy) error {
	old := d.instances.instance(p.ID)
	if old != nil && samePolicy(old, p) {
		return nil
	}
	if err := d.instances.add(p); err != nil {
		return err
	}
	d.epoch.Add(1)
	err := d.router.Add(p)
	if err == nil {
		return nil
	}
	if old != nil {
		err = errors.Join(err, d.instances.add(old))
	} else {
		d.instances.remove(p.ID)
	}
	d.epoch.Add(1)
	return err
}

// addEarly adds what came before the first SetPolicies.
func (d *Dataplane) addEarly() error {
	early := d.early
	d.early, d.told = nil, true
	var errs []error
	s := d.spd.Load()
	for _, p := range early {
		if of := s.byID[p.ID.Configured()]; of != nil && of.Template && of.Device == p.Device {
			errs = append(errs, d.addInstance(p))
		}
	}
	return errors.Join(errs...)
}

// RemovePolicy removes an instance: first routing, then the databases.
func (d *Dataplane) RemovePolicy(id ipsec.PolicyID) error {
	d.stating.Lock()
	defer d.stating.Unlock()
	d.early = slices.DeleteFunc(d.early, func(p *ipsec.Policy) bool { return p.ID == id })
	return d.removeInstance(id)
}

func (d *Dataplane) removeInstance(id ipsec.PolicyID) error {
	p := d.instances.instance(id)
	if p == nil {
		return nil
	}
	err := d.router.Remove(p)
	d.instances.remove(id)
	d.forget(id)
	return err
}

// forgetInstances removes those of a template.
func (d *Dataplane) forgetInstances(template ipsec.PolicyID) error {
	var errs []error
	for _, id := range d.instances.of(template) {
		errs = append(errs, d.removeInstance(id))
	}
	return errors.Join(errs...)
}

// PassClear says whether what has no SA of a policy's goes in clear, and what comes in clear
// is let in.
func (d *Dataplane) PassClear(id ipsec.PolicyID, whether bool) error {
	d.stating.Lock()
	defer d.stating.Unlock()
	if p := d.spd.Load().policy(id); p == nil || p.Routed || p.Template {
		return fmt.Errorf("there is no policy %v whose packets could go in clear", id)
	}
	if d.instances.passesClear(id) == whether {
		return nil
	}
	if whether {
		d.instances.opened(id)
	} else {
		d.instances.close(id)
	}
	d.epoch.Add(1)
	if whether {
		d.release(id)
	}
	return d.router.PassClear(id, whether)
}

// release sends what waits for an SA of a policy in clear.
func (d *Dataplane) release(id ipsec.PolicyID) {
	d.mu.Lock()
	waiting := d.held.take(id, func(acl.Tuple) bool { return true })
	d.mu.Unlock()
	for _, h := range waiting {
		d.clear(h.packet)
	}
}
