package sshd

import (
	"errors"
	"fmt"

	gossh "golang.org/x/crypto/ssh"
)

// algorithms are what the server offers for a connection: no SHA-1, no CBC, no
// MAC that is computed before encryption. Nor group 16: a stranger could have us
// compute with 4096 bits again and again, for nothing.
func algorithms() gossh.Config {
	return gossh.Config{
		KeyExchanges: []string{
			gossh.KeyExchangeMLKEM768X25519,
			gossh.KeyExchangeCurve25519,
			gossh.KeyExchangeECDHP256,
			gossh.KeyExchangeECDHP384,
			gossh.KeyExchangeECDHP521,
			gossh.KeyExchangeDH14SHA256,
		},
		Ciphers: []string{
			gossh.CipherAES256GCM,
			gossh.CipherAES128GCM,
			gossh.CipherChaCha20Poly1305,
			gossh.CipherAES256CTR,
			gossh.CipherAES192CTR,
			gossh.CipherAES128CTR,
		},
		MACs: []string{gossh.HMACSHA256ETM, gossh.HMACSHA512ETM},
	}
}

// rsaAlgorithms are the signatures that an RSA key may make: RFC 8332.
var rsaAlgorithms = []string{gossh.KeyAlgoRSASHA256, gossh.KeyAlgoRSASHA512}

// userKeyAlgorithms are the signatures by which users may log in.
var userKeyAlgorithms = append([]string{
	gossh.KeyAlgoED25519,
	gossh.KeyAlgoSKED25519,
	gossh.KeyAlgoSKECDSA256,
	gossh.KeyAlgoECDSA256,
	gossh.KeyAlgoECDSA384,
	gossh.KeyAlgoECDSA521,
}, rsaAlgorithms...)

// NewHostKey returns the signer of a private key, which may be of any kind that
// package x/crypto/ssh knows. An RSA key will not sign with SHA-1.
func NewHostKey(private any) (gossh.Signer, error) {
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		return nil, fmt.Errorf("host key: %w", err)
	}
	if signer.PublicKey().Type() != gossh.KeyAlgoRSA {
		return signer, nil
	}
	any, ok := signer.(gossh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("host key: it signs with SHA-1 only")
	}
	return gossh.NewSignerWithAlgorithms(any, rsaAlgorithms)
}
