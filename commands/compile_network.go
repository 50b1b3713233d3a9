package commands

import (
	"fmt"
	"strings"

	"sallyport/commands/kind"
	"sallyport/platform"
)

// Network returns what the host is told: the interfaces and the routes. Tunnels that are
// down are left out, and the routes into them. device is as for Protection.
func (c *Config) Network(device func(name string) (string, error)) (platform.Network, error) {
	var n platform.Network
	tunnels := c.tunnelNetwork()
	for _, i := range values(c.Interfaces, strings.Compare) {
		host, up := tunnels[i.Name]
		switch {
		case !kind.IsTunnel(i.Name):
			host = platform.Interface{Addresses: i.Addresses, MTU: i.MTU, Down: i.Shutdown}
		case !up:
			continue
		}
		var err error
		if host.Device, err = device(i.Name); err != nil {
			return n, fmt.Errorf("interface %s: %w", i.Name, err)
		}
		n.Interfaces = append(n.Interfaces, host)
	}
	for _, r := range sortedRoutes(c) {
		if _, up := tunnels[r.Interface]; kind.IsTunnel(r.Interface) && !up {
			continue
		}
		route := platform.Route{Destination: r.Destination, NextHop: r.NextHop, Preference: r.Preference}
		if r.Interface != "" {
			linux, err := device(r.Interface)
			if err != nil {
				return n, fmt.Errorf("route to %v: %w", r.Destination, err)
			}
			route.Device = linux
		}
		n.Routes = append(n.Routes, route)
	}
	return n, nil
}
