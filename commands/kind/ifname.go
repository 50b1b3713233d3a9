package kind

import (
	"strings"

	"sallyport/commands/grammar"
)

// gigabitEthernet is the type of all interfaces that are not named as in Linux.
const gigabitEthernet = "GigabitEthernet"

// longestDevice is the length of Linux's IFNAMSIZ without the final zero.
const longestDevice = 15

// Interface is the name of an interface: GigabitEthernet0/0/2, its type
// abbreviated or apart from the number if one likes, or the name of a Linux
// device. The value is the name in full.
func Interface() grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{
			{Text: "STRING<1-30>", Help: "Interface, such as GigabitEthernet0/0/1 or eth1"},
			{Text: "<0-255>/<0-255>/<0-255>", Help: "Number of the interface"},
		},
		Read:  readInterface,
		Write: func(name string) string { return name },
		Of:    "interface",
	}
}

func readInterface(words []string) (string, int, bool) {
	letters := strings.IndexFunc(words[0], func(r rune) bool { return r >= '0' && r <= '9' })
	if letters < 0 {
		letters = len(words[0])
	}
	number := words[0][letters:]
	if !isType(words[0][:letters]) {
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

// isType reports whether the letters abbreviate GigabitEthernet.
func isType(letters string) bool {
	return letters != "" && len(letters) <= len(gigabitEthernet) &&
		strings.EqualFold(letters, gigabitEthernet[:len(letters)])
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
// with a letter, so that it is not an address.
func isDevice(text string) bool {
	if text == "" || len(text) > longestDevice || !isLetter(text[0]) {
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
