package icmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// TraceLength is the length of a probe of Trace with all headers, in octets.
const TraceLength = 40

// probeSize is the data of a probe: what is left of TraceLength after the IP and
// the UDP header.
const probeSize = TraceLength - 20 - 8

// A Path says which host to find the way to, and how.
type Path struct {
	Host    netip.Addr
	Source  netip.Addr    // zero: the system's choice
	First   int           // TTL of the first probes, 1-255
	Last    int           // TTL of the last, 1-255
	Probes  int           // for each TTL
	Port    int           // UDP port of the first probe, 1-65535; each further one has the next
	Timeout time.Duration // for each answer
}

// A Hop is the answer to one probe, or its loss.
type Hop struct {
	TTL     int // of the probe
	Lost    bool
	From    netip.Addr    // this and the rest are zero if it was lost
	Time    time.Duration // from probe to answer
	Reached bool          // From is the host itself, or stands for it
	Mark    string        // why it goes no further, as traceroute marks it: !H, !N, !P, !F, !X, !<code>; mostly empty
}

// Trace sends UDP probes of growing TTL and calls hop for each, until the host
// has answered, a router says that it cannot be reached, the last TTL is done or
// ctx ends, which it reports as ctx's error. It needs no privilege: the errors are
// read from the socket's own queue.
func Trace(ctx context.Context, p Path, hop func(Hop)) error {
	if err := p.check(); err != nil {
		return err
	}
	probes := 0
	for ttl := p.First; ttl <= p.Last; ttl++ {
		last := false
		for range p.Probes {
			h, err := p.probe(ctx, ttl, (p.Port-1+probes)%65535+1)
			if err != nil {
				return err
			}
			hop(h)
			probes++
			last = last || h.Reached || h.Mark != ""
		}
		if last {
			return nil
		}
	}
	return nil
}

// check refuses what cannot be sent.
func (p Path) check() error {
	switch {
	case !p.Host.Is4() || p.Source.IsValid() && !p.Source.Is4():
		return fmt.Errorf("trace %v from %v: want IPv4 addresses", p.Host, p.Source)
	case p.First < 1 || p.Last > 255 || p.First > p.Last:
		return fmt.Errorf("trace from TTL %d to %d: want 1 to 255", p.First, p.Last)
	case p.Port < 1 || p.Port > 65535:
		return fmt.Errorf("trace to port %d: want 1 to 65535", p.Port)
	}
	return nil
}

// probe sends one and waits for its answer. Each has a socket of its own, so that
// what comes late for one is not taken for the answer to another.
func (p Path) probe(ctx context.Context, ttl, port int) (Hop, error) {
	conn, err := p.dial(ctx, ttl, port)
	if err != nil {
		return Hop{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	sent := time.Now()
	if err := conn.SetReadDeadline(sent.Add(p.Timeout)); err != nil {
		return Hop{}, fmt.Errorf("trace %v: %w", p.Host, err)
	}
	lost := Hop{TTL: ttl, Lost: true}
	if _, err := conn.Write(make([]byte, probeSize)); err != nil {
		if reason := hopeless(err); reason != "" {
			return Hop{}, fmt.Errorf("trace %v: %s", p.Host, reason)
		}
		return lost, ctx.Err()
	}
	if ctx.Err() != nil { // it may have ended before the deadline was set
		return lost, ctx.Err()
	}
	h, err := await(conn)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return lost, ctx.Err()
	case err != nil:
		return Hop{}, fmt.Errorf("trace %v: %w", p.Host, err)
	}
	h.TTL, h.Time = ttl, time.Since(sent)
	h.Reached = h.Reached || h.From == p.Host
	return h, nil
}

// dial opens the socket of one probe.
func (p Path) dial(ctx context.Context, ttl, port int) (*net.UDPConn, error) {
	shape := shape{ttl: ttl, errors: true}
	dialer := net.Dialer{Control: shape.control}
	if p.Source.IsValid() {
		dialer.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.Source, 0))
	}
	conn, err := dialer.DialContext(ctx, "udp4", netip.AddrPortFrom(p.Host, uint16(port)).String())
	switch reason := hopeless(err); {
	case ctx.Err() != nil && err != nil:
		return nil, ctx.Err()
	case reason != "":
		return nil, fmt.Errorf("trace %v: %s", p.Host, reason)
	case err != nil:
		return nil, fmt.Errorf("trace%w", opening(err, p.Source, ""))
	}
	return conn.(*net.UDPConn), nil
}

// await waits for an ICMP error or, where something listens on the port, for a
// datagram.
func await(conn *net.UDPConn) (h Hop, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Hop{}, err
	}
	failed := raw.Read(func(fd uintptr) bool {
		h, err = answer(int(fd))
		return !errors.Is(err, unix.EAGAIN)
	})
	if failed != nil {
		return Hop{}, failed
	}
	return h, err
}

// answer reads what is there, or returns EAGAIN. Errors go first: the kernel
// reports them to any other call too, and then forgets them.
func answer(fd int) (Hop, error) {
	buffer, control := make([]byte, probeSize), make([]byte, 256)
	_, n, _, _, err := unix.Recvmsg(fd, buffer, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err == nil {
		return parseControl(control[:n])
	}
	if !errors.Is(err, unix.EAGAIN) {
		return Hop{}, os.NewSyscallError("recvmsg", err)
	}
	_, _, _, from, err := unix.Recvmsg(fd, buffer, nil, unix.MSG_DONTWAIT)
	if err != nil {
		return Hop{}, err
	}
	four, ok := from.(*unix.SockaddrInet4)
	if !ok {
		return Hop{}, fmt.Errorf("an answer from %T, want an IPv4 address", from)
	}
	return Hop{From: netip.AddrFrom4(four.Addr)}, nil
}
