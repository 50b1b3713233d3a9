package kind

import (
	"strings"

	"sallyport/commands/grammar"
)

// tunnel is the type of the interfaces that have no port.
const tunnel = "Tunnel"

// How many letters of tunnel are enough: with the capital, as in Tu1, and without it where
// no Linux device can be meant: tun 1, but not tun1.
const (
	shortestTunnel = 3
	shortestTu     = 2
)

// Tunnel is the name of a tunnel interface: Tunnel1 or Tunnel0/0/1, the number apart
// if one likes, and the type then abbreviated too.
func Tunnel() grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{
			{Text: "Tunnel<0-65535>", Help: "Tunnel interface, such as Tunnel1 or Tunnel0/0/1"},
			{Text: "<0-65535>", Help: "Number of the tunnel"},
		},
		Read:  readTunnel,
		Write: func(name string) string { return name },
		Of:    "tunnel",
	}
}

// IsTunnel reports whether the name of an interface in full is a tunnel's.
func IsTunnel(name string) bool {
	number, is := strings.CutPrefix(name, tunnel)
	return is && isTunnelNumber(number)
}

// readTunnel reads a tunnel's name. In one word a number without slashes wants the type
// in full, or its capital: tun0 is a Linux device.
func readTunnel(words []string) (string, int, bool) {
	letters, number := split(words[0])
	if !beginsTunnel(letters) {
		return "", 0, false
	}
	switch {
	case number == "" && len(words) == 1:
		return "", 2, true
	case number == "":
		ok := isTunnelNumber(words[1])
		return tunnel + words[1], 1 + oneIf(ok), ok
	case meansTunnel(letters), strings.Contains(number, "/"):
		ok := isTunnelNumber(number)
		return tunnel + number, oneIf(ok), ok
	}
	return "", 0, false
}

// beginsTunnel reports whether letters are the type, or enough of it.
func beginsTunnel(letters string) bool {
	return meansTunnel(letters) || len(letters) >= shortestTunnel && abbreviates(letters, tunnel)
}

// meansTunnel reports whether letters can be no Linux device's: the type in full, or
// abbreviated with its capital.
func meansTunnel(letters string) bool {
	return strings.EqualFold(letters, tunnel) || len(letters) >= shortestTu && strings.HasPrefix(tunnel, letters)
}

// isTunnelNumber reports whether text is a tunnel's number, without leading zeros: one
// alone, or slot/card/port that leave room for the type in the name of a Linux device.
func isTunnelNumber(text string) bool {
	if isSlot(text) {
		return len(tunnel)+len(text) <= longestDevice
	}
	_, ok := number(text, 0, 65535)
	return ok && (len(text) == 1 || text[0] != '0')
}
