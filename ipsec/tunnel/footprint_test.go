package tunnel

import (
	"bytes"
	"net/netip"
	"runtime"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
	"sallyport/ipsec/ipsectest/footprint"
)

// maxFootprint is what an SA pair and its policy may cost here, besides the configuration and the
// ipsec.SAs themselves, which are the engine's too.
const maxFootprint = 2800

// perTunnel returns the octets that a dataplane holds for each of its policies with an SA pair, which
// has had packets.
func perTunnel(t testing.TB, n int) float64 {
	var policies []*ipsec.Policy
	var sas []*ipsec.SA
	for i := range n {
		site := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
		p := policy(uint32(i), permit(lan, site))
		p.Remote = netip.AddrFrom4([4]byte{203, byte(i >> 8), byte(i), 1})
		cbc := func(sa *ipsec.SA) {
			sa.Policy, sa.Remote, sa.Selector.Remote = p.ID, p.Remote, ipsec.PrefixRange(site)
			sa.Window = ipsec.MaxWindow // what configurations begin with
			sa.Encryption, sa.EncryptionKey = ipsec.AES256, bytes.Repeat([]byte{1}, 32)
			sa.Integrity, sa.IntegrityKey = ipsec.SHA256, bytes.Repeat([]byte{1}, 32)
			if sa.Direction == ipsec.Outbound {
				sa.ID.Destination = sa.Remote
			}
		}
		policies, sas = append(policies, p), append(sas, inboundOf(ipsec.SPI(0x1000+i), cbc), outboundOf(ipsec.SPI(0x1000+i), cbc))
	}
	r := newRig(t) // its buffers are for all tunnels
	before := footprint.Heap()
	if err := r.SetPolicies(policies); err != nil {
		t.Fatal(err)
	}
	r.add(t, sas...)
	for _, sa := range sas {
		r.use(t, sa.ID)
	}
	used := footprint.Heap() - before
	runtime.KeepAlive(policies)
	runtime.KeepAlive(sas)
	runtime.KeepAlive(r)
	return float64(used) / float64(n)
}

// use gives an SA a packet, so that it has all that it keeps for them.
func (r *rig) use(t testing.TB, id ipsec.SAID) {
	if in := r.sad.inbound[nameOf(id)]; in != nil {
		if _, _, err := in.esp.Open(make([]byte, 200)); err == nil {
			t.Fatal("a packet of zeros is authentic")
		}
		return
	}
	for range 2 { // what a hash keeps comes with the second one
		if _, err := r.sad.outbound[nameOf(id)].esp.Seal(nil, make([]byte, 100), esp.NextIPv4); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFootprint holds a tunnel against its bound.
func TestFootprint(t *testing.T) { footprint.Of(perTunnel).Test(t, maxFootprint) }

// BenchmarkFootprint tells what a tunnel costs here.
func BenchmarkFootprint(b *testing.B) { footprint.Of(perTunnel).Bench(b) }
