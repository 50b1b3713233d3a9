package esp

import (
	"math"
	"math/bits"

	"sallyport/ipsec"
)

const (
	wordBits = 64
	// subspace is how many numbers share their high 32 bits: RFC 4303 appendix A1.
	subspace = 1 << 32
)

// A Window remembers which sequence numbers came: RFC 4303 §3.4.3, and RFC 4302
// §3.4.3 alike. The bits are a ring that the numbers run around (as in RFC 6479), so that
// moving on clears bits and shifts nothing. The zero value checks nothing.
type Window struct {
	highest  uint64
	seen     []uint64 // a power of two of them; none without a size
	size     uint16   // packets; 0: no check
	extended bool     // packets have the low half of their numbers only
}

// NewWindow returns the window of an inbound SA, at most ipsec.MaxWindow. Without a
// size it accepts everything.
func NewWindow(sa *ipsec.SA) Window {
	w := Window{size: uint16(min(max(sa.Window, 0), ipsec.MaxWindow)), extended: sa.ESN}
	if w.size > 0 {
		w.seen = make([]uint64, ringWords(uint64(w.size)))
	}
	return w
}

// ringWords returns how many words a window has: what its numbers need, rounded up to a power
// of two.
func ringWords(size uint64) uint64 {
	words := (size + wordBits - 1) / wordBits
	return 1 << bits.Len64(words-1)
}

// Highest returns the highest number accepted so far, 0 before the first.
func (w *Window) Highest() uint64 { return w.highest }

// Number returns the number that a packet's 32 bits stand for. With extended numbers
// it is the one that is in the window, or else ahead of it: RFC 4303 appendix A2.2.
// It is a guess until the ICV, which covers the high bits, was right.
func (w *Window) Number(low uint32) uint64 {
	if !w.extended {
		return uint64(low)
	}
	size := uint64(w.size)
	if size == 0 { // nothing is refused, but the guess needs a window
		size = ipsec.MaxWindow
	}
	high, edge := w.highest&^math.MaxUint32, uint32(w.highest-size+1)
	switch within := w.highest&math.MaxUint32 >= size-1; {
	case within && low < edge: // case A
		high += subspace
	case !within && low >= edge && high > 0: // case B: the window reaches back
		high -= subspace
	}
	return high | uint64(low)
}

// Check reports whether a number is new: right of the window, or in it and not
// seen. 0 is no number. It changes nothing.
func (w *Window) Check(sequence uint64) bool {
	switch {
	case w.size == 0 || sequence > w.highest:
		return true
	case sequence == 0 || w.highest-sequence >= uint64(w.size):
		return false
	}
	word, bit := w.place(sequence)
	return w.seen[word]&bit == 0
}

// Accept marks a number that Check found new and whose packet is authentic.
func (w *Window) Accept(sequence uint64) {
	if sequence > w.highest {
		w.advance(sequence)
	}
	if w.size == 0 {
		return
	}
	word, bit := w.place(sequence)
	w.seen[word] |= bit
}

// advance moves the right edge, and forgets what the ring held where it goes.
func (w *Window) advance(to uint64) {
	if to-w.highest >= uint64(len(w.seen))*wordBits {
		clear(w.seen)
		w.highest = to
		return
	}
	for w.highest < to {
		w.highest++
		word, bit := w.place(w.highest)
		if w.seen[word] &^= bit; bit == 1 && to-w.highest >= wordBits { // all of a word
			w.seen[word] = 0
			w.highest += wordBits - 1
		}
	}
}

func (w *Window) place(sequence uint64) (word int, bit uint64) {
	return int(sequence / wordBits & uint64(len(w.seen)-1)), 1 << (sequence % wordBits)
}
