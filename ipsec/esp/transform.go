package esp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"io"

	"sallyport/ipsec"
)

func newSealer(sa *ipsec.SA, entropy io.Reader) (sealer, error) {
	if sa.Encryption.AEAD() {
		return newGCM(sa)
	}
	mac := authenticatorOf(sa)
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
	mac := authenticatorOf(sa)
	if sa.Encryption == ipsec.Null {
		return &nullOpener{mac}, nil
	}
	block, err := newBlock(sa)
	if err != nil {
		return nil, err
	}
	return newCBCOpener(block, mac), nil
}

// authenticatorOf returns that of an ESP SA, or of the ESP of a bundle.
func authenticatorOf(sa *ipsec.SA) *Authenticator {
	return NewAuthenticator(sa.Integrity, sa.IntegrityKey, sa.ESN)
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
