package main

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"sallyport/commands"
)

// locks returns who is locked out: users by name, then addresses.
func (o *lockout) locks(now time.Time) []commands.Lock {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []commands.Lock
	for _, names := range []mistakes{o.users, o.strangers} {
		for _, name := range names.allLocked(now) {
			all = append(all, commands.Lock{User: name, Until: names[name].until})
		}
	}
	slices.SortFunc(all, func(a, b commands.Lock) int { return cmp.Compare(a.User, b.User) })
	for _, address := range o.sources.allLocked(now) {
		source, _ := netip.ParseAddr(address) // sourceKey wrote it
		all = append(all, commands.Lock{Source: source, Until: o.sources[address].until})
	}
	return all
}

// allLocked returns the names that are locked, sorted.
func (f mistakes) allLocked(now time.Time) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f)), func(name string) bool { return !f.locked(name, now) })
}

// unlockUser forgets what was typed wrong for a user, or with "" for all, and reports
// whether that was locked.
func (o *lockout) unlockUser(name string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	user, stranger := o.users.forget(name, now), o.strangers.forget(name, now)
	return user || stranger
}

// unlockSource forgets what was typed wrong at an address, or with the zero address
// at all, and reports whether that was locked.
func (o *lockout) unlockSource(source netip.Addr, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !source.IsValid() {
		return o.sources.forget("", now)
	}
	return o.sources.forget(source.String(), now)
}

// forget forgets a name, or with "" all, and reports whether it was locked.
func (f mistakes) forget(name string, now time.Time) bool {
	was := f.locked(name, now)
	delete(f, name)
	if name == "" {
		was = len(f.allLocked(now)) > 0 || was
		clear(f)
	}
	return was
}
