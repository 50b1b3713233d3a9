// Package kind has the kinds of argument that this domain's commands take:
// addresses, wildcards, names, groups, algorithms. Each says what it accepts,
// how its help reads and how a value is written.
//
// Start at [Integer]; the other files are each about one sort of value.
package kind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/commands/grammar"
)

// Integer is a number from low to high.
func Integer[N ~int | ~int64 | ~uint32 | ~uint64](low, high N) grammar.Kind[N] {
	return grammar.Kind[N]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("INTEGER<%d-%d>", low, high)}},
		Read: func(words []string) (N, int, bool) {
			n, ok := number(words[0], uint64(low), uint64(high))
			return N(n), oneIf(ok), ok
		},
		Write: func(n N) string {
			if n < low || n > high {
				return ""
			}
			return strconv.FormatUint(uint64(n), 10)
		},
	}
}

// Seconds is a duration of low to high whole seconds.
func Seconds(low, high uint64) grammar.Kind[time.Duration] {
	return scaled[time.Duration](low, high, uint64(time.Second))
}

// Kilobytes is an amount of low to high times 1024 octets.
func Kilobytes(low, high uint64) grammar.Kind[uint64] {
	return scaled[uint64](low, high, 1024)
}

// scaled is a number from low to high whose value is unit times as much.
func scaled[N ~int64 | ~uint64](low, high, unit uint64) grammar.Kind[N] {
	return grammar.Kind[N]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("INTEGER<%d-%d>", low, high)}},
		Read: func(words []string) (N, int, bool) {
			n, ok := number(words[0], low, high)
			return N(n * unit), oneIf(ok), ok
		},
		Write: func(n N) string {
			if v := uint64(n) / unit; v >= low && v <= high {
				return strconv.FormatUint(v, 10)
			}
			return ""
		},
	}
}

// Choice is one of a few keywords.
func Choice[F any](words ...grammar.Word[F]) grammar.Kind[F] {
	return grammar.Kind[F]{Words: words}
}

// number reads a decimal number within bounds.
func number(text string, low, high uint64) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && n >= low && n <= high
}

// oneIf is how many words a value of one word takes: one, or the first is wrong.
func oneIf(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

// OneNumber is one of a few numbers.
func OneNumber(numbers ...int) grammar.Kind[int] {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return grammar.Kind[int]{
		Hints: []grammar.Hint{{Text: "INTEGER<" + strings.Join(texts, ",") + ">"}},
		Read: func(words []string) (int, int, bool) {
			i := slices.Index(texts, words[0])
			if i < 0 {
				return 0, 0, false
			}
			return numbers[i], 1, true
		},
		Write: func(n int) string {
			if !slices.Contains(numbers, n) {
				return ""
			}
			return strconv.Itoa(n)
		},
	}
}

// Milliseconds is a duration of low to high whole milliseconds.
func Milliseconds(low, high uint64) grammar.Kind[time.Duration] {
	return scaled[time.Duration](low, high, uint64(time.Millisecond))
}
