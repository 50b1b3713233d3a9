package kernel

import (
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// An algorithm is one as the kernel calls it.
type algorithm struct {
	name string
	bits uint32 // of the key
	icv  uint32 // bits of the ICV; of ciphers only with AEAD
}

// ciphers are the kernel's names of ours, in crypto/xfrm_algo.c.
var ciphers = map[ipsec.Encryption]string{
	ipsec.Null:      "ecb(cipher_null)",
	ipsec.DES:       "cbc(des)",
	ipsec.TripleDES: "cbc(des3_ede)",
	ipsec.AES128:    "cbc(aes)",
	ipsec.AES192:    "cbc(aes)",
	ipsec.AES256:    "cbc(aes)",
	ipsec.AES128GCM: "rfc4106(gcm(aes))",
	ipsec.AES192GCM: "rfc4106(gcm(aes))",
	ipsec.AES256GCM: "rfc4106(gcm(aes))",
}

// digests are the kernel's names of our authenticators. Their default truncations are
// not all ours (SHA2-256 had 96 bits once), so that each state says its own.
var digests = map[ipsec.Integrity]string{
	ipsec.MD5:    "hmac(md5)",
	ipsec.SHA1:   "hmac(sha1)",
	ipsec.SHA256: "hmac(sha256)",
	ipsec.SHA384: "hmac(sha384)",
	ipsec.SHA512: "hmac(sha512)",

	ipsec.SHA256Short: "hmac(sha256)", // of another length
}

// cipherOf returns a cipher as the kernel calls it.
func cipherOf(e ipsec.Encryption) algorithm {
	return algorithm{ciphers[e], uint32(8 * e.KeyLen()), uint32(8 * e.ICVLen())}
}

// digestOf returns an authenticator as the kernel calls it.
func digestOf(i ipsec.Integrity) algorithm {
	return algorithm{digests[i], uint32(8 * i.KeyLen()), uint32(8 * i.ICVLen())}
}

// encryptionOf is the way back of cipherOf; NoEncryption for what is none of ours.
func encryptionOf(a algorithm) ipsec.Encryption {
	for _, e := range ipsec.Encryptions() {
		if cipherOf(e) == a {
			return e
		}
	}
	return ipsec.NoEncryption
}

// integrityOf is the way back of digestOf; NoIntegrity for what is none of ours.
func integrityOf(a algorithm) ipsec.Integrity {
	for i := range digests {
		if digestOf(i) == a {
			return i
		}
	}
	return ipsec.NoIntegrity
}

// nameLength is the room for an algorithm's name in XFRM's messages, with a zero.
const nameLength = 64

// header writes what stands before a key: struct xfrm_algo, and with withICV
// xfrm_algo_auth and xfrm_algo_aead, which are alike.
func (a algorithm) header(withICV bool) []byte {
	b := make([]byte, nameLength, nameLength+8)
	copy(b, a.name)
	b = append(b, native32(a.bits)...)
	if withICV {
		b = append(b, native32(a.icv)...)
	}
	return b
}

// readAlgorithm is the way back of header. It is false if there are too few octets.
func readAlgorithm(b []byte, withICV bool) (a algorithm, ok bool) {
	if len(b) < nameLength+4 || withICV && len(b) < nameLength+8 {
		return a, false
	}
	a.name, a.bits = unix.ByteSliceToString(b[:nameLength]), read32(b[nameLength:])
	if withICV {
		a.icv = read32(b[nameLength+4:])
	}
	return a, true
}
