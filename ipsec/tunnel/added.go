package tunnel

import (
	"errors"
	"maps"
	"net/netip"
	"os"
	"slices"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// added is what a router was told besides the policies that are stated: instances, and which
// policies' packets may come in clear.
type added struct {
	instances map[ipsec.PolicyID][]*ipsec.Policy // by what they are of, oldest first
	routes    map[routeKey]*shared               // that instances want
	open      map[ipsec.PolicyID]bool
}

func newAdded() added {
	return added{
		instances: make(map[ipsec.PolicyID][]*ipsec.Policy), routes: make(map[routeKey]*shared), open: make(map[ipsec.PolicyID]bool),
	}
}

// A routeKey is what makes a route the only one of its kind.
type routeKey struct {
	table  int
	prefix netip.Prefix
	metric int
}

func (v route) key() routeKey { return routeKey{v.table, v.prefix, v.metric()} }

// keyed returns routes by their keys.
func keyed(routes []route) map[routeKey]route {
	all := make(map[routeKey]route, len(routes))
	for _, v := range routes {
		all[v.key()] = v
	}
	return all
}

// A shared route is one that several instances want.
type shared struct {
	route
	takers int
}

func isTemplate(p *ipsec.Policy) bool { return p.Template }

// expanded returns policies with their instances before them, the newest first.
func (r *routing) expanded(policies []*ipsec.Policy) []*ipsec.Policy {
	if len(r.added.instances) == 0 {
		return policies
	}
	var all []*ipsec.Policy
	for _, p := range policies {
		for _, i := range slices.Backward(r.added.instances[p.ID]) {
			all = append(all, i)
		}
		all = append(all, p)
	}
	return all
}

// closed returns policies as the gate has to see them: where packets may go in clear
// permit rules are deny rules. What a permit rule of a wildcard that is no prefix is for
// passes anyway.
func (a *added) closed(policies []*ipsec.Policy) []*ipsec.Policy {
	if len(a.open) == 0 {
		return policies
	}
	policies = slices.Clone(policies)
	for i, p := range policies {
		if a.open[p.ID] {
			policies[i] = denying(p)
		}
	}
	return policies
}

// denying returns a policy whose permit rules are deny rules.
func denying(p *ipsec.Policy) *ipsec.Policy {
	next, list := *p, p.ACL.Clone()
	list.Rules = slices.DeleteFunc(list.Rules, func(r acl.Rule) bool {
		_, source := r.Source.Prefix()
		_, destination := r.Destination.Prefix()
		return r.Action == acl.Permit && !(source && destination)
	})
	for i := range list.Rules {
		list.Rules[i].Action = acl.Deny
	}
	next.ACL = list
	return &next
}

// forget closes what is stated no more. Instances are told of one by one.
func (a *added) forget(stated []*ipsec.Policy) {
	if len(a.open) == 0 {
		return
	}
	there := make(map[ipsec.PolicyID]bool, len(stated))
	for _, p := range stated {
		there[p.ID] = true
	}
	maps.DeleteFunc(a.open, func(id ipsec.PolicyID, _ bool) bool { return id.Instance == 0 && !there[id] })
}

// dispensable returns those of some routes that no instance wants.
func (r *routing) dispensable(routes []route) []route {
	return slices.DeleteFunc(routes, func(v route) bool { return r.added.routes[v.key()] != nil })
}

// Add has the kernel route for an instance too, and check what comes for it in clear: by
// what is new alone, if others may stay as they are.
func (r *routing) Add(p *ipsec.Policy) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() {
		return os.ErrClosed
	}
	of := p.ID.Configured()
	list := r.added.instances[of]
	i := slices.IndexFunc(list, func(q *ipsec.Policy) bool { return q.ID == p.ID })
	if i >= 0 {
		return r.exchange(list[i], p)
	}
	r.added.instances[of] = append(list, p)
	contested := r.contested(r.routes([]*ipsec.Policy{p}, nil))
	fresh := r.take(p)
	var err error
	if r.failed != "" || contested {
		err = r.restore()
	} else {
		r.moves++
		err = errors.Join(r.addRoutes(fresh), r.admit(p))
	}
	if err != nil {
		r.drop(p)
		return errors.Join(err, r.restore())
	}
	return nil
}

// exchange puts an instance in the place of another of its name, by a look at everything
// unless routing is the same, as for a peer that is elsewhere.
func (r *routing) exchange(old, p *ipsec.Policy) error {
	r.swap(old, p)
	if r.failed == "" && old.Device == p.Device && old.Local == p.Local && slices.Equal(old.ACL.Rules, p.ACL.Rules) {
		return nil
	}
	err := r.restore()
	if err == nil {
		return nil
	}
	r.swap(p, old)
	return errors.Join(err, r.restore())
}

func (r *routing) swap(old, p *ipsec.Policy) {
	list := slices.Clone(r.added.instances[p.ID.Configured()])
	list[slices.Index(list, old)] = p
	r.added.instances[p.ID.Configured()] = list
	r.give(old)
	r.take(p)
}

// take takes note of the routes that an instance wants, and returns those that nobody
// wanted before.
func (r *routing) take(p *ipsec.Policy) (fresh []route) {
	for _, v := range r.routes([]*ipsec.Policy{p}, nil) {
		k := v.key()
		if known := r.added.routes[k]; known != nil {
			known.takers++
			continue
		}
		r.added.routes[k] = &shared{v, 1}
		if _, known := r.base[k]; !known {
			fresh = append(fresh, v)
		}
	}
	return fresh
}

// give is the way back of take: it returns the routes that nobody wants any more.
func (r *routing) give(p *ipsec.Policy) (unwanted []route) {
	for _, v := range r.routes([]*ipsec.Policy{p}, nil) {
		k := v.key()
		known := r.added.routes[k]
		if known.takers--; known.takers > 0 {
			continue
		}
		delete(r.added.routes, k)
		if v.single {
			known.route = v // the last one's
		}
		if _, wanted := r.base[k]; !wanted {
			unwanted = append(unwanted, known.route)
		}
	}
	return unwanted
}

// contested reports whether others want one of some routes that has a single source, perhaps
// with another. Whose it is shows when all are asked.
func (r *routing) contested(routes []route) bool {
	return slices.ContainsFunc(routes, func(v route) bool {
		based, known := r.base[v.key()]
		return v.single && (r.added.routes[v.key()] != nil || known && based != v)
	})
}

// drop forgets an instance, and returns the routes that nobody wants any more.
func (r *routing) drop(p *ipsec.Policy) []route {
	of := p.ID.Configured()
	list := r.added.instances[of]
	i := slices.Index(list, p)
	if i < 0 {
		return nil
	}
	if list = slices.Delete(list, i, i+1); len(list) == 0 {
		delete(r.added.instances, of)
	} else {
		r.added.instances[of] = list
	}
	delete(r.added.open, p.ID)
	return r.give(p)
}

// Remove is the way back of Add.
func (r *routing) Remove(p *ipsec.Policy) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := r.added.open[p.ID]
	unwanted := r.drop(p)
	if r.closed.Load() {
		return nil
	}
	if r.failed != "" || r.contested(r.routes([]*ipsec.Policy{p}, nil)) {
		return r.restore()
	}
	r.moves++
	if err := errors.Join(each(unwanted, r.removeRoute), r.expel(p, open)); err != nil {
		return errors.Join(err, r.restore())
	}
	return nil
}

// PassClear has the kernel let pass, or not, what comes in clear for this box itself and a
// policy is for.
func (r *routing) PassClear(id ipsec.PolicyID, whether bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() {
		return os.ErrClosed
	}
	if whether {
		r.added.open[id] = true
	} else {
		delete(r.added.open, id)
	}
	return r.checkLocal(r.stated, (*gate).follow)
}

// admit has the gate check what comes in clear for an instance.
func (r *routing) admit(p *ipsec.Policy) error {
	if r.gate == nil {
		return nil
	}
	i := r.newcomer(p)
	if r.gate.hasAll(append(r.spared(i.clauses), i.first...)) {
		done, err := r.gate.insert(i)
		if done || err != nil {
			return err
		}
	}
	return r.checkLocal(r.stated, (*gate).follow)
}

// newcomer returns what an instance says, that has been or is to be taken up.
func (r *routing) newcomer(p *ipsec.Policy) newcomer {
	i := newcomer{of: p.ID.Configured()}
	i.first, i.clauses = selection.ClausesOf(p)
	i.alone = !slices.ContainsFunc(r.added.instances[i.of], func(other *ipsec.Policy) bool { return other != p })
	at := slices.IndexFunc(r.stated, func(q *ipsec.Policy) bool { return q.ID.Sequence == i.of.Sequence && q.ID == i.of })
	if at >= 0 && !r.stated[at].Template {
		_, i.own = selection.ClausesOf(r.stated[at])
	}
	return i
}

// spared returns the clauses for sources that are spared though clauses hold them back.
func (r *routing) spared(clauses []selection.Clause) []selection.Clause {
	if !slices.ContainsFunc(clauses, func(c selection.Clause) bool {
		return !c.Allow && slices.ContainsFunc(r.elsewhere, c.From.Overlaps)
	}) {
		return nil
	}
	return selection.Spared(clauses, r.near, r.ours)
}

// expel is the way back of admit. Of a policy that was open the gate has other clauses.
func (r *routing) expel(p *ipsec.Policy, open bool) error {
	if r.gate == nil {
		return nil
	}
	if !open {
		done, err := r.gate.withdraw(r.newcomer(p))
		if done || err != nil {
			return err
		}
	}
	return r.checkLocal(r.stated, (*gate).follow)
}
