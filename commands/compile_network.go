package commands

import (
	"fmt"
	"net/netip"
	"strings"

	"sallyport/commands/kind"
	"sallyport/platform"
)

// Network returns what the host is told: the interfaces and the routes. Tunnels that are
// down are left out, and the routes into them. device is as for Protection.
func (c *Config) Network(device func(name string) (string, error)) (platform.Network, error) {
	var n platform.Network
	var err error
	tunnels := c.tunnelNetwork()
	for _, i := range values(c.Interfaces, strings.Compare) {
		host, up := tunnels[i.Name]
		switch {
		case !kind.IsTunnel(i.Name):
			host.Interface = platform.Interface{Addresses: i.Addresses, MTU: i.MTU, Down: i.Shutdown}
		case !up:
			continue
		}
		if host.Device, err = device(i.Name); err != nil {
			return n, fmt.Errorf("interface %s: %w", i.Name, err)
		}
		n.Interfaces = append(n.Interfaces, host.Interface)
	}
	n.Routes, err = c.networkRoutes(tunnels, device)
	return n, err
}

// networkRoutes returns the routes that the host is told.
func (c *Config) networkRoutes(tunnels tunnelNetwork, device func(name string) (string, error)) (routes []platform.Route, err error) {
	ways := c.protectedWays(tunnels)
	for _, r := range sortedRoutes(c) {
		if _, up := tunnels[r.Interface]; kind.IsTunnel(r.Interface) && !up {
			continue
		}
		route := platform.Route{Destination: r.Destination, NextHop: r.NextHop, Preference: r.Preference}
		route.Backstop = tunnels[r.Interface].protected || r.Interface == "" && ways.lead(r.NextHop)
		if r.Interface != "" {
			if route.Device, err = device(r.Interface); err != nil {
				return nil, fmt.Errorf("route to %v: %w", r.Destination, err)
			}
		}
		routes = append(routes, route)
	}
	return routes, nil
}

// protectedWays are the networks that next hops may be in, and whether what goes there goes
// into a tunnel that is protected.
type protectedWays map[netip.Prefix]bool

// protectedWays returns those of all interfaces that are up, and those that a route without
// a next hop leads to; nil if no tunnel is protected.
func (c *Config) protectedWays(tunnels tunnelNetwork) protectedWays {
	if !tunnels.anyProtected() {
		return nil
	}
	ways := protectedWays{}
	for _, i := range c.Interfaces {
		if _, up := tunnels[i.Name]; kind.IsTunnel(i.Name) && !up || i.Shutdown {
			continue
		}
		for _, a := range i.Addresses {
			ways[a.Masked()] = ways[a.Masked()] || tunnels[i.Name].protected
		}
	}
	for _, r := range c.Routes {
		if _, up := tunnels[r.Interface]; r.Interface != "" && !r.NextHop.IsValid() && (up || !kind.IsTunnel(r.Interface)) {
			ways[r.Destination] = ways[r.Destination] || tunnels[r.Interface].protected
		}
	}
	return ways
}

// lead reports whether a next hop is in a protected tunnel, by the longest match.
func (w protectedWays) lead(hop netip.Addr) bool {
	for bits := hop.BitLen(); bits >= 0 && w != nil; bits-- {
		p, _ := hop.Prefix(bits) // of its own length: no error
		if protected, is := w[p]; is {
			return protected
		}
	}
	return false
}
