package keymat

import (
	"fmt"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// A DH is Diffie-Hellman work: make our public value, and the shared secret if
// the peer's public value is known. It is a pure function of its fields and may
// be done on any goroutine.
type DH struct {
	Group   wire.Group
	Private secret.Octets // PrivateLen octets of entropy
	Public  []byte        // ours if known already; else Do computes it
	Peer    []byte        // the peer's KE body; nil: only our public value is wanted
}

// A DHResult is what became of a DH.
type DHResult struct {
	Public []byte
	Shared secret.Octets // g^xy; nil if Peer was nil
	Err    error         // the peer's value is refused: *PublicError
}

// A PublicError says that a peer's public value is none of the group's. No
// secret was derived from it.
type PublicError struct {
	Group  wire.Group
	Reason string // what came and what was wanted
}

// Error returns, for example, "public value of modp2048: 128 octets, wanted 256".
func (e *PublicError) Error() string {
	return fmt.Sprintf("public value of %v: %s", e.Group, e.Reason)
}

// Do does the work. A group that is not supported or a private value of wrong
// length is the caller's mistake, and an error too.
func (d DH) Do() DHResult {
	g, ok := groups[d.Group]
	if !ok {
		return DHResult{Err: fmt.Errorf("group %v is not supported", d.Group)}
	}
	if len(d.Private) != g.privateLen() {
		return DHResult{Err: fmt.Errorf("private value of %v: %d octets, wanted %d", d.Group, len(d.Private), g.privateLen())}
	}
	out := DHResult{Public: d.Public}
	if d.Peer != nil {
		var reason string
		if out.Shared, reason = g.shared(d.Private, d.Peer); reason != "" {
			return DHResult{Err: &PublicError{d.Group, reason}}
		}
	}
	if out.Public == nil {
		out.Public = g.public(d.Private)
	}
	return out
}
