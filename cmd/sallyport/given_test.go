package main

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/platform"
)

var givenAddress = netip.MustParseAddr("10.9.0.7")

// gift is what a gateway gives in the tests.
func gift(networks ...string) ike.Configured {
	c := ike.Configured{
		Peer: "hub", Address: givenAddress, Remote: netip.MustParseAddr("198.51.100.7"),
		Policies: []ipsec.PolicyID{{Interface: "eth1", Name: "p", Sequence: 1}},
	}
	for _, n := range networks {
		c.Networks = append(c.Networks, netip.MustParsePrefix(n))
	}
	return c
}

// hostNetwork is the host without what gateways give.
func hostNetwork() platform.Network {
	return platform.Network{
		Interfaces: []platform.Interface{{Device: "eth1", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}}},
		Routes: []platform.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), NextHop: netip.MustParseAddr("192.0.2.254"),
			Device: "eth1", Preference: 60}},
	}
}

func asDevice(name string) (string, error) {
	if name != "eth1" {
		return "", errors.New("no such device")
	}
	return name, nil
}

func TestGivenIsPartOfTheNetwork(t *testing.T) {
	g := newGiven(func(string) {})
	if err := g.take(gift("10.1.0.0/16")); err != nil {
		t.Fatal(err)
	}
	before := hostNetwork()
	got, want := g.add(before, asDevice), hostNetwork()
	want.Interfaces[0].Addresses = append(want.Interfaces[0].Addresses, netip.MustParsePrefix("10.9.0.7/32"))
	want.Routes = append(want.Routes, platform.Route{Destination: netip.MustParsePrefix("10.1.0.0/16"), NextHop: netip.MustParseAddr("192.0.2.254"),
		Device: "eth1", Preference: commands.DefaultPreference + 1, Source: givenAddress})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("network\n%+v, want\n%+v", got, want)
	}
	if !reflect.DeepEqual(before, hostNetwork()) {
		t.Error("the network that it was added to has changed")
	}
	g.drop(ike.Unconfigured{Peer: "hub", Address: netip.MustParseAddr("10.9.0.8")})
	if len(g.all()) != 1 {
		t.Error("an address that was given up before takes the present one away")
	}
	g.drop(ike.Unconfigured{Peer: "hub", Address: givenAddress})
	if got := g.add(hostNetwork(), asDevice); !reflect.DeepEqual(got, hostNetwork()) {
		t.Errorf("after it was given up the network is %+v", got)
	}
}

func TestGivenOfAnInterfaceThatIsGone(t *testing.T) {
	g := newGiven(func(string) {})
	c := gift("10.1.0.0/16")
	c.Policies[0].Interface = "eth9"
	if err := g.take(c); err != nil {
		t.Fatal(err)
	}
	if got := g.add(hostNetwork(), asDevice); !reflect.DeepEqual(got, hostNetwork()) {
		t.Errorf("network %+v, want it as it was", got)
	}
}

func TestHopTo(t *testing.T) {
	for to, want := range map[string]string{"192.0.2.9": "invalid IP", "198.51.100.7": "192.0.2.254"} {
		if got := hopTo(hostNetwork(), netip.MustParseAddr(to)).String(); got != want {
			t.Errorf("hopTo(%s) = %s, want %s", to, got, want)
		}
	}
}
