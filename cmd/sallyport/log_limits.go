package main

import (
	"fmt"
	"maps"
	"slices"
)

const (
	logRate   = 10  // log lines of one kind that the network may cause in a logPeriod
	debugRate = 100 // lines of one kind that debugging shows in it
)

// A limiter counts the lines of each kind in the current period. There are only
// as many kinds as the program knows.
type limiter struct {
	rate   int
	counts map[string]int
}

func newLimiter(rate int) limiter { return limiter{rate, map[string]int{}} }

// allow counts a line and reports whether it may be written.
func (l limiter) allow(reason string) bool {
	l.counts[reason]++
	return l.counts[reason] <= l.rate
}

// summaries begins a new period and says what the last one has kept back.
func (l limiter) summaries() (texts []string) {
	for _, reason := range slices.Sorted(maps.Keys(l.counts)) {
		if count := l.counts[reason]; count > l.rate {
			texts = append(texts, fmt.Sprintf("%d more lines kept back: %s", count-l.rate, reason))
		}
	}
	clear(l.counts)
	return texts
}
