package grammar

// A Kind is a kind of argument: how a value of F is typed and written. A kind
// has Words, or Read, or both.
type Kind[F any] struct {
	Hints []Hint // of each word that a value takes; the first is the argument's own
	Words []Word[F]

	// Read reads a value from the words that follow, of which there is at least
	// one. If ok, used is how many words the value takes; more than there are
	// means that the line is not complete. If not, used is the index of the word
	// that is wrong.
	Read func(words []string) (value F, used int, ok bool)

	// Write returns the value as it is typed, and nothing for one that the kind
	// cannot express. A kind with Words alone does without.
	Write func(F) string

	// Same compares what an undo says with what is configured, where Write does not tell values
	// apart. If nil, they are the same if they are written alike.
	Same func(a, b F) bool

	Free bool   // nearly any word is a value: one that is none is a bad value, not an unknown keyword
	Rest bool   // the value is the rest of the line, as it stands, in one word
	Of   string // what the value is the name of, such as "ike peer", for completion
}

// A Word is a value that is typed as a keyword.
type Word[F any] struct {
	Text, Help string
	Value      F
}

// A Hint is one line of help.
type Hint struct{ Text, Help string }

// argument is a Kind whose type is forgotten.
type argument struct {
	hints []Hint
	read  func(words []string) (any, int, bool)
	free  bool
	rest  bool
	of    string
}

// argument returns what is left of k without its words; nil if that is nothing.
func (k *Kind[F]) argument(help string) *argument {
	if k.Read == nil {
		return nil
	}
	hints := append([]Hint(nil), k.Hints...)
	if len(hints) == 0 {
		panic("grammar: a kind that reads has no hint")
	}
	if hints[0].Help == "" {
		hints[0].Help = help
	}
	read := func(words []string) (any, int, bool) { return k.Read(words) }
	return &argument{hints, read, k.Free, k.Rest, k.Of}
}

// write returns the text of v.
func (k *Kind[F]) write(v F) string {
	if k.Write != nil {
		return k.Write(v)
	}
	for _, w := range k.Words {
		if any(w.Value) == any(v) {
			return w.Text
		}
	}
	return ""
}
