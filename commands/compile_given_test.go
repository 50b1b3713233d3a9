package commands

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/platform"
)

// gift is what a gateway behind the default route gives in the tests.
func gift(networks ...string) ike.Configured {
	c := ike.Configured{
		Peer: "hub", Address: netip.MustParseAddr("10.9.0.7"), Remote: netip.MustParseAddr("198.51.100.7"),
		Policies: []ipsec.PolicyID{{Interface: "GigabitEthernet0/0/1", Name: "p", Sequence: 1}},
	}
	for _, n := range networks {
		c.Networks = append(c.Networks, netip.MustParsePrefix(n))
	}
	return c
}

// clientNetwork is a host without what gateways give.
func clientNetwork() platform.Network {
	return platform.Network{
		Interfaces: []platform.Interface{{Device: "eth0"}, {Device: "eth1", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}}},
		Routes:     []platform.Route{{NextHop: netip.MustParseAddr("192.0.2.254"), Destination: netip.MustParsePrefix("0.0.0.0/0"), Preference: 60}},
	}
}

// onEth1 knows the devices of one interface, and of one that is not configured.
func onEth1(name string) (string, error) {
	switch name {
	case "GigabitEthernet0/0/1":
		return "eth1", nil
	case "GigabitEthernet0/0/2":
		return "eth2", nil
	}
	return "", errors.New("no device for " + name)
}

func TestWithGiven(t *testing.T) {
	// Room behind the routes, which a second network must not find filled by the first.
	before := clientNetwork()
	before.Routes = append(make([]platform.Route, 0, 8), before.Routes...)
	got, err := WithGiven(before, gift("10.1.0.9/16", "10.2.0.0/16"), onEth1)
	want := clientNetwork()
	want.Interfaces[1].Addresses = append(want.Interfaces[1].Addresses, netip.MustParsePrefix("10.9.0.7/32"))
	for _, to := range []string{"10.1.0.0/16", "10.2.0.0/16"} {
		want.Routes = append(want.Routes, platform.Route{Destination: netip.MustParsePrefix(to), NextHop: netip.MustParseAddr("192.0.2.254"),
			Device: "eth1", Preference: 61, Source: netip.MustParseAddr("10.9.0.7")})
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("network\n%+v, %v, want\n%+v", got, err, want)
	}
	if spare := before.Routes[:2][1]; !reflect.DeepEqual(before, clientNetwork()) || spare.Device != "" {
		t.Errorf("the network that it was added to is %+v, and behind its routes is %+v", before, spare)
	}
}

func TestWithGivenThatHasNoPlace(t *testing.T) {
	for name, test := range map[string]struct {
		policies []ipsec.PolicyID
		want     string
	}{
		"no policy":                   {nil, "ike peer hub has no ipsec policy"},
		"no device":                   {[]ipsec.PolicyID{{Interface: "eth9", Name: "p", Sequence: 1}}, "no device for eth9"},
		"a device that is not wanted": {[]ipsec.PolicyID{{Interface: "GigabitEthernet0/0/2", Name: "p", Sequence: 1}}, "interface GigabitEthernet0/0/2 is not configured"},
	} {
		c := gift("10.1.0.0/16")
		c.Policies = test.policies
		got, err := WithGiven(clientNetwork(), c, onEth1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
		if !reflect.DeepEqual(got, clientNetwork()) {
			t.Errorf("%s: network %+v, want it as it was", name, got)
		}
	}
}
