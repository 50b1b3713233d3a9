package kernel

import (
	"testing"

	"sallyport/ipsec"
)

// TestAlgorithmNames: each has one, with the lengths that RFC 4301's documents say, and
// no two are taken for one another.
func TestAlgorithmNames(t *testing.T) {
	for _, test := range []struct {
		got, want algorithm
	}{
		{cipherOf(ipsec.Null), algorithm{"ecb(cipher_null)", 0, 0}},
		{cipherOf(ipsec.TripleDES), algorithm{"cbc(des3_ede)", 192, 0}},
		{cipherOf(ipsec.AES192), algorithm{"cbc(aes)", 192, 0}},
		{cipherOf(ipsec.AES256GCM), algorithm{"rfc4106(gcm(aes))", 288, 128}},
		{digestOf(ipsec.MD5), algorithm{"hmac(md5)", 128, 96}},
		{digestOf(ipsec.SHA1), algorithm{"hmac(sha1)", 160, 96}},
		{digestOf(ipsec.SHA256), algorithm{"hmac(sha256)", 256, 128}},
		{digestOf(ipsec.SHA384), algorithm{"hmac(sha384)", 384, 192}},
		{digestOf(ipsec.SHA512), algorithm{"hmac(sha512)", 512, 256}},
	} {
		if test.got != test.want {
			t.Errorf("it is %+v, want %+v", test.got, test.want)
		}
	}
	for _, e := range ipsec.Encryptions() {
		if got := encryptionOf(cipherOf(e)); got != e || cipherOf(e).name == "" {
			t.Errorf("%v comes back as %v", e, got)
		}
	}
	for _, i := range append(ipsec.Integrities(), ipsec.SHA256Short) {
		if got := integrityOf(digestOf(i)); got != i || digestOf(i).name == "" {
			t.Errorf("%v comes back as %v", i, got)
		}
	}
}

// TestForeignAlgorithms are none of ours: of another name, key or truncation.
func TestForeignAlgorithms(t *testing.T) {
	for _, a := range []algorithm{{}, {"cbc(camellia)", 128, 0}, {"cbc(aes)", 512, 0}, {"rfc4106(gcm(aes))", 288, 96}, {"hmac(sha256)", 256, 160}} {
		if e, i := encryptionOf(a), integrityOf(a); e != ipsec.NoEncryption || i != ipsec.NoIntegrity {
			t.Errorf("%+v is taken for %v, %v", a, e, i)
		}
	}
}

// TestReadAlgorithm: there and back is the same, and what is cut off is none. A name that
// fills its place has no zero behind it.
func TestReadAlgorithm(t *testing.T) {
	for _, withICV := range []bool{false, true} {
		want := cipherOf(ipsec.AES128GCM)
		if !withICV {
			want.icv = 0
		}
		b := want.header(withICV)
		if got, ok := readAlgorithm(b, withICV); got != want || !ok {
			t.Errorf("%+v comes back as %+v, %v", want, got, ok)
		}
		for n := range b {
			if got, ok := readAlgorithm(b[:n], withICV); ok {
				t.Fatalf("%d octets are %+v", n, got)
			}
		}
		for n := range nameLength {
			b[n] = 'a'
		}
		if got, ok := readAlgorithm(b, withICV); len(got.name) != nameLength || !ok {
			t.Errorf("a long name is %q, %v", got.name, ok)
		}
	}
}
