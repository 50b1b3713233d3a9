package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ike/loop"
	"sallyport/ipsec"
	"sallyport/ipsec/tunnel"
	"sallyport/platform/link"
	"sallyport/platform/udp"
)

// The ports of IKE: RFC 2408 §2.5.1, RFC 3947 §4.
const (
	portIKE  = 500
	portNATT = ike.PortNATT
)

// upWords are in the log line that says that the gateway works.
const upWords = "is up"

// saWords are in the log line that says that a negotiation has made IPsec SAs.
const saWords = "phase 2 up"

// usedQueue is how many SAs may be at their end before somebody looks at the first.
const usedQueue = 64

// A gateway is everything that runs, and the order in which it starts and ends.
type gateway struct {
	settings
	log      *logbook
	service  *service
	seal     *seal
	link     *link.Link
	plane    *plane
	journal  *journal
	saved    saved // what the journal of a predecessor holds
	ike      *udp.Socket
	natt     *udp.Socket
	loop     *loop.Loop
	names    *hostNames
	users    *xauthUsers
	given    *given
	vault    *vault
	device   *device
	consoles *consoles

	ended  chan error      // what ended the loop
	used   chan ipsec.SAID // SAs that the dataplane says are at their end
	group  sync.WaitGroup
	unwind []func() error // what close does, last first
}

// open takes hold of what the gateway needs of the system. Nothing runs yet but
// the dataplane, which has no policies.
func (g *gateway) open() error {
	g.used = make(chan ipsec.SAID, usedQueue)
	for _, step := range []func() error{g.openSeal, g.openSockets, g.openLink, g.openDataplane, g.keepSockets, g.openJournal, g.openLoop} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (g *gateway) openSeal() (err error) {
	g.seal, err = openSeal(g.state)
	return err
}

func (g *gateway) openLink() (err error) {
	if g.link, err = link.Open(); err != nil {
		return err
	}
	g.unwind = append(g.unwind, func() error {
		if g.keepSAs {
			return g.link.Leave()
		}
		return g.link.Close()
	})
	g.ports.ethernet, err = g.link.Ethernet()
	return err
}

// openSockets takes the two ports, before anything of the host is changed: a
// second gateway here must fail while the first one's routes still stand. They
// carry the dataplane's mark, so that IKE is never taken into a tunnel. Those that a
// killed gateway left with the service manager are taken over, with what waits in them.
func (g *gateway) openSockets() error {
	g.service = newService(g.log)
	for _, s := range []struct {
		name   string
		port   uint16
		socket **udp.Socket
	}{{keptIKE, portIKE, &g.ike}, {keptNATT, portNATT, &g.natt}} {
		socket, err := g.service.listen(s.name, udp.Config{Port: s.port, Mark: tunnel.DefaultMark, Bypass: true})
		if err != nil {
			return err
		}
		*s.socket = socket
		g.unwind = append(g.unwind, closing(socket))
	}
	return nil
}

// closing closes a socket that the loop has not closed itself.
func closing(s *udp.Socket) func() error {
	return func() error {
		if err := s.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// openJournal opens the journal of negotiations, which is of use only where SAs outlive
// the process: elsewhere what a predecessor left is removed unread. Whatever is in its
// place, the gateway starts.
func (g *gateway) openJournal() (err error) {
	if !g.plane.outlives {
		g.journal = newJournal(g.state, g.log)
		if err := g.journal.remove(); err != nil {
			g.log.say("the journal of negotiations is not removed: %v", err)
		}
		return nil
	}
	if g.journal, g.saved, err = openJournal(g.state, g.seal, g.log); err != nil {
		g.log.say("%v: %s", err, withoutWords)
	}
	g.unwind = append(g.unwind, func() error { return g.journal.close(g.keepSAs) })
	return nil
}

// openLoop makes the loop.
func (g *gateway) openLoop() error {
	engine := ike.New(nil, rand.Reader)
	can := g.plane.Capabilities()
	engine.Use(ike.Options{SPI: g.plane.SPI, Capabilities: &can, Fetch: askResponder, Remember: g.plane.outlives, Counters: g.plane.Counters})
	g.users = newXAUTHUsers(func(in ike.Input) { g.loop.Input(in) })
	g.given = newGiven(g.log.note)
	g.loop = loop.New(loop.Config{
		Engine:    engine,
		Dataplane: g.plane,
		IKE:       g.ike,
		NATT:      g.natt,
		ESP:       g.plane.esp,
		Event:     g.log.event,
		Trouble:   func(err error) { g.log.add(time.Now(), trouble(err)) },
		Access:    loop.Access{Authenticate: g.users.take, Configured: g.given.take, Unconfigured: g.given.drop},
		Memory:    g.journal,
		Keep:      g.keepSAs,
	})
	return nil
}

// start runs the loop, applies the start-up configuration and lets operators in.
func (g *gateway) start() error {
	ctx, cancel := context.WithCancel(context.Background())
	g.ended = make(chan error, 1)
	g.group.Go(func() { g.ended <- g.loop.Run(ctx) })
	g.unwind = append(g.unwind, func() error { cancel(); g.group.Wait(); return nil })

	g.names = newHostNames(g.loop, g.warn)
	g.group.Go(func() { g.names.run(ctx) })
	g.vault = openVault(g.state, g.names, g.log)
	g.unwind = append(g.unwind, g.vault.watch())
	g.device = newDevice(g)
	g.group.Go(func() { g.device.renewals(ctx, g.used) })
	g.users.accounts = g.device.accounts
	g.group.Go(func() { g.users.run(ctx) })
	g.group.Go(func() { g.device.reapply(ctx) })
	g.device.inherited = &inheritance{saved: g.saved}
	g.unwind = append(g.unwind, g.device.files.close, g.device.host.watch())
	config, err := g.startUp()
	if err != nil {
		return err
	}
	if err := g.device.Apply(config); err != nil {
		return fmt.Errorf("start-up configuration: %w", err)
	}
	if err := g.plane.sweep(); err != nil {
		return fmt.Errorf("remove what an earlier run left: %w", err)
	}
	if err := g.openToOperators(config); err != nil {
		return err
	}
	g.service.ready()
	return nil
}

// openToOperators lets operators in: at the console, and over SSH if it is
// configured.
func (g *gateway) openToOperators(config *commands.Config) error {
	running := commands.NewRunning(config)
	lock := &sessionsLock{running: running, device: g.device, log: g.log}
	g.unwind = append(g.unwind, lock.stop)
	o := newOperators(g, lock, running)
	g.device.ssh = newSSHService(g.state, g.device.accounts, o.open, func(e entry) { g.log.add(time.Now(), e) })
	g.unwind = append(g.unwind, g.device.ssh.close)
	if err := g.device.ssh.Begin(config); err != nil {
		g.log.note(configFault, "start-up configuration: %v: NOBODY CAN COME IN OVER SSH", err)
	}
	return g.openConsoles(o.open)
}

// openConsoles lets operators in who are on the machine.
func (g *gateway) openConsoles(open opener) (err error) {
	if g.consoles, err = listenConsoles(g.state, open, g.device.accounts, g.log); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { g.consoles.serve(ctx) })
	g.unwind = append(g.unwind, func() error { cancel(); group.Wait(); return nil })
	g.log.note(systemUp, "Sallyport %s %s: sallyport console --state %s", version, upWords, g.state)
	return nil
}

// wait returns when a signal came or the loop ended by itself.
func (g *gateway) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		g.log.note(systemEnding, "ending: telling the peers and removing what was set up")
		return nil
	case err := <-g.ended:
		return err
	}
}

// close takes down what open and start have set up: the consoles first, then the
// engine, which tells the peers, then addresses and routes, then the policies.
func (g *gateway) close() error {
	var errs []error
	for i := len(g.unwind) - 1; i >= 0; i-- {
		errs = append(errs, g.unwind[i]())
	}
	if g.loop != nil {
		g.reportCounters()
	}
	return errors.Join(errs...)
}

// reportCounters writes what was dropped before it reached the engine, if anything.
func (g *gateway) reportCounters() {
	if lost := g.loop.Counters().String(); lost != "" {
		g.log.say("dropped: %s", lost)
	}
}
