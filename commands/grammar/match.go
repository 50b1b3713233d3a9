package grammar

import "strings"

// A binding is one or more words of a line and the node that took them.
type binding struct {
	node  *node
	at    int // index of the first word
	value any
	rank  rank
}

// A rank says how well a node fits a word.
type rank uint8

const (
	none   rank = iota
	prefix      // the beginning of a keyword
	filled      // an argument
	exact       // the whole keyword
)

// label tells apart what a word can be taken for.
func (b binding) label() string {
	if b.node.arg != nil {
		return b.node.arg.hints[0].Text
	}
	return b.node.word
}

// A walk tries all ways in which a line fits the tables.
type walk struct {
	line  *Line
	level int
	stack found
	ends  []ending
	stops *stops // where it does not fit; nil if nobody wants to know
}

// An ending is a way in which the whole line fits.
type ending struct {
	path found
	form *form
}

// Parse understands a line that is not empty, for a user of that level. The
// groups are those of the view first, then of the views around it: a command
// that is complete in an earlier group is preferred, and one that is complete
// only in a later group is taken from there. The result tells which. An error
// is an *Error.
func Parse(line Line, level int, groups ...[]*Table) (Command, int, error) {
	for i, tables := range groups {
		w := walk{line: &line, level: level}
		w.tables(tables)
		if len(w.ends) == 0 {
			continue
		}
		end, err := w.choose()
		if err != nil {
			return Command{}, i, err
		}
		command := end.form.build(end.path)
		command.First = end.path[0].node.word
		return command, i, nil
	}
	return Command{}, 0, diagnose(&line, level, groups)
}

// tables walks through those of one group. If commands begin with exactly the
// first word, longer keywords are not tried.
func (w *walk) tables(tables []*Table) {
	known := false
	for _, t := range tables {
		begins := t.forms[w.first()]
		w.begin(begins)
		known = known || len(begins) > 0
	}
	for _, t := range tables {
		for _, first := range t.first {
			if !known && strings.HasPrefix(first, w.first()) {
				w.begin(t.forms[first])
			}
		}
	}
}

// first returns the first word, with its quotation mark if it has one: then it
// is no keyword.
func (w *walk) first() string {
	first := w.line.words[0]
	if first.quoted {
		return `"` + first.lower
	}
	return first.lower
}

func (w *walk) begin(begins []beginning) {
	for _, b := range begins {
		if b.level <= w.level {
			w.node(b.node, 0, 0)
		}
	}
}

// each tries the nodes at word i. used are the clauses typed so far of the set
// that the walk is in.
func (w *walk) each(nodes []*node, i int, used uint64) {
	for _, n := range nodes {
		w.node(n, i, used)
	}
}

func (w *walk) node(n *node, i int, used uint64) {
	switch {
	case n.accept != nil:
		w.accept(n, i)
	case n.set != nil:
		w.set(n.set, i, used)
	case i == len(w.line.words):
		w.stop(i, wanted, n, 0)
	case n.arg != nil:
		w.arg(n, i, used)
	default:
		w.word(n, i, used)
	}
}

func (w *walk) accept(n *node, i int) {
	switch {
	case i < len(w.line.words):
		w.stop(i, surplus, n, 0)
	case w.stops != nil:
		w.stop(i, over, n, 0)
	default:
		w.ends = append(w.ends, ending{append(found(nil), w.stack...), n.accept})
	}
}

func (w *walk) set(s *set, i int, used uint64) {
	count := 0
	for c, clause := range s.clauses {
		if bit := uint64(1) << c; used&bit == 0 {
			w.each(clause, i, used|bit)
		} else {
			count++
		}
	}
	if count >= s.least {
		w.each(s.after, i, 0)
	}
}

func (w *walk) word(n *node, i int, used uint64) {
	typed := &w.line.words[i]
	fit := none
	if !typed.quoted && strings.HasPrefix(n.word, typed.lower) {
		fit = prefix
		if len(n.word) == len(typed.lower) {
			fit = exact
		}
	}
	if fit == none {
		w.stop(i, badWord, n, 0)
		return
	}
	w.take(binding{n, i, n.value, fit}, i+1, used)
}

func (w *walk) arg(n *node, i int, used uint64) {
	words := w.line.plain[i:]
	if n.arg.rest {
		words = []string{w.line.rest(i)}
	}
	v, taken, ok := n.arg.read(words)
	switch {
	case !ok:
		w.stop(i+taken, badValue, n, taken)
	case taken > len(words):
		w.stop(len(w.line.words), wanted, n, len(words))
	case n.arg.rest:
		w.take(binding{n, i, v, filled}, len(w.line.words), used)
	default:
		w.take(binding{n, i, v, filled}, i+taken, used)
	}
}

// take goes on with what may follow b.
func (w *walk) take(b binding, i int, used uint64) {
	w.stack = append(w.stack, b)
	w.each(b.node.next, i, used)
	w.stack = w.stack[:len(w.stack)-1]
}

// choose returns the ending that fits best, if it is the only one of its rank.
func (w *walk) choose() (ending, error) {
	best := w.ends[0]
	for _, e := range w.ends[1:] {
		if compareRanks(e.path, best.path) > 0 {
			best = e
		}
	}
	for _, e := range w.ends {
		if compareRanks(e.path, best.path) != 0 {
			continue
		}
		if at, differ := firstDifference(e.path, best.path); differ {
			return best, &Error{Ambiguous, w.line.words[at].at, w.line.text}
		}
	}
	return best, nil
}

// compareRanks compares two ways to read the same words: the first word that one
// fits better decides.
func compareRanks(a, b found) int {
	for i := range min(len(a), len(b)) {
		if a[i].rank != b[i].rank {
			return int(a[i].rank) - int(b[i].rank)
		}
	}
	return 0
}

// firstDifference returns the first word that two ways take for different things.
func firstDifference(a, b found) (at int, differ bool) {
	for i := range min(len(a), len(b)) {
		if a[i].node != b[i].node && a[i].label() != b[i].label() {
			return a[i].at, true
		}
	}
	return 0, false
}
