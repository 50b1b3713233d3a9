package tunnel

import (
	"fmt"

	"sallyport/acl"
	"sallyport/ipsec"
)

// An spd is the security policy database (RFC 4301 §4.4.1): all policies in order
// of precedence. It is never changed: readers need no lock.
type spd struct {
	policies []*ipsec.Policy
	byID     map[ipsec.PolicyID]*ipsec.Policy
	ports    bool // some rule asks for ports
}

// newSPD returns the database of policies. Those that before has at the same place are
// not looked at again.
func newSPD(policies []*ipsec.Policy, before *spd) (*spd, error) {
	s := &spd{policies: policies, byID: make(map[ipsec.PolicyID]*ipsec.Policy, len(policies))}
	for i, p := range policies {
		if s.byID[p.ID] != nil {
			return nil, fmt.Errorf("policy %v is listed twice", p.ID)
		}
		s.byID[p.ID] = p
		known := !before.ports && i < len(before.policies) && before.policies[i] == p
		s.ports = s.ports || !known && asksPorts(p.ACL)
	}
	return s, nil
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
// for the packet decides; a deny rule decides for clear.
func (s *spd) outbound(t acl.Tuple) (*ipsec.Policy, uint32) {
	for _, p := range s.policies {
		if v := p.ACL.Match(t); v.Matched {
			if v.Action == acl.Permit {
				return p, p.ACL.Rules[v.Rule].ID
			}
			return nil, 0
		}
	}
	return nil, 0
}

// mustBeProtected reports whether a packet that came in clear should have come
// protected: its answer would be.
func (s *spd) mustBeProtected(t acl.Tuple) bool {
	p, _ := s.outbound(t.Reverse())
	return p != nil
}

// admits reports whether a decrypted packet is what the policy of its SA protects.
// SAs of a policy that is not known are only as good as their selectors.
func (s *spd) admits(id ipsec.PolicyID, t acl.Tuple) bool {
	p := s.byID[id]
	if p == nil {
		return true
	}
	v := p.ACL.Mirror(t)
	return v.Matched && v.Action == acl.Permit
}

// ambiguous reports whether the verdict on a later fragment would be a guess: its
// ports are not known and some rule asks for ports. Passing it could let out in
// clear what the rest of its packet is protected for: RFC 4301 §7.
func (s *spd) ambiguous(t acl.Tuple) bool {
	return s.ports && t.Fragment && (t.Protocol == acl.TCP || t.Protocol == acl.UDP)
}
