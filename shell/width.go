package shell

import "unicode"

// wide are the characters that take two columns: ideographs, syllables, full
// width forms and pictures. Unicode Standard Annex 11, in the large.
var wide = [][2]rune{
	{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
	{0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
}

// marks are the characters that stand on the one before.
var marks = []*unicode.RangeTable{unicode.Mn, unicode.Me}

// isMark reports whether the character at i, if there is one, takes no place.
func isMark(text []rune, i int) bool { return i < len(text) && width(text[i]) == 0 }

// width returns how many columns a character takes.
func width(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, marks...) {
		return 0
	}
	for _, w := range wide {
		if r >= w[0] && r <= w[1] {
			return 2
		}
	}
	return 1
}

// cells returns how many places text takes in rows of so many columns. A wide
// character that does not fit a row's end leaves a place free.
func cells(text []rune, columns int) int {
	n := 0
	for _, r := range text {
		w := width(r)
		if w == 2 && n%columns == columns-1 && columns > 1 {
			n++
		}
		n += w
	}
	return n
}
