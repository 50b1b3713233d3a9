package kind

import (
	"strconv"

	"sallyport/commands/grammar"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// groups are the Diffie-Hellman groups, with what their help says.
var groups = []struct {
	group wire.Group
	help  string
}{
	{wire.Group1, "768-bit MODP group"},
	{wire.Group2, "1024-bit MODP group"},
	{wire.Group5, "1536-bit MODP group"},
	{wire.Group14, "2048-bit MODP group"},
	{wire.Group15, "3072-bit MODP group"},
	{wire.Group16, "4096-bit MODP group"},
	{wire.Group17, "6144-bit MODP group"},
	{wire.Group18, "8192-bit MODP group"},
	{wire.Group19, "256-bit ECP group"},
	{wire.Group20, "384-bit ECP group"},
	{wire.Group21, "521-bit ECP group"},
	{wire.Group22, "1024-bit MODP group with a 160-bit subgroup"},
	{wire.Group23, "2048-bit MODP group with a 224-bit subgroup"},
	{wire.Group24, "2048-bit MODP group with a 256-bit subgroup"},
}

// Group is a Diffie-Hellman group: prefix and number, such as group14.
func Group(prefix string) grammar.Kind[wire.Group] {
	var k grammar.Kind[wire.Group]
	for _, g := range groups {
		text := prefix + strconv.Itoa(int(g.group))
		k.Words = append(k.Words, grammar.Word[wire.Group]{Text: text, Help: g.help, Value: g.group})
	}
	return k
}

// ciphers are phase 1's, each with its word of this generation and of older ones.
var ciphers = []struct {
	cipher      keymat.Cipher
	word, older string
}{
	{keymat.Cipher{Algorithm: wire.EncDES}, "des", "des-cbc"},
	{keymat.Cipher{Algorithm: wire.Enc3DES}, "3des", "3des-cbc"},
	{keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 128}, "aes-128", "aes-cbc-128"},
	{keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 192}, "aes-192", "aes-cbc-192"},
	{keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 256}, "aes-256", "aes-cbc-256"},
}

// Cipher is an encryption algorithm of phase 1, in the words of all generations.
func Cipher() grammar.Kind[keymat.Cipher] {
	var k grammar.Kind[keymat.Cipher]
	for _, c := range ciphers {
		k.Words = append(k.Words,
			grammar.Word[keymat.Cipher]{Text: c.word, Help: "Encryption in CBC mode", Value: c.cipher},
			grammar.Word[keymat.Cipher]{Text: c.older, Help: "The same as " + c.word, Value: c.cipher})
	}
	return k
}

// Hash is an authentication algorithm of phase 1.
func Hash() grammar.Kind[wire.HashAlgorithm] {
	return Choice(
		grammar.Word[wire.HashAlgorithm]{Text: "md5", Help: "HMAC-MD5", Value: wire.HashMD5},
		grammar.Word[wire.HashAlgorithm]{Text: "sha1", Help: "HMAC-SHA1", Value: wire.HashSHA1},
		grammar.Word[wire.HashAlgorithm]{Text: "sha2-256", Help: "HMAC-SHA2-256", Value: wire.HashSHA256},
		grammar.Word[wire.HashAlgorithm]{Text: "sha2-384", Help: "HMAC-SHA2-384", Value: wire.HashSHA384},
		grammar.Word[wire.HashAlgorithm]{Text: "sha2-512", Help: "HMAC-SHA2-512", Value: wire.HashSHA512},
	)
}

// ESPEncryption is an encryption algorithm of ESP. NULL has no word.
func ESPEncryption() grammar.Kind[ipsec.Encryption] {
	var k grammar.Kind[ipsec.Encryption]
	for _, e := range ipsec.Encryptions() {
		if e != ipsec.Null {
			k.Words = append(k.Words, grammar.Word[ipsec.Encryption]{Text: e.Word(), Help: e.String(), Value: e})
		}
	}
	return k
}

// ESPIntegrity is an authentication algorithm of ESP.
func ESPIntegrity() grammar.Kind[ipsec.Integrity] {
	var k grammar.Kind[ipsec.Integrity]
	for _, i := range ipsec.Integrities() {
		k.Words = append(k.Words, grammar.Word[ipsec.Integrity]{Text: i.Word(), Help: i.String(), Value: i})
	}
	return k
}

// names are the words of IKEv2's integrity and prf algorithms.
func names(words ...string) grammar.Kind[string] {
	var k grammar.Kind[string]
	for _, w := range words {
		k.Words = append(k.Words, grammar.Word[string]{Text: w, Help: "IKEv2 only", Value: w})
	}
	return k
}

// V2Integrity is an integrity algorithm of IKEv2.
func V2Integrity() grammar.Kind[string] {
	return names("hmac-md5-96", "hmac-sha1-96", "hmac-sha2-256", "hmac-sha2-384", "hmac-sha2-512", "aes-xcbc-96")
}

// V2PRF is a pseudo-random function of IKEv2.
func V2PRF() grammar.Kind[string] {
	return names("hmac-md5", "hmac-sha1", "hmac-sha2-256", "hmac-sha2-384", "hmac-sha2-512", "aes-xcbc-128")
}
