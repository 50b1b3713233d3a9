package ios

import "strings"

// fit is how well a rule fits a line.
type fit struct {
	rule  *rule
	args  []string
	exact int // words that are typed in full
}

// choose returns the rule that a line fits: of the first scope that has one, the
// one with most words in full. Like VRP's, words may be abbreviated if the line
// as a whole is unique.
func choose(scopes []scope, words []string) (*rule, []string, error) {
	for _, s := range scopes {
		var best fit
		rival := ""
		for i := range rules[s] {
			f, ok := match(&rules[s][i], words)
			switch {
			case !ok:
			case best.rule == nil || f.exact > best.exact:
				best, rival = f, ""
			case f.exact == best.exact:
				rival = rules[s][i].words
			}
		}
		if rival != "" {
			return nil, nil, refuse("%q is ambiguous in IOS's words: %s, or %s.", strings.Join(words, " "), best.rule.words, rival)
		}
		if best.rule != nil {
			return best.rule, best.args, nil
		}
	}
	return nil, nil, nil
}

// match compares a rule with a line.
func match(r *rule, words []string) (f fit, ok bool) {
	f.rule = r
	pattern := strings.Fields(r.words)
	for i, p := range pattern {
		switch {
		case strings.HasSuffix(p, "…>") && i < len(words):
			f.args = append(f.args, words[i:]...)
			return f, true
		case i >= len(words):
			return fit{}, false
		case p == "<number>" && !isNumber(words[i]):
			return fit{}, false
		case p[0] == '<':
			f.args = append(f.args, words[i])
		case strings.EqualFold(p, words[i]):
			f.exact++
		case !isPrefix(p, words[i]):
			return fit{}, false
		}
	}
	return f, len(words) == len(pattern)
}

// isPrefix reports whether a word abbreviates a keyword.
func isPrefix(keyword, word string) bool {
	return len(word) < len(keyword) && strings.EqualFold(keyword[:len(word)], word)
}
