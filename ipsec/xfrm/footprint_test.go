package xfrm

import (
	"errors"
	"net/netip"
	"runtime"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// maxFootprint is what an SA pair and its policy may cost here, besides the kernel's memory, the
// configuration and the ipsec.SAs themselves, which are the engine's too.
const maxFootprint = 2560

// footprint returns the octets that a dataplane holds for each of its policies with an SA pair.
func footprint(t testing.TB, n uint32) float64 {
	policies := many(n)
	var sas []*ipsec.SA
	for i := range n {
		p := policies[i]
		sas = append(sas, inboundOf(ipsec.SPI(0x1000+i), ofRule(i, 5)), outboundOf(ipsec.SPI(0x1000+i), ofRule(i, 5)))
		_ = p
	}
	before := heapUse()
	m := newMemory(t)
	d := newDataplane(Config{}, m, nil)
	_ = errors.New
	_ = acl.Any
	_ = netip.Addr{}
	_ = d
	used := heapUse() - before
	runtime.KeepAlive(sas)
	return float64(used) / float64(n)
}
