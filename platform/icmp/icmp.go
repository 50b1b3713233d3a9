// Package icmp sends echo requests and waits for their replies (RFC 792), and finds
// the routers on the way to a host by the errors they send. It does so the way a
// VRP box does: one packet at a time, the next one after the answer or the
// time-out of the one before. It keeps nothing between calls.
//
// Start at [Ping] and [Trace].
package icmp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The defaults of VRP's ping.
const (
	defaultCount    = 5
	defaultInterval = 500 * time.Millisecond
	defaultTimeout  = 2 * time.Second
)

// MaxSize is the longest data an IPv4 packet carries after the IP and the ICMP
// header.
const MaxSize = 65535 - 20 - headerLen

// A Request says what to ping and how.
type Request struct {
	Host     netip.Addr
	Source   netip.Addr    // zero: the system's choice
	Count    int           // zero: 5
	Size     int           // octets of data after the ICMP header; at most MaxSize
	Interval time.Duration // least time between two requests; zero: 500 ms
	Timeout  time.Duration // for each reply; zero: 2 s

	TTL        int    // time to live of the requests; zero: the system's
	TOS        int    // type of service of the requests
	NoFragment bool   // what is too long for the path is not sent
	Device     string // Linux device that the requests leave by; empty: that of the route
}

// A Reply is the answer to one echo request, or its loss.
type Reply struct {
	Sequence int // from 1
	Lost     bool
	From     netip.Addr    // this and the rest are zero if it was lost
	Size     int           // octets of data
	TTL      int           // as it arrived
	Time     time.Duration // from request to reply
}

// Ping calls reply for each request in turn, until all are done or ctx ends,
// which it reports as ctx's error. Other errors are one line that says why
// nothing can be sent. It needs CAP_NET_RAW, or a group that
// net.ipv4.ping_group_range names.
func Ping(ctx context.Context, r Request, reply func(Reply)) error {
	r, err := r.complete()
	if err != nil {
		return err
	}
	s, err := open(r)
	if err != nil {
		return err
	}
	defer s.close()
	return newPinger(r, s).run(ctx, reply)
}

// complete fills in the defaults and refuses what cannot be sent.
func (r Request) complete() (Request, error) {
	if !r.Host.Is4() || r.Source.IsValid() && !r.Source.Is4() {
		return r, fmt.Errorf("ping %v from %v: want IPv4 addresses", r.Host, r.Source)
	}
	if r.Size < 0 || r.Size > MaxSize {
		return r, fmt.Errorf("ping with %d octets of data: want 0 to %d", r.Size, MaxSize)
	}
	if r.TTL < 0 || r.TTL > 255 || r.TOS < 0 || r.TOS > 255 {
		return r, fmt.Errorf("ping with TTL %d and type of service %d: want 0 to 255", r.TTL, r.TOS)
	}
	r.Count = max(r.Count, 0)
	if r.Count == 0 {
		r.Count = defaultCount
	}
	if r.Interval <= 0 {
		r.Interval = defaultInterval
	}
	if r.Timeout <= 0 {
		r.Timeout = defaultTimeout
	}
	return r, nil
}

// A pinger is one Ping at work.
type pinger struct {
	Request
	socket socket
	id     uint16 // tells our replies from those of other programs
	data   []byte // sent in each request
	buffer []byte
}

// newPinger makes the data and the buffer for r.
func newPinger(r Request, s socket) *pinger {
	id, fixed := s.identifier()
	if !fixed {
		id = uint16(rand.Uint32())
	}
	data := make([]byte, r.Size)
	for i := range data {
		data[i] = byte(i)
	}
	return &pinger{Request: r, socket: s, id: id, data: data, buffer: make([]byte, headerLen+MaxSize)}
}

// run sends all requests, one after the other.
func (p *pinger) run(ctx context.Context, reply func(Reply)) error {
	stop := context.AfterFunc(ctx, func() { p.socket.setDeadline(time.Unix(1, 0)) })
	defer stop()
	for n := 1; n <= p.Count; n++ {
		sent := time.Now()
		r, err := p.exchange(ctx, n, sent)
		if err != nil {
			return err
		}
		reply(r)
		if n < p.Count && !until(ctx, sent.Add(p.Interval)) {
			return ctx.Err()
		}
	}
	return nil
}

// exchange sends request n and waits for its reply. What the system will not
// send for now, for example because its queue is full, is lost.
func (p *pinger) exchange(ctx context.Context, n int, sent time.Time) (Reply, error) {
	request := echo{kind: echoRequest, id: p.id, sequence: uint16(n), data: p.data}
	err := p.socket.send(request.append(p.buffer[:0]), p.Host)
	if reason := hopeless(err); reason != "" {
		return Reply{}, fmt.Errorf("ping %v: %s", p.Host, reason)
	}
	lost := Reply{Sequence: n, Lost: true}
	if err != nil {
		return lost, ctx.Err()
	}
	from, err := p.await(ctx, uint16(n), sent.Add(p.Timeout))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return lost, ctx.Err()
	}
	if err != nil {
		return Reply{}, fmt.Errorf("ping %v: %w", p.Host, err)
	}
	return Reply{Sequence: n, From: from.addr, Size: len(p.data), TTL: from.ttl, Time: time.Since(sent)}, nil
}

// await reads until the reply to request n is there. Replies to other requests
// are late or another program's, and those with other data are damaged: the
// kernel hands them to a raw socket before it looks at the checksum.
func (p *pinger) await(ctx context.Context, n uint16, deadline time.Time) (sender, error) {
	if err := p.socket.setDeadline(deadline); err != nil {
		return sender{}, err
	}
	if ctx.Err() != nil { // it may have ended before the line above
		return sender{}, os.ErrDeadlineExceeded
	}
	want := echo{kind: echoReply, id: p.id, sequence: n, data: p.data}
	for {
		size, from, err := p.socket.receive(p.buffer)
		if err != nil {
			return sender{}, err
		}
		if got, ok := parse(p.buffer[:size]); ok && from.addr == p.Host && got.equal(want) {
			return from, nil
		}
	}
}

// until waits for t and reports whether it came before ctx ended.
func until(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// hopeless returns why no request will ever be sent, or "" if the next one may.
func hopeless(err error) string {
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return "no route to the host"
	case errors.Is(err, unix.ENETDOWN):
		return "the interface of the route is down"
	case errors.Is(err, unix.EACCES):
		return "the system forbids packets to this address"
	case errors.Is(err, unix.EINVAL):
		return "the system takes no packets to this address from this source"
	case errors.Is(err, unix.EMSGSIZE):
		return "the packet is too long for the path"
	}
	return ""
}
