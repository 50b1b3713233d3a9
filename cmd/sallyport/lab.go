package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"

	"sallyport/commands"
	"sallyport/platform/netns"
	"sallyport/testdata/seed"
)

// The devices of a gateway in the lab.
const (
	insideDevice  = "lan"
	outsideDevice = "wan"
	hostDevice    = "eth0" // of a PC
)

// A lab is the seed scenario: two sites, each a gateway with a PC behind it, in
// four network namespaces, and the cable between the gateways.
type lab struct {
	out     *lineWriter
	folder  string // for the gateways' files
	a, b    *site
	witness *witness
	kept    atomic.Bool    // it stays up: messages are shown at once
	unwind  []func() error // what close does, last first
}

// A site is a gateway and the PC behind it.
type site struct {
	letter   string
	config   string
	inside   *commands.Interface
	outside  *commands.Interface // the one with the policy group
	fw, pc   *netns.Namespace
	gateway  *boxProcess
	statedir string
}

// newSite reads from a gateway's configuration what there is to be built around it.
func newSite(letter, config string) (*site, error) {
	parsed, refused := commands.Replay(commands.New(), commands.Script{File: "fw_" + letter + ".cfg", Text: config})
	if len(refused) > 0 {
		return nil, refused[0]
	}
	s := &site{letter: letter, config: config}
	for _, i := range parsed.Interfaces {
		switch {
		case len(i.Addresses) == 0:
		case i.Policy != "":
			s.outside = i
		default:
			s.inside = i
		}
	}
	if s.inside == nil || s.outside == nil {
		return nil, fmt.Errorf("fw_%s.cfg: want an interface with a policy group and one without", letter)
	}
	return s, nil
}

// router returns the gateway's address in the PC's network.
func (s *site) router() netip.Addr { return s.inside.Addresses[0].Addr() }

// host returns the PC's address: the one after the gateway's.
func (s *site) host() netip.Prefix {
	return netip.PrefixFrom(s.router().Next(), s.inside.Addresses[0].Bits())
}

// wan returns the gateway's address on the cable between the gateways.
func (s *site) wan() netip.Addr { return s.outside.Addresses[0].Addr() }

// build makes the namespaces and lays the cables. The gateways' own addresses
// are theirs to set.
func (l *lab) build() (err error) {
	if l.folder, err = os.MkdirTemp("", "sallyport"); err != nil {
		return err
	}
	l.later(func() error { return os.RemoveAll(l.folder) })
	if l.a, err = l.buildSite("a", seed.FWA); err != nil {
		return err
	}
	if l.b, err = l.buildSite("b", seed.FWB); err != nil {
		return err
	}
	if err := netns.Cable(l.a.fw, outsideDevice, l.b.fw, outsideDevice); err != nil {
		return err
	}
	l.out.printf("%s", l.picture())
	l.witness, err = openWitness(l.a.fw, outsideDevice, l.a, l.b)
	return err
}

// buildSite makes a site's two namespaces, the cable between them, and the PC.
func (l *lab) buildSite(letter, config string) (*site, error) {
	s, err := newSite(letter, config)
	if err != nil {
		return nil, err
	}
	s.statedir = filepath.Join(l.folder, "fw_"+letter)
	for _, space := range []**netns.Namespace{&s.fw, &s.pc} {
		n, err := netns.New()
		if err != nil {
			return nil, err
		}
		l.later(n.Close)
		*space = n
	}
	return s, s.connect()
}

// connect puts the PC behind the gateway.
func (s *site) connect() error {
	if err := netns.Cable(s.pc, hostDevice, s.fw, insideDevice); err != nil {
		return err
	}
	if err := s.pc.AddAddress(hostDevice, s.host()); err != nil {
		return err
	}
	return s.pc.AddRoute(netip.PrefixFrom(netip.IPv4Unspecified(), 0), s.router())
}

// boot starts both gateways and waits until they are up.
func (l *lab) boot(ctx context.Context) error {
	for _, s := range []*site{l.a, l.b} {
		box, err := s.start(l)
		if err != nil {
			return err
		}
		s.gateway = box
		l.later(box.end)
	}
	return errors.Join(l.a.gateway.await(ctx), l.b.gateway.await(ctx))
}

// later has close undo something.
func (l *lab) later(undo func() error) { l.unwind = append(l.unwind, undo) }

// close undoes all that was done, also after half of it failed.
func (l *lab) close() error {
	l.out.silence()
	var errs []error
	if l.witness != nil {
		l.witness.close()
	}
	for i := len(l.unwind) - 1; i >= 0; i-- {
		errs = append(errs, l.unwind[i]())
	}
	return errors.Join(errs...)
}

// picture draws the scenario.
func (l *lab) picture() string {
	return fmt.Sprintf(`
  PC_A %v ─── %v FW_A %v ═══ %v FW_B %v ─── %v PC_B

`, l.a.host().Addr(), l.a.router(), l.a.wan(), l.b.wan(), l.b.router(), l.b.host().Addr())
}
