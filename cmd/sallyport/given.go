package main

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/platform"
)

// What gateways give us as their client, by mode configuration: an address, which goes on the interface
// that the policy is on, and networks, which are routed there with that address as source. They
// are part of the host's wanted state while the gateway's SA stands: what a crash leaves, the next
// start takes away as it does with other addresses and routes of ours.

// given is what each gateway has given us.
type given struct {
	mu   sync.Mutex
	by   map[string]ike.Configured // by ike peer
	wake chan struct{}             // holds one token: somebody is to apply it
	warn func(string)
}

func newGiven(warn func(string)) *given {
	return &given{by: map[string]ike.Configured{}, wake: make(chan struct{}, 1), warn: warn}
}

// take is loop.Access.Configured. It does not wait: what comes of it is in the log.
func (g *given) take(c ike.Configured) error {
	g.mu.Lock()
	g.by[c.Peer] = c
	g.mu.Unlock()
	g.signal()
	g.warn(givenWords(c))
	return nil
}

// drop is loop.Access.Unconfigured.
func (g *given) drop(u ike.Unconfigured) {
	g.mu.Lock()
	if g.by[u.Peer].Address == u.Address {
		delete(g.by, u.Peer)
	}
	g.mu.Unlock()
	g.signal()
	g.warn(fmt.Sprintf("the address %v of ike peer %s is ours no longer", u.Address, u.Peer))
}

// signal wakes who applies it.
func (g *given) signal() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// givenWords says what a gateway has given. Name servers are shown and not used: the host's
// belong to the host.
func givenWords(c ike.Configured) string {
	text := fmt.Sprintf("ike peer %s gives us the address %v", c.Peer, c.Address)
	if len(c.Networks) > 0 {
		text += fmt.Sprintf(" to reach %v", c.Networks)
	}
	if len(c.DNS) > 0 {
		text += fmt.Sprintf(", DNS %v, which the host is not told of", c.DNS)
	}
	if c.Domain != "" {
		text += fmt.Sprintf(", domain %q", c.Domain)
	}
	if c.Banner != "" {
		text += fmt.Sprintf(": %q", c.Banner)
	}
	return text
}

// all returns what there is, by peer.
func (g *given) all() []ike.Configured {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedFunc(maps.Values(g.by), func(a, b ike.Configured) int { return slices.Compare([]byte(a.Peer), []byte(b.Peer)) })
}

// add puts what there is into a network. An interface that the configuration does not have any more
// gets none of it.
func (g *given) add(n platform.Network, port func(string) (string, error)) platform.Network {
	n.Interfaces, n.Routes = slices.Clone(n.Interfaces), slices.Clone(n.Routes)
	for _, c := range g.all() {
		if len(c.Policies) == 0 {
			continue
		}
		device, err := port(c.Policies[0].Interface)
		i := slices.IndexFunc(n.Interfaces, func(i platform.Interface) bool { return i.Device == device })
		if err != nil || i < 0 {
			continue
		}
		n.Interfaces[i] = withAddress(n.Interfaces[i], c.Address)
		for _, to := range c.Networks {
			n.Routes = append(n.Routes, wayTo(n, to, device, c))
		}
	}
	return n
}

// withAddress returns an interface with one more address, a host's.
func withAddress(i platform.Interface, a netip.Addr) platform.Interface {
	has := func(p netip.Prefix) bool { return p.Addr() == a }
	if !slices.ContainsFunc(i.Addresses, has) {
		i.Addresses = append(slices.Clip(i.Addresses), netip.PrefixFrom(a, a.BitLen()))
	}
	return i
}

// givenPreference is that of routes to what a gateway has given: behind the operator's own.
const givenPreference = commands.DefaultPreference + 1

// wayTo is the route to a network of a gateway's: by the next hop that the gateway itself is reached
// by, from the given address. Policies protect what takes it.
func wayTo(n platform.Network, to netip.Prefix, device string, c ike.Configured) platform.Route {
	return platform.Route{Destination: to.Masked(), NextHop: hopTo(n, c.Remote), Device: device, Preference: givenPreference, Source: c.Address}
}

// hopTo returns the next hop of the longest static route to an address; zero: it is on a network of
// ours.
func hopTo(n platform.Network, to netip.Addr) (hop netip.Addr) {
	longest := -1
	for _, i := range n.Interfaces {
		for _, p := range i.Addresses {
			if p.Contains(to) && p.Bits() > longest {
				longest, hop = p.Bits(), netip.Addr{}
			}
		}
	}
	for _, r := range n.Routes {
		if r.Destination.Contains(to) && r.Destination.Bits() > longest {
			longest, hop = r.Destination.Bits(), r.NextHop
		}
	}
	return hop
}

// reapply keeps the host as it is wanted with what gateways give, until ctx ends.
func (d *device) reapply(ctx context.Context) {
	for {
		select {
		case <-d.given.wake:
			if err := d.applyGiven(); err != nil {
				d.warn(fmt.Sprintf("what a gateway has given us cannot be used: %v", err))
			}
		case <-ctx.Done():
			return
		}
	}
}

// applyGiven tells the host of the configuration in force with what gateways give now.
func (d *device) applyGiven() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.applied == nil {
		return nil // the configuration to come has it
	}
	network, err := d.applied.Network(d.ports.device)
	if err != nil {
		return err
	}
	network = d.given.add(network, d.ports.device)
	if err := d.parts.network.Apply(network); err != nil {
		return err
	}
	d.network = network
	return nil
}
