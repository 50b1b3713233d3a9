package main

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sallyport/ike"
)

// How often the name of a peer's host is asked for, and again after an error. What a
// resolver knows of a record's life does not reach us.
const (
	nameRefresh = time.Minute
	nameRetry   = 10 * time.Second
	nameWait    = 5 * time.Second
)

// hostNames stands before the engine and keeps the addresses of peers that are configured
// by name: what goes to the engine has those that are known, and when they change it goes there
// again.
type hostNames struct {
	engine
	lookUp func(ctx context.Context, name string) ([]netip.Addr, error)
	warn   func(string)

	mu     sync.Mutex
	config *ike.Config // that the engine was given last, without addresses; nil: none yet
	known  map[string][]netip.Addr
	failed map[string]bool // has been told of
	wanted chan struct{}   // holds one when names may have come
}

// engine is what of the loop a device uses.
type engine interface {
	Input(ike.Input)
	Status() []ike.Status
	Failures() []ike.Failure
	Refusals() []ike.Refusal
	Counts() ike.Counts
	Fallbacks() []ike.Fallback
}

func newHostNames(e engine, warn func(string)) *hostNames {
	return &hostNames{
		engine: e, lookUp: resolve, warn: warn,
		known: map[string][]netip.Addr{}, failed: map[string]bool{}, wanted: make(chan struct{}, 1),
	}
}

// resolve returns the IPv4 addresses of a host, in order.
func resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
	for i := range found {
		found[i] = found[i].Unmap()
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return slices.Compact(found), err
}

// Input passes an input on, a configuration with the addresses that are known.
func (h *hostNames) Input(in ike.Input) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch given := in.(type) {
	case ike.SetConfig:
		in = ike.SetConfig{Config: h.take(given.Config)}
	case ike.Resume:
		given.Config = h.take(given.Config)
		in = given
	}
	h.engine.Input(in)
}

// take remembers a configuration and returns it with addresses. The caller holds the lock.
func (h *hostNames) take(c *ike.Config) *ike.Config {
	h.config = c
	names := namesIn(c)
	maps.DeleteFunc(h.known, func(name string, _ []netip.Addr) bool { return !slices.Contains(names, name) })
	if len(names) == 0 {
		return c
	}
	select {
	case h.wanted <- struct{}{}:
	default:
	}
	return h.addressed()
}

// addressed returns the configuration with what is known now. The caller holds the lock.
func (h *hostNames) addressed() *ike.Config {
	c := *h.config
	c.Hosts = maps.Clone(h.known)
	return &c
}

// namesIn returns the host names of a configuration's peers, in order.
func namesIn(c *ike.Config) []string {
	found := map[string]bool{}
	for _, p := range c.Policies {
		if p.Peer.RemoteHost != "" {
			found[p.Peer.RemoteHost] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// run asks for the names until ctx ends.
func (h *hostNames) run(ctx context.Context) {
	timer := time.NewTimer(nameRefresh)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wanted:
		case <-timer.C:
		}
		timer.Reset(h.ask(ctx))
	}
}

// ask looks all names up, tells the engine of what changed, and returns when to ask again.
func (h *hostNames) ask(ctx context.Context) time.Duration {
	next := nameRefresh
	for _, name := range h.names() {
		wait, cancel := context.WithTimeout(ctx, nameWait)
		found, err := h.lookUp(wait, name)
		cancel()
		if ctx.Err() != nil {
			return next
		}
		if !h.learn(name, found, err) {
			next = nameRetry
		}
	}
	return next
}

func (h *hostNames) names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.config == nil {
		return nil
	}
	return namesIn(h.config)
}

// learn takes an answer, and reports whether it was one. Without one the addresses stay that
// were known: a resolver that is down is no reason to lose a peer.
func (h *hostNames) learn(name string, found []netip.Addr, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil || len(found) == 0 {
		if !h.failed[name] {
			h.failed[name] = true
			h.warn("remote-address host-name " + name + " has no address: " + noAddress(err))
		}
		return false
	}
	delete(h.failed, name)
	if !slices.Contains(namesIn(h.config), name) || slices.Equal(h.known[name], found) {
		return true
	}
	h.known[name] = found
	h.engine.Input(ike.SetConfig{Config: h.addressed()})
	return true
}

// noAddress says why there is no address.
func noAddress(err error) string {
	if err == nil {
		return "the answer has none for IPv4"
	}
	return err.Error()
}
