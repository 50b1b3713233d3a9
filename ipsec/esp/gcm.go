package esp

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"sallyport/ipsec"
)

const (
	gcmSalt = 4
	gcmIV   = 8
)

// gcm is AES-GCM with an ICV of 16 octets, for both directions: RFC 4106.
type gcm struct {
	aead  cipher.AEAD
	nonce [gcmSalt + gcmIV]byte // the salt stays, the IV is the packet's
}

// newGCM takes the salt from the end of the key: RFC 4106 §8.1.
func newGCM(sa *ipsec.SA) (*gcm, error) {
	key, salt := sa.EncryptionKey[:len(sa.EncryptionKey)-gcmSalt], sa.EncryptionKey[len(sa.EncryptionKey)-gcmSalt:]
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	g := &gcm{aead: aead}
	copy(g.nonce[:], salt)
	return g, nil
}

// seal uses the sequence number as the IV. It never wraps, so that no nonce comes
// twice under a key.
func (g *gcm) seal(packet []byte) error {
	header, iv := packet[:headerLen], packet[headerLen:headerLen+gcmIV]
	binary.BigEndian.PutUint64(iv, uint64(binary.BigEndian.Uint32(packet[4:])))
	copy(g.nonce[gcmSalt:], iv)
	clear := packet[headerLen+gcmIV : len(packet)-g.aead.Overhead()]
	g.aead.Seal(clear[:0], g.nonce[:], clear, header)
	return nil
}

func (g *gcm) open(packet []byte) ([]byte, bool) {
	header, iv, sealed := packet[:headerLen], packet[headerLen:headerLen+gcmIV], packet[headerLen+gcmIV:]
	copy(g.nonce[gcmSalt:], iv)
	clear, err := g.aead.Open(sealed[:0], g.nonce[:], sealed, header)
	return clear, err == nil
}
