package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/commands"
	"sallyport/ipsec/secret"
	"sallyport/shell/sshd"
)

func TestLockout(t *testing.T) {
	p := newPorter(t)
	for range lockAfter {
		if got := p.try("anna", "wrong"); got != sshd.Refused {
			t.Fatalf("a wrong password is %v", got)
		}
	}
	if log := p.log(); !strings.Contains(log, "user anna") || !strings.Contains(log, "address 192.0.2.1") {
		t.Errorf("log\n%s, want both lock-outs", log)
	}
	right := secret.Octets("right")
	if p.try("anna", "right") != sshd.Refused || p.password(from("anna", "192.0.2.2"), right) != sshd.Refused {
		t.Error("the account is not locked, from here or from elsewhere")
	}
	p.add(commands.LocalUser{Name: "bert", Password: p.hash("right"), SSH: true})
	if p.try("bert", "right") != sshd.Refused {
		t.Error("the address is not locked")
	}
	if p.password(from("bert", "192.0.2.2"), right) != sshd.Accepted {
		t.Error("another user from another address is locked")
	}
	p.wait(lockFor - time.Second)
	if p.try("anna", "right") != sshd.Refused {
		t.Error("the lock is gone too early")
	}
	p.wait(time.Second)
	if p.try("anna", "right") != sshd.Accepted {
		t.Error("the lock stays")
	}
}

func TestNoLockout(t *testing.T) {
	p := newPorter(t)
	for range 2 * lockAfter { // too slow
		p.try("anna", "wrong")
		p.wait(lockWithin/2 + time.Second)
	}
	if p.try("anna", "right") != sshd.Accepted {
		t.Error("locked by failures that are far apart")
	}
	for range 2 * lockAfter { // a success in between
		p.try("anna", "wrong")
		if p.try("anna", "right") != sshd.Accepted {
			t.Fatal("locked by single failures")
		}
	}
}

// A lock does not keep out who has the key.
func TestLockoutAndKey(t *testing.T) {
	p := newPorter(t)
	key := publicKey(t, "ed25519")
	p.assign("anna", "all", key)
	for range lockAfter {
		p.try("anna", "wrong")
	}
	if got := p.key(from("anna", "192.0.2.1"), key); got != sshd.Accepted {
		t.Errorf("the key of a locked account is %v", got)
	}
}

// A name that is nobody's is locked like a user, so that it cannot be told from one.
func TestLockoutOfNobody(t *testing.T) {
	p := newPorter(t)
	for i := range lockAfter {
		p.password(from("nobody", "192.0.2."+string(rune('1'+i))), secret.Octets("wrong"))
	}
	if log := p.log(); !strings.Contains(log, "user nobody") {
		t.Errorf("log\n%s, want the lock-out", log)
	}
}

// However many guess at the same time, no more than three wrong passwords are
// looked at before the lock.
func TestLockoutAtOnce(t *testing.T) {
	p := newPorter(t)
	var all sync.WaitGroup
	for range hashQueue {
		all.Go(func() { p.try("anna", "wrong") })
	}
	all.Wait()
	if got := strings.Count(p.log(), "wrong user or password"); got != lockAfter {
		t.Errorf("%d passwords were looked at, want %d", got, lockAfter)
	}
}

// TestLockoutOfARegular has strangers guess at an account again and again: who has
// logged in before comes in from the same address, and the strangers stay out.
func TestLockoutOfARegular(t *testing.T) {
	p := newPorter(t)
	right := secret.Octets("right")
	p.password(from("anna", "192.0.2.1"), right)
	for i := range lockAfter {
		p.password(from("anna", "198.51.100."+string(rune('1'+i))), secret.Octets("wrong"))
	}
	if p.password(from("anna", "192.0.2.1"), right) != sshd.Accepted {
		t.Error("anna is kept out by strangers")
	}
	if p.password(from("anna", "198.51.100.9"), right) != sshd.Refused {
		t.Error("anna's coming has opened the account to others")
	}
	for range lockAfter {
		p.password(from("anna", "192.0.2.1"), secret.Octets("wrong"))
	}
	if p.password(from("anna", "192.0.2.1"), right) != sshd.Refused {
		t.Error("her address is not locked by its own mistakes")
	}
}

func TestNamesAreBounded(t *testing.T) {
	o, l := newLockout(), from(strings.Repeat("x", 1<<18), "192.0.2.1")
	o.failed(l, false, time.Unix(0, 0))
	for name := range o.strangers {
		if len(name) > maxUserKey {
			t.Errorf("a name of %d octets is remembered", len(name))
		}
	}
	if len(o.strangers) != 1 {
		t.Errorf("%d names are remembered, want 1", len(o.strangers))
	}
}

func TestRegularsAreBounded(t *testing.T) {
	r, now := regulars{}, time.Unix(0, 0)
	for i := range lockTable + 10 {
		r.add(from(strings.Repeat("x", i), "192.0.2.1"), now.Add(time.Duration(i)*time.Second))
	}
	if len(r) != lockTable || r.has(from(strings.Repeat("x", 9), "192.0.2.1")) || !r.has(from(strings.Repeat("x", 10), "192.0.2.1")) {
		t.Errorf("%d are remembered, want the latest %d", len(r), lockTable)
	}
}

func TestMistakesAreBounded(t *testing.T) {
	m, now := mistakes{}, time.Unix(0, 0)
	for i := range lockTable + 10 {
		m.add(strings.Repeat("x", i), now.Add(time.Duration(i)*time.Second))
	}
	if len(m) != lockTable {
		t.Errorf("%d names are remembered, want %d", len(m), lockTable)
	}
	kept := make([]int, 0, len(m))
	for name := range m {
		kept = append(kept, len(name))
	}
	if slices.Min(kept) != 10 {
		t.Errorf("the oldest that is kept is %d, want 10", slices.Min(kept))
	}
}
