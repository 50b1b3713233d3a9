package sshd

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// waits returns when so many connections wait for a place.
func (h *house) waits(want int) {
	h.t.Helper()
	for end := time.Now().Add(patience); ; {
		h.server.mu.Lock()
		got := len(h.server.waiting)
		h.server.mu.Unlock()
		if got == want {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("%d connections wait, want %d", got, want)
		}
	}
}

// isSilent reports that a connection is open and that nothing has come from it.
func isSilent(t testing.TB, conn net.Conn) bool {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(brief)); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Read(make([]byte, 1))
	var late net.Error
	return errors.As(err, &late) && late.Timeout() && conn.SetReadDeadline(time.Time{}) == nil
}

// A place comes free when a stranger goes, or when he proves who he is.
func TestWaitingForAPlace(t *testing.T) {
	h := newHouse(t, within(Limits{PerSource: 1, Wait: time.Hour}))
	first := h.knock()
	if !greeting(t, first) {
		t.Fatal("the first is refused")
	}
	second := h.knock()
	h.waits(1)
	if !isSilent(t, second) {
		t.Error("the second does not wait")
	}
	first.Close()
	third := h.knock()
	h.waits(1)
	client, channels, requests, err := gossh.NewClientConn(second, "", &gossh.ClientConfig{
		User: "anna", Auth: []gossh.AuthMethod{gossh.Password("right")}, HostKeyCallback: gossh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer gossh.NewClient(client, channels, requests).Close()
	if !greeting(t, third) {
		t.Error("the third does not come in when the second is in")
	}
}

func TestWaitingTooLong(t *testing.T) {
	h := newHouse(t, within(Limits{PerSource: 1, Wait: brief}))
	if !greeting(t, h.knock()) {
		t.Fatal("the first is refused")
	}
	closes(t, h.knock())
	if !strings.Contains(h.log(), noPlace) {
		t.Errorf("log %q, want the refusal", h.log())
	}
}

// One address has many waiting: who comes from another is next.
func TestWaitingBehindMany(t *testing.T) {
	h := newHouse(t, within(Limits{Unauthenticated: 2, PerSource: 1, Wait: time.Hour}))
	first, second := h.knockFrom(1), h.knockFrom(2)
	if !greeting(t, first) || !greeting(t, second) {
		t.Fatal("the first two are refused")
	}
	many := [3]net.Conn{h.knockFrom(1), h.knockFrom(1), h.knockFrom(1)}
	h.waits(3)
	other := h.knockFrom(3)
	h.waits(4)
	first.Close()
	if !greeting(t, other) {
		t.Error("the other address waits behind the many of the first")
	}
	other.Close()
	if !greeting(t, many[0]) || !isSilent(t, many[1]) {
		t.Error("of the many, not the first is next")
	}
}

// The places to wait are few: who has most of them gives one up for another address,
// and has none more himself.
func TestWaitersInAll(t *testing.T) {
	h := newHouse(t, within(Limits{Unauthenticated: 2, PerSource: 1, Waiting: 3, Wait: time.Hour}))
	if !greeting(t, h.knockFrom(1)) || !greeting(t, h.knockFrom(2)) {
		t.Fatal("the first two are refused")
	}
	var many [3]net.Conn
	for i := range many {
		many[i] = h.knockFrom(1)
		h.waits(i + 1)
	}
	closes(t, h.knockFrom(1))
	other := h.knockFrom(3)
	closes(t, many[2])
	for _, conn := range []net.Conn{other, many[0], many[1]} {
		if !isSilent(t, conn) {
			t.Error("somebody else is turned away")
		}
	}
}

// A server that is closed keeps nobody waiting.
func TestCloseWhileWaiting(t *testing.T) {
	h := newHouse(t, within(Limits{PerSource: 1, Wait: time.Hour}))
	if !greeting(t, h.knock()) {
		t.Fatal("the first is refused")
	}
	waiter := h.knock()
	h.waits(1)
	h.listener.Close()
	h.server.Close()
	closes(t, waiter)
}

// TestManyAtOnce starts the sessions of a hundred clients at the same time.
func TestManyAtOnce(t *testing.T) {
	const clients = 100
	h := newHouse(t, nil)
	var all sync.WaitGroup
	all.Add(clients)
	errs := make(chan error, clients)
	for range clients {
		go func() { errs <- h.visit(&all) }()
	}
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestOpenSSHManyAtOnce starts twenty ssh programs together.
func TestOpenSSHManyAtOnce(t *testing.T) {
	c := newClient(newHouse(t, nil))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			out, err := c.command(t.Context(), nil, "who").Output()
			if string(out) != "carl\n" || err != nil {
				t.Errorf("ssh prints %q, %v", out, err)
			}
		})
	}
	all.Wait()
}
