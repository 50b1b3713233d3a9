package commands

import "strings"

// A section is a line at the left edge of a configuration and the indented ones
// that follow it: an object, or a line of the system view.
type section struct {
	lines   []string
	numbers []int // of the lines in the text, from 1
}

// compareTexts returns the sections in which two configurations differ, in the
// order of current; what only saved has comes last. Comments, empty lines, and the
// order of lines and sections mean nothing. Its time grows with the lines.
func compareTexts(current, saved string) []difference {
	of, at := sections(current), sections(saved)
	differences := []difference{}
	for _, key := range of.keys {
		differences = appendDifference(differences, key, of.byKey[key], at.byKey[key])
	}
	for _, key := range at.keys {
		if of.byKey[key] == nil {
			differences = appendDifference(differences, key, nil, at.byKey[key])
		}
	}
	return differences
}

// sectioned is a configuration in sections. The key of one is its first line; two
// with the same first line are one, as a replay would have it.
type sectioned struct {
	keys  []string
	byKey map[string]*section
}

func sections(text string) sectioned {
	all := sectioned{byKey: map[string]*section{}}
	var now *section
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, " \t\r\n")
		words := strings.TrimLeft(line, " \t")
		if words == "" || words[0] == '#' || words[0] == '!' || line == "return" {
			continue
		}
		if now == nil || len(words) == len(line) {
			now = all.section(line)
		}
		now.lines, now.numbers = append(now.lines, line), append(now.numbers, n)
	}
	return all
}

// section returns the section that a line at the left edge belongs to.
func (s *sectioned) section(line string) *section {
	if s.byKey[line] == nil {
		s.keys = append(s.keys, line)
		s.byKey[line] = &section{}
	}
	return s.byKey[line]
}

// appendDifference appends what is in one of two sections and not in the other; nil
// is a section without lines.
func appendDifference(all []difference, key string, current, saved *section) []difference {
	d := difference{Section: key, Current: current.without(saved), Saved: saved.without(current)}
	if len(d.Current.Lines) == 0 && len(d.Saved.Lines) == 0 {
		return all
	}
	return append(all, d)
}

// without returns the lines that other has not, or not as often.
func (s *section) without(other *section) side {
	p := side{Lines: []string{}}
	if s == nil {
		return p
	}
	counts := map[string]int{}
	if other != nil {
		for _, line := range other.lines {
			counts[line]++
		}
	}
	for i, line := range s.lines {
		if counts[line] > 0 {
			counts[line]--
			continue
		}
		if p.Lines = append(p.Lines, line); p.Line == 0 {
			p.Line = s.numbers[i]
		}
	}
	return p
}
