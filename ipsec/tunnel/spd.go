package tunnel

import (
	"fmt"

	"sallyport/acl"
	"sallyport/ipsec"
)

// An spd is the security policy database (RFC 4301 §4.4.1): all policies in order
// of precedence. It is never changed: readers need no lock.
type spd struct {
	stated   []*ipsec.Policy // all
	policies []*ipsec.Policy // those whose lists say what is protected: all that are not routed
	byID     map[ipsec.PolicyID]*ipsec.Policy
	ports    bool              // some rule asks for ports
	tunnels  map[string]tunnel // of routed policies, by device
	*instances
}

// newSPD returns the database of policies. Those that before has at the same place are
// not looked at again. Tunnels have no devices yet.
func newSPD(stated []*ipsec.Policy, before *spd) (*spd, error) {
	among := before.instances
	if among == nil {
		among = newInstances()
	}
	s := &spd{instances: among, stated: stated, byID: make(map[ipsec.PolicyID]*ipsec.Policy, len(stated)), tunnels: make(map[string]tunnel)}
	for i, p := range stated {
		if s.byID[p.ID] != nil {
			return nil, fmt.Errorf("policy %v is listed twice", p.ID)
		}
		s.byID[p.ID] = p
		if p.Routed {
			if other, ok := s.tunnels[p.Device]; ok {
				return nil, fmt.Errorf("policies %v and %v are both of %s", other.policy.ID, p.ID, p.Device)
			}
			s.tunnels[p.Device] = tunnel{policy: p}
			continue
		}
		if p.Template {
			continue
		}
		known := !before.ports && i < len(before.stated) && before.stated[i] == p
		s.ports = s.ports || !known && asksPorts(p.ACL)
	}
	s.policies = s.diverting()
	return s, nil
}

// diverting returns the policies that are not routed.
func (s *spd) diverting() []*ipsec.Policy {
	if len(s.tunnels) == 0 {
		return s.stated
	}
	rest := make([]*ipsec.Policy, 0, len(s.stated)-len(s.tunnels))
	for _, p := range s.stated {
		if !p.Routed {
			rest = append(rest, p)
		}
	}
	return rest
}

// policy returns the policy of that name, nil if it is not there.
func (s *spd) policy(id ipsec.PolicyID) *ipsec.Policy {
	if id.Instance != 0 {
		return s.instance(id)
	}
	return s.byID[id]
}

func asksPorts(a *acl.ACL) bool {
	for i := range a.Rules {
		if a.Rules[i].SourcePort.Op != acl.AnyPort || a.Rules[i].DestinationPort.Op != acl.AnyPort {
			return true
		}
	}
	return false
}

// outbound returns the policy that protects a packet that leaves, with the ID of
// the rule, or nil if it leaves in clear. The first policy whose list has a rule
// for the packet decides; a deny rule decides for clear. A policy's instances are asked
// before it, and a template has nothing else.
func (s *spd) outbound(t acl.Tuple) (*ipsec.Policy, uint32) {
	var some [4]match
	found := s.match(some[:0], t)
	for _, p := range s.policies {
		if len(found) > 0 {
			p = instead(p, found)
		}
		if p.Template {
			continue
		}
		if v := p.ACL.Match(t); v.Matched {
			if v.Action == acl.Permit {
				return p, p.ACL.Rules[v.Rule].ID
			}
			return nil, 0
		}
	}
	return nil, 0
}

// instead returns the instance of a policy's that was found, or the policy.
func instead(p *ipsec.Policy, found []match) *ipsec.Policy {
	for i := range found {
		if found[i].of == p.ID {
			return found[i].Policy
		}
	}
	return p
}

// mustBeProtected reports whether a packet that came in clear should have come
// protected: its answer would be.
func (s *spd) mustBeProtected(t acl.Tuple) bool {
	p, _ := s.outbound(t.Reverse())
	return p != nil && !s.passesClear(p.ID)
}

// admits reports whether a decrypted packet is what the policy of its SA protects.
// SAs of a policy that is not known are only as good as their selectors.
func (s *spd) admits(id ipsec.PolicyID, t acl.Tuple) bool {
	p := s.policy(id)
	if p == nil {
		return true
	}
	if p.Template {
		return false
	}
	v := p.ACL.Mirror(t)
	return v.Matched && v.Action == acl.Permit
}

// ambiguous reports whether the verdict on a later fragment would be a guess: its
// ports are not known and some rule asks for ports. Passing it could let out in
// clear what the rest of its packet is protected for: RFC 4301 §7.
func (s *spd) ambiguous(t acl.Tuple) bool {
	return (s.ports || s.askPorts.Load() > 0) && t.Fragment && (t.Protocol == acl.TCP || t.Protocol == acl.UDP)
}
