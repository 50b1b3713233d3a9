package commands

import (
	"crypto"

	"sallyport/ike/pki"
	"sallyport/ipsec/secret"
)

// PKI are the key pairs, certificates and revocation lists of a box, and the files of its
// flash that they come from and that requests go to. What is kept survives a restart; a
// change is in force at once: SAs with a peer end whose authority goes, or whose certificate
// is on a list that comes. Errors are one line.
type PKI interface {
	PKIObjects() []*PKIObject // by kind and name; neither they nor the list are changed

	// KeepPKI keeps objects, in their order, in the place of those of the same kind and
	// name. After an error those before the one that it is about are kept.
	KeepPKI(objects ...*PKIObject) error
	RemovePKI(PKIKind, string) error

	GenerateKey(t pki.KeyType, bits int) (crypto.Signer, error) // takes its time

	ReadFlash(name string) (secret.Octets, error) // at most 16 MiB; it may hold a key
	WriteFlash(name string, data []byte) error

	// AskResponder posts a request to an OCSP responder and returns its answer, of at
	// most 16 KiB, within some seconds.
	AskResponder(url string, request []byte) ([]byte, error)
}
