package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/platform"
)

var givenAddress = netip.MustParseAddr("10.9.0.7")

// giftOf is what a gateway gives in the tests.
func giftOf(peer, address string) ike.Configured {
	return ike.Configured{
		Peer: peer, Address: netip.MustParseAddr(address), Remote: netip.MustParseAddr("198.51.100.7"),
		Policies: []ipsec.PolicyID{{Interface: "lo", Name: "p", Sequence: 1}}, Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")},
	}
}

// A client is a device with an interface, on a host that refuses an address.
type client struct {
	*device
	t    *testing.T
	host *narrowHost
	ear  *ear
	log  []string
}

// A narrowHost takes every network but one with an address.
type narrowHost struct {
	refuses netip.Addr
	network platform.Network
}

func (h *narrowHost) Apply(n platform.Network) error {
	for _, i := range n.Interfaces {
		if slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr() == h.refuses }) {
			return fmt.Errorf("add %v to %s: cannot assign requested address", h.refuses, i.Device)
		}
	}
	h.network = n
	return nil
}

// An ear is an engine that keeps what it hears.
type ear struct {
	*stage
	inputs []ike.Input
}

func (e *ear) Input(in ike.Input) { e.inputs = append(e.inputs, in) }

// newClient returns a client that has its configuration.
func newClient(t *testing.T) *client {
	d, s := newStage()
	c := &client{device: d, t: t, host: &narrowHost{}, ear: &ear{stage: s}}
	d.given = newGiven(func(kind logKind, format string, args ...any) {
		c.log = append(c.log, kind.name().mnemonic+" "+fmt.Sprintf(format, args...))
	})
	d.parts.network, d.parts.engine = c.host, c.ear
	d.applied = commands.New()
	d.applied.Interfaces["lo"] = &commands.Interface{Name: "lo"}
	return c
}

// give gives an address and has it applied.
func (c *client) give(peer, address string) {
	c.t.Helper()
	if err := c.given.take(giftOf(peer, address)); err != nil {
		c.t.Fatal(err)
	}
	c.woken()
}

// woken applies what there is, if somebody was woken to do it.
func (c *client) woken() {
	c.t.Helper()
	select {
	case <-c.given.wake:
		c.applyGiven()
	default:
		c.t.Error("nobody is woken")
	}
}

// has compares the addresses that the host has.
func (c *client) has(want ...string) {
	c.t.Helper()
	var got []string
	for _, i := range c.host.network.Interfaces {
		for _, p := range i.Addresses {
			got = append(got, p.Addr().String())
		}
	}
	if !slices.Equal(got, want) || len(c.host.network.Routes) != len(want) {
		c.t.Errorf("the host has %v and %d routes, want %v", got, len(c.host.network.Routes), want)
	}
}

func TestGivenIsPutToUse(t *testing.T) {
	c := newClient(t)
	c.give("hub", "10.9.0.7")
	c.give("spare", "10.9.1.7")
	c.has("10.9.0.7", "10.9.1.7")
	c.given.drop(ike.Unconfigured{Peer: "hub", Address: netip.MustParseAddr("10.9.0.8")})
	c.given.drop(ike.Unconfigured{Peer: "nobody", Address: givenAddress})
	if all := c.given.all(); len(all) != 2 {
		t.Errorf("after others were given up there is %v", all)
	}
	c.given.drop(ike.Unconfigured{Peer: "hub", Address: givenAddress})
	c.woken()
	c.has("10.9.1.7")
	want := []string{"IKE_ADDR_GIVEN ike peer hub gives us", "IKE_ADDR_GIVEN ike peer spare gives us", "IKE_ADDR_GONE the address 10.9.0.7 of ike peer hub"}
	if !slices.EqualFunc(c.log, want, strings.HasPrefix) || len(c.ear.inputs) > 0 {
		t.Errorf("log %q, want %q; the engine hears %v", c.log, want, c.ear.inputs)
	}
}

// TestGivenThatCannotBeUsed has the engine and the operator hear what the system answers, and leaves
// what others have given as it is.
func TestGivenThatCannotBeUsed(t *testing.T) {
	c := newClient(t)
	c.host.refuses = givenAddress
	c.give("spare", "10.9.1.7")
	c.give("hub", "10.9.0.7")
	c.has("10.9.1.7")
	c.failed("hub", "add 10.9.0.7 to lo: cannot assign requested address")
	c.given.drop(ike.Unconfigured{Peer: "hub", Address: givenAddress}) // what the engine makes of it
	if len(c.log) > 0 {
		t.Errorf("log %q, want no more lines", c.log)
	}
	c.give("hub", "10.9.0.9")
	c.has("10.9.1.7", "10.9.0.9")
}

// failed compares what the engine has heard, and the last line of the log.
func (c *client) failed(peer, why string) {
	c.t.Helper()
	if len(c.ear.inputs) != 1 {
		c.t.Fatalf("the engine hears %v, want one word", c.ear.inputs)
	}
	in, _ := c.ear.inputs[0].(ike.Failed)
	if out, _ := in.Output.(ike.Configured); out.Peer != peer || in.Err == nil || !strings.Contains(in.Err.Error(), why) {
		c.t.Errorf("the engine hears %+v, want that of %s: %s", in, peer, why)
	}
	last := c.log[len(c.log)-1]
	if !strings.HasPrefix(last, "IKE_ADDR_UNUSED ike peer "+peer+" (198.51.100.7) gives us the address") || !strings.Contains(last, why) {
		c.t.Errorf("the log ends with %q, want that of %s: %s", last, peer, why)
	}
	c.ear.inputs, c.log = nil, nil
}

// TestGivenWhosePlaceGoes has an address end with the interface that it was on.
func TestGivenWhosePlaceGoes(t *testing.T) {
	c := newClient(t)
	c.give("hub", "10.9.0.7")
	delete(c.applied.Interfaces, "lo")
	network, err := c.applied.Network(c.ports.device)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.given.add(network, c.ports.device); len(n.Interfaces)+len(n.Routes) != 0 {
		t.Errorf("the next network is %+v, want none of what was given", n)
	}
	c.woken()
	c.has()
	c.failed("hub", "interface lo is not configured")
}

// TestGivenBeforeTheConfiguration waits for it: what was given is not refused for want of it.
func TestGivenBeforeTheConfiguration(t *testing.T) {
	c := newClient(t)
	config := c.applied
	c.applied = nil
	c.give("hub", "10.9.0.7")
	c.has()
	c.applied = config
	network, err := config.Network(c.ports.device)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.given.add(network, c.ports.device); len(n.Routes) > 0 {
		t.Errorf("the configuration comes with %+v, want what the host has not had yet left for later", n)
	}
	c.woken()
	c.has("10.9.0.7")
}

// TestGivenOfAHostThatTakesNothing shows that what the host has already stays.
func TestGivenOfAHostThatTakesNothing(t *testing.T) {
	c := newClient(t)
	var said []string
	c.warn = func(line string) { said = append(said, line) }
	c.give("hub", "10.9.0.7")
	c.parts.network = broken{}
	c.given.signal()
	c.woken()
	if len(said) != 1 || !strings.Contains(said[0], "no room") {
		t.Errorf("log %q, want that the host has no room", said)
	}
	if len(c.ear.inputs) != 0 {
		t.Errorf("the engine hears %v, want nothing: the host still has the address", c.ear.inputs)
	}
}

// broken is a host that takes nothing.
type broken struct{}

func (broken) Apply(platform.Network) error { return errors.New("no room") }
