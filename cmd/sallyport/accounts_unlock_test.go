package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/commands"
	"sallyport/ipsec/secret"
	"sallyport/shell/sshd"
)

// lockAll locks anna and nobody, each from an address of its own.
func (p *porter) lockAll() {
	for range lockAfter {
		p.password(from("anna", "192.0.2.1"), secret.Octets("wrong"))
		p.password(from("nobody", "192.0.2.2"), secret.Octets("wrong"))
	}
}

func TestLocks(t *testing.T) {
	p := newPorter(t)
	if got := p.Locks(); len(got) != 0 {
		t.Errorf("%v are locked before anything happened", got)
	}
	p.lockAll()
	until := p.clock().Add(lockFor)
	want := []commands.Lock{
		{User: "anna", Until: until}, {User: "nobody", Until: until},
		{Source: netip.MustParseAddr("192.0.2.1"), Until: until}, {Source: netip.MustParseAddr("192.0.2.2"), Until: until},
	}
	if got := p.Locks(); !slices.Equal(got, want) {
		t.Errorf("Locks() = %v, want %v", got, want)
	}
	p.wait(lockFor)
	if got := p.Locks(); len(got) != 0 {
		t.Errorf("%v are locked for ever", got)
	}
}

func TestUnlock(t *testing.T) {
	p := newPorter(t)
	p.lockAll()
	one := netip.MustParseAddr("192.0.2.1")
	if !p.UnlockUser("anna") || p.UnlockUser("anna") {
		t.Error("the lock of anna is not lifted once")
	}
	if p.try("anna", "right") != sshd.Refused {
		t.Error("the lock of her address is lifted too")
	}
	if !p.UnlockSource(one) || p.UnlockSource(one) {
		t.Error("the lock of her address is not lifted once")
	}
	if p.try("anna", "right") != sshd.Accepted {
		t.Error("anna is still locked")
	}
	if !p.UnlockUser("") || !p.UnlockSource(netip.Addr{}) || len(p.Locks()) != 0 {
		t.Errorf("%v are still locked", p.Locks())
	}
	if p.UnlockUser("") || p.UnlockSource(netip.Addr{}) {
		t.Error("nobody is locked, but somebody was unlocked")
	}
}

// TestLockIsLogged tells the two kinds of lock and a wrong password apart.
func TestLockIsLogged(t *testing.T) {
	p := newPorter(t)
	p.lockAll()
	p.password(from("anna", "192.0.2.9"), secret.Octets("right"))
	p.password(from("bert", "192.0.2.1"), secret.Octets("right"))
	until := p.clock().Add(lockFor).UTC().Format(time.DateTime)
	log := p.log()
	for _, want := range []string{
		"user anna from 192.0.2.9 on ** could not log in: the user is locked after wrong passwords until " + until,
		"user bert from 192.0.2.1 on ** could not log in: the address is locked after wrong passwords until " + until,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("log\n%s, want %q", log, want)
		}
	}
}
