package esp

import (
	"crypto/cipher"
	"errors"
	"io"
)

var errNoEntropy = errors.New("esp: CBC needs an entropy source for its IVs")

// cbcSealer encrypts in CBC and authenticates the result: RFC 2451, RFC 3602.
type cbcSealer struct {
	*Authenticator
	mode chained
	ivs  ivSource
}

func newCBCSealer(block cipher.Block, mac *Authenticator, entropy io.Reader) (*cbcSealer, error) {
	if entropy == nil {
		return nil, errNoEntropy
	}
	return &cbcSealer{
		Authenticator: mac,
		ivs:           newIVSource(entropy, block.BlockSize()),
		mode:          newChained(block, cipher.NewCBCEncrypter),
	}, nil
}

func (s *cbcSealer) seal(packet []byte, high uint32) error {
	covered, icv := s.split(packet)
	iv, err := s.ivs.next()
	if err != nil {
		return err
	}
	copy(covered[headerLen:], iv)
	crypt(s.mode, covered[headerLen:])
	copy(icv, s.icvOf(covered, high))
	return nil
}

// cbcOpener is the other side of a cbcSealer.
type cbcOpener struct {
	*Authenticator
	mode chained
}

func newCBCOpener(block cipher.Block, mac *Authenticator) *cbcOpener {
	return &cbcOpener{Authenticator: mac, mode: newChained(block, cipher.NewCBCDecrypter)}
}

func (o *cbcOpener) open(packet []byte, high uint32) ([]byte, bool) {
	covered, ok := o.verify(packet, high)
	if !ok {
		return nil, false
	}
	return crypt(o.mode, covered[headerLen:]), true
}

// chained is a CBC mode whose IV is set for each packet. The modes of the standard
// library can do that, though their interface does not say so, and have round keys of their
// own.
type chained interface {
	cipher.BlockMode
	SetIV([]byte)
}

func newChained(block cipher.Block, start func(cipher.Block, []byte) cipher.BlockMode) chained {
	mode := start(block, make([]byte, block.BlockSize()))
	if c, ok := mode.(chained); ok {
		return c
	}
	return &restarted{mode, block, start}
}

// A restarted is a mode whose IV cannot be set: a new one is made for each packet.
type restarted struct {
	cipher.BlockMode
	block cipher.Block
	start func(cipher.Block, []byte) cipher.BlockMode
}

// SetIV makes a new mode.
func (r *restarted) SetIV(iv []byte) { r.BlockMode = r.start(r.block, iv) }

// crypt runs over what follows the IV, in place, and returns it.
func crypt(c chained, withIV []byte) []byte {
	n := c.BlockSize()
	iv, octets := withIV[:n], withIV[n:]
	c.SetIV(iv)
	c.CryptBlocks(octets, octets)
	return octets
}
