package main

import (
	"fmt"
	"io"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
)

const (
	logPeriod   = time.Second // in which lines of one kind are counted
	logPatience = time.Second // for a reader that is stuck when the program ends
)

// A logbook takes what the program has to say, from any goroutine, without ever
// making the caller wait: it goes to standard error, in a plain form, and to the
// information centre. Lines that the network may cause are limited.
type logbook struct {
	trace  bool
	plain  *plainLog
	centre *centre
	stop   chan struct{}
	done   chan struct{} // closed when the ticker has ended
}

// newLogbook starts a logbook; close ends it. With trace, messages go to out too.
func newLogbook(out io.Writer, trace bool) *logbook {
	l := &logbook{trace: trace, plain: newPlainLog(out), centre: newCentre(), stop: make(chan struct{}), done: make(chan struct{})}
	l.centre.plain = l.plain
	go l.tick()
	return l
}

// tick tells every logPeriod what was kept back.
func (l *logbook) tick() {
	defer close(l.done)
	ticker := time.NewTicker(logPeriod)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			l.centre.summaries(now)
		case <-l.stop:
			return
		}
	}
}

// add logs an entry, or drops and counts it.
func (l *logbook) add(now time.Time, e entry) {
	if e.trace && !l.trace && !l.centre.debugs(e.debug) {
		return
	}
	if e.trace && l.trace && !e.debugOnly {
		l.plain.add(now, printable(e.words()))
	}
	l.centre.add(now, e)
}

// say adds a line of the program's own.
func (l *logbook) say(format string, args ...any) { l.note(systemNotice, format, args...) }

// note adds a line of the program's own that has a name.
func (l *logbook) note(kind logKind, format string, args ...any) {
	l.add(time.Now(), entry{kind: kind, text: fmt.Sprintf(format, args...), own: true})
}

// event logs an event of the engine. What would go nowhere is not put into words.
func (l *logbook) event(now time.Time, e ike.Event) {
	switch e.(type) {
	case ike.MessageSent, ike.MessageReceived, ike.Repeated:
		if !l.trace && !l.centre.debugs(commands.DebugIKE) {
			return
		}
	}
	l.add(now, describe(e))
	if l.centre.debugs(commands.DebugIKEPacket) {
		if p, ok := packetOf(e); ok {
			l.add(now, p)
		}
	}
}

// dataplane shows an event of the dataplane to who debugs it.
func (l *logbook) dataplane(e ipsec.Event) {
	if l.centre.debugs(commands.DebugIPsec) {
		l.add(time.Now(), describeIPsec(e))
	}
}

// close writes what is queued and ends the logbook, unless its reader is stuck.
func (l *logbook) close() {
	close(l.stop)
	<-l.done
	l.centre.summaries(time.Now())
	l.centre.close()
	l.plain.close()
}
