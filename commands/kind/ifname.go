package kind

import (
	"strings"

	"sallyport/commands/grammar"
)

// gigabitEthernet is the type of the ports that are not named as in Linux.
const gigabitEthernet = "GigabitEthernet"

// longestDevice is the length of Linux's IFNAMSIZ without the final zero.
const longestDevice = 15

// Interface is the name of an interface: a [Port]'s or a [Tunnel]'s.
func Interface() grammar.Kind[string] {
	return interfaces("interface", "GigabitEthernet0/0/1, Tunnel1 or eth1", func(words []string) (string, int, bool) {
		if name, used, ok := readTunnel(words); ok {
			return name, used, ok
		}
		return readPort(words)
	})
}

// Port is the name of an interface that the host has: GigabitEthernet0/0/2, its type
// abbreviated or apart from the number if one likes, or the name of a Linux
// device. The value is the name in full.
func Port() grammar.Kind[string] {
	return interfaces("port", "GigabitEthernet0/0/1 or eth1", func(words []string) (string, int, bool) {
		if _, _, is := readTunnel(words); is {
			return "", 0, false
		}
		return readPort(words)
	})
}

// interfaces is a kind of names that a port's may be among, such as those.
func interfaces(of, such string, read func([]string) (string, int, bool)) grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{
			{Text: "STRING<1-30>", Help: "Interface, such as " + such},
			{Text: "<0-255>/<0-255>/<0-255>", Help: "Number of the interface"},
		},
		Read:  read,
		Write: func(name string) string { return name },
		Of:    of,
	}
}

// readPort reads a port's name.
func readPort(words []string) (string, int, bool) {
	letters, number := split(words[0])
	if !abbreviates(letters, gigabitEthernet) {
		ok := isDevice(words[0])
		return words[0], oneIf(ok), ok
	}
	switch {
	case number == "" && len(words) == 1:
		return "", 2, true
	case number == "":
		ok := isSlot(words[1])
		return gigabitEthernet + words[1], 1 + oneIf(ok), ok
	case isSlot(number):
		return gigabitEthernet + number, 1, true
	}
	ok := isDevice(words[0])
	return words[0], oneIf(ok), ok
}

// split returns the letters that a word begins with, and the rest from the first digit on.
func split(word string) (letters, number string) {
	at := strings.IndexAny(word, "0123456789")
	if at < 0 {
		return word, ""
	}
	return word[:at], word[at:]
}

// abbreviates reports whether the letters are the beginning of a type.
func abbreviates(letters, of string) bool {
	return letters != "" && len(letters) <= len(of) && strings.EqualFold(letters, of[:len(letters)])
}

// isSlot reports whether text is slot/card/port, each 0 to 255 without leading
// zeros: an interface has one name.
func isSlot(text string) bool {
	parts := strings.Split(text, "/")
	for _, p := range parts {
		if _, ok := number(p, 0, 255); !ok || len(p) > 1 && p[0] == '0' {
			return false
		}
	}
	return len(parts) == 3
}

// isDevice reports whether text can be the name of a Linux device. It begins
// with a letter, so that it is not an address, and not like a tunnel's name.
func isDevice(text string) bool {
	if text == "" || len(text) > longestDevice || !isLetter(text[0]) {
		return false
	}
	if letters, number := split(text); beginsTunnel(letters) && (number == "" || meansTunnel(letters)) {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !isLetter(c) && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' && c != '@' {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
