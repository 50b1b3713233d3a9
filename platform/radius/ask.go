package radius

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"layeh.com/radius"
)

// Ask asks the servers in order until one answers, and returns what it says; the
// error is a *[Rejection] if it rejects the user. A request that answers a
// challenge goes to the server that made it. The error is a *[NoAnswer] if no
// server answers, and the context's if that ends first.
//
// The sockets are opened on the calling goroutine's thread, which says in which
// network namespace.
func (c *Client) Ask(ctx context.Context, r Request) (Answer, error) {
	var none NoAnswer
	for _, s := range c.Servers {
		if r.Answers != nil && r.Answers.Server != s.address() {
			continue
		}
		a, err := c.askOne(ctx, r, s)
		var silence *Silence
		if !errors.As(err, &silence) {
			return a, err
		}
		none.Servers = append(none.Servers, *silence)
	}
	return Answer{}, &none
}

// askOne asks one server; the error is a *Silence if the next is to be asked.
func (c *Client) askOne(ctx context.Context, r Request, s Server) (Answer, error) {
	if len(s.Secret) == 0 {
		return Answer{}, fmt.Errorf("radius: server %v has no shared secret", s.address())
	}
	conn, err := net.DialUDP("udp", c.source(), net.UDPAddrFromAddrPort(s.address()))
	if err != nil {
		return Answer{}, &Silence{Server: s.address(), Err: err}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	request, err := c.encode(r, s, conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr())
	if err != nil {
		return Answer{}, err
	}
	p, silence := c.exchange(conn, request, s)
	switch {
	case p != nil:
		return read(p, s.address())
	case ctx.Err() != nil:
		return Answer{}, fmt.Errorf("radius: ask %v: %w", s.address(), ctx.Err())
	}
	return Answer{}, silence
}

// source returns where a socket is bound to; nil leaves that to the system.
func (c *Client) source() *net.UDPAddr {
	if !c.Source.IsValid() {
		return nil
	}
	return &net.UDPAddr{IP: c.Source.AsSlice()}
}

// exchange sends the request, the same octets each time (RFC 5080 §2.2.1), until
// an authentic answer comes.
func (c *Client) exchange(conn *net.UDPConn, request []byte, s Server) (*radius.Packet, *Silence) {
	silence := &Silence{Server: s.address()}
	for range c.tries() {
		silence.Tries++
		deadline := time.Now().Add(c.timeout())
		if _, err := conn.Write(request); err != nil {
			silence.Err = err
			continue
		}
		if p := await(conn, deadline, request, s, silence); p != nil {
			return p, silence
		}
	}
	return nil, silence
}

// await returns the first authentic answer; nil when the time is over or the
// socket fails. What is not authentic is passed over, or a forger could keep the
// server's answer from us; the silence remembers why.
func await(conn *net.UDPConn, deadline time.Time, request []byte, s Server, silence *Silence) *radius.Packet {
	conn.SetReadDeadline(deadline)
	var datagram [radius.MaxPacketLength]byte
	for {
		n, err := conn.Read(datagram[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			silence.Err = err
			return nil
		}
		p, err := check(datagram[:n], request, s.Secret)
		if err == nil {
			return p
		}
		silence.Err = &Unauthentic{Server: s.address(), Reason: err.Error()}
	}
}
