package main

import (
	"maps"
	"slices"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/shell/sshd"
)

// As on the model: so many wrong passwords within this time lock for this time.
const (
	lockAfter  = 3
	lockWithin = 5 * time.Minute
	lockFor    = 5 * time.Minute
)

// lockTable is how many names or addresses are remembered; beyond it the one
// that has been quiet longest is forgotten.
const lockTable = 1024

// A lockout remembers who has typed wrong passwords: users, names that are
// nobody's (so that they cannot be told from users), and addresses. Each has a
// table of its own, so that a flood of made-up names does not free a user.
type lockout struct {
	mu                        sync.Mutex
	users, strangers, sources mistakes
	regulars                  regulars
}

func newLockout() *lockout {
	return &lockout{users: mistakes{}, strangers: mistakes{}, sources: mistakes{}, regulars: regulars{}}
}

// mistakes are what one kind has done wrong, by name.
type mistakes map[string]*mistake

// A mistake is the times of the latest wrong passwords, and until when that
// locks.
type mistake struct {
	times []time.Time // at most lockAfter
	until time.Time
}

// locked returns the lock for which a login is to be refused whatever its password.
func (o *lockout) locked(l sshd.Login, now time.Time) (lock commands.Lock, is bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	user, source := userKey(l), sourceKey(l)
	switch {
	case o.sources.locked(source, now):
		return commands.Lock{Source: l.Source.Addr(), Until: o.sources[source].until}, true
	case o.regulars.has(l):
		return commands.Lock{}, false
	case o.users.locked(user, now):
		return commands.Lock{User: user, Until: o.users[user].until}, true
	case o.strangers.locked(user, now):
		return commands.Lock{User: user, Until: o.strangers[user].until}, true
	}
	return commands.Lock{}, false
}

// failed notes a wrong password and reports what it locks.
func (o *lockout) failed(l sshd.Login, known bool, now time.Time) (user, source bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := o.strangers
	if known {
		names = o.users
	}
	return names.add(userKey(l), now), o.sources.add(sourceKey(l), now)
}

// passed forgets what a user and an address have done wrong. The lock of an account
// that others have guessed at stays.
func (o *lockout) passed(l sshd.Login, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.regulars.add(l, now)
	if !o.users.locked(userKey(l), now) {
		delete(o.users, userKey(l))
	}
	delete(o.sources, sourceKey(l))
}

// userKey is the user of a login. A name that is too long to be anybody's is cut, so
// that the tables stay small.
func userKey(l sshd.Login) string { return l.User[:min(len(l.User), maxUserKey)] }

// maxUserKey is more than the length of any user's name, in octets.
const maxUserKey = 256

// sourceKey is the address of a login.
func sourceKey(l sshd.Login) string { return l.Source.Addr().String() }

func (f mistakes) locked(name string, now time.Time) bool {
	e := f[name]
	return e != nil && now.Before(e.until)
}

// add notes a failure and reports whether it locks.
func (f mistakes) add(name string, now time.Time) bool {
	e := f[name]
	if e == nil {
		f.makeRoom()
		e = &mistake{}
		f[name] = e
	}
	e.times = append(e.times, now)
	e.times = e.times[max(0, len(e.times)-lockAfter):]
	if len(e.times) < lockAfter || now.Sub(e.times[0]) >= lockWithin {
		return false
	}
	e.times, e.until = nil, now.Add(lockFor)
	return true
}

// makeRoom forgets the entry whose last failure is longest ago, if there are too
// many.
func (f mistakes) makeRoom() {
	if len(f) < lockTable {
		return
	}
	names := slices.Collect(maps.Keys(f))
	delete(f, slices.MinFunc(names, func(a, b string) int { return f[a].last().Compare(f[b].last()) }))
}

// last is the time of the last failure.
func (e *mistake) last() time.Time {
	if n := len(e.times); n > 0 {
		return e.times[n-1]
	}
	return e.until.Add(-lockFor)
}
