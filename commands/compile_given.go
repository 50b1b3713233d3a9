package commands

import (
	"fmt"
	"slices"

	"sallyport/ike"
	"sallyport/platform"
)

// What gateways give us as their client, by mode configuration: an address, which goes on the
// interface that the policy is on, and networks, which are routed there with that address as source.

// givenPreference is that of routes to what a gateway has given: behind the operator's own.
const givenPreference = DefaultPreference + 1

// WithGiven returns a network with what a gateway gives us; the one that it is added to stays as it
// is. The error says why there is no place for the address: the interface of the policy has no
// device, or is not configured. device is as for Protection.
func WithGiven(n platform.Network, c ike.Configured, device func(name string) (string, error)) (platform.Network, error) {
	if len(c.Policies) == 0 {
		return n, fmt.Errorf("ike peer %s has no ipsec policy on an interface that the address could go on", c.Peer)
	}
	policy := c.Policies[0]
	name, err := device(policy.Interface)
	if err != nil {
		return n, fmt.Errorf("ipsec policy %v: %w", policy, err)
	}
	at := slices.IndexFunc(n.Interfaces, func(i platform.Interface) bool { return i.Device == name })
	if at < 0 {
		return n, fmt.Errorf("ipsec policy %v: interface %s is not configured", policy, policy.Interface)
	}
	n.Interfaces, n.Routes = slices.Clone(n.Interfaces), slices.Clip(n.Routes)
	n.Interfaces[at] = n.Interfaces[at].With(c.Address)
	hop := n.NextHop(c.Remote) // that the gateway itself is reached by
	for _, to := range c.Networks {
		n.Routes = append(n.Routes, platform.Route{Destination: to.Masked(), NextHop: hop, Device: name, Preference: givenPreference, Source: c.Address})
	}
	return n, nil
}
