package wire

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

const (
	maxText = 128  // how much of anything a peer named is printed
	maxList = 2048 // forty transforms fit; a peer's thousands of attributes do not fill a log
)

// shortened returns the text of a list, cut where it gets very long.
func shortened(text string) string {
	if len(text) > maxList {
		return text[:maxList] + "..."
	}
	return text
}

// names gives numbers their names. What has none prints as a number.
type names[T ~uint8 | ~uint16 | ~uint32] map[T]string

func (n names[T]) of(v T) string {
	if s, ok := n[v]; ok {
		return s
	}
	return strconv.FormatUint(uint64(v), 10)
}

// Printable returns a name from a peer as it may be shown on a terminal and in
// a log: printable ASCII, everything else as \xNN, at most 128 characters.
func Printable(b []byte) string {
	const more = "..."
	var s []byte
	cut := 0 // the last place where there is still room for more
	for _, c := range b {
		if len(s) <= maxText-len(more) {
			cut = len(s)
		}
		if c < ' ' || c > '~' || c == '\\' {
			s = fmt.Appendf(s, `\x%02x`, c)
		} else {
			s = append(s, c)
		}
		if len(s) > maxText {
			return string(s[:cut]) + more
		}
	}
	return string(s)
}

// hexText returns octets from a peer in hexadecimal, at most 128 characters.
func hexText(b []byte) string {
	if s := hex.EncodeToString(b[:min(len(b), maxText/2+1)]); len(s) <= maxText {
		return s
	}
	return hex.EncodeToString(b[:(maxText-3)/2]) + "..."
}
