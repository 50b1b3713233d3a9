package grammar

// A reason says why a walk stopped.
type reason uint8

const (
	wanted   reason = iota // the line is over and more is wanted
	over                   // the line is over and so is the command
	badWord                // another keyword is wanted
	badValue               // another value is wanted
	surplus                // the command is over and the line is not
)

// A stop is where one way of reading a line ended.
type stop struct {
	path   found
	reason reason
	node   *node
	word   int // of the node's value, from 0
}

// stops are those that got furthest.
type stops struct {
	at   int // index of the word
	list []stop
}

// stop notes that the walk cannot go on at word i.
func (w *walk) stop(i int, r reason, n *node, word int) {
	s := w.stops
	if s == nil || i < s.at {
		return
	}
	if i > s.at {
		s.at, s.list = i, nil
	}
	s.list = append(s.list, stop{append(found(nil), w.stack...), r, n, word})
}

// search returns where the walks through one group stopped, the ones that fit
// best alone.
func search(line *Line, level int, tables []*Table) *stops {
	s := &stops{}
	w := walk{line: line, level: level, stops: s}
	for _, t := range tables {
		for _, first := range t.first {
			w.begin(t.forms[first])
		}
	}
	s.keepBest()
	return s
}

func (s *stops) keepBest() {
	if len(s.list) == 0 {
		return
	}
	best := s.list[0].path
	for _, t := range s.list[1:] {
		if compareRanks(t.path, best) > 0 {
			best = t.path
		}
	}
	var kept []stop
	for _, t := range s.list {
		if compareRanks(t.path, best) == 0 {
			kept = append(kept, t)
		}
	}
	s.list = kept
}

// diagnose says what is wrong with a line that fits nowhere. The group in which
// it gets furthest knows best.
func diagnose(line *Line, level int, groups [][]*Table) *Error {
	var best *stops
	for _, tables := range groups {
		if s := search(line, level, tables); best == nil || s.at > best.at {
			best = s
		}
	}
	for _, t := range best.list {
		if at, differ := firstDifference(t.path, best.list[0].path); differ {
			return &Error{Ambiguous, line.words[at].at, line.text}
		}
	}
	if best.at == len(line.words) {
		return &Error{Incomplete, len(line.text) + 1, line.text}
	}
	bad := line.words[best.at]
	return &Error{best.problem(bad.lower), bad.at, line.text}
}

// problem says what is wrong with the word at which all ways ended. Where both a
// keyword and a value could stand, a digit makes it a bad value, and so does a kind that
// nearly any word is of.
func (s *stops) problem(typed string) Problem {
	var keyword, argument, free bool
	for _, t := range s.list {
		keyword = keyword || t.reason == badWord
		argument = argument || t.reason == badValue
		free = free || t.reason == badValue && t.node.arg.free
	}
	digit := typed != "" && typed[0] >= '0' && typed[0] <= '9'
	switch {
	case argument && (digit || free || !keyword):
		return Wrong
	case keyword || argument || len(s.list) == 0:
		return Unrecognized
	}
	return TooMany
}
