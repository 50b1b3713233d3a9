package radius

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"sallyport/ipsec/secret"
)

const sharedSecret = "radius-secret"

// serve runs a server of the library's on loopback and returns how to ask it. It
// takes requests whose Message-Authenticator is right only.
func serve(t *testing.T, answer func(*radius.Request) *radius.Packet) Server {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := radius.PacketServer{
		SecretSource: radius.StaticSecretSource([]byte(sharedSecret)),
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			if err := authentic(r.Packet); err != nil {
				t.Errorf("the request is refused: %v", err)
			} else if p := answer(r); p != nil {
				w.Write(signed(t, p))
			}
		}),
	}
	ended := make(chan struct{})
	go func() {
		server.Serve(conn)
		close(ended)
	}()
	t.Cleanup(func() {
		server.Shutdown(context.Background())
		<-ended
	})
	return Server{Address: conn.LocalAddr().(*net.UDPAddr).AddrPort(), Secret: secret.Octets(sharedSecret)}
}

// authentic checks a request's Message-Authenticator, which must be its first
// attribute.
func authentic(p *radius.Packet) error {
	b, err := p.MarshalBinary()
	if err != nil {
		return err
	}
	mac, err := findMAC(b)
	if err != nil {
		return err
	}
	if &mac[0] != &b[headerLen+2] {
		return errors.New("its Message-Authenticator is not first")
	}
	if !secret.Octets(mac).Equal(sumMAC(b, p.Authenticator[:], p.Secret)) {
		return errors.New("its Message-Authenticator is wrong")
	}
	return nil
}

// signed puts a Message-Authenticator on an answer, whose authenticator is still
// the request's.
func signed(t *testing.T, p *radius.Packet) *radius.Packet {
	t.Helper()
	p.Attributes = append(radius.Attributes{{Type: 80, Attribute: make([]byte, macLen)}}, p.Attributes...)
	b, err := p.MarshalBinary()
	if err != nil {
		t.Error(err)
	}
	p.Attributes[0].Attribute = sumMAC(b, p.Authenticator[:], p.Secret)
	return p
}

// silentServer takes packets and answers none.
func silentServer(t *testing.T) Server {
	t.Helper()
	return serve(t, func(*radius.Request) *radius.Packet { return nil })
}

// quick makes a client that waits long where an answer is to come, and short where
// none does.
func quick(timeout time.Duration, servers ...Server) *Client {
	return &Client{Servers: servers, Timeout: timeout, Tries: 2, NASIdentifier: "sallyport"}
}

const (
	long  = 20 * time.Second
	short = 50 * time.Millisecond
)

// door is the handler of most tests: one user, whose password is "letmein".
func door(r *radius.Request) *radius.Packet {
	if rfc2865.UserName_GetString(r.Packet) != "anna" || rfc2865.UserPassword_GetString(r.Packet) != "letmein" {
		p := r.Response(radius.CodeAccessReject)
		rfc2865.ReplyMessage_AddString(p, "not today")
		return p
	}
	p := r.Response(radius.CodeAccessAccept)
	rfc2865.FramedIPAddress_Set(p, net.IPv4(10, 3, 0, 7))
	rfc2865.FramedIPNetmask_Set(p, net.IPv4(255, 255, 255, 255))
	rfc2865.Class_AddString(p, "staff")
	rfc2865.Class_AddString(p, "night")
	rfc2865.SessionTimeout_Set(p, 3600)
	rfc2865.ReplyMessage_AddString(p, "good ")
	rfc2865.ReplyMessage_AddString(p, "morning")
	return p
}

func TestAccept(t *testing.T) {
	s := serve(t, door)
	got, err := quick(long, s).Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein")})
	want := Answer{Accepted: &Acceptance{
		Server: s.Address, Address: netip.MustParseAddr("10.3.0.7"), Netmask: netip.MustParseAddr("255.255.255.255"),
		Class: [][]byte{[]byte("staff"), []byte("night")}, SessionTimeout: time.Hour, Message: "good morning",
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Ask = %+v, %v, want %+v", got.Accepted, err, want.Accepted)
	}
}

func TestReject(t *testing.T) {
	s := serve(t, door)
	for name, r := range map[string]Request{
		"a wrong password":      {User: "anna", Password: secret.Octets("letmeout")},
		"an empty password":     {User: "anna"},
		"a password of 128":     {User: "anna", Password: secret.Octets(strings.Repeat("x", 128))},
		"a user nobody knows":   {User: "berta", Password: secret.Octets("letmein")},
		"a user of 253 octets":  {User: strings.Repeat("b", 253), Password: secret.Octets("letmein")},
		"a password with blank": {User: "anna", Password: secret.Octets("let me in")},
	} {
		got, err := quick(long, s, silentServer(t)).Ask(t.Context(), r)
		var no *Rejection
		if !errors.As(err, &no) || *no != (Rejection{Server: s.Address, Message: "not today"}) {
			t.Errorf("%s: Ask = %+v, %v, want a rejection by %v", name, got, err, s.Address)
		}
	}
}

// A request says who asks, and from where.
func TestRequestAttributes(t *testing.T) {
	seen := make(chan string, 1)
	s := serve(t, func(r *radius.Request) *radius.Packet {
		seen <- fmt.Sprint(rfc2865.NASIdentifier_GetString(r.Packet), " ", rfc2865.NASIPAddress_Get(r.Packet), " ",
			rfc2865.CallingStationID_GetString(r.Packet), " ", len(r.Attributes))
		return door(r)
	})
	tests := []struct {
		name   string
		client Client
		from   string
		want   string
	}{
		{"all of it", Client{NASIdentifier: "fw", NASAddress: netip.MustParseAddr("192.0.2.1")}, "198.51.100.9", "fw 192.0.2.1 198.51.100.9 6"},
		{"as little as may be", Client{Source: netip.MustParseAddr("127.0.0.9")}, "", " 127.0.0.9  4"},
	}
	for _, test := range tests {
		test.client.Servers, test.client.Timeout = []Server{s}, long
		_, err := test.client.Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein"), CallingStation: test.from})
		if got := <-seen; err != nil || got != test.want {
			t.Errorf("%s: the server sees %q, Ask = %v, want %q", test.name, got, err, test.want)
		}
	}
}

// Two rounds: the answer to a challenge goes to the server that made it, with its
// state, though another is first, which would reject it.
func TestChallenge(t *testing.T) {
	s := serve(t, func(r *radius.Request) *radius.Packet {
		if rfc2865.State_GetString(r.Packet) == "round 2" {
			return r.Response(radius.CodeAccessAccept)
		}
		p := r.Response(radius.CodeAccessChallenge)
		rfc2865.State_SetString(p, "round 2")
		rfc2865.ReplyMessage_SetString(p, "the code, please")
		return p
	})
	first, err := quick(long, s).Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein")})
	want := &Challenge{Server: s.Address, State: []byte("round 2"), Prompt: "the code, please"}
	if err != nil || first.Accepted != nil || !reflect.DeepEqual(first.Challenged, want) {
		t.Fatalf("Ask = %+v, %v, want the challenge %+v", first.Challenged, err, want)
	}
	both := quick(long, serve(t, door), s)
	second, err := both.Ask(t.Context(), Request{User: "anna", Password: secret.Octets("123456"), Answers: first.Challenged})
	if err != nil || second.Accepted == nil || second.Accepted.Server != s.Address {
		t.Errorf("the answer to the challenge is answered by %+v, %v, want an acceptance", second, err)
	}
}

// A server that is silent is asked as often as it is to be, then the next is.
func TestNextServer(t *testing.T) {
	var asked atomic.Int32
	first := serve(t, func(*radius.Request) *radius.Packet {
		asked.Add(1)
		return nil
	})
	second := serve(t, door)
	got, err := quick(short, first, second).Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein")})
	if err != nil || got.Accepted == nil || got.Accepted.Server != second.Address {
		t.Errorf("Ask = %+v, %v, want an acceptance of the second server", got, err)
	}
	// The library passes over a repetition while it still works on a request.
	if n := asked.Load(); n < 1 || n > 2 {
		t.Errorf("the first server was asked %d times, want 1 or 2", n)
	}
}

func TestNoAnswer(t *testing.T) {
	closed := silentServer(t)
	closed.Address = netip.AddrPortFrom(closed.Address.Addr(), closedPort(t))
	dead := silentServer(t)
	_, err := quick(short, dead, closed).Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein")})
	var none *NoAnswer
	if !errors.As(err, &none) || len(none.Servers) != 2 {
		t.Fatalf("Ask = %v, want no answer of two servers", err)
	}
	if got := none.Servers[0]; got != (Silence{Server: dead.Address, Tries: 2}) {
		t.Errorf("the silent server is %+v, want two tries and no reason", got)
	}
	if got := none.Servers[1]; got.Server != closed.Address || got.Err == nil {
		t.Errorf("the closed port is %+v, want a reason", got)
	}
	if text := err.Error(); !strings.Contains(text, dead.Address.String()) || strings.Contains(text, sharedSecret) {
		t.Errorf("the error reads %q, want the server and no secret", text)
	}
}

// closedPort returns a port of loopback that nobody listens on.
func closedPort(t *testing.T) uint16 {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, func(*radius.Request) *radius.Packet {
		cancel(nil)
		return nil
	})
	if _, err := quick(long, s).Ask(ctx, Request{User: "anna"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Ask = %v, want %v", err, context.Canceled)
	}
}

// What cannot be sent is said at once, of no server's fault.
func TestBadRequests(t *testing.T) {
	s := silentServer(t)
	for name, r := range map[string]Request{
		"no user":              {},
		"a user too long":      {User: strings.Repeat("u", 254)},
		"a password too long":  {User: "anna", Password: make(secret.Octets, 129)},
		"a password that ends": {User: "anna", Password: secret.Octets("x\x00")},
		"a station too long":   {User: "anna", CallingStation: strings.Repeat("s", 254)},
	} {
		var none *NoAnswer
		if _, err := quick(long, s).Ask(t.Context(), r); err == nil || errors.As(err, &none) {
			t.Errorf("%s: Ask = %v, want an error about the request", name, err)
		}
	}
	if _, err := quick(long, Server{Address: s.Address}).Ask(t.Context(), Request{User: "anna"}); err == nil {
		t.Errorf("Ask of a server without a secret = nil, want an error")
	}
}
