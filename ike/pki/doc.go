// Package pki is what IKE's authentication by signature needs of X.509 (RFC
// 2409 §5.1, RFC 4754, RFC 4945, RFC 5280): our certificates and keys, the
// authorities that an operator configured, the check of a peer's certificate,
// name and signature, distinguished names as text, and the reading and writing
// of keys, requests, certificates and revocation lists.
//
// It holds no state, opens no file and fetches nothing: the octets, the time
// and, for OCSP, a function that asks a configured responder are handed in.
// No address in a certificate is ever followed. Fresh keys are the one thing
// that comes from the system's entropy, inside [GenerateKey].
//
// Start at [Verify] for the peer's side, at [Credential] for ours, and at
// [Store] for what the configuration says.
package pki
