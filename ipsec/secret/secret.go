// Package secret holds octets that must never be shown: pre-shared keys, keying
// material, private exponents. It knows nothing of what they are for.
//
// Start at [Octets].
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
)

const mask = "******"

// Octets never show themselves, however they are printed, logged or marshalled.
type Octets []byte

// Format writes six asterisks for every verb.
func (Octets) Format(f fmt.State, _ rune) { io.WriteString(f, mask) }

// MarshalText returns six asterisks. It never fails.
func (Octets) MarshalText() ([]byte, error) { return []byte(mask), nil }

// Equal reports in constant time whether the two have the same length and octets.
func (o Octets) Equal(other Octets) bool { return subtle.ConstantTimeCompare(o, other) == 1 }

// Wipe overwrites the octets with zeros. Best effort: the runtime may have moved copies.
func (o Octets) Wipe() { clear(o) }
