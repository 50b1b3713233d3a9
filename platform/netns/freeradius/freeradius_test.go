package freeradius

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"sallyport/ipsec/secret"
	"sallyport/platform/netns"
	"sallyport/platform/netns/daemon"
	"sallyport/platform/netns/netnstest"
	"sallyport/platform/radius"
)

// config is the server of the tests, on its namespace's loopback.
var config = Config{
	Address: netip.MustParseAddrPort("127.0.0.1:1812"), Secret: `rad"ius ${x} secret`,
	Users: []User{
		{Name: "anna", Password: `let"me in %{x}`, Address: netip.MustParseAddr("10.3.0.7"),
			Netmask: netip.MustParseAddr("255.255.255.0"), Class: "staff", Session: time.Hour, Message: "good morning"},
		{Name: "berta", Password: "x"},
		{Name: "clara", Password: "first", Code: "123456", Address: netip.MustParseAddr("10.3.0.9")},
	},
}

// question is what is asked, and what comes back.
type question struct {
	radius.Request
	secret string // of the client; empty: the server's
	answer radius.Answer
	err    error
}

// ask asks from inside the namespace.
func (q *question) ask(t *testing.T, ns *netns.Namespace, timeout time.Duration) {
	t.Helper()
	client := radius.Client{
		Servers:       []radius.Server{{Address: config.Address, Secret: secret.Octets(config.Secret)}},
		NASIdentifier: "fw", Timeout: timeout, Tries: 1,
	}
	if q.secret != "" {
		client.Servers[0].Secret = secret.Octets(q.secret)
	}
	ns.Do(func() error {
		q.answer, q.err = client.Ask(t.Context(), q.Request)
		return nil
	})
}

func start(t *testing.T) (*netns.Namespace, *Server) {
	t.Helper()
	Require(t)
	ns := netnstest.New(t)
	return ns, Start(t, ns, config)
}

func TestAccept(t *testing.T) {
	t.Parallel()
	ns, s := start(t)
	tests := []struct {
		user, password string
		want           radius.Acceptance
	}{
		{"anna", config.Users[0].Password, radius.Acceptance{
			Address: netip.MustParseAddr("10.3.0.7"), Netmask: netip.MustParseAddr("255.255.255.0"),
			Class: [][]byte{[]byte("staff")}, SessionTimeout: time.Hour, Message: "good morning"}},
		{"berta", "x", radius.Acceptance{}},
	}
	for _, test := range tests {
		test.want.Server = s.Address()
		q := question{Request: radius.Request{User: test.user, Password: secret.Octets(test.password)}}
		q.ask(t, ns, daemon.Patience)
		if q.err != nil || !reflect.DeepEqual(q.answer.Accepted, &test.want) {
			t.Errorf("%s: the answer is %+v, %v, want %+v", test.user, q.answer.Accepted, q.err, test.want)
		}
	}
}

func TestReject(t *testing.T) {
	t.Parallel()
	ns, _ := start(t)
	for _, r := range []radius.Request{
		{User: "anna", Password: secret.Octets("x")},
		{User: "berta"},
		{User: "dora", Password: secret.Octets("x")},
		{User: "clara", Password: secret.Octets("123456")}, // the second round's, in the first
	} {
		q := question{Request: r}
		q.ask(t, ns, daemon.Patience)
		if no := new(radius.Rejection); !errors.As(q.err, &no) || no.Message != "" {
			t.Errorf("%s: the answer is %+v, %v, want a rejection", r.User, q.answer, q.err)
		}
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	ns, s := start(t)
	first := question{Request: radius.Request{User: "clara", Password: secret.Octets("first")}}
	first.ask(t, ns, daemon.Patience)
	c := first.answer.Challenged
	if first.err != nil || c == nil || c.Prompt != prompt || c.Server != s.Address() {
		t.Fatalf("the answer is %+v, %v, want a challenge", first.answer, first.err)
	}
	for code, accepted := range map[string]bool{"123456": true, "123457": false} {
		second := question{Request: radius.Request{User: "clara", Password: secret.Octets(code), Answers: c}}
		second.ask(t, ns, daemon.Patience)
		if (second.err == nil) != accepted {
			t.Errorf("code %s: the answer is %+v, %v, want accepted: %v", code, second.answer, second.err, accepted)
		}
	}
}

// A server of another secret does not answer; one that is stopped does not either.
func TestSilent(t *testing.T) {
	t.Parallel()
	ns, s := start(t)
	q := question{Request: radius.Request{User: "berta", Password: secret.Octets("x")}, secret: "another"}
	q.ask(t, ns, 300*time.Millisecond)
	none := new(radius.NoAnswer)
	if !errors.As(q.err, &none) || len(none.Unwrap()) != 0 {
		t.Errorf("with another secret the answer is %+v, %v, want silence", q.answer, q.err)
	}
	if log := s.Log(); !strings.Contains(log, "Message-Authenticator") {
		t.Errorf("the log does not say why:\n%s", log)
	}
	s.Stop()
	q.ask(t, ns, daemon.Patience)
	if !errors.As(q.err, &none) || len(none.Unwrap()) != 1 {
		t.Errorf("after Stop the answer is %+v, %v, want a refused port", q.answer, q.err)
	}
}
