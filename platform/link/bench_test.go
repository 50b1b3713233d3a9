package link

import (
	"net/netip"
	"testing"

	"sallyport/platform"
)

// BenchmarkApply10000 applies many static routes, of which one has come or gone. The
// kernel is one on paper.
func BenchmarkApply10000(b *testing.B) {
	l, err := open(host())
	if err != nil {
		b.Fatal(err)
	}
	all := network(port("eth1", "10.1.1.1/24"))
	for i := range 10000 {
		to := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 128 | byte(i>>8), byte(i), 0}), 24)
		all.Routes = append(all.Routes, platform.Route{Destination: to, NextHop: netip.MustParseAddr("10.1.1.9"), Preference: 60})
	}
	less := all
	less.Routes = all.Routes[:len(all.Routes)-1]
	for i := 0; b.Loop(); i++ {
		if err := l.Apply([]platform.Network{all, less}[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}
