package grammar

import "strings"

// A Line is a command line, split into words.
type Line struct {
	text  string // without a comment and what is blank at its end
	words []lineWord
	plain []string // the words' texts
}

type lineWord struct {
	lower  string // in lower case, to compare with keywords
	at     int    // where it begins, in octets
	quoted bool   // never a keyword
}

// Split splits a line into words. A word that begins with a quotation mark goes
// on to the next one. Skipped are lines that begin with # or !, and what follows
// a word that begins with //.
func Split(text string) Line {
	l := Line{text: text}
	at := skipBlank(text, 0)
	if at < len(text) && (text[at] == '#' || text[at] == '!') {
		at = len(text)
	}
	end := 0
	for at < len(text) && !strings.HasPrefix(text[at:], "//") {
		end = l.word(at)
		at = skipBlank(text, end)
	}
	l.text = text[:end]
	return l
}

// word adds the word at that place and returns where it ends.
func (l *Line) word(at int) (end int) {
	if l.text[at] == '"' {
		inner := l.text[at+1:]
		end = len(l.text)
		if i := strings.IndexByte(inner, '"'); i >= 0 {
			inner, end = inner[:i], at+i+2
		}
		l.add(inner, at, true)
		return end
	}
	end = at
	for end < len(l.text) && !isBlank(l.text[end]) {
		end++
	}
	l.add(l.text[at:end], at, false)
	return end
}

func (l *Line) add(text string, at int, quoted bool) {
	if l.words == nil {
		l.words, l.plain = make([]lineWord, 0, 8), make([]string, 0, 8)
	}
	l.plain = append(l.plain, text)
	l.words = append(l.words, lineWord{strings.ToLower(text), at, quoted})
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func skipBlank(text string, at int) int {
	for at < len(text) && isBlank(text[at]) {
		at++
	}
	return at
}

// Empty reports whether the line has no word: it is blank or a comment.
func (l Line) Empty() bool { return len(l.words) == 0 }

// Begin returns the offset of the first word.
func (l Line) Begin() int {
	if l.Empty() {
		return 0
	}
	return l.words[0].at
}

// rest returns the line from word i on, as it was typed.
func (l Line) rest(i int) string { return l.text[l.words[i].at:] }

// Quote returns a value as one word of a line.
func Quote(value string) string {
	if value == "" || value[0] == '"' || strings.ContainsAny(value, " \t\r\n") ||
		strings.HasPrefix(value, "//") {
		return `"` + value + `"`
	}
	return value
}
