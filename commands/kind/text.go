package kind

import (
	"encoding/hex"
	"fmt"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/ipsec/secret"
)

// Name is a name of 1 to longest visible characters, without ? and ". of says
// what it is the name of; it may be empty.
func Name(longest int, of string) grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("STRING<1-%d>", longest)}},
		Read: func(words []string) (string, int, bool) {
			ok := isName(words[0], longest)
			return words[0], oneIf(ok), ok
		},
		Write: quoteSet,
		Of:    of,
	}
}

func isName(text string, longest int) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '?' || c == '"' {
			return false
		}
	}
	return text != "" && len(text) <= longest
}

// quoteSet quotes a value that is set.
func quoteSet(text string) string {
	if text == "" {
		return ""
	}
	return grammar.Quote(text)
}

// Text is the rest of the line, of at most longest octets.
func Text(longest int) grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("TEXT<1-%d>", longest)}},
		Read: func(words []string) (string, int, bool) {
			ok := len(words[0]) <= longest && !hasControl(words[0])
			return words[0], oneIf(ok), ok
		},
		Write: func(text string) string { return text },
		Rest:  true,
	}
}

// hasControl reports whether the text has a character that a terminal would not
// print as one.
func hasControl(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return true
		}
	}
	return false
}

// Limits of secrets in characters.
const (
	longestSecret = 128
	longestStored = 400 // of a secret of 255 octets, with nonce and tag, in base 64
)

// frame is what a secret's stored form begins and ends with.
const frame = "%^%#"

// Stored reports whether the text is a secret's stored form.
func Stored(text string) bool {
	return len(text) > 2*len(frame) && strings.HasPrefix(text, frame) && strings.HasSuffix(text, frame)
}

// Secret is a secret of up to 128 characters in clear, or in its stored form, taken as
// typed. It writes only the stored form: a secret in clear shows as asterisks.
func Secret() grammar.Kind[secret.Octets] { return SecretOf(longestSecret) }

// SecretOf is a Secret with another limit of characters in clear.
func SecretOf(longest int) grammar.Kind[secret.Octets] {
	return grammar.Kind[secret.Octets]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("STRING<1-%d>/<48-%d>", longest, longestStored)}},
		Read: func(words []string) (secret.Octets, int, bool) {
			ok := isSecret(words[0], longest)
			return secret.Octets(words[0]), oneIf(ok), ok
		},
		Write: storedAlone,
		Same:  secret.Octets.Equal,
		Free:  true,
	}
}

// HexSecret is a key of shortest to longest octets in hexadecimal digits, or one in its
// stored form. Its value are the digits, in lower case, or the stored form.
func HexSecret(shortest, longest int) grammar.Kind[secret.Octets] {
	return grammar.Kind[secret.Octets]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("HEX<%d-%d>/<48-%d>", 2*shortest, 2*longest, longestStored)}},
		Read: func(words []string) (secret.Octets, int, bool) {
			if Stored(words[0]) {
				ok := isSecret(words[0], 0)
				return secret.Octets(words[0]), oneIf(ok), ok
			}
			n := len(words[0]) / 2
			ok := IsHex(words[0]) && n >= shortest && n <= longest
			return secret.Octets(strings.ToLower(words[0])), oneIf(ok), ok
		},
		Write: storedAlone,
		Same:  secret.Octets.Equal,
		Free:  true,
	}
}

// IsHex reports whether a text is a number of octets in hexadecimal digits.
func IsHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil
}

// storedAlone writes a secret's stored form, and asterisks for one in clear.
func storedAlone(s secret.Octets) string {
	switch {
	case len(s) == 0:
		return ""
	case Stored(string(s)):
		return string(s)
	}
	return "******"
}

// isSecret reports whether a text is a secret in its stored form, or one of up to
// longest characters in clear.
func isSecret(text string, longest int) bool {
	if text == "" || hasControl(text) {
		return false
	}
	if Stored(text) {
		return len(text) <= longestStored && !strings.ContainsAny(text, ` "`)
	}
	return len(text) <= longest
}
