package main

import (
	"sync"
	"time"

	"sallyport/commands"
)

// A sessionsLock is the lock over all sessions of the box. When it is let go it sets
// a timer to the deadline of the configuration's trial, if there is one: a trial that
// nobody confirms is undone also when the session that began it is gone.
type sessionsLock struct {
	running *commands.Running
	device  commands.Device
	log     *logbook

	mu      sync.Mutex  // over running and what follows
	timer   *time.Timer // nil: none is set
	due     time.Time   // when it fires
	stopped bool
	group   sync.WaitGroup // of the timers that are set or fire
}

var _ sync.Locker = (*sessionsLock)(nil)

// Lock waits until no other session has the lock.
func (l *sessionsLock) Lock() { l.mu.Lock() }

// Unlock sets the timer and lets the lock go.
func (l *sessionsLock) Unlock() {
	l.reset()
	l.mu.Unlock()
}

// do calls f under the lock.
func (l *sessionsLock) do(f func()) {
	l.Lock()
	defer l.Unlock()
	f()
}

// reset sets the timer to the trial's deadline. The caller holds the lock.
func (l *sessionsLock) reset() {
	due, is := l.running.Deadline()
	is = is && !l.stopped
	if is == (l.timer != nil) && (!is || due.Equal(l.due)) {
		return
	}
	l.clear()
	if !is {
		return
	}
	l.due = due
	l.group.Add(1)
	var own *time.Timer
	own = time.AfterFunc(time.Until(due), func() {
		defer l.group.Done()
		l.do(func() { l.fired(own) })
	})
	l.timer = own
}

// clear forgets the timer. One that fires right now finds nothing due.
func (l *sessionsLock) clear() {
	if l.timer != nil && l.timer.Stop() {
		l.group.Done()
	}
	l.timer = nil
}

// fired undoes the trial if its time is over. While the timer waited for the lock
// another one may have taken its place.
func (l *sessionsLock) fired(own *time.Timer) {
	if l.timer == own {
		l.timer = nil
	}
	if l.stopped {
		return
	}
	undone, err := l.running.Expire(time.Now(), l.device)
	switch {
	case err != nil:
		l.log.note(configFault, "the trial of the configuration cannot be undone yet: %v", err)
	case undone:
		l.log.note(configCommitted, "the trial of the configuration was not confirmed in time and is undone")
	}
}

// stop ends the timer and waits until nothing of it runs.
func (l *sessionsLock) stop() error {
	l.do(func() { l.stopped = true })
	l.group.Wait()
	return nil
}
