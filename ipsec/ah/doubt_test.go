package ah

import (
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// TestOtherICV has a peer cut its ICVs to SHA2-256's other length: the SA knows why nothing
// passes.
func TestOtherICV(t *testing.T) {
	for _, i := range []ipsec.Integrity{ipsec.SHA256, ipsec.SHA256Short} {
		other, _ := i.Other()
		out, ours := newPair(t, newSA(other))
		_, in := newPair(t, newSA(i))
		packet := seal(t, out, octets(100), 17)
		if _, _, err := ours.Open(append([]byte(nil), packet...)); err != nil {
			t.Fatalf("%v: Open = %v", other, err)
		}
		_, _, err := in.Open(packet)
		if n, found := in.Failures(); err != esp.DropError(ipsec.DropAuthentication) || n != 1 || !found {
			t.Errorf("%v: Open = %v, failures %d, other ICV %v, want 1, true", i, err, n, found)
		}
		changed := seal(t, out, octets(100), 17)
		changed[len(changed)-1] ^= 1
		if _, _, err := in.Open(changed); err != esp.DropError(ipsec.DropShort) {
			t.Errorf("%v: Open of a changed packet = %v, want %v", i, err, ipsec.DropShort)
		}
		if n, _ := in.Failures(); n != 1 {
			t.Errorf("%v: failures %d after a changed packet, want 1", i, n)
		}
	}
}

func TestFailures(t *testing.T) {
	out, in := newPair(t, newSA(ipsec.SHA256))
	changed := seal(t, out, octets(100), 17)
	changed[len(changed)-1] ^= 1
	if _, _, err := in.Open(changed); err != esp.DropError(ipsec.DropAuthentication) {
		t.Errorf("Open = %v, want %v", err, ipsec.DropAuthentication)
	}
	if n, found := in.Failures(); n != 1 || found {
		t.Errorf("failures %d, other ICV %v, want 1, false", n, found)
	}
}
