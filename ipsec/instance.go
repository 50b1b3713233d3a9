package ipsec

import "fmt"

// An InstanceRefused says why a policy cannot be added as an instance.
type InstanceRefused struct {
	Policy PolicyID
	Reason string // what came and what was wanted
}

// Error names the policy and the reason.
func (e *InstanceRefused) Error() string { return fmt.Sprintf("policy %v: %s", e.Policy, e.Reason) }

// MayHaveInstances reports whether a policy of the configuration may have instances: not
// if its SAs are configured, or whatever is routed to it is protected.
func (p *Policy) MayHaveInstances() bool { return p.ID.Instance == 0 && !p.Manual && !p.Routed }

// CheckInstance returns an *InstanceRefused for what is no instance by itself.
func (p *Policy) CheckInstance() error {
	if p.ID.Instance == 0 || p.Template || p.Manual || p.Routed {
		return &InstanceRefused{p.ID, "this is no instance of a policy"}
	}
	return nil
}

// CheckInstanceOf returns an *InstanceRefused for what cannot be an instance of a policy of
// the configuration, which is nil if there is none of the name.
func (p *Policy) CheckInstanceOf(of *Policy) error {
	var reason string
	switch {
	case of == nil:
		reason = fmt.Sprintf("there is no policy %v", p.ID.Configured())
	case of.Routed:
		reason = fmt.Sprintf("%v is all that is routed into %s, want a policy with rules", of.ID, of.Device)
	case of.Manual:
		reason = fmt.Sprintf("%v has configured SAs, want a policy whose SAs are negotiated", of.ID)
	case of.Device != p.Device:
		reason = fmt.Sprintf("it is of device %s, want that of its policy, %s", p.Device, of.Device)
	default:
		return nil
	}
	return &InstanceRefused{p.ID, reason}
}
