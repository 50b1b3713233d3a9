package ipsec

// An Encryption is the cipher of an SA, its key length included.
type Encryption uint8

// The ciphers. The zero value is none chosen, which no SA may have.
const (
	NoEncryption Encryption = iota
	Null                    // RFC 2410
	DES
	TripleDES
	AES128
	AES192
	AES256
	AES128GCM // 16-octet ICV: RFC 4106
	AES192GCM
	AES256GCM
)

// An Integrity is the authenticator of an SA.
type Integrity uint8

// The authenticators. NoIntegrity goes with GCM only.
const (
	NoIntegrity Integrity = iota
	MD5                   // HMAC-MD5-96
	SHA1                  // HMAC-SHA1-96
	SHA256                // 128-bit ICV
	SHA384                // 192-bit ICV
	SHA512                // 256-bit ICV
	SHA256Short           // SHA256 with a 96-bit ICV, of peers older than RFC 4868; never negotiated as such
)

// encryption is what there is to know about a cipher.
type encryption struct {
	word  string // in commands: aes-128
	name  string // in displays of SAs: AES-128
	key   int    // octets of key, salt included
	iv    int    // octets of IV in each packet
	block int    // padding granularity
	icv   int    // octets of ICV if the cipher authenticates, else 0
}

var encryptions = [...]encryption{
	NoEncryption: {},
	Null:         {"null", "NULL", 0, 0, 1, 0},
	DES:          {"des", "DES", 8, 8, 8, 0},
	TripleDES:    {"3des", "3DES", 24, 8, 8, 0},
	AES128:       {"aes-128", "AES-128", 16, 16, 16, 0},
	AES192:       {"aes-192", "AES-192", 24, 16, 16, 0},
	AES256:       {"aes-256", "AES-256", 32, 16, 16, 0},
	AES128GCM:    {"aes-128-gcm-128", "AES-128-GCM-128", 20, 8, 1, 16},
	AES192GCM:    {"aes-192-gcm-128", "AES-192-GCM-128", 28, 8, 1, 16},
	AES256GCM:    {"aes-256-gcm-128", "AES-256-GCM-128", 36, 8, 1, 16},
}

func (e Encryption) entry() encryption {
	if int(e) >= len(encryptions) {
		return encryption{}
	}
	return encryptions[e]
}

// String returns the name in displays, such as AES-128.
func (e Encryption) String() string { return e.entry().name }

// Word returns the word in commands, such as aes-128.
func (e Encryption) Word() string { return e.entry().word }

// KeyLen returns the octets of key that an SA needs, GCM's salt included.
func (e Encryption) KeyLen() int { return e.entry().key }

// IVLen returns the octets of IV in each packet.
func (e Encryption) IVLen() int { return e.entry().iv }

// BlockLen returns the cipher's block length in octets; 1 if it has none.
func (e Encryption) BlockLen() int { return e.entry().block }

// ICVLen returns the octets of ICV of a cipher that authenticates, else 0.
func (e Encryption) ICVLen() int { return e.entry().icv }

// AEAD reports whether the cipher authenticates by itself.
func (e Encryption) AEAD() bool { return e.entry().icv > 0 }

// Encryptions lists all ciphers that an SA may have.
func Encryptions() []Encryption {
	all := make([]Encryption, 0, len(encryptions)-1)
	for e := Null; int(e) < len(encryptions); e++ {
		all = append(all, e)
	}
	return all
}

// integrity is what there is to know about an authenticator.
type integrity struct {
	word string // in commands: sha2-256
	name string // in displays of SAs: HMAC-SHA2-256-128
	key  int    // octets of key
	icv  int    // octets of ICV
}

var integrities = [...]integrity{
	NoIntegrity: {},
	MD5:         {"md5", "HMAC-MD5-96", 16, 12},
	SHA1:        {"sha1", "HMAC-SHA1-96", 20, 12},
	SHA256:      {"sha2-256", "HMAC-SHA2-256-128", 32, 16},
	SHA384:      {"sha2-384", "HMAC-SHA2-384-192", 48, 24},
	SHA512:      {"sha2-512", "HMAC-SHA2-512-256", 64, 32},
	SHA256Short: {"sha2-256", "HMAC-SHA2-256-96", 32, 12},
}

func (i Integrity) entry() integrity {
	if int(i) >= len(integrities) {
		return integrity{}
	}
	return integrities[i]
}

// String returns the name in displays, such as HMAC-SHA1-96; empty for none.
func (i Integrity) String() string { return i.entry().name }

// Word returns the word in commands, such as sha2-256, which is SHA256Short's too; empty
// for none.
func (i Integrity) Word() string { return i.entry().word }

// KeyLen returns the octets of key that an SA needs.
func (i Integrity) KeyLen() int { return i.entry().key }

// ICVLen returns the octets of ICV in each packet.
func (i Integrity) ICVLen() int { return i.entry().icv }

// Negotiated returns the authenticator that peers agree on, which SHA256Short is not: to
// them it is SHA256.
func (i Integrity) Negotiated() Integrity {
	if i == SHA256Short {
		return SHA256
	}
	return i
}

// Other returns the authenticator that peers may mean by the same number: SHA256Short of
// SHA256, and back. It is false for all others.
func (i Integrity) Other() (Integrity, bool) {
	switch i {
	case SHA256:
		return SHA256Short, true
	case SHA256Short:
		return SHA256, true
	}
	return NoIntegrity, false
}

// Integrities lists all authenticators that peers can agree on.
func Integrities() []Integrity {
	all := make([]Integrity, 0, SHA512)
	for i := MD5; i <= SHA512; i++ {
		all = append(all, i)
	}
	return all
}
