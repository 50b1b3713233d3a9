package pki

import "time"

// What a peer may send. The numbers are what a chain of today's largest keys
// needs, doubled.
const (
	maxPayload      = 16 << 10 // octets of a CERT payload
	maxCertificates = 8        // in all CERT payloads of a message, unwrapped
	maxDepth        = 5        // certificates from the leaf to the authority, both counted
	maxAttempts     = 32       // signatures checked in search of a path, for each domain
	maxReason       = 512      // characters of a Refusal's reason
	maxName         = 256      // octets of an FQDN, USER_FQDN or KEY_ID
	maxDN           = 1024     // octets of a distinguished name
)

// What an operator may import.
const (
	maxImport = 1 << 20  // octets of a file with certificates or a key
	maxCRL    = 16 << 20 // octets of a revocation list
	maxBundle = 64       // certificates in a file
)

// RSA keys. Less than the first is weak; more than the second is work for us
// that costs the peer nothing.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// OCSP answers.
const (
	maxOCSP     = 16 << 10         // octets
	clockSkew   = 5 * time.Minute  // by which a responder's clock may be ahead
	unboundLife = 10 * time.Minute // how long an answer without nextUpdate is believed
)
