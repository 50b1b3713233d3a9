package tunnel

import (
	"net/netip"
	"slices"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// longestStep is how many policies may come and go before all is looked at anew.
const longestStep = 500

// A step leads from one list of policies to another. What is in neither part is in
// both lists, in the same order.
type step struct{ gone, come []*ipsec.Policy }

// stepFrom returns the step between two lists. It is short if few policies came, went
// or moved, one at a place.
func stepFrom(old, now []*ipsec.Policy) (s step) {
	for len(old) > 0 && len(now) > 0 {
		switch {
		case routedAlike(old[0], now[0]):
			old, now = old[1:], now[1:]
		case len(old) > 1 && routedAlike(old[1], now[0]):
			s.gone, old = append(s.gone, old[0]), old[1:]
		case len(now) > 1 && routedAlike(old[0], now[1]):
			s.come, now = append(s.come, now[0]), now[1:]
		default:
			s.gone, old = append(s.gone, old[0]), old[1:]
			s.come, now = append(s.come, now[0]), now[1:]
		}
	}
	return step{append(s.gone, old...), append(s.come, now...)}
}

// routedAlike reports whether two policies want the same of the system.
func routedAlike(a, b *ipsec.Policy) bool {
	return a == b || a.Device == b.Device && a.Local == b.Local && a.ACL == b.ACL &&
		a.Template == b.Template && (!a.Template || a.ID == b.ID)
}

func (s step) length() int { return len(s.gone) + len(s.come) }

// A prefixes is what routes may have to change for: the prefixes of sources, for the
// guard, and those of destinations.
type prefixes struct{ from, to map[netip.Prefix]bool }

// prefixes returns those of the permit rules of a step's policies. Routes to all others
// are the same before it and after.
func (s step) prefixes() *prefixes {
	p := &prefixes{from: make(map[netip.Prefix]bool), to: make(map[netip.Prefix]bool)}
	for _, policy := range slices.Concat(s.gone, s.come) {
		if policy.Template {
			continue
		}
		for i := range policy.ACL.Rules {
			if r := &policy.ACL.Rules[i]; r.Action == acl.Permit {
				p.from[selection.Covering(r.Source)], p.to[selection.Covering(r.Destination)] = true, true
			}
		}
	}
	return p
}
