package ike

import (
	"testing"

	"sallyport/ipsec"
)

// TestCutOfSHA2 shows that the configuration says how long the ICV of SHA2-256 is, of ESP and of AH, and
// of no other algorithm.
func TestCutOfSHA2(t *testing.T) {
	offers := map[ipsec.Offer]ipsec.Offer{
		{Encryption: ipsec.AES256, Integrity: ipsec.SHA256}: {Encryption: ipsec.AES256, Integrity: ipsec.SHA256Short},
		{AH: ipsec.SHA256}: {AH: ipsec.SHA256Short},
		{Encryption: ipsec.AES256, Integrity: ipsec.SHA1, AH: ipsec.SHA512}: {Encryption: ipsec.AES256, Integrity: ipsec.SHA1, AH: ipsec.SHA512},
		{Encryption: ipsec.AES256GCM}:                                       {Encryption: ipsec.AES256GCM},
	}
	for offer, want := range offers {
		q := newCutter(true)
		if got := q.cut(offer); got != want {
			t.Errorf("%v is cut to %v, want %v", offer, got, want)
		}
		if got := newCutter(false).cut(offer); got != offer {
			t.Errorf("%v is cut to %v, want it as it is: nothing says so", offer, got)
		}
	}
}

// newCutter returns a quick mode of an engine with that configuration.
func newCutter(short bool) *quickMode {
	q := &quickMode{}
	q.sa = &sa{engine: &Engine{config: &Config{SHA2Short: short}}}
	return q
}
