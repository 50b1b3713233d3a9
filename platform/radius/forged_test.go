package radius

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"sallyport/ipsec/secret"
)

// forge answers each request on a socket of loopback with what answers makes of it.
func forge(t *testing.T, answers func(request *radius.Packet) [][]byte) Server {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var b [radius.MaxPacketLength]byte
		for {
			n, from, err := conn.ReadFrom(b[:])
			if err != nil {
				return // the test is over
			}
			request, err := radius.Parse(b[:n], []byte(sharedSecret))
			if err != nil {
				t.Errorf("the request is refused: %v", err)
				return
			}
			for _, a := range answers(request) {
				conn.WriteTo(a, from)
			}
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
	})
	return Server{Address: conn.LocalAddr().(*net.UDPAddr).AddrPort(), Secret: secret.Octets(sharedSecret)}
}

// encoded returns an answer's octets.
func encoded(t *testing.T, p *radius.Packet) []byte {
	t.Helper()
	b, err := p.Encode()
	if err != nil {
		t.Error(err)
	}
	return b
}

// withMAC returns an authentic acceptance after change has been made to it, and
// its Response Authenticator made right again.
func withMAC(t *testing.T, request *radius.Packet, change func(*radius.Packet)) []byte {
	t.Helper()
	p := signed(t, request.Response(radius.CodeAccessAccept))
	change(p)
	return encoded(t, p)
}

// forgeries are answers that say "accepted" and must not be believed.
var forgeries = []struct {
	name, reason string
	make         func(*testing.T, *radius.Packet) []byte
}{
	{"no Message-Authenticator", "has no Message-Authenticator", func(t *testing.T, r *radius.Packet) []byte {
		return encoded(t, r.Response(radius.CodeAccessAccept))
	}},
	{"a rejection made an acceptance", "Message-Authenticator is wrong", func(t *testing.T, r *radius.Packet) []byte {
		p := signed(t, r.Response(radius.CodeAccessReject))
		p.Code = radius.CodeAccessAccept
		return encoded(t, p)
	}},
	{"an attribute added", "Message-Authenticator is wrong", func(t *testing.T, r *radius.Packet) []byte {
		return withMAC(t, r, func(p *radius.Packet) { rfc2865.SessionTimeout_Set(p, 1) })
	}},
	{"another secret", "Message-Authenticator is wrong", func(t *testing.T, r *radius.Packet) []byte {
		r.Secret = []byte("a guess")
		return withMAC(t, r, func(*radius.Packet) {})
	}},
	{"two Message-Authenticators", "two Message-Authenticators", func(t *testing.T, r *radius.Packet) []byte {
		return withMAC(t, r, func(p *radius.Packet) { p.Add(80, make([]byte, macLen)) })
	}},
	{"a short Message-Authenticator", "has 15 octets", func(t *testing.T, r *radius.Packet) []byte {
		return withMAC(t, r, func(p *radius.Packet) { p.Attributes[0].Attribute = make([]byte, 15) })
	}},
	{"of another request", "identifier", func(t *testing.T, r *radius.Packet) []byte {
		r.Identifier++
		return withMAC(t, r, func(*radius.Packet) {})
	}},
	{"a wrong Response Authenticator", "Response Authenticator is wrong", func(t *testing.T, r *radius.Packet) []byte {
		b := withMAC(t, r, func(*radius.Packet) {})
		b[headerLen-1] ^= 1
		return b
	}},
	{"a code that is no answer", "code is Accounting-Response", func(t *testing.T, r *radius.Packet) []byte {
		return encoded(t, signed(t, r.Response(radius.CodeAccountingResponse)))
	}},
	{"an attribute past the end", "does not fit", func(t *testing.T, r *radius.Packet) []byte {
		b := withMAC(t, r, func(*radius.Packet) {})
		b[headerLen+1]++
		return b
	}},
	{"an attribute of no size", "does not fit", func(t *testing.T, r *radius.Packet) []byte {
		b := withMAC(t, r, func(*radius.Packet) {})
		b[headerLen+1] = 0
		return b
	}},
	{"a length past the end", "its length is", func(t *testing.T, r *radius.Packet) []byte {
		b := withMAC(t, r, func(*radius.Packet) {})
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)+1))
		return b
	}},
	{"a length of less than a header", "its length is", func(t *testing.T, r *radius.Packet) []byte {
		b := withMAC(t, r, func(*radius.Packet) {})
		binary.BigEndian.PutUint16(b[2:], headerLen-1)
		return b
	}},
	{"a few octets", "has 3 octets", func(*testing.T, *radius.Packet) []byte { return []byte{2, 0, 0} }},
}

// A forged answer is no answer, and the error says why it was not taken.
func TestForged(t *testing.T) {
	for _, test := range forgeries {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := forge(t, func(r *radius.Packet) [][]byte { return [][]byte{test.make(t, r)} })
			c := quick(4*short, s)
			c.Tries = 1
			got, err := c.Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein")})
			var none *NoAnswer
			var why *Unauthentic
			if !errors.As(err, &none) || !errors.As(err, &why) || why.Server != s.Address || !strings.Contains(why.Reason, test.reason) {
				t.Errorf("Ask = %+v, %v, want no answer, for %q", got, err, test.reason)
			}
		})
	}
}

// Forged answers do not keep the server's from us, nor does padding behind it.
func TestForgedFirst(t *testing.T) {
	s := forge(t, func(r *radius.Packet) (all [][]byte) {
		for _, f := range forgeries {
			forged := *r
			all = append(all, f.make(t, &forged))
		}
		p := r.Response(radius.CodeAccessReject)
		rfc2865.ReplyMessage_SetString(p, "the real one")
		return append(all, append(encoded(t, signed(t, p)), "padding"...))
	})
	_, err := quick(long, s).Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein")})
	var no *Rejection
	if !errors.As(err, &no) || no.Message != "the real one" {
		t.Errorf("Ask = %v, want the rejection of the real server", err)
	}
}

// What goes out again is the same octets: RFC 5080 §2.2.1.
func TestRepetition(t *testing.T) {
	const tries = 3
	c := quick(short)
	c.Tries = 100 * tries
	seen := make(chan []byte, c.Tries)
	s := forge(t, func(r *radius.Packet) [][]byte {
		b, err := r.MarshalBinary()
		if err != nil {
			t.Error(err)
		}
		if seen <- b; len(seen) != tries {
			return nil
		}
		return [][]byte{encoded(t, signed(t, r.Response(radius.CodeAccessAccept)))}
	})
	c.Servers = []Server{s}
	if _, err := c.Ask(t.Context(), Request{User: "anna", Password: secret.Octets("letmein")}); err != nil {
		t.Fatalf("Ask = %v, want the answer to request %d", err, tries)
	}
	first := <-seen
	for range tries - 1 {
		if b := <-seen; !bytes.Equal(b, first) {
			t.Errorf("a request is %x, the first was %x", b, first)
		}
	}
}

// No prefix of an answer passes for one, and none brings check down.
func TestCheckPrefixes(t *testing.T) {
	request := radius.New(radius.CodeAccessRequest, []byte(sharedSecret))
	wire := encoded(t, request)
	p := request.Response(radius.CodeAccessAccept)
	rfc2865.Class_AddString(p, "staff")
	whole := encoded(t, signed(t, p))
	if _, err := check(whole, wire, request.Secret); err != nil {
		t.Errorf("check of the whole = %v", err)
	}
	for n := range whole {
		b := append([]byte(nil), whole[:n]...)
		if _, err := check(b, wire, request.Secret); err == nil {
			t.Errorf("check of %d octets of %d = nil, want an error", n, len(whole))
		}
		if n >= headerLen {
			binary.BigEndian.PutUint16(b[2:], uint16(n)) // the length that a forger would write
			if _, err := check(b, wire, request.Secret); err == nil {
				t.Errorf("check of %d octets of %d with their length = nil, want an error", n, len(whole))
			}
		}
	}
}

func TestFramed(t *testing.T) {
	for _, test := range []struct {
		in   net.IP
		want string
	}{
		{net.IPv4(10, 0, 0, 1).To4(), "10.0.0.1"},
		{net.IPv4bcast.To4(), "invalid IP"},
		{net.IPv4(255, 255, 255, 254).To4(), "invalid IP"},
		{nil, "invalid IP"},
	} {
		if got := framed(test.in); got.String() != test.want {
			t.Errorf("framed(%v) = %v, want %v", test.in, got, test.want)
		}
	}
}
