package grammar

import "strings"

// Pipes cuts a line in front of every word that begins with | outside quotation
// marks, but not in front of its first word. Each of the parts that follow begins
// with the word |, and its errors have their place in the whole line.
func (l Line) Pipes() (head Line, tails []Line) {
	head, from := l, -1
	for i := 1; i < len(l.words); i++ {
		if l.words[i].quoted || l.plain[i][0] != '|' {
			continue
		}
		if from < 0 {
			head = l.part(0, i)
		} else {
			tails = append(tails, l.part(from, i).pipeApart())
		}
		from = i
	}
	if from >= 0 {
		tails = append(tails, l.part(from, len(l.words)).pipeApart())
	}
	return head, tails
}

// part returns the words from and up to those, with all the text before their end.
func (l Line) part(from, to int) Line {
	text := l.text
	if to < len(l.words) {
		text = strings.TrimRight(text[:l.words[to].at], " \t\r\n")
	}
	return Line{text, l.words[from:to], l.plain[from:to]}
}

// pipeApart makes two words of one such as |include.
func (l Line) pipeApart() Line {
	first := l.words[0]
	if first.lower == "|" {
		return l
	}
	words := []lineWord{{"|", first.at, false}, {first.lower[1:], first.at + 1, false}}
	plain := []string{"|", l.plain[0][1:]}
	return Line{l.text, append(words, l.words[1:]...), append(plain, l.plain[1:]...)}
}
