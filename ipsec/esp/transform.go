package esp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"io"

	"sallyport/ipsec"
)

func newSealer(sa *ipsec.SA, entropy io.Reader) (sealer, error) {
	if sa.Encryption.AEAD() {
		return newGCM(sa)
	}
	mac := newAuthenticator(sa)
	if sa.Encryption == ipsec.Null {
		return &nullSealer{mac}, nil
	}
	block, err := newBlock(sa)
	if err != nil {
		return nil, err
	}
	return newCBCSealer(block, mac, entropy)
}

func newOpener(sa *ipsec.SA) (opener, error) {
	if sa.Encryption.AEAD() {
		return newGCM(sa)
	}
	mac := newAuthenticator(sa)
	if sa.Encryption == ipsec.Null {
		return &nullOpener{mac}, nil
	}
	block, err := newBlock(sa)
	if err != nil {
		return nil, err
	}
	return newCBCOpener(block, mac), nil
}

// newBlock returns the cipher of an SA that Validate has seen, so an error is the
// primitive's own.
func newBlock(sa *ipsec.SA) (cipher.Block, error) {
	switch sa.Encryption {
	case ipsec.DES:
		return des.NewCipher(sa.EncryptionKey)
	case ipsec.TripleDES:
		return des.NewTripleDESCipher(sa.EncryptionKey)
	}
	return aes.NewCipher(sa.EncryptionKey)
}

var hashes = [...]func() hash.Hash{
	ipsec.MD5:    md5.New,
	ipsec.SHA1:   sha1.New,
	ipsec.SHA256: sha256.New,
	ipsec.SHA384: sha512.New384,
	ipsec.SHA512: sha512.New,
}

// An authenticator is HMAC, truncated to the first octets: RFC 2403, 2404, 4868.
type authenticator struct {
	mac hash.Hash
	icv int
	sum [sha512.Size]byte
}

func newAuthenticator(sa *ipsec.SA) *authenticator {
	return &authenticator{
		mac: hmac.New(hashes[sa.Integrity], sa.IntegrityKey),
		icv: sa.Integrity.ICVLen(),
	}
}

// split returns the packet's part under the ICV, and the ICV's place.
func (a *authenticator) split(packet []byte) (covered, icv []byte) {
	n := len(packet) - a.icv
	return packet[:n], packet[n:]
}

// compute returns the ICV of those octets. It is valid until the next call.
func (a *authenticator) compute(covered []byte) []byte {
	a.mac.Reset()
	a.mac.Write(covered)
	return a.mac.Sum(a.sum[:0])[:a.icv]
}

// verify returns the packet without its ICV, and false if that is wrong.
func (a *authenticator) verify(packet []byte) (covered []byte, ok bool) {
	covered, icv := a.split(packet)
	return covered, hmac.Equal(icv, a.compute(covered))
}
