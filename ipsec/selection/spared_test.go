package selection

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

func TestSpared(t *testing.T) {
	const wan, other, tap = 3, 4, 5
	to := func(prefix string, device int) Route {
		return Route{Prefix: netip.MustParsePrefix(prefix), Device: device}
	}
	usual := []Route{to("0.0.0.0/0", wan), to("192.0.2.0/24", wan), to("10.1.1.0/24", other)}
	for _, test := range []struct {
		name   string
		from   netip.Prefix // what the policy's mirror covers
		routes []Route
		want   string
	}{
		{"nothing of ours overlaps the peer's LAN", remote, usual, ""},
		{"our LAN under a wide list", world, usual, "allow src 10.1.1.0/24 dst 0.0.0.0/0\n"},
		{"a route without a device", world, []Route{to("10.0.0.0/8", 0)}, ""},
		{"the default route is no policy's", remote, []Route{to("0.0.0.0/0", other)}, "allow src 0.0.0.0/0 dst 0.0.0.0/0\n"},
		{"a policy's route within one that is not", netip.MustParsePrefix("10.0.0.0/8"), []Route{to("10.0.0.0/30", other), to("10.0.0.1/32", wan)},
			"allow src 10.0.0.0/32 dst 0.0.0.0/0\nallow src 10.0.0.2/31 dst 0.0.0.0/0\n"},
		{"and one that is not within that", netip.MustParsePrefix("10.0.0.0/8"), []Route{to("10.0.0.0/29", other), to("10.0.0.0/30", wan), to("10.0.0.1/32", tap)},
			"allow src 10.0.0.4/30 dst 0.0.0.0/0\nallow src 10.0.0.1/32 dst 0.0.0.0/0\n"},
		{"the better of two routes", world, []Route{{netip.MustParsePrefix("10.9.0.0/16"), other, 200}, {netip.MustParsePrefix("10.9.0.0/16"), wan, 100}}, ""},
		{"the worse comes first", world, []Route{{netip.MustParsePrefix("10.9.0.0/16"), other, 100}, {netip.MustParsePrefix("10.9.0.0/16"), wan, 200}},
			"allow src 10.9.0.0/16 dst 0.0.0.0/0\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wanted := Clauses([]*ipsec.Policy{policy(permit(lan, test.from))})
			if got := written(Spared(wanted, test.routes, map[int]bool{wan: true})); got != test.want {
				t.Errorf("spared are\n%swant\n%s", got, test.want)
			}
		})
	}
}

// TestSparedFollowsTheLongestPrefix compares with a look-up, for random tables.
func TestSparedFollowsTheLongestPrefix(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	wanted := Clauses([]*ipsec.Policy{policy(permit(lan, world))})
	ours := map[int]bool{1: true, 2: true}
	for range 300 {
		var routes []Route
		for range r.IntN(8) {
			p, err := netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(256))}).Prefix(22 + r.IntN(11))
			if err != nil {
				t.Fatal(err)
			}
			routes = append(routes, Route{Prefix: p, Device: 1 + r.IntN(4), Metric: r.IntN(3)})
		}
		all := append(Spared(wanted, routes, ours), wanted...)
		for last := range 256 {
			packet := acl.Tuple{Source: netip.AddrFrom4([4]byte{10, 0, 0, byte(last)}), Destination: host, Protocol: acl.UDP}
			device := lookup(routes, packet.Source)
			if got, want := blocked(all, packet), device == 0 || ours[device]; got != want {
				t.Fatalf("from %v, by device %d: blocked %v, want %v; routes %v\n%s", packet.Source, device, got, want, routes, written(all))
			}
		}
	}
}

// lookup is what the kernel does with a table: the device, or 0.
func lookup(routes []Route, to netip.Addr) (device int) {
	bits, metric := -1, 0
	for _, r := range routes {
		if r.Prefix.Contains(to) && (r.Prefix.Bits() > bits || r.Prefix.Bits() == bits && r.Metric < metric) {
			bits, metric, device = r.Prefix.Bits(), r.Metric, r.Device
		}
	}
	return device
}
