package main

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"

	"sallyport/ipsec/secret"
)

// The cost of a password: OWASP's smallest for Argon2id (RFC 9106), about 50 ms
// here.
const (
	argonMemory = 19 << 10 // KiB
	argonTime   = 2
	argonSalt   = 16 // octets
	argonKey    = 32
)

// argonPrefix begins every stored password.
var argonPrefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$", argon2.Version, argonMemory, argonTime)

// argonBase64 is the encoding of salt and hash.
var argonBase64 = base64.RawStdEncoding.Strict()

// nobodysPassword is what the password of somebody unknown is compared with. No
// password has this hash.
var nobodysPassword = storedForm(make([]byte, argonSalt), make([]byte, argonKey))

// hashQueue is how many passwords of logins may wait to be checked.
const hashQueue = 16

// A hasher computes one password's hash at a time: each takes 19 MiB, and the
// processor for a while.
type hasher struct {
	salts   io.Reader
	turn    chan struct{} // holds one token: whoever has it computes
	waiting chan struct{} // one for each login that waits or computes
}

func newHasher(salts io.Reader) *hasher {
	return &hasher{salts: salts, turn: make(chan struct{}, 1), waiting: make(chan struct{}, hashQueue)}
}

// queue takes the turn for a login, and reports false if too many wait.
func (h *hasher) queue() bool {
	select {
	case h.waiting <- struct{}{}:
		h.turn <- struct{}{}
		return true
	default:
		return false
	}
}

// unqueue gives the turn back.
func (h *hasher) unqueue() {
	<-h.turn
	<-h.waiting
}

// Hash returns the stored form of a password.
func (h *hasher) Hash(password secret.Octets) (string, error) {
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(h.salts, salt); err != nil {
		return "", fmt.Errorf("salt of a password: %w", err)
	}
	return storedForm(salt, argon(password, salt)), nil
}

// Matches reports whether a password is the one of a stored form.
func (h *hasher) Matches(stored string, password secret.Octets) bool {
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	return matches(stored, password)
}

// matches is Matches for who has the turn.
func matches(stored string, password secret.Octets) bool {
	salt, key, ok := partsOf(stored)
	return ok && subtle.ConstantTimeCompare(key, argon(password, salt)) == 1
}

func argon(password secret.Octets, salt []byte) []byte {
	return argon2.IDKey(password, salt, argonTime, argonMemory, 1, argonKey)
}

func storedForm(salt, key []byte) string {
	return argonPrefix + argonBase64.EncodeToString(salt) + "$" + argonBase64.EncodeToString(key)
}

// partsOf takes a stored form apart. One of other costs than ours is none.
func partsOf(stored string) (salt, key []byte, ok bool) {
	rest, ours := strings.CutPrefix(stored, argonPrefix)
	first, second, two := strings.Cut(rest, "$")
	salt, errSalt := argonBase64.DecodeString(first)
	key, errKey := argonBase64.DecodeString(second)
	ok = ours && two && errSalt == nil && errKey == nil && len(salt) == argonSalt && len(key) == argonKey
	return salt, key, ok
}
