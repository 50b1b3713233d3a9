package keymat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"fmt"
	"strconv"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// A Cipher is the encryption algorithm and key length of an ISAKMP SA, always
// in CBC mode.
type Cipher struct {
	Algorithm wire.EncryptionAlgorithm
	KeyBits   int // AES: 128, 192, 256; DES and 3DES: 0
}

// Supported reports whether the cipher can be used with that key length.
func (c Cipher) Supported() bool { return c.KeyLen() != 0 }

// KeyLen returns the octets of the key, 0 if the cipher is not supported.
func (c Cipher) KeyLen() int {
	switch c {
	case Cipher{wire.EncDES, 0}:
		return 8
	case Cipher{wire.Enc3DES, 0}:
		return 24
	case Cipher{wire.EncAES, 128}, Cipher{wire.EncAES, 192}, Cipher{wire.EncAES, 256}:
		return c.KeyBits / 8
	}
	return 0
}

// BlockLen returns the octets of a block and of an IV, 0 if the cipher is not
// supported.
func (c Cipher) BlockLen() int {
	switch {
	case !c.Supported():
		return 0
	case c.Algorithm == wire.EncAES:
		return aes.BlockSize
	}
	return des.BlockSize
}

// String returns, for example, "aes-cbc-256".
func (c Cipher) String() string {
	if c.KeyBits == 0 {
		return c.Algorithm.String()
	}
	return c.Algorithm.String() + "-" + strconv.Itoa(c.KeyBits)
}

// newBlock returns the block cipher under a key of the right length.
func (c Cipher) newBlock(key secret.Octets) cipher.Block {
	var b cipher.Block
	var err error
	switch c.Algorithm {
	case wire.EncDES:
		b, err = des.NewCipher(key)
	case wire.Enc3DES:
		b, err = des.NewTripleDESCipher(key)
	default:
		b, err = aes.NewCipher(key)
	}
	if err != nil {
		panic(err) // keys come from derive and FromSKEYIDs, which make no other length
	}
	return b
}

// Encrypt pads plain with zeros to the block and returns the ciphertext
// appended to dst, and the next IV of the exchange. The IV given stays as it is.
func (k *Keys) Encrypt(dst []byte, iv IV, plain []byte) ([]byte, IV) {
	block := k.suite.Cipher.newBlock(k.Encryption)
	size := block.BlockSize()
	start := len(dst)
	dst = append(dst, plain...)
	dst = append(dst, make([]byte, (size-len(plain)%size)%size)...)
	ciphertext := dst[start:]
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(ciphertext, ciphertext)
	return dst, lastBlock(ciphertext, iv)
}

// Decrypt returns the plaintext, padding included, in octets of its own, and the
// next IV of the exchange, to be used once the message is accepted. The IV given
// stays as it is. Errors are *wire.SyntaxError: a length that is no positive
// multiple of the block.
func (k *Keys) Decrypt(iv IV, ciphertext []byte) (plain []byte, next IV, err error) {
	block := k.suite.Cipher.newBlock(k.Encryption)
	size := block.BlockSize()
	if n := len(ciphertext); n == 0 || n%size != 0 {
		return nil, nil, &wire.SyntaxError{
			Offset: wire.HeaderLen,
			Got:    fmt.Sprintf("%d octets of ciphertext", n),
			Wanted: fmt.Sprintf("a positive multiple of %d", size),
		}
	}
	plain = make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, ciphertext)
	return plain, lastBlock(ciphertext, iv), nil
}
