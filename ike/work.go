package ike

import (
	"sallyport/ike/keymat"
	"sallyport/ike/pki"
	"sallyport/ike/wire"
)

// Work is mathematics that is done away from the engine: a pure function of its fields,
// to be done on any goroutine. Its result comes back as Computed.
type Work interface{ Do() Result }

// A Result is what became of a Work. What the kind of work does not make is zero.
type Result struct {
	DH        keymat.DHResult
	Signature []byte
	Proved    *pki.Verified // the peer, of a Verification that found nothing wrong
	Err       error
}

// A DiffieHellman makes a public value and g^xy.
type DiffieHellman struct{ keymat.DH }

// Do does the arithmetic.
func (w DiffieHellman) Do() Result {
	r := w.DH.Do()
	return Result{DH: r, Err: r.Err}
}

// A Signing signs HASH_I or HASH_R: RFC 2409 §5.1.
type Signing struct {
	Credential *pki.Credential
	Method     wire.AuthMethod
	Hash       []byte
}

// Do signs.
func (w Signing) Do() Result {
	signature, err := w.Credential.Sign(w.Method, w.Hash)
	return Result{Signature: signature, Err: err}
}

// A Verification checks a peer's signature, and the certificates that it rests on.
type Verification struct{ pki.Verify }

// Do checks everything. Its Err is a *pki.Refusal.
func (w Verification) Do() Result {
	proved, err := w.Verify.Do()
	return Result{Proved: proved, Err: err}
}
