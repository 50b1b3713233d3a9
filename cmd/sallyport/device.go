package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
	"sallyport/platform"
	"sallyport/platform/icmp"
)

// A device is the box that the commands act on.
type device struct {
	parts   parts
	ports   *ports
	seal    *seal
	plane   string       // the dataplane's name
	warn    func(string) // a line for the log
	started time.Time
	*files
	*host
	*logs
	*accounts
	*vault
	given *given
	ssh   *sshService // nil until operators are let in

	mu         sync.Mutex // over Apply, and what follows: what is in force
	protection *commands.Protection
	network    platform.Network
	applied    *commands.Config // nil: none yet
	manual     *manual
	inherited  *inheritance            // for the first configuration; nil: it is in force
	incomplete map[ipsec.PolicyID]bool // the policies that are applied and not complete
}

// parts are what a configuration is applied to.
type parts struct {
	network   interface{ Apply(platform.Network) error }
	dataplane ipsec.Dataplane
	engine    engine
}

var _ commands.Device = (*device)(nil)

func newDevice(g *gateway) *device {
	return &device{
		protection: &commands.Protection{IKE: &ike.Config{}},
		parts:      parts{network: g.link, dataplane: g.plane, engine: &trusting{g.names, g.vault}},
		ports:      &g.ports,
		seal:       g.seal,
		plane:      g.plane.name, warn: g.warn, manual: &manual{dataplane: g.plane},
		started: time.Now(),
		given:   g.given,
		files:   newFiles(g), host: newHost(g), logs: newLogs(g), accounts: newAccounts(g), vault: g.vault,
	}
}

// Apply makes c the configuration in force.
func (d *device) Apply(c *commands.Config) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	protection, err := c.Protection(d.ports.device)
	if err != nil {
		return err
	}
	if err := d.able(protection); err != nil {
		return err
	}
	network, err := c.Network(d.ports.device)
	if err != nil {
		return err
	}
	network = d.given.add(network, d.ports.device)
	if err := d.reach(c); err != nil {
		return err
	}
	d.believe(c)
	if err := d.enforce(protection, network); err != nil {
		d.believe(d.applied)
		return errors.Join(err, d.reach(d.applied))
	}
	d.logs.apply(c)
	d.logIncomplete(c)
	d.applied = c
	return nil
}

// reach has operators come in as c says.
func (d *device) reach(c *commands.Config) error {
	if d.ssh == nil || c == nil {
		return nil
	}
	return d.ssh.Configure(c)
}

// believe has the domains of c count, if it is not nil.
func (d *device) believe(c *commands.Config) {
	if d.vault != nil {
		d.vault.use(c)
	}
}

// enforce changes dataplane, network and engine, in an order in which nothing
// that is to be protected goes in clear meanwhile: new policies stand before the
// routes that lead to them, and old ones until the routes that led to them are
// gone. The engine comes last: an SA it makes finds its policy there. The caller
// holds the lock.
func (d *device) enforce(protection *commands.Protection, network platform.Network) error {
	if d.inherited != nil {
		if err := d.inherit(protection); err != nil {
			return err
		}
	}
	if err := d.protect(protection, network); err != nil {
		if back := d.restore(); back != nil {
			return fmt.Errorf("%w (and then: %w)", err, back)
		}
		return err
	}
	d.protection, d.network = protection, network
	d.parts.engine.Input(d.inherited.input(protection.IKE))
	d.inherited.catchUp(d.parts.dataplane, d.parts.engine.Input)
	d.inherited = nil
	return nil
}

// inherit takes over what a predecessor left, before the first policy is stated.
func (d *device) inherit(p *commands.Protection) error {
	if err := d.inherited.take(d.parts.dataplane, p); err != nil {
		return err
	}
	return d.manual.inherit(p.Manual, d.inherited.has)
}

// leave has the engine end the SAs of policies that go, while the address that its
// deletes leave from is still there.
func (d *device) leave(policies []*ike.Policy) {
	first, now, old := middle(policies, d.protection.IKE.Policies, func(a, b *ike.Policy) bool { return a.ID == b.ID && a.Local == b.Local })
	next := make(map[ipsec.PolicyID]netip.Addr, len(now))
	for _, p := range now {
		next[p.ID] = p.Local
	}
	rest, last := *d.protection.IKE, first+len(old)
	rest.Policies = slices.Clone(rest.Policies[:first])
	for _, p := range old {
		if local, stays := next[p.ID]; stays && local == p.Local {
			rest.Policies = append(rest.Policies, p)
		}
	}
	if len(rest.Policies) == last {
		return
	}
	rest.Policies = append(rest.Policies, d.protection.IKE.Policies[last:]...)
	d.parts.engine.Input(ike.SetConfig{Config: &rest})
	d.parts.engine.Status() // it answers when the deletes are out
}

// restore puts the engine, network and policies back to what is in force. The SAs
// that have been deleted are made anew by the next packet.
func (d *device) restore() error {
	d.parts.engine.Input(ike.SetConfig{Config: d.protection.IKE})
	if err := d.parts.network.Apply(d.network); err != nil {
		return err
	}
	if err := d.parts.dataplane.SetPolicies(d.protection.Policies); err != nil {
		return err
	}
	return d.manual.apply(d.protection.Manual)
}

// protect changes policies, network and configured SAs.
func (d *device) protect(p *commands.Protection, network platform.Network) error {
	both := union(p.Policies, d.protection.Policies)
	if err := d.parts.dataplane.SetPolicies(both); err != nil {
		return err
	}
	d.leave(p.IKE.Policies)
	if err := d.parts.network.Apply(network); err != nil {
		return err
	}
	if len(both) != len(p.Policies) {
		if err := d.parts.dataplane.SetPolicies(p.Policies); err != nil {
			return err
		}
	}
	return d.manual.apply(p.Manual)
}

// middle returns what is left of two lists without the policies that are alike at the
// beginning and at the end of both, and where that begins.
func middle[P any](a, b []P, alike func(a, b P) bool) (first int, ofA, ofB []P) {
	for first < min(len(a), len(b)) && alike(a[first], b[first]) {
		first++
	}
	ofA, ofB = a[first:], b[first:]
	for len(ofA) > 0 && len(ofB) > 0 && alike(ofA[len(ofA)-1], ofB[len(ofB)-1]) {
		ofA, ofB = ofA[:len(ofA)-1], ofB[:len(ofB)-1]
	}
	return first, ofA, ofB
}

// union returns the new policies, and behind them the old ones that are no more.
func union(policies, old []*ipsec.Policy) []*ipsec.Policy {
	_, now, before := middle(policies, old, func(a, b *ipsec.Policy) bool { return a.ID == b.ID })
	kept := make(map[ipsec.PolicyID]bool, len(now))
	for _, p := range now {
		kept[p.ID] = true
	}
	both := slices.Clip(policies)
	for _, p := range before {
		if !kept[p.ID] {
			both = append(both, p)
		}
	}
	return both
}

// IKE returns every ISAKMP SA.
func (d *device) IKE() []ike.Status { return d.parts.engine.Status() }

// Failures returns the latest negotiations that failed.
func (d *device) Failures() []ike.Failure { return d.parts.engine.Failures() }

// Refusals returns how many messages were refused or dropped, by reason.
func (d *device) Refusals() []ike.Refusal { return d.parts.engine.Refusals() }

// IKECounts returns what the engine has counted.
func (d *device) IKECounts() ike.Counts { return d.parts.engine.Counts() }

// Fallbacks returns the policies whose traffic goes in clear.
func (d *device) Fallbacks() []ike.Fallback { return d.parts.engine.Fallbacks() }

// SACounters returns what an SA has done so far.
func (d *device) SACounters(id ipsec.SAID) (ipsec.Counters, bool) {
	return d.parts.dataplane.Counters(id)
}

// Statistics returns the dataplane's sums since they were last cleared.
func (d *device) Statistics() ipsec.Statistics {
	return d.sinceCleared(d.parts.dataplane.Statistics())
}

// Faults returns the dataplane's own counters of errors.
func (d *device) Faults() []ipsec.Fault { return d.parts.dataplane.Faults() }

// ManualSAs returns the configured pairs that are in force.
func (d *device) ManualSAs() []commands.ManualStatus { return d.manual.statuses() }

// Reset has the engine delete SAs, and configured ones made anew. When it returns, no
// packet goes by the old ones any more.
func (d *device) Reset(r ike.Reset) {
	d.parts.engine.Input(r)
	d.parts.engine.Status() // it answers when they are gone
	if err := d.manual.reset(r); err != nil {
		d.warn(err.Error())
	}
}

// renewals makes configured SAs anew that are used up, until ctx ends.
func (d *device) renewals(ctx context.Context, used <-chan ipsec.SAID) {
	for {
		select {
		case id := <-used:
			if err := d.manual.renew(id); err != nil {
				d.warn(err.Error())
			}
		case <-ctx.Done():
			return
		}
	}
}

// Ping sends echo requests from the box itself.
func (d *device) Ping(ctx context.Context, p commands.Ping, reply func(commands.PingReply)) error {
	return ping(ctx, p, reply)
}

// ping sends echo requests from the network namespace of the calling thread.
func ping(ctx context.Context, p commands.Ping, reply func(commands.PingReply)) error {
	request := icmp.Request{
		Host: p.Host, Source: p.Source, Count: p.Count, Size: p.Size, Timeout: p.Timeout, Interval: p.Interval,
		TTL: p.TTL, TOS: p.TOS, NoFragment: p.NoFragment, Device: p.Device,
	}
	return icmp.Ping(ctx, request, func(r icmp.Reply) { reply(commands.PingReply(r)) })
}

// Seal returns the stored form of a secret.
func (d *device) Seal(plain secret.Octets) string { return d.seal.Seal(plain) }

// Open returns the secret of a stored form.
func (d *device) Open(stored string) (secret.Octets, error) { return d.seal.Open(stored) }

// Port returns the Linux device of an interface name.
func (d *device) Port(name string) (string, error) { return d.ports.device(name) }

// About says what box and program this is.
func (d *device) About() commands.About {
	return commands.About{Version: version, Dataplane: d.plane, Started: d.started, Now: time.Now()}
}
