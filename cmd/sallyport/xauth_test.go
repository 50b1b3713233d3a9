package main

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec/secret"
	"sallyport/platform/netns/freeradius"
	"sallyport/platform/netns/netnstest"
	"sallyport/platform/radius"
)

// newLobby returns what judges users, with anna, who may come in over SSH alone, and bob, who may
// through IKE.
func newLobby(t *testing.T) (*porter, *xauthUsers) {
	p := newPorter(t)
	p.add(commands.LocalUser{Name: "bob", Password: p.hash("right"), IKE: true})
	p.add(commands.LocalUser{Name: "carl", Password: p.hash("right"), IKE: true, Blocked: true})
	p.add(commands.LocalUser{Name: "dora", IKE: true})
	return p, &xauthUsers{accounts: p.accounts, jobs: make(chan ike.Authenticate, 1)}
}

func question(user, password, from string) ike.Authenticate {
	return ike.Authenticate{Job: 7, User: user, Password: secret.Octets(password), Remote: netip.MustParseAddrPort(from)}
}

func TestXAUTHOfLocalUsers(t *testing.T) {
	for _, test := range []struct{ user, password, why string }{
		{"bob", "right", ""},
		{"bob", "wrong", "wrong password"},
		{"anna", "right", "the local-user has no service-type ike"},
		{"carl", "right", "the local-user is blocked"},
		{"dora", "", "wrong password"},
		{"nobody", "right", "there is no local-user of that name"},
	} {
		_, x := newLobby(t)
		job := question(test.user, test.password, "198.51.100.7:500")
		got := x.judge(context.Background(), job)
		if got.Job != 7 || got.Granted != (test.why == "") || got.Reason != test.why {
			t.Errorf("%s with %q: %+v, want the reason %q", test.user, test.password, got, test.why)
		}
		if got.Granted && got.Local != test.user {
			t.Errorf("%s rests on the local user %q", test.user, got.Local)
		}
		if strings.Trim(string(job.Password), "\x00") != "" {
			t.Errorf("%s: the password is still there", test.user)
		}
	}
}

func TestXAUTHUserHasNoSession(t *testing.T) {
	p, _ := newLobby(t)
	if u := p.accounts.user("bob"); u.admitted() || serves(u.local, "con0") || serves(u.local, "vty0") {
		t.Error("a user of service-type ike gets a session on the box")
	}
}

func TestXAUTHLocksOut(t *testing.T) {
	p, x := newLobby(t)
	for range lockAfter {
		x.judge(context.Background(), question("bob", "wrong", "198.51.100.7:500"))
	}
	got := x.judge(context.Background(), question("bob", "right", "203.0.113.9:500"))
	if got.Granted || !strings.Contains(got.Reason, "locked") {
		t.Errorf("after %d wrong passwords: %+v, want a lock", lockAfter, got)
	}
	p.wait(lockFor)
	if got := x.judge(context.Background(), question("bob", "right", "203.0.113.9:500")); !got.Granted {
		t.Errorf("after the lock: %+v", got)
	}
}

// TestXAUTHQueueIsBounded has a question that finds no room refused without waiting, and without
// anything left behind that would wait.
func TestXAUTHQueueIsBounded(t *testing.T) {
	p, x := newLobby(t)
	x.answer = func(in ike.Input) { t.Errorf("answered with %+v by somebody who is not there", in) }
	job := question("bob", "right", "198.51.100.7:500")
	if err := x.take(job); err != nil { // nobody works on it
		t.Fatal(err)
	}
	for range lockAfter + 1 {
		if err := x.take(job); !errors.Is(err, errLoginsWait) {
			t.Errorf("a question that finds no room: %v, want %v", err, errLoginsWait)
		}
	}
	if n := len(x.jobs); n != 1 {
		t.Errorf("%d questions wait, want 1", n)
	}
	if locks := p.accounts.Locks(); len(locks) > 0 {
		t.Errorf("locked out: %v, want nobody", locks)
	}
}

// TestXAUTHWorkersEnd has the questions that wait answered, and the workers waited for.
func TestXAUTHWorkersEnd(t *testing.T) {
	_, x := newLobby(t)
	answers := make(chan ike.Input)
	x.answer = func(in ike.Input) { answers <- in }
	if err := x.take(question("bob", "right", "198.51.100.7:500")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { x.run(ctx); close(ended) }()
	if got := (<-answers).(ike.Authenticated); !got.Granted || got.Job != 7 {
		t.Errorf("bob: %+v, want him in", got)
	}
	cancel()
	<-ended
}

func TestRadiusVerdicts(t *testing.T) {
	server := netip.MustParseAddrPort("192.0.2.10:1812")
	framed := netip.MustParseAddr("10.9.0.9")
	for _, test := range []struct {
		name                    string
		answer                  radius.Answer
		err                     error
		granted, wrong, unknown bool
	}{
		{"accepted", radius.Answer{Accepted: &radius.Acceptance{Address: framed}}, nil, true, false, false},
		{"rejected", radius.Answer{}, &radius.Rejection{Server: server}, false, true, false},
		{"silent", radius.Answer{}, &radius.NoAnswer{}, false, false, true},
		{"challenged", radius.Answer{Challenged: &radius.Challenge{Server: server, State: []byte("a b"), Prompt: "PIN"}}, nil, false, false, false},
	} {
		v := radiusVerdict(test.answer, test.err)
		if v.Granted != test.granted || v.Wrong != test.wrong || v.Unknown != test.unknown {
			t.Errorf("%s: %+v", test.name, v)
		}
		if v.Granted && v.Address != framed {
			t.Errorf("%s: address %v, want %v", test.name, v.Address, framed)
		}
		if c := test.answer.Challenged; c != nil && (v.Challenge.Prompt != c.Prompt || !bytes.Equal(v.Challenge.State, c.Octets())) {
			t.Errorf("%s: challenge %+v, want that of %+v", test.name, v.Challenge, c)
		}
	}
}

// TestRadiusIsNotAsked shows who is not asked, and whether another is.
func TestRadiusIsNotAsked(t *testing.T) {
	template := &commands.RadiusTemplate{Key: secret.Octets("sixteen-octets-or-more"), Servers: []commands.RadiusServer{{Address: netip.MustParseAddr("192.0.2.10"), Port: 1812}}}
	for name, test := range map[string]struct {
		template *commands.RadiusTemplate
		answers  string
		reason   string
		unknown  bool
	}{
		"no template":             {nil, "", "the domain has no radius-server", true},
		"no key":                  {&commands.RadiusTemplate{Servers: template.Servers}, "", "the domain has no radius-server", true},
		"no server":               {&commands.RadiusTemplate{Key: template.Key}, "", "the domain has no radius-server", true},
		"a challenge of nobody's": {template, "192.0.2.10", "the answer is to a challenge that nobody made", false},
	} {
		job := question("eve@hq", "right", "198.51.100.7:500")
		if test.answers != "" {
			job.Answers = []byte(test.answers)
		}
		v := askRadius(t.Context(), commands.New(), commands.Login{User: "eve", Radius: test.template}, job)
		if v.Granted || v.Wrong || v.Unknown != test.unknown || !strings.HasPrefix(v.Reason, test.reason) {
			t.Errorf("%s: %+v, want the reason %q, unknown %v", name, v, test.reason, test.unknown)
		}
	}
}

// TestXAUTHAsksFreeRADIUS has Debian's server judge users of a domain, and local users where it knows
// nobody to ask.
func TestXAUTHAsksFreeRADIUS(t *testing.T) {
	freeradius.Require(t)
	ns := netnstest.New(t)
	framed := netip.MustParseAddr("10.9.0.9")
	freeradius.Start(t, ns, freeradius.Config{Address: netip.MustParseAddrPort("127.0.0.1:1812"), Secret: "sixteen-octets-or-more",
		Users: []freeradius.User{{Name: "eve", Password: "right", Address: framed}, {Name: "max", Password: "right", Code: "1234"}}})
	p, x := newLobby(t)
	template := &commands.RadiusTemplate{Name: "hq", Key: secret.Octets("sixteen-octets-or-more"), Retransmit: 1, Timeout: time.Second,
		Servers: []commands.RadiusServer{{Address: netip.MustParseAddr("127.0.0.1"), Port: 1812}}}
	p.config.Access.Radius["hq"] = template
	p.config.Access.Authentications["two"] = &commands.AuthenticationScheme{Name: "two", First: commands.RadiusServers, Second: commands.LocalUsers}
	p.config.Access.Domains["hq"] = &commands.Domain{Name: "hq", Authentication: "two", Radius: "hq"}
	judge := func(user, password string, answers []byte) (got ike.Authenticated) {
		job := question(user, password, "198.51.100.7:500")
		job.Answers = answers
		if err := ns.Do(func() error { got = x.judge(context.Background(), job); return nil }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := judge("eve@hq", "right", nil); !got.Granted || got.Address != framed {
		t.Errorf("eve: %+v, want her in, at %v", got, framed)
	}
	if got := judge("eve@hq", "wrong", nil); got.Granted {
		t.Errorf("eve with a wrong password: %+v", got)
	}
	got := judge("max@hq", "right", nil)
	if got.Granted || got.Challenge == nil {
		t.Fatalf("max: %+v, want him asked for a code", got)
	}
	if got := judge("max@hq", "1234", got.Challenge.State); !got.Granted {
		t.Errorf("max with the code: %+v", got)
	}
	if got := judge("bob", "right", nil); !got.Granted {
		t.Errorf("bob, a local user: %+v", got)
	}
}
