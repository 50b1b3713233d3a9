package esp

import (
	"bytes"
	"testing"

	"sallyport/ipsec"
)

// TestShortICV: SHA256Short is SHA256 with four octets less.
func TestShortICV(t *testing.T) {
	for _, e := range []ipsec.Encryption{ipsec.AES128, ipsec.Null} {
		long, _ := newPair(t, newSA(e, ipsec.SHA256))
		short, in := newPair(t, newSA(e, ipsec.SHA256Short))
		inner := octets(100)
		want, got := seal(t, long, inner), seal(t, short, inner)
		if !bytes.Equal(got, want[:len(want)-4]) {
			t.Errorf("%v: sealed to % x, want % x", e, got, want[:len(want)-4])
		}
		if opened, _, err := in.Open(got); err != nil || !bytes.Equal(opened, inner) {
			t.Errorf("%v: Open = %d octets, %v", e, len(opened), err)
		}
	}
}

// TestOtherICV has a peer cut its ICVs to the other length: none of its packets passes, and
// the SA knows why, once some have come.
func TestOtherICV(t *testing.T) {
	for _, e := range []ipsec.Encryption{ipsec.AES256, ipsec.TripleDES, ipsec.Null} {
		for _, i := range []ipsec.Integrity{ipsec.SHA256, ipsec.SHA256Short} {
			other, _ := i.Other()
			for _, esn := range []bool{false, true} {
				sa, peers := newSA(e, i), newSA(e, other)
				sa.ESN, peers.ESN = esn, esn
				out, _ := newPair(t, peers)
				_, in := newPair(t, sa)
				_, _, err := in.Open(seal(t, out, octets(100)))
				if n, found := in.Failures(); err != DropError(ipsec.DropAuthentication) || n != 1 || !found {
					t.Errorf("%v, %v, ESN %v: Open = %v, failures %d, other ICV %v, want 1, true", e, i, esn, err, n, found)
				}
			}
		}
	}
}

// TestNoOtherICV: wrong keys, other algorithms and packets that are authentic raise no
// such doubt, and of many wrong ones few are looked at twice.
func TestNoOtherICV(t *testing.T) {
	stranger := newSA(ipsec.AES256, ipsec.SHA256Short)
	stranger.IntegrityKey[0] ^= 1
	for name, test := range map[string]struct {
		sa, peers *ipsec.SA
		failures  uint64
	}{
		"another key":       {newSA(ipsec.AES256, ipsec.SHA256), stranger, 0}, // of a wrong length
		"another length":    {newSA(ipsec.AES256, ipsec.SHA512), newSA(ipsec.AES256, ipsec.SHA384), 0},
		"another algorithm": {newSA(ipsec.Null, ipsec.SHA1), newSA(ipsec.Null, ipsec.MD5), 1},
		"GCM":               {newSA(ipsec.AES128GCM, ipsec.NoIntegrity), newSA(ipsec.AES256GCM, ipsec.NoIntegrity), 1},
	} {
		out, _ := newPair(t, test.peers)
		_, in := newPair(t, test.sa)
		if _, _, err := in.Open(seal(t, out, octets(100))); err == nil {
			t.Errorf("%s: Open = nil, want an error", name)
		}
		if n, found := in.Failures(); n != test.failures || found {
			t.Errorf("%s: failures %d, other ICV %v, want %d, false", name, n, found, test.failures)
		}
	}
}

func TestDoubtEnds(t *testing.T) {
	sa := newSA(ipsec.AES256, ipsec.SHA256)
	_, tired := newPair(t, sa)
	peers, _ := newPair(t, newSA(ipsec.AES256, ipsec.SHA256Short))
	bad := make([]byte, 10)
	for range enoughTries {
		tired.Open(bad)
	}
	tired.Open(seal(t, peers, octets(100)))
	if n, found := tired.Failures(); n != 0 || found {
		t.Errorf("after %d tries: failures %d, other ICV %v, want none", enoughTries, n, found)
	}
	out, in := newPair(t, sa)
	in.Open(seal(t, peers, octets(100)))
	if _, _, err := in.Open(seal(t, out, octets(100))); err != nil {
		t.Fatal(err)
	}
	in.Open(seal(t, peers, octets(100)))
	if n, found := in.Failures(); n != 1 || found {
		t.Errorf("after an authentic packet: failures %d, other ICV %v, want 1, false", n, found)
	}
}
