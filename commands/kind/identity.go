package kind

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/commands/grammar"
)

// longestHost is the limit of a host name: RFC 1035 §2.3.4.
const longestHost = 253

// Identity is what a box may call itself towards its peers: a name, an address or a
// distinguished name, of 1 to longest octets of printable UTF-8 without ? and ". Blanks
// inside want quotation marks around it.
func Identity(longest int) grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("STRING<1-%d>", longest)}},
		Read: func(words []string) (string, int, bool) {
			ok := isIdentity(words[0], longest)
			return words[0], oneIf(ok), ok
		},
		Write: quoteSet,
	}
}

func isIdentity(text string, longest int) bool {
	return text != "" && len(text) <= longest && text == strings.TrimSpace(text) && utf8.ValidString(text) &&
		!strings.ContainsAny(text, `?"`) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// HostName is the name of a host, of letters, digits, hyphens and dots. Its value is in
// lower case.
func HostName() grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("HOST<1-%d>", longestHost)}},
		Read: func(words []string) (string, int, bool) {
			ok := isHostName(words[0])
			return strings.ToLower(words[0]), oneIf(ok), ok
		},
		Write: func(text string) string { return text },
	}
}

// isHostName reports whether a text is one that the DNS may know. One that ends in digits
// would be an address that was mistyped: RFC 3696 §2.
func isHostName(text string) bool {
	if text == "" || len(text) > longestHost {
		return false
	}
	labels := strings.Split(text, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.ContainsFunc(l, foreignToHosts) {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

func foreignToHosts(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
}
