package esp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

var hashes = [...]func() hash.Hash{
	ipsec.MD5:    md5.New,
	ipsec.SHA1:   sha1.New,
	ipsec.SHA256: sha256.New,
	ipsec.SHA384: sha512.New384,
	ipsec.SHA512: sha512.New,

	ipsec.SHA256Short: sha256.New, // of another length
}

// An Authenticator computes the ICVs of an SA, of ESP or of AH: HMAC, truncated to the
// first octets (RFC 2403, 2404, 4868). With extended sequence numbers the high half of
// the number, which is not sent, comes after the octets (RFC 4303 §2.2.1, RFC 4302
// §3.3.3.2.2). One without an algorithm makes ICVs of no octets, and finds all of them
// right: that is ESP under AH, which does it. It is for one goroutine.
type Authenticator struct {
	mac keyedHash
}

// NewAuthenticator returns that of an algorithm, with a key of its length. It keeps
// nothing of the key but what HMAC makes of it.
func NewAuthenticator(i ipsec.Integrity, key secret.Octets, esn bool) *Authenticator {
	a := new(Authenticator)
	if i != ipsec.NoIntegrity {
		a.mac = newKeyedHash(hashes[i]().(resumable), key)
	}
	a.mac.length, a.mac.extended = uint8(i.ICVLen()), esn
	return a
}

// Len returns the octets of an ICV.
func (a *Authenticator) Len() int { return int(a.mac.length) }

// Begin starts over. What Write is given until ICV is covered.
func (a *Authenticator) Begin() {
	if a.mac.hash != nil {
		a.mac.begin(inner)
	}
}

// Write covers more octets.
func (a *Authenticator) Write(octets []byte) {
	if a.mac.hash != nil {
		a.mac.hash.Write(octets)
	}
}

// ICV returns the ICV of what was written, with the high half of the sequence number.
// It is valid until the next call.
func (a *Authenticator) ICV(high uint32) []byte {
	if a.mac.hash == nil {
		return nil
	}
	if a.mac.extended {
		a.mac.number(high)
	}
	return a.mac.finish()[:a.mac.length]
}

// Cut returns the last ICV cut to another length. It is valid until the next call.
func (a *Authenticator) Cut(length int) []byte { return a.mac.room()[:length] }

// authenticator returns itself, for those that are made of one and more.
func (a *Authenticator) authenticator() *Authenticator { return a }

// split returns the packet's part under the ICV, and the ICV's place.
func (a *Authenticator) split(packet []byte) (covered, icv []byte) {
	n := len(packet) - int(a.mac.length)
	return packet[:n], packet[n:]
}

// icvOf returns the ICV of those octets. It is valid until the next call.
func (a *Authenticator) icvOf(covered []byte, high uint32) []byte {
	a.Begin()
	a.Write(covered)
	return a.ICV(high)
}

// verify returns the packet without its ICV, and false if that is wrong.
func (a *Authenticator) verify(packet []byte, high uint32) (covered []byte, ok bool) {
	covered, icv := a.split(packet)
	return covered, hmac.Equal(icv, a.icvOf(covered, high))
}
