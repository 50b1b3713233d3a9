package platform

import (
	"net/netip"
	"reflect"
	"testing"
)

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestNextHop(t *testing.T) {
	to := func(destination, hop string, preference int) Route {
		return Route{Destination: netip.MustParsePrefix(destination), NextHop: netip.MustParseAddr(hop), Preference: preference}
	}
	n := Network{
		Interfaces: []Interface{
			{Device: "eth1", Addresses: prefixes("192.0.2.1/24", "203.0.113.1/25")},
			{Device: "eth2", Addresses: prefixes("10.7.0.1/16"), Down: true},
		},
		Routes: []Route{
			to("0.0.0.0/0", "192.0.2.254", 60),
			to("198.51.100.0/24", "192.0.2.9", 60),
			to("198.51.100.0/24", "192.0.2.8", 10),
			to("198.51.100.0/24", "192.0.2.7", 10),
			to("192.0.2.0/24", "203.0.113.9", 1),
			to("203.0.113.32/27", "192.0.2.6", 255),
			{Destination: netip.MustParsePrefix("10.8.0.0/16"), Device: "Tunnel0-0-1", Preference: 60},
		},
	}
	none := netip.Addr{}
	for _, test := range []struct {
		name string
		to   string
		want netip.Addr
	}{
		{"the default route", "100.64.0.1", netip.MustParseAddr("192.0.2.254")},
		{"the lowest preference of a length, the first of those", "198.51.100.7", netip.MustParseAddr("192.0.2.8")},
		{"a network of ours before a route to it", "192.0.2.77", none},
		{"a longer route into a network of ours", "203.0.113.33", netip.MustParseAddr("192.0.2.6")},
		{"beside that route", "203.0.113.64", none},
		{"the network of an interface that is down", "10.7.3.3", netip.MustParseAddr("192.0.2.254")},
		{"into a device", "10.8.0.1", none},
		{"an address of another family", "2001:db8::1", none},
	} {
		if got := n.NextHop(netip.MustParseAddr(test.to)); got != test.want {
			t.Errorf("%s: NextHop(%s) = %v, want %v", test.name, test.to, got, test.want)
		}
	}
	if got := (Network{}).NextHop(netip.MustParseAddr("192.0.2.1")); got != none {
		t.Errorf("of an empty network: NextHop = %v, want none", got)
	}
}

func TestWith(t *testing.T) {
	room := append(make([]netip.Prefix, 0, 4), prefixes("192.0.2.1/24")...)
	i := Interface{Device: "eth1", Addresses: room}
	for _, test := range []struct {
		name string
		add  string
		want []netip.Prefix
	}{
		{"one more", "10.9.0.7", prefixes("192.0.2.1/24", "10.9.0.7/32")},
		{"one more than before, not than the last", "10.9.0.8", prefixes("192.0.2.1/24", "10.9.0.8/32")},
		{"one that is there with its network", "192.0.2.1", prefixes("192.0.2.1/24")},
	} {
		if got := i.With(netip.MustParseAddr(test.add)).Addresses; !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: With(%s) has %v, want %v", test.name, test.add, got, test.want)
		}
	}
	if spare := room[:2]; spare[1].IsValid() {
		t.Errorf("the room behind the interface's own addresses has %v, want it untouched", spare[1])
	}
}
