package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

const (
	logQueue    = 1024        // lines that wait for a slow reader of the log
	logRate     = 10          // lines of one kind that the network may cause…
	logPeriod   = time.Second // …in this time
	logPatience = time.Second // for a reader that is stuck when the program ends
	logTime     = "2006-01-02 15:04:05.000000"
)

// A logbook writes one line per entry, from any goroutine, without ever making
// the caller wait: a log that nobody reads must not stop the gateway.
type logbook struct {
	out   io.Writer
	trace bool
	queue chan stamped
	stop  chan struct{}
	done  chan struct{} // closed when all is written
	lost  atomic.Uint64 // lines that did not fit into the queue
}

// A stamped entry has its time.
type stamped struct {
	time.Time
	entry
}

// newLogbook starts a logbook; close ends it.
func newLogbook(out io.Writer, trace bool) *logbook {
	l := &logbook{out: out, trace: trace, queue: make(chan stamped, logQueue), stop: make(chan struct{}), done: make(chan struct{})}
	go l.write()
	return l
}

// add queues an entry, or drops and counts it.
func (l *logbook) add(now time.Time, e entry) {
	if e.trace && !l.trace {
		return
	}
	select {
	case l.queue <- stamped{now, e}:
	default:
		l.lost.Add(1)
	}
}

// say adds a line of the program's own.
func (l *logbook) say(format string, args ...any) {
	l.add(time.Now(), entry{text: fmt.Sprintf(format, args...), own: true})
}

// close writes what is queued and ends the logbook, unless its reader is stuck.
func (l *logbook) close() {
	close(l.stop)
	select {
	case <-l.done:
	case <-time.After(logPatience):
	}
}

// write is the goroutine that owns the output and the limits.
func (l *logbook) write() {
	defer close(l.done)
	limits := limiter{}
	ticker := time.NewTicker(logPeriod)
	defer ticker.Stop()
	for {
		select {
		case s := <-l.queue:
			l.entry(limits, s)
		case now := <-ticker.C:
			l.summaries(limits, now)
		case <-l.stop:
			for len(l.queue) > 0 {
				l.entry(limits, <-l.queue)
			}
			l.summaries(limits, time.Now())
			return
		}
	}
}

// entry writes an entry unless there were too many of its kind.
func (l *logbook) entry(limits limiter, s stamped) {
	if s.own || s.trace || limits.allow(s.reason) {
		l.line(s.Time, s.text)
	}
}

// summaries writes what was kept back since the last time.
func (l *logbook) summaries(limits limiter, now time.Time) {
	for _, reason := range slices.Sorted(maps.Keys(limits)) {
		if count := limits[reason]; count > logRate {
			l.line(now, fmt.Sprintf("%d more lines kept back: %s", count-logRate, reason))
		}
	}
	clear(limits)
	if lost := l.lost.Swap(0); lost > 0 {
		l.line(now, fmt.Sprintf("%d lines lost: the log is not read fast enough", lost))
	}
}

// line writes one line. An error has nowhere to be reported.
func (l *logbook) line(now time.Time, text string) {
	_, _ = fmt.Fprintf(l.out, "%s %s\n", now.Format(logTime), printable(text))
}

// A limiter counts the lines of each kind in the current period. There are only
// as many kinds as the program knows.
type limiter map[string]int

// allow counts a line and reports whether it may be written.
func (l limiter) allow(reason string) bool {
	l[reason]++
	return l[reason] <= logRate
}
