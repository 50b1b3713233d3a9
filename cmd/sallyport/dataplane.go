package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"sallyport/ipsec"
	"sallyport/ipsec/tunnel"
	"sallyport/ipsec/xfrm"
)

// A plane is the dataplane that the gateway has, and what differs between the two
// besides.
type plane struct {
	ipsec.Dataplane
	name     string                                            // kernel or user, for those who read it: nothing hangs on it
	outlives bool                                              // its SAs go on without this process
	esp      func(local, remote netip.AddrPort, packet []byte) // that came to port 4500
	sweep    func() error                                      // removes what a killed gateway left of the other dataplane, once policies stand
	end      func(keep bool) error
}

// openDataplane opens the dataplane that was asked for. What a killed gateway left of the
// other holds traffic back until the first configuration is in force. It is closed after
// the link, so that no route of ours leads past a policy that is gone.
func (g *gateway) openDataplane() (err error) {
	var reason string
	if g.plane, reason, err = g.chooseDataplane(); err != nil {
		return err
	}
	g.unwind = append([]func() error{func() error { return g.plane.end(g.keepSAs) }}, g.unwind...)
	g.log.say("dataplane: %s (%s)", g.plane.name, reason)
	return nil
}

// chooseDataplane returns the dataplane, and why it is that one.
func (g *gateway) chooseDataplane() (*plane, string, error) {
	switch g.dataplane {
	case "kernel":
		p, err := g.openKernel()
		return p, "as asked for", err
	case "user":
		p, err := g.openUser()
		return p, "as asked for", err
	}
	p, err := g.openKernel()
	if err == nil {
		return p, "the kernel has ESP", nil
	}
	user, failed := g.openUser()
	if failed != nil {
		return nil, "", failed
	}
	reason, _, _ := strings.Cut(err.Error(), ": run with ") // which it does
	return user, reason, nil
}

// openKernel opens the kernel's dataplane. Port 4500 then hands ESP to the kernel.
func (g *gateway) openKernel() (*plane, error) {
	d, err := xfrm.Open(xfrm.Config{Notify: g.notify, Warn: g.warn})
	if err != nil {
		return nil, err
	}
	if err := g.natt.TakeESP(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	end := func(keep bool) error {
		if keep {
			return d.Keep()
		}
		return d.Close()
	}
	// What comes to port 4500 and is not IKE is the kernel's: nothing is left for us.
	return &plane{Dataplane: d, name: "kernel", outlives: true, esp: func(_, _ netip.AddrPort, _ []byte) {}, sweep: tunnel.Sweep, end: end}, nil
}

// openUser opens the userspace dataplane. No route that a killed gateway left may lead
// past the policies that it has not yet, and a socket that it left may still give the
// kernel its ESP.
func (g *gateway) openUser() (*plane, error) {
	if g.keepSAs {
		return nil, fmt.Errorf("--keep-sas: the userspace dataplane's SAs end with this process; leave the flag out, or use a kernel with ESP")
	}
	if err := g.natt.ReturnESP(); err != nil {
		return nil, err
	}
	if err := g.link.Clean(); err != nil {
		return nil, err
	}
	d, err := tunnel.Open(tunnel.Config{Notify: g.notify, Warn: g.warn})
	if err != nil {
		return nil, err
	}
	nothing := func() error { return nil } // Open has swept
	return &plane{Dataplane: d, name: "user", esp: d.InboundUDP, sweep: nothing, end: func(bool) error { return d.Close() }}, nil
}

func (g *gateway) warn(line string) { g.log.say("%s", line) }

// notify hands the dataplane's events to the engine. There are none before the
// first policy, and then there is a loop and a device.
func (g *gateway) notify(e ipsec.Event) {
	g.loop.Notify(e)
	g.log.dataplane(e)
	if used, ok := e.(ipsec.Expired); ok && used.Hard {
		select {
		case g.used <- used.SA: // not here: what is done about it asks the dataplane
		default: // so many at once are not configured ones
		}
	}
}
