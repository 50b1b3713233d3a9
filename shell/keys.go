package shell

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A key is what an operator can press.
type key int

// The keys: reference Command Line Editing of VRP.
const (
	keyIgnored key = iota // one that does nothing here
	keyText               // characters that show
	keyEnter
	keyHelp // ?
	keyTab
	keyLeft
	keyRight
	keyWordLeft
	keyWordRight
	keyHome
	keyEnd
	keyOlder // of the history
	keyNewer
	keyBackspace
	keyDelete
	keyDeleteWord
	keyDeleteToStart
	keyDeleteToEnd
	keyRedraw
	keyInterrupt  // Ctrl-C
	keyReturn     // Ctrl-Z
	keyDisconnect // Ctrl-]
	keyHot        // Ctrl and a letter that stands for a command
	keyTooMuch    // characters beyond the longest line; nobody presses it
	keyNoMore     // the input has ended; nobody presses it
)

// A stroke is a key pressed, or a run of characters.
type stroke struct {
	key    key
	text   string // of keyText, fit to be shown
	letter byte   // of keyHot
}

// controls are the keys that are one octet.
var controls = [' ']key{
	'A' & 31: keyHome, 'B' & 31: keyLeft, 'C' & 31: keyInterrupt, 'D' & 31: keyDelete, 'E' & 31: keyEnd, 'F' & 31: keyRight,
	'H' & 31: keyBackspace, 'I' & 31: keyTab, 'J' & 31: keyEnter, 'M' & 31: keyEnter, 'N' & 31: keyNewer, 'P' & 31: keyOlder,
	'R' & 31: keyRedraw, 'W' & 31: keyDeleteWord, 'X' & 31: keyDeleteToStart, 'Y' & 31: keyDeleteToEnd,
	'Z' & 31: keyReturn, ']' & 31: keyDisconnect,
	'G' & 31: keyHot, 'L' & 31: keyHot, 'O' & 31: keyHot, 'T' & 31: keyHot, 'U' & 31: keyHot,
}

// sequences are the keys that are an escape sequence: its last octet, or its
// number before a tilde. Home is `ESC [ H`, `ESC O H`, `ESC [ 1 ~` or `ESC [ 7 ~`.
var sequences = map[string]key{
	"A": keyOlder, "B": keyNewer, "C": keyRight, "D": keyLeft, "H": keyHome, "F": keyEnd,
	"1~": keyHome, "7~": keyHome, "4~": keyEnd, "8~": keyEnd, "3~": keyDelete,
	"1;5C": keyWordRight, "1;3C": keyWordRight, "1;5D": keyWordLeft, "1;3D": keyWordLeft,
}

// escapes are the keys that are Esc and a letter.
var escapes = map[byte]key{'b': keyWordLeft, 'B': keyWordLeft, 'f': keyWordRight, 'F': keyWordRight, 'p': keyOlder, 'P': keyOlder, 'n': keyNewer, 'N': keyNewer}

const (
	escape   = 0x1B
	deletion = 0x7F // what many keyboards send for Backspace

	maxSequence = 32   // octets of an escape sequence; longer ones are cut there
	maxRun      = 4096 // octets of a run of characters
)

// nextStroke reads the first key of p, which takes n octets; 0: p does not hold
// the whole of it. Whatever p holds, it gets shorter or it is shorter than
// maxSequence.
func nextStroke(p []byte) (s stroke, n int) {
	switch {
	case len(p) == 0:
		return stroke{}, 0
	case p[0] == escape:
		return escaped(p)
	case p[0] == deletion:
		return stroke{key: keyBackspace}, 1
	case p[0] == '?':
		return stroke{key: keyHelp, text: "?"}, 1
	case p[0] < ' ':
		return stroke{key: controls[p[0]], letter: p[0] | '@'}, 1
	}
	return characters(p)
}

// escaped reads what begins with Esc.
func escaped(p []byte) (stroke, int) {
	switch {
	case len(p) == 1:
		return stroke{}, 0
	case p[1] == '[':
		return controlSequence(p)
	case p[1] == 'O' && len(p) == 2:
		return stroke{}, 0
	case p[1] == 'O' && p[2] >= ' ':
		return stroke{key: sequences[string(p[2:3])]}, 3
	case p[1] < ' ', p[1] >= deletion:
		return stroke{}, 1 // Esc alone, and another key
	}
	return stroke{key: escapes[p[1]]}, 2
}

// controlSequence reads a sequence that begins with Esc and a bracket: octets up
// to a final one. One of another sort breaks it off.
func controlSequence(p []byte) (stroke, int) {
	for i := 2; i < min(len(p), maxSequence); i++ {
		switch c := p[i]; {
		case c < ' ' || c >= deletion:
			return stroke{}, i
		case c == '[' && i == 2: // the Linux console's function keys: one octet more
		case c >= '@':
			return stroke{key: sequences[string(p[2:i+1])]}, i + 1
		}
	}
	if len(p) >= maxSequence {
		return stroke{}, maxSequence
	}
	return stroke{}, 0
}

// characters reads a run of what can be shown. Blanks of all widths are blanks;
// what is no character is left out.
func characters(p []byte) (stroke, int) {
	var text strings.Builder
	n := 0
	for n < min(len(p), maxRun) && p[n] >= ' ' && p[n] != '?' && p[n] != deletion {
		if p[n] < utf8.RuneSelf {
			text.WriteByte(p[n])
			n++
			continue
		}
		if !utf8.FullRune(p[n:]) {
			break
		}
		r, size := utf8.DecodeRune(p[n:])
		n += size
		switch {
		case unicode.Is(unicode.Zs, r):
			text.WriteByte(' ')
		case unicode.IsPrint(r) && r != utf8.RuneError:
			text.WriteRune(r)
		}
	}
	if text.Len() == 0 {
		return stroke{}, n
	}
	return stroke{key: keyText, text: text.String()}, n
}

// isLiteral reports whether a question mark after text is a part of it: inside
// of quotation marks.
func isLiteral(text string) bool { return strings.Count(text, `"`)%2 == 1 }
