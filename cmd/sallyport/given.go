package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/platform"
)

// What gateways give us as their client, by mode configuration, is part of the host's wanted state
// (commands.WithGiven) while the gateway's SA stands: what a crash leaves, the next start takes away
// as it does with other addresses and routes of ours.

// given is what each gateway has given us.
type given struct {
	mu   sync.Mutex
	by   map[string]*gift // by ike peer
	wake chan struct{}    // holds one token: somebody is to apply it
	note func(kind logKind, format string, args ...any)
}

// A gift is what a gateway has given.
type gift struct {
	ike.Configured
	used bool // the host has it; the device's lock is over it
}

func newGiven(note func(logKind, string, ...any)) *given {
	return &given{by: map[string]*gift{}, wake: make(chan struct{}, 1), note: note}
}

// take is loop.Access.Configured. It does not wait, for who applies a configuration waits for the
// engine: what cannot be used the engine hears of as Failed.
func (g *given) take(c ike.Configured) error {
	g.mu.Lock()
	g.by[c.Peer] = &gift{Configured: c}
	g.mu.Unlock()
	g.signal()
	g.note(ikeGiven, "%s", givenWords(c))
	return nil
}

// drop is loop.Access.Unconfigured. What could not be used has gone before.
func (g *given) drop(u ike.Unconfigured) {
	if g.remove(u.Peer, func(is *gift) bool { return is.Address == u.Address }) {
		g.signal()
		g.note(ikeGivenBack, "the address %v of ike peer %s is ours no longer", u.Address, u.Peer)
	}
}

// remove forgets what a gateway has given, if it is that which is meant, and reports whether it was.
func (g *given) remove(peer string, meant func(*gift) bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	is := g.by[peer]
	if is == nil || !meant(is) {
		return false
	}
	delete(g.by, peer)
	return true
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
func (g *given) all() []*gift {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedFunc(maps.Values(g.by), func(a, b *gift) int { return strings.Compare(a.Peer, b.Peer) })
}

// add puts what the host has of it into the network of a configuration to come. Whether all of it
// still has a place there is looked at when that is in force.
func (g *given) add(n platform.Network, port func(string) (string, error)) platform.Network {
	for _, c := range g.all() {
		g.signal()
		if c.used {
			n, _ = commands.WithGiven(n, c.Configured, port)
		}
	}
	return n
}

// reapply keeps the host as it is wanted with what gateways give, until ctx ends.
func (d *device) reapply(ctx context.Context) {
	for {
		select {
		case <-d.given.wake:
			d.applyGiven()
		case <-ctx.Done():
			return
		}
	}
}

// applyGiven tells the host of the configuration in force with what gateways give now.
func (d *device) applyGiven() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.applied == nil {
		return // the configuration to come wakes us
	}
	if err := d.keepGiven(); err != nil {
		d.warn(fmt.Sprintf("the host does not take its network with what gateways have given us: %v", err))
	}
	for _, c := range d.given.all() {
		if !c.used {
			d.useGiven(c)
		}
	}
}

// keepGiven has the host keep what it has and may have still. The caller holds the lock.
func (d *device) keepGiven() error {
	network, err := d.applied.Network(d.ports.device)
	if err != nil {
		return err
	}
	for _, c := range d.given.all() {
		if !c.used {
			continue
		}
		with, err := commands.WithGiven(network, c.Configured, d.ports.device)
		if err != nil {
			d.refuseGiven(c, err)
			continue
		}
		network = with
	}
	return d.tell(network)
}

// useGiven has the host take something new. It is told of that alone, so that an error is about it.
// The caller holds the lock.
func (d *device) useGiven(c *gift) {
	with, err := commands.WithGiven(d.network, c.Configured, d.ports.device)
	if err == nil {
		err = d.tell(with)
	}
	if err != nil {
		d.refuseGiven(c, err)
		return
	}
	c.used = true
}

// tell has the host take a network. The caller holds the lock.
func (d *device) tell(network platform.Network) error {
	if err := d.parts.network.Apply(network); err != nil {
		return err
	}
	d.network = network
	return nil
}

// refuseGiven has the engine end what it has with a gateway whose address the host cannot have.
func (d *device) refuseGiven(c *gift, err error) {
	if !d.given.remove(c.Peer, func(is *gift) bool { return is == c }) {
		return // the engine has something newer
	}
	d.given.note(ikeGivenUnused, "ike peer %s (%v) gives us the address %v, which is not put to use: %v", c.Peer, c.Remote, c.Address, err)
	d.parts.engine.Input(ike.Failed{Output: c.Configured, Err: err})
}
