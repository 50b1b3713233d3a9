package main

import (
	"maps"
	"slices"
	"time"

	"sallyport/shell/sshd"
)

// regulars are the users and addresses from which they have proved who they are,
// and when last. An account that is locked stays open to them: else any stranger
// could keep its owner out. Their address is locked by its own mistakes.
type regulars map[regular]time.Time

type regular struct{ user, source string }

// add remembers a login, and forgets the oldest if there are too many.
func (r regulars) add(l sshd.Login, now time.Time) {
	r[regular{l.User, sourceKey(l)}] = now
	if len(r) > lockTable {
		all := slices.Collect(maps.Keys(r))
		delete(r, slices.MinFunc(all, func(a, b regular) int { return r[a].Compare(r[b]) }))
	}
}

func (r regulars) has(l sshd.Login) bool {
	_, is := r[regular{l.User, sourceKey(l)}]
	return is
}
