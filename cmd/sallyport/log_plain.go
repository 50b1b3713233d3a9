package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	logQueue = 1024 // lines that wait for a slow reader of standard error
	logTime  = "2006-01-02 15:04:05.000000"
)

// A plainLog is standard error: a line with its time and nothing else. It has a
// queue, so that nobody waits for whoever reads it.
type plainLog struct {
	out   io.Writer
	queue chan string
	stop  chan struct{}
	done  chan struct{} // closed when all is written
	lost  atomic.Uint64 // lines that did not fit into the queue
}

func newPlainLog(out io.Writer) *plainLog {
	p := &plainLog{out: out, queue: make(chan string, logQueue), stop: make(chan struct{}), done: make(chan struct{})}
	go p.write()
	return p
}

// add queues a line, or drops and counts it. The text is printable.
func (p *plainLog) add(now time.Time, text string) {
	select {
	case p.queue <- now.Format(logTime) + " " + text + "\n":
	default:
		p.lost.Add(1)
	}
}

// write is the goroutine that owns the output. An error has nowhere to be reported.
func (p *plainLog) write() {
	defer close(p.done)
	for {
		select {
		case line := <-p.queue:
			_, _ = io.WriteString(p.out, line)
		case <-p.stop:
			for len(p.queue) > 0 {
				_, _ = io.WriteString(p.out, <-p.queue)
			}
			return
		}
	}
}

// losses tells of lines that were lost since the last time.
func (p *plainLog) losses() (text string) {
	if lost := p.lost.Swap(0); lost > 0 {
		text = fmt.Sprintf("%d lines lost: the log is not read fast enough", lost)
	}
	return text
}

// close writes what is queued, unless the reader is stuck.
func (p *plainLog) close() {
	close(p.stop)
	select {
	case <-p.done:
	case <-time.After(logPatience):
	}
}
