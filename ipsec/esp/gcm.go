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
	aead     cipher.AEAD
	nonce    [gcmSalt + gcmIV]byte // the salt stays, the IV is the packet's
	extended bool                  // sequence numbers
	covered  [headerLen + 4]byte   // SPI and extended sequence number: RFC 4106 §5
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
	g := &gcm{aead: aead, extended: sa.ESN}
	copy(g.nonce[:], salt)
	return g, nil
}

// seal uses the sequence number as the IV. It never wraps, so that no nonce comes
// twice under a key.
func (g *gcm) seal(packet []byte, high uint32) error {
	iv := packet[headerLen : headerLen+gcmIV]
	binary.BigEndian.PutUint32(iv, high)
	copy(iv[4:], packet[4:headerLen])
	copy(g.nonce[gcmSalt:], iv)
	clear := packet[headerLen+gcmIV : len(packet)-g.aead.Overhead()]
	g.aead.Seal(clear[:0], g.nonce[:], clear, g.header(packet, high))
	return nil
}

func (g *gcm) open(packet []byte, high uint32) ([]byte, bool) {
	iv, sealed := packet[headerLen:headerLen+gcmIV], packet[headerLen+gcmIV:]
	copy(g.nonce[gcmSalt:], iv)
	clear, err := g.aead.Open(sealed[:0], g.nonce[:], sealed, g.header(packet, high))
	return clear, err == nil
}

// header returns what is authenticated and not encrypted. It is valid until the next
// call.
func (g *gcm) header(packet []byte, high uint32) []byte {
	if !g.extended {
		return packet[:headerLen]
	}
	copy(g.covered[:], packet[:4])
	binary.BigEndian.PutUint32(g.covered[4:], high)
	copy(g.covered[8:], packet[4:headerLen])
	return g.covered[:]
}
