package ah

import (
	"bytes"
	"fmt"
	"testing"

	"sallyport/ipsec"
)

// TestNoAllocations holds the promise of the package: none for a packet, be it good or
// bad.
func TestNoAllocations(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, sa *ipsec.SA) {
		sealOne, openOne := paths(t, sa, 1400)
		_, in := newPair(t, sa)
		forged := frame(in.mac.Len()+fixedLen, nil, datagram)
		for name, do := range map[string]func(){
			"Seal": sealOne, "Open": openOne,
			"Open of a forged one": func() { in.Open(forged) },
			"Open of a short one":  func() { in.Open(forged[1:]) },
		} {
			if n := testing.AllocsPerRun(100, do); n != 0 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}
	})
}

// paths returns functions that seal, and open, a packet around n octets again and again.
func paths(tb testing.TB, sa *ipsec.SA, n int) (sealOne, openOne func()) {
	sa.Window = 0
	out, in := newPair(tb, sa)
	packet := frame(out.HeaderLen(), nil, octets(n))
	sealed := seal(tb, out, octets(n), 17)
	came := bytes.Clone(sealed)
	return func() {
			if err := out.Seal(packet, 17); err != nil {
				tb.Fatal(err)
			}
		}, func() {
			copy(came, sealed)
			if _, _, err := in.Open(came); err != nil {
				tb.Fatal(err)
			}
		}
}

func BenchmarkSeal(b *testing.B) {
	each(b, func(sa *ipsec.SA, n int) func() { do, _ := paths(b, sa, n); return do })
}

func BenchmarkOpen(b *testing.B) {
	each(b, func(sa *ipsec.SA, n int) func() { _, do := paths(b, sa, n); return do })
}

func each(b *testing.B, one func(*ipsec.SA, int) func()) {
	for _, i := range []ipsec.Integrity{ipsec.SHA1, ipsec.SHA256} {
		for _, n := range []int{64, 1400} {
			b.Run(fmt.Sprintf("%v/octets=%d", i, n), func(b *testing.B) {
				do := one(newSA(i), n)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
			})
		}
	}
}
