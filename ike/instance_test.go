package ike

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// TestInstancesInOrder checks that what is done to several instances at once is done oldest first,
// every time.
func TestInstancesInOrder(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*end)
		in     func(*Config) Input
		want   []string
	}{
		"the policy changes": {func(*end) {}, func(c *Config) Input {
			now, p := *c, *c.Policies[0]
			p.Window = 128
			now.Policies = []*Policy{&p}
			return SetConfig{&now}
		}, []string{"add 1", "add 2"}},
		"the operator resets pairs":           {func(*end) {}, func(*Config) Input { return Reset{Quiet: true} }, []string{"remove 1", "remove 2"}},
		"the operator resets what has failed": {(*end).failAll, func(*Config) Input { return Reset{Quiet: true} }, []string{"remove 1", "remove 2"}},
	} {
		for range 10 { // a map's order is different now and then only
			w := withGuest(t, newWorld(t, 1, template), nil)
			w.ends[1].acquire()
			w.run(3 * time.Second)
			hq := w.ends[0]
			test.before(hq)
			var got []string
			for _, out := range hq.engine.Step(w.now, test.in(hq.config)) {
				switch out := out.(type) {
				case AddPolicy:
					got = append(got, "add "+string('0'+rune(out.Policy.ID.Instance)))
				case RemovePolicy:
					got = append(got, "remove "+string('0'+rune(out.ID.Instance)))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Fatalf("%s: %v, want %v", name, got, test.want)
			}
		}
	}
}

// failAll leaves nothing of the end's pairs but flows that wait before they are tried again.
func (n *end) failAll() {
	n.engine.now = n.w.now
	for _, c := range n.engine.childrenSorted() {
		n.engine.failedFlow(c.flow)
		c.end("test")
	}
	n.perform(n.engine.outputs())
}

// TestFlowsSorted checks that flows have an order.
func TestFlowsSorted(t *testing.T) {
	e := newWorld(t, 1, nil).ends[0].engine
	id := func(name string, seq, instance uint32) ipsec.PolicyID {
		return ipsec.PolicyID{Interface: "wan", Name: name, Sequence: seq, Instance: instance}
	}
	want := []flowKey{{id("a", 10, 0), 5}, {id("a", 10, 2), 5}, {id("a", 10, 11), 5}, {id("a", 10, 11), 10}, {id("b", 1, 0), 5}, {ipsec.PolicyID{Interface: "xan"}, 5}}
	for _, k := range want {
		e.flow(k)
	}
	var got []flowKey
	for _, f := range e.flowsSorted() {
		got = append(got, f.key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("flows in the order %v, want %v", got, want)
	}
}

// TestTrafficThatNoRuleSays checks what the peer and the operator are told of client IDs that no rule
// of ours can say.
func TestTrafficThatNoRuleSays(t *testing.T) {
	subnet := ipsec.PrefixRange(netip.MustParsePrefix("10.1.0.0/24"))
	some := ipsec.Range{First: netip.MustParseAddr("10.2.0.1"), Last: netip.MustParseAddr("10.2.0.99")}
	six := ipsec.PrefixRange(netip.MustParsePrefix("2001:db8::/64"))
	for _, test := range []struct {
		local, remote ipsec.Range
		want          string
	}{
		{subnet, some, "10.2.0.1-10.2.0.99 is a range that is no subnet"},
		{some, subnet, "10.2.0.1-10.2.0.99 is a range that is no subnet"},
		{subnet, six, "2001:db8::/64 is not IPv4"},
		{six, six, "2001:db8::/64 is not IPv4"},
	} {
		e := newWorld(t, 1, template).ends[0].engine
		s := &sa{engine: e, peer: e.config.Policies[0].Peer, remote: kitPort(2, 500), party: party{"peer", "x"}}
		traffic := ipsec.Selector{Local: test.local, Remote: test.remote}
		m, err := e.match(s, traffic)
		if err == nil {
			_, _, err = e.hold(s, m, traffic, ipsec.Tunnel)
		}
		r, ok := err.(*Rejection)
		if !ok || r.Notify != wire.InvalidIDInformation || !strings.Contains(r.Reason, test.want) || !strings.Contains(r.Reason, traffic.String()) {
			t.Errorf("%v: %v, want INVALID-ID-INFORMATION, %q", traffic, err, test.want)
		}
	}
}
