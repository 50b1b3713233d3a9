package shell

import (
	"strings"
	"unicode/utf8"
)

// help answers `?`: below the line, which is then drawn as it was. It reports
// false if the mark is a character of the line instead.
func (p *person) help(prompt string, d draft) (text string, ok bool) {
	if isQuestion(prompt) || isLiteral(d.before) {
		return "", false
	}
	return p.session.Help(d.before), true
}

// tab returns the line after Tab.
func (p *person) tab(prompt string, d draft) draft {
	if isQuestion(prompt) {
		return d
	}
	return p.cycle.next(d, p.session.Complete)
}

// leaves reports whether a key ends the line, and how. A key that has nothing to
// end does nothing.
func (p *person) leaves(prompt string, s stroke) (entry, bool) {
	switch s.key {
	case keyInterrupt, keyDisconnect, keyTooMuch, keyNoMore:
		return entry{key: s.key}, true
	case keyReturn:
		return entry{key: s.key}, !isQuestion(prompt)
	case keyHot:
		if isQuestion(prompt) {
			return entry{}, false
		}
		line := p.session.Hotkey(s.letter)
		return entry{key: keyEnter, line: line}, line != ""
	}
	return entry{}, false
}

// wordLeft moves the cursor to the start of the word before it.
func wordLeft(d draft) draft {
	at := strings.LastIndexByte(strings.TrimRight(d.before, " "), ' ') + 1
	return draft{d.before[:at], d.before[at:] + d.after}
}

// wordRight moves the cursor behind the word after it.
func wordRight(d draft) draft {
	blanks := len(d.after) - len(strings.TrimLeft(d.after, " "))
	at := strings.IndexByte(d.after[blanks:], ' ')
	if at < 0 {
		return draft{d.before + d.after, ""}
	}
	return draft{d.before + d.after[:blanks+at], d.after[blanks+at:]}
}

// deleteWord deletes the word before the cursor.
func deleteWord(d draft) draft { return draft{wordLeft(d).before, d.after} }

func deleteToStart(d draft) draft { return draft{after: d.after} }

func deleteToEnd(d draft) draft { return draft{before: d.before} }

// runes returns the number of characters.
func runes(s string) int { return utf8.RuneCountInString(s) }
