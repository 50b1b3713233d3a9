package commands

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"slices"
	"time"

	"sallyport/ipsec/secret"
)

// fakeAccounts are the accounts of a fakeDevice.
type fakeAccounts struct {
	lines  []LineStatus
	freed  []string
	lifted []Lock
}

// Locks are none: nobody has guessed.
func (*fakeAccounts) Locks() []Lock { return nil }

func (*fakeAccounts) UnlockUser(string) bool { return false }

func (*fakeAccounts) UnlockSource(netip.Addr) bool { return false }

// Locks are those of a box that somebody has guessed at, without those that were
// lifted.
func (d *busyDevice) Locks() []Lock {
	until := time.Date(2026, 5, 7, 11, 45, 2, 0, time.UTC)
	return slices.DeleteFunc([]Lock{
		{User: "admin", Until: until}, {User: "gu\x1bst", Until: until.Add(time.Minute)},
		{Source: netip.MustParseAddr("192.0.2.9"), Until: until},
	}, func(l Lock) bool { return slices.Contains(d.lifted, l) })
}

func (d *busyDevice) UnlockUser(name string) bool {
	return d.lift(func(l Lock) bool { return !l.Source.IsValid() && (name == "" || name == l.User) })
}

func (d *busyDevice) UnlockSource(source netip.Addr) bool {
	return d.lift(func(l Lock) bool { return l.Source.IsValid() && (source == netip.Addr{} || source == l.Source) })
}

// lift lifts some locks and reports whether there were any.
func (d *busyDevice) lift(which func(Lock) bool) bool {
	before := len(d.lifted)
	for _, l := range d.Locks() {
		if which(l) {
			d.lifted = append(d.lifted, l)
		}
	}
	return len(d.lifted) > before
}

// Hash hides a password badly, in the form of a good one.
func (*fakeAccounts) Hash(password secret.Octets) (string, error) { return hashOf(password) }

func hashOf(password secret.Octets) (string, error) {
	sum := sha256.Sum256(password)
	return "$argon2id$v=19$m=8,t=1,p=1$ZmFrZWZha2U$" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
}

func (*fakeAccounts) Matches(stored string, password secret.Octets) bool {
	hash, _ := hashOf(password)
	return stored == hash
}

func (a *fakeAccounts) Lines() []LineStatus { return a.lines }

func (a *fakeAccounts) Hangup(line string) bool {
	there := slices.ContainsFunc(a.lines, func(s LineStatus) bool { return s.Line == line })
	if there {
		a.freed = append(a.freed, line)
	}
	return there
}
