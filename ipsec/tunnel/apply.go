package tunnel

import (
	"errors"
	"fmt"
	"strings"

	"sallyport/ipsec"
)

// Retry does what Set could not, since a policy may come before its address, and what
// has come undone: a policy's device that was made anew is not in our group, and
// what leaves by it would not be brought here; the routes of a device of ours that
// was put down are gone. What it cannot do is said once and tried again.
func (r *routing) Retry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() {
		return
	}
	changed := r.changes.any()
	if len(r.stated) == 0 || !(changed || r.pending || r.failed != "" || r.devices.lost()) {
		return
	}
	said := r.failed
	s, err := r.seeMeanwhile()
	if r.closed.Load() {
		return
	}
	if err == nil {
		err = r.enact(s, r.stated)
	}
	if r.fail(err); err != nil && r.failed != said {
		r.warn("routing is not as the policies need it: " + r.failed)
	}
}

// restore makes the kernel have what is wanted already.
func (r *routing) restore() error {
	err := r.apply(r.stated)
	r.fail(err)
	return err
}

// fail takes note of why the kernel has not what is wanted; nil: it has.
func (r *routing) fail(err error) {
	r.failed = ""
	if err != nil {
		r.failed = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
}

// apply makes the kernel have what policies want and nothing else of ours.
func (r *routing) apply(policies []*ipsec.Policy) error {
	s, err := r.see(r.expanded(policies))
	if err != nil {
		return err
	}
	return r.enact(s, policies)
}

// A sight is what policies want, and how the routes that there are differ from it.
type sight struct {
	want           plan
	missing, extra []route
}

// see looks at all our routes, for policies and instances. With many policies that takes a while.
func (r *routing) see(policies []*ipsec.Policy) (s sight, err error) {
	s.want = r.plan(policies)
	if s.want.routes, err = r.withAddress(s.want.routes); err != nil {
		return s, err
	}
	routes, err := r.routesNow()
	if err != nil {
		return s, err
	}
	s.missing, s.extra = minus(s.want.routes, routes), minus(routes, s.want.routes)
	return s, nil
}

// seeMeanwhile is see without the lock, so that nobody waits for it. What we change in
// this time is a reason to look again with the lock; what others do will be told.
func (r *routing) seeMeanwhile() (sight, error) {
	policies, moves := r.expanded(r.stated), r.moves
	r.mu.Unlock()
	s, err := r.see(policies)
	r.mu.Lock()
	if r.moves == moves || r.closed.Load() {
		return s, err
	}
	return r.see(r.expanded(r.stated))
}

// enact makes the kernel have what is wanted. Routes come before the rules that lead to
// them and go after.
func (r *routing) enact(s sight, policies []*ipsec.Policy) error {
	r.moves++
	want := s.want
	if err := r.devices.take(want.devices, r.names, r.warn); err != nil {
		return err
	}
	rules, err := r.rulesNow()
	if err != nil {
		return fmt.Errorf("list routing rules: %w", err)
	}
	r.pending, r.base = false, keyed(r.routes(policies, nil))
	return errors.Join(
		r.addRoutes(s.missing),
		each(minus(want.rules, rules), r.addRule),
		each(minus(rules, want.rules), r.removeRule),
		each(s.extra, r.removeRoute),
		r.checkLocal(policies, (*gate).apply),
		r.devices.release(want.devices),
	)
}
