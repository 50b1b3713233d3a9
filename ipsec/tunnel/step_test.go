package tunnel

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vishvananda/netlink"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// drawPolicies returns a list that has what the last one had, changed at random: a
// policy comes, goes, moves or gets another list. Few prefixes are shared by many.
func drawPolicies(r *rand.Rand, last []*ipsec.Policy) []*ipsec.Policy {
	next := slices.Clone(last)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(next) + 1)
		switch {
		case at == len(next) || r.IntN(3) == 0:
			next = slices.Insert(next, at, drawPolicy(r))
		case r.IntN(2) == 0:
			p := next[at]
			next = slices.Delete(next, at, at+1)
			if r.IntN(2) == 0 {
				next = append(next, p)
			}
		default:
			p := *next[at]
			p.ACL = drawPolicy(r).ACL
			next[at] = &p
		}
	}
	return next
}

func drawPolicy(r *rand.Rand) *ipsec.Policy {
	prefix := func() netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(3))}), 16+r.IntN(2)).Masked()
	}
	rules := make([]acl.Rule, r.IntN(4))
	for i := range rules {
		if rules[i] = permit(prefix(), prefix()); r.IntN(4) == 0 {
			rules[i].Action = acl.Deny
		}
	}
	p := policy(r.Uint32(), rules...)
	p.Local = []netip.Addr{{}, gateway, peer}[r.IntN(3)]
	return p
}

func setOf[T comparable](all []T) map[T]bool {
	s := make(map[T]bool)
	for _, v := range all {
		s[v] = true
	}
	return s
}

// TestStep: what is in neither part of a step is in both lists, in the same order, and
// the routes near it are all that differ.
func TestStep(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var old []*ipsec.Policy
	for range 2000 {
		now := drawPolicies(r, old)
		s := stepFrom(old, now)
		stay, came := remaining(old, s.gone), remaining(now, s.come)
		if !slices.EqualFunc(stay, came, routedAlike) {
			t.Fatalf("of %v stay %v, of %v came %v", old, stay, now, came)
		}
		near := s.prefixes()
		before, after := testPlanner.routes(old, near), testPlanner.routes(now, near)
		routes := setOf(testPlanner.routes(old, nil))
		for _, v := range minus(before, after) {
			delete(routes, v)
		}
		for _, v := range minus(after, before) {
			routes[v] = true
		}
		if want := setOf(testPlanner.routes(now, nil)); !maps.Equal(routes, want) {
			t.Fatalf("after the step routes are\n%v\nwant\n%v", routes, want)
		}
		if old = now; len(old) > 30 {
			old = old[:10]
		}
	}
}

// remaining removes the elements of part, which are in all in the same order.
func remaining(all, part []*ipsec.Policy) (rest []*ipsec.Policy) {
	for _, p := range all {
		if len(part) > 0 && part[0] == p {
			part = part[1:]
			continue
		}
		rest = append(rest, p)
	}
	return rest
}

// TestStepIsShort: one change to a long list, and what device does about one that goes,
// which is to put it last and then to leave it out.
func TestStepIsShort(t *testing.T) {
	all := make([]*ipsec.Policy, 100)
	for i := range all {
		all[i] = policy(uint32(i), permit(lan, remote))
	}
	less := slices.Delete(slices.Clone(all), 50, 51)
	changed := slices.Clone(all)
	changed[50] = policy(50, deny(lan, remote))
	for name, lists := range map[string][2][]*ipsec.Policy{
		"comes":   {less, all},
		"goes":    {all, less},
		"moves":   {all, append(slices.Clone(less), all[50])},
		"changes": {all, changed},
	} {
		if s := stepFrom(lists[0], lists[1]); s.length() == 0 || s.length() > 2 {
			t.Errorf("%s: the step has length %d", name, s.length())
		}
	}
}

// TestGateFollows: the kernel is asked once what it has, and has at each step what a
// look at it would have led to.
func TestGateFollows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	k := new(policyTable)
	g, _ := newGate(k)
	if err := g.apply(nil); err != nil {
		t.Fatal(err)
	}
	var policies []*ipsec.Policy
	for range 1000 {
		if policies = drawPolicies(r, policies); len(policies) > 20 {
			policies = policies[:5]
		}
		all := selection.Clauses(policies)
		if err := g.follow(all); err != nil {
			t.Fatal(err)
		}
		var want []selection.Clause
		for i, c := range all {
			if !slices.ContainsFunc(all[:i], func(d selection.Clause) bool { return d.Selection == c.Selection }) {
				want = append(want, c)
			}
		}
		if got := k.inForce(); !reflect.DeepEqual(got, want) {
			t.Fatalf("in force are\n%swant\n%s", written(got), written(want))
		}
		indexes := make(map[uint32]bool)
		for _, p := range k.ours {
			indexes[p.index] = true
		}
		if !maps.Equal(indexes, g.used) {
			t.Fatalf("the kernel has indexes %v, we know of %v", indexes, g.used)
		}
	}
}

// TestStepsInTheKernel: after each step the kernel has what a look at everything would
// leave there.
func TestStepsInTheKernel(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		router := d.router.(*routing)
		state := func() (string, error) {
			text, err := now()
			if err != nil || router.gate == nil {
				return text, err
			}
			ours, others, err := router.gate.kernel.list()
			slices.SortFunc(ours, func(a, b installed) int { return int(a.index) - int(b.index) })
			return fmt.Sprintf("%s\n%+v%v", text, ours, others), err
		}
		r := rand.New(rand.NewPCG(5, 6))
		var policies []*ipsec.Policy
		for range 100 {
			if policies = drawPolicies(r, policies); len(policies) > 20 {
				policies = policies[:5]
			}
			if err := d.SetPolicies(policies); err != nil {
				return err
			}
			if err := hasRoutes(router, policies); err != nil {
				return err
			}
			followed, err := state()
			if err != nil {
				return err
			}
			router.mu.Lock()
			err = router.restore()
			router.mu.Unlock()
			if err != nil {
				return err
			}
			if applied, err := state(); err != nil || applied != followed {
				return fmt.Errorf("there is\n%s\nand after a look at everything\n%s\n%w", followed, applied, err)
			}
		}
		return nil
	})
}

// hasRoutes compares the kernel's routes with those that policies want, but for those
// whose source is none of our addresses.
func hasRoutes(r *routing, policies []*ipsec.Policy) error {
	has, err := r.routesNow()
	if err != nil {
		return err
	}
	want := setOf(r.plan(policies).routes)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	maps.DeleteFunc(want, func(v route, _ bool) bool {
		return v.source.IsValid() && !slices.ContainsFunc(addresses, func(a net.Addr) bool { return a.(*net.IPNet).IP.Equal(v.source.AsSlice()) })
	})
	if !maps.Equal(setOf(has), want) {
		return fmt.Errorf("routes are\n%v\nwant\n%v", has, want)
	}
	return nil
}

// TestOwnChangesAreNoNews: what others do is.
func TestOwnChangesAreNoNews(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		r := d.router.(*routing)
		p := policy(10, permit(lan, remote))
		if err := d.SetPolicies([]*ipsec.Policy{p}); err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changes.any() // rules and devices
		more := policy(10, permit(lan, remote), permit(lan, one(peer)))
		if err := r.move([]*ipsec.Policy{more}); err != nil {
			return err
		}
		if r.changes.any() {
			t.Error("what we changed is taken for news")
		}
		if err := netlink.RouteDel(route{table: DefaultTable + 1, prefix: remote}.netlink()); err != nil {
			return err
		}
		if !r.changes.any() || r.changes.any() {
			t.Error("what another changed is to be news, once")
		}
		if r.gate == nil {
			return nil
		}
		if err := netlink.XfrmPolicyFlush(); err != nil {
			return err
		}
		if !r.changes.any() {
			t.Error("that others removed our XFRM policies is no news")
		}
		return r.restore()
	})
}

// TestStepsWhileItIsLookedAfter: Retry looks at the kernel without the lock.
func TestStepsWhileItIsLookedAfter(t *testing.T) {
	inNamespace(t, func() error {
		d, err := Open(Config{Warn: func(line string) { t.Error(line) }})
		if err != nil {
			return err
		}
		defer d.Close()
		router := d.router.(*routing)
		var stop atomic.Bool
		var looker sync.WaitGroup
		looker.Go(func() {
			for !stop.Load() {
				router.mu.Lock()
				router.changes.noticed = true
				router.mu.Unlock()
				router.Retry()
			}
		})
		r := rand.New(rand.NewPCG(7, 8))
		var policies []*ipsec.Policy
		for range 300 {
			if policies = drawPolicies(r, policies); len(policies) > 20 {
				policies = policies[:5]
			}
			if err = d.SetPolicies(policies); err != nil {
				break
			}
		}
		stop.Store(true)
		looker.Wait()
		return errors.Join(err, hasRoutes(router, policies))
	})
}
