package tunnel

import (
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// Priorities of our rules; see the package's comment. They stand before those that
// administrators usually give (up to 32765), and 4504 hands on to these.
const (
	ruleMarked = 4500 + iota
	ruleGuard
	ruleElsewhere
	ruleInside
	ruleEnd
)

// policyGroup is the interface group of the policies' devices while they are ours.
const policyGroup = 4500

// mainTable is the routing table that everybody uses.
const mainTable = 254

// A rule is one policy routing rule of ours.
type rule struct {
	priority      int
	mark          uint32 // 0: any
	device        string // that the packet came in by; empty: any
	bound         string // device that the sender chose to leave by; empty: any
	table         int    // to look into; 0: none
	jump          int    // priority to go on at; 0: none
	suppressGroup bool   // a route by a device of policyGroup does not count
}

// A route leads to one of our devices. What this box sends itself gets the address
// of the policy's device, as if that were the way. That takes a second route, since
// the kernel removes routes along with their source address, and protected traffic
// must not leave in clear because of that. It removes them along with their device
// too, so that a third route leads nowhere, and stays.
//
// Where a single address is protected, which may be this box's, a fourth route is better
// than all these: from any other address there would be no protection. The kernel takes it
// only while the address is ours.
type route struct {
	table  int
	prefix netip.Prefix
	device int        // interface index; 0: unreachable
	source netip.Addr // preferred source of what this box sends itself; zero: none
	single bool       // the source is the only one that is protected
}

// metric makes the routes with a source the best of four, and the one that leads
// nowhere the worst.
func (v route) metric() int {
	switch {
	case v.device == 0:
		return 3
	case v.single:
		return 0
	case v.source.IsValid():
		return 1
	}
	return 2
}

// unreachable returns what remains of a route when its device is down or has gone.
func (v route) unreachable() route { return route{table: v.table, prefix: v.prefix} }

// A plan is all that a list of policies wants of the system.
type plan struct {
	devices []string // of policies, each once
	rules   []rule   // those that others refer to first
	routes  []route  // each once
}

// A planner knows what all plans have in common.
type planner struct {
	mark          uint32
	table         int // of the guard; the next is the inside device's
	inside, guard int // interface indexes
}

// plan returns what the policies want. Without policies that is nothing at all.
func (p planner) plan(policies []*ipsec.Policy) plan {
	if len(policies) == 0 {
		return plan{}
	}
	devices := devicesOf(policies)
	return plan{devices: devices, rules: p.rules(devices), routes: p.routes(policies, nil)}
}

// devicesOf returns the devices of policies, each once.
func devicesOf(policies []*ipsec.Policy) []string {
	var devices set[string]
	for i, p := range policies {
		if i == 0 || p.Device != policies[i-1].Device {
			devices.add(p.Device)
		}
	}
	return devices.list
}

// routes returns the routes that policies want. Those of prefixes that are not among
// only are left out; nil is all.
func (p planner) routes(policies []*ipsec.Policy, only *prefixes) []route {
	var list []route
	from, to := make(map[netip.Prefix]bool), make(map[netip.Prefix]bool)
	sources, singles := make(map[netip.Prefix]bool), make(map[netip.Prefix]bool)
	add := func(seen map[netip.Prefix]bool, v route) {
		if !seen[v.prefix] {
			seen[v.prefix] = true
			list = append(list, v.unreachable(), v) // in this order: what comes next may fail
		}
	}
	for _, policy := range policies {
		if policy.Template {
			continue
		}
		for i := range policy.ACL.Rules {
			r := &policy.ACL.Rules[i]
			if r.Action != acl.Permit {
				continue
			}
			if prefix := selection.Covering(r.Source); only == nil || only.from[prefix] {
				add(from, route{table: p.table, prefix: prefix, device: p.guard})
			}
			v := route{table: p.table + 1, prefix: selection.Covering(r.Destination), device: p.inside}
			if only != nil && !only.to[v.prefix] {
				continue
			}
			add(to, v)
			if !sources[v.prefix] && policy.Local.Is4() && !policy.Local.IsUnspecified() {
				sources[v.prefix], v.source = true, policy.Local
				list = append(list, v)
			}
			if source := singleSource(r); !singles[v.prefix] && source.IsValid() && source != policy.Local {
				singles[v.prefix], v.source, v.single = true, source, true
				list = append(list, v)
			}
		}
	}
	return list
}

// singleSource returns the address that all must come from that a rule is about, whatever
// the protocol; zero: there is none. One that is about some protocols says nothing of the
// others' source.
func singleSource(r *acl.Rule) netip.Addr {
	source, exact := r.Source.Prefix()
	if !exact || !source.IsSingleIP() || r.Protocol != 0 {
		return netip.Addr{}
	}
	return source.Addr()
}

// A set is a list without repetitions, in order of arrival.
type set[T comparable] struct {
	list []T
	has  map[T]bool
}

func (s *set[T]) add(v T) {
	if s.has == nil {
		s.has = make(map[T]bool)
	}
	if !s.has[v] {
		s.has[v] = true
		s.list = append(s.list, v)
	}
}

// minus returns what is in a and not in b.
func minus[T comparable](a, b []T) (rest []T) {
	other := make(map[T]bool, len(b))
	for _, v := range b {
		other[v] = true
	}
	for _, v := range a {
		if !other[v] {
			rest = append(rest, v)
		}
	}
	return rest
}

func (p planner) rules(devices []string) []rule {
	rules := []rule{
		{priority: ruleEnd},
		{priority: ruleMarked, mark: p.mark, jump: ruleEnd},
		{priority: ruleElsewhere, table: mainTable, suppressGroup: true},
	}
	for _, name := range devices {
		rules = append(rules,
			rule{priority: ruleMarked, bound: name, jump: ruleEnd},
			rule{priority: ruleGuard, device: name, table: p.table},
		)
	}
	return append(rules, rule{priority: ruleInside, table: p.table + 1})
}
