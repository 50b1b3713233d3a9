package esp

import (
	"fmt"
	"testing"

	"sallyport/ipsec"
)

// seals returns a function that seals the same packet again and again, where it lies.
func seals(tb testing.TB, sa *ipsec.SA, n int) func() []byte {
	out, _ := newPair(tb, sa)
	buffer := make([]byte, out.SealedLen(n))
	packet := buffer[out.HeaderLen():][:n]
	return func() []byte {
		sealed, err := out.Seal(buffer[:0], packet, NextIPv4)
		if err != nil {
			tb.Fatal(err)
		}
		return sealed
	}
}

// opens returns a function that opens the same packet again and again.
func opens(tb testing.TB, sa *ipsec.SA, n int) func() {
	sa.Window = 0
	out, in := newPair(tb, sa)
	sealed := seal(tb, out, octets(n))
	packet := make([]byte, len(sealed))
	return func() {
		copy(packet, sealed)
		if _, _, err := in.Open(packet); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestNoAllocations holds the promise of the package: none for a packet, be it good
// or bad.
func TestNoAllocations(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		sealOne, openOne := seals(t, sa, 1400), opens(t, sa, 1400)
		_, in := newPair(t, sa)
		bad := octets(in.sealed(100))
		for name, do := range map[string]func(){
			"Seal":                 func() { sealOne() },
			"Open":                 openOne,
			"Open of a forged one": func() { in.Open(bad) },
			"Open of a short one":  func() { in.Open(bad[1:]) },
		} {
			if n := testing.AllocsPerRun(3*ivBatch, do); n != 0 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}
	})
}

// benched are the pairs of algorithms that operators use, and the oldest.
var benched = []ipsec.Offer{
	{Encryption: ipsec.AES128GCM}, {Encryption: ipsec.AES256GCM},
	{Encryption: ipsec.AES128, Integrity: ipsec.SHA1}, {Encryption: ipsec.AES256, Integrity: ipsec.SHA256},
	{Encryption: ipsec.TripleDES, Integrity: ipsec.SHA1}, {Encryption: ipsec.Null, Integrity: ipsec.SHA1},
}

func BenchmarkSeal(b *testing.B) {
	each(b, func(b *testing.B, sa *ipsec.SA, n int) {
		one := seals(b, sa, n)
		for b.Loop() {
			one()
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	each(b, func(b *testing.B, sa *ipsec.SA, n int) {
		one := opens(b, sa, n)
		for b.Loop() {
			one()
		}
	})
}

func each(b *testing.B, do func(*testing.B, *ipsec.SA, int)) {
	for _, o := range benched {
		for _, n := range []int{64, 1400} {
			b.Run(fmt.Sprintf("%v/octets=%d", o, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				do(b, newSA(o.Encryption, o.Integrity), n)
			})
		}
	}
}
