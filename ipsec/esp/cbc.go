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
	ivs  *ivSource
	mode chained
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
	s.mode.crypt(covered[headerLen:])
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
	return o.mode.crypt(covered[headerLen:]), true
}

// chained is a CBC mode whose IV is set for each packet. The modes of the standard
// library can do that, though their interface does not say so; for one that cannot,
// a new one is made for each packet.
type chained struct {
	block cipher.Block // nil with a mode, which has its own copy of the round keys
	start func(cipher.Block, []byte) cipher.BlockMode
	mode  interface {
		cipher.BlockMode
		SetIV([]byte)
	}
}

func newChained(block cipher.Block, start func(cipher.Block, []byte) cipher.BlockMode) chained {
	c := chained{block: block, start: start}
	c.mode, _ = start(block, make([]byte, block.BlockSize())).(interface {
		cipher.BlockMode
		SetIV([]byte)
	})
	if c.mode != nil {
		c.block = nil
	}
	return c
}

// crypt runs over what follows the IV, in place, and returns it.
func (c *chained) crypt(withIV []byte) []byte {
	if c.mode == nil {
		n := c.block.BlockSize()
		iv, octets := withIV[:n], withIV[n:]
		c.start(c.block, iv).CryptBlocks(octets, octets)
		return octets
	}
	n := c.mode.BlockSize()
	iv, octets := withIV[:n], withIV[n:]
	c.mode.SetIV(iv)
	c.mode.CryptBlocks(octets, octets)
	return octets
}
