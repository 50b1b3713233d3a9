package shell

import (
	"slices"
	"strings"
)

// A history is the lines that were entered, the oldest first.
type history struct{ lines []string }

// add keeps a line, and at most max of them. It reports false for one that is
// empty or repeats the one before, which is not kept.
func (h *history) add(line string, max int) bool {
	if strings.TrimSpace(line) == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return false
	}
	h.lines = append(h.lines, line)
	if over := len(h.lines) - max; over > 0 {
		h.lines = slices.Clone(h.lines[over:])
	}
	return true
}

// past is what the arrows find: nothing while a question is open.
func (p *person) past(prompt string) []string {
	if isQuestion(prompt) {
		return nil
	}
	return slices.Clone(p.history.lines)
}
