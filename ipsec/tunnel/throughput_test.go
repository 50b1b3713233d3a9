package tunnel

import (
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest"
)

func BenchmarkTCP(b *testing.B) {
	for _, a := range []struct {
		name       string
		encryption ipsec.Encryption
		integrity  ipsec.Integrity
	}{
		{"AES-128-GCM", ipsec.AES128GCM, ipsec.NoIntegrity},
		{"AES-128-SHA1", ipsec.AES128, ipsec.SHA1},
	} {
		b.Run(a.name, func(b *testing.B) { ipsectest.Throughput(b, openForTest, a.encryption, a.integrity) })
	}
}
