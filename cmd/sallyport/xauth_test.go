package main

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec/secret"
	"sallyport/platform/netns"
	"sallyport/platform/netns/freeradius"
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

func TestXAUTHQueueIsBounded(t *testing.T) {
	_, x := newLobby(t)
	answers := make(chan ike.Input)
	x.answer = func(in ike.Input) { answers <- in }
	x.take(question("bob", "right", "198.51.100.7:500")) // nobody works on it
	x.take(question("bob", "right", "198.51.100.7:500"))
	if got := (<-answers).(ike.Authenticated); got.Granted || got.Reason == "" {
		t.Errorf("a question that finds no room: %+v, want it refused", got)
	}
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
		if v.Granted != test.granted || v.wrong != test.wrong || v.unknown != test.unknown {
			t.Errorf("%s: %+v", test.name, v)
		}
		if v.Granted && v.Address != framed {
			t.Errorf("%s: address %v, want %v", test.name, v.Address, framed)
		}
		if c := test.answer.Challenged; c != nil {
			back := challengeOf(v.Challenge.State)
			if back == nil || back.Server != server || !slices.Equal(back.State, c.State) {
				t.Errorf("%s: the challenge comes back as %+v", test.name, back)
			}
		}
	}
	if challengeOf([]byte("192.0.2.10")) != nil || challengeOf([]byte("x y")) != nil {
		t.Error("a state that is none of ours is taken for a challenge")
	}
}

// TestXAUTHAsksFreeRADIUS has Debian's server judge users of a domain, and local users where it knows
// nobody to ask.
func TestXAUTHAsksFreeRADIUS(t *testing.T) {
	freeradius.Require(t)
	ns, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
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
