package commands

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// ikeV1 is the only version of IKE that SAs here are made with.
const ikeV1 = "v1"

// public is the name of the only routing instance.
const public = "public"

// ikePort is the port that displays leave out: RFC 2408 §2.5.1.
const ikePort = 500

// groupNames are the names of Diffie-Hellman groups in `display ike proposal`.
var groupNames = map[wire.Group]string{
	wire.Group1:  "MODP-768",
	wire.Group2:  "MODP-1024",
	wire.Group5:  "MODP-1536",
	wire.Group14: "MODP-2048",
	wire.Group15: "MODP-3072",
	wire.Group16: "MODP-4096",
	wire.Group17: "MODP-6144",
	wire.Group18: "MODP-8192",
	wire.Group19: "ECP-256",
	wire.Group20: "ECP-384",
	wire.Group21: "ECP-521",
	wire.Group22: "MODP-1024-160",
	wire.Group23: "MODP-2048-224",
	wire.Group24: "MODP-2048-256",
}

var hashNames = map[wire.HashAlgorithm]string{
	wire.HashMD5:    "MD5",
	wire.HashSHA1:   "SHA1",
	wire.HashSHA256: "SHA2-256",
	wire.HashSHA384: "SHA2-384",
	wire.HashSHA512: "SHA2-512",
}

var cipherNames = map[wire.EncryptionAlgorithm]string{
	wire.EncDES:  "DES",
	wire.Enc3DES: "3DES",
	wire.EncAES:  "AES",
}

var methodNames = map[wire.AuthMethod]string{
	wire.AuthPSK:           "PRE_SHARED",
	wire.AuthRSA:           "RSA_SIGNATURE",
	wire.AuthECDSA256:      "ECDSA_SIGNATURE_256",
	wire.AuthECDSA384:      "ECDSA_SIGNATURE_384",
	wire.AuthECDSA521:      "ECDSA_SIGNATURE_521",
	wire.AuthHybridInitRSA: "HYBRID_RSA",
	wire.AuthHybridRespRSA: "HYBRID_RSA",
	wire.AuthXAUTHInitPSK:  "PRE_SHARED_XAUTH",
	wire.AuthXAUTHRespPSK:  "PRE_SHARED_XAUTH",
	wire.AuthXAUTHInitRSA:  "RSA_SIGNATURE_XAUTH",
	wire.AuthXAUTHRespRSA:  "RSA_SIGNATURE_XAUTH",
}

// nameOf returns the name of a protocol number: empty for zero, which stands
// for nothing chosen, and the number itself when it has no name here.
func nameOf[N ~uint16](names map[N]string, n N) string {
	if name, ok := names[n]; ok || n == 0 {
		return name
	}
	return fmt.Sprintf("%d", uint16(n))
}

// hashName returns the name of a phase 1 hash, such as SHA2-256.
func hashName(h wire.HashAlgorithm) string { return nameOf(hashNames, h) }

// cipherName returns the name of a phase 1 cipher, such as AES-256.
func cipherName(c keymat.Cipher) string {
	name := nameOf(cipherNames, c.Algorithm)
	if c.KeyBits == 0 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, c.KeyBits)
}

// modeName returns the name of an encapsulation mode, title-cased.
func modeName(m ipsec.Mode) string {
	switch m {
	case ipsec.Transport:
		return "Transport"
	case ipsec.Auto:
		return "Auto"
	}
	return "Tunnel"
}

// addrText returns an address, or a dash in place of none.
func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return "-"
	}
	return a.String()
}

// endText returns an address, with its port when that is not IKE's.
func endText(a netip.AddrPort) string {
	if !a.IsValid() || a.Port() == ikePort {
		return addrText(a.Addr())
	}
	return a.String()
}

// orDash returns a table's cell, a dash in place of an empty one, so that a row
// always has as many words as columns.
func orDash(cell string) string { return cmp.Or(cell, "-") }

// enable returns VRP's word for a switch.
func enable(on bool) string {
	if on {
		return "Enable"
	}
	return "Disable"
}

// stamp is the layout of a time in displays of SAs.
const stamp = "2006-01-02 15:04:05"

// secondsLeft returns the whole seconds from now until lifetime has passed since
// created, and never less than zero.
func secondsLeft(now, created time.Time, lifetime time.Duration) int64 {
	return int64(max(created.Add(lifetime).Sub(now), 0) / time.Second)
}

// mapped returns what f makes of each item; it is never nil, so that no printer
// has to tell an empty list from none.
func mapped[T, U any](items []T, f func(T) U) []U {
	results := make([]U, len(items))
	for i, item := range items {
		results[i] = f(item)
	}
	return results
}

// spaced joins words by spaces.
func spaced(words []string) string { return strings.Join(words, " ") }

// utoa returns n in decimal.
func utoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// orEmpty returns n in decimal, and nothing for zero.
func orEmpty(n uint32) string {
	if n == 0 {
		return ""
	}
	return utoa(n)
}
