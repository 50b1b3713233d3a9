package esp

import "sallyport/ipsec"

const (
	wordBits = 64
	// One word more than the window needs, so that the word being cleared is never
	// one that still counts; rounded up to a power of two.
	windowWords = 32
)

// A Window remembers which sequence numbers came: RFC 4303 §3.4.3. The bits are a
// ring of words that the numbers run around (RFC 6479), so that moving on clears
// words and shifts nothing. The zero value checks nothing.
type Window struct {
	size    uint32 // packets; 0: no check
	highest uint32
	seen    [windowWords]uint64
}

// NewWindow returns a window of size packets, at most ipsec.MaxWindow. Without a
// size it accepts everything.
func NewWindow(size int) Window {
	return Window{size: uint32(min(max(size, 0), ipsec.MaxWindow))}
}

// Highest returns the highest number accepted so far, 0 before the first.
func (w *Window) Highest() uint32 { return w.highest }

// Check reports whether a number is new: right of the window, or in it and not
// seen. 0 is no number. It changes nothing.
func (w *Window) Check(sequence uint32) bool {
	switch {
	case w.size == 0 || sequence > w.highest:
		return true
	case sequence == 0 || w.highest-sequence >= w.size:
		return false
	}
	word, bit := place(sequence)
	return w.seen[word]&bit == 0
}

// Accept marks a number that Check found new and whose packet is authentic.
func (w *Window) Accept(sequence uint32) {
	if sequence > w.highest {
		w.advance(sequence)
	}
	word, bit := place(sequence)
	w.seen[word] |= bit
}

// advance moves the right edge, and forgets what the ring's words held before.
func (w *Window) advance(to uint32) {
	words := to/wordBits - w.highest/wordBits
	for i := range min(words, windowWords) {
		w.seen[(w.highest/wordBits+1+i)%windowWords] = 0
	}
	w.highest = to
}

func place(sequence uint32) (word int, bit uint64) {
	return int(sequence / wordBits % windowWords), 1 << (sequence % wordBits)
}
