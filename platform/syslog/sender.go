package syslog

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// queueLength is how many messages wait for the system to take them.
const queueLength = 256

// A Sender sends messages to one host. Send may be called from any goroutine.
type Sender struct {
	to            netip.AddrPort
	conn          *net.UDPConn
	queue         chan []byte
	stop, done    chan struct{}
	sent, dropped atomic.Uint64
}

// Open starts a sender; Close ends it. The host need not be there, nor a way to it.
func Open(to netip.AddrPort) (*Sender, error) {
	// The socket is not connected: an answer that nobody listens must not become
	// the error of a later message, and a route may come and go.
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	s := &Sender{
		to: to, conn: conn, queue: make(chan []byte, queueLength),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go s.run()
	return s, nil
}

// Send queues a message, or drops and counts it.
func (s *Sender) Send(m Message) {
	select {
	case s.queue <- m.Append(nil):
	default:
		s.dropped.Add(1)
	}
}

// Close sends what is queued and ends the sender. Nothing may be sent afterwards.
func (s *Sender) Close() error {
	close(s.stop)
	<-s.done
	return s.conn.Close()
}

// Counters returns how many messages were sent, and how many dropped because the
// queue was full or the system refused them.
func (s *Sender) Counters() (sent, dropped uint64) { return s.sent.Load(), s.dropped.Load() }

// run is the goroutine that owns the socket.
func (s *Sender) run() {
	defer close(s.done)
	for {
		select {
		case b := <-s.queue:
			s.write(b)
		case <-s.stop:
			for len(s.queue) > 0 {
				s.write(<-s.queue)
			}
			return
		}
	}
}

// write sends one datagram. The system takes it or refuses it at once, but for
// the moment that a device's queue is full.
func (s *Sender) write(b []byte) {
	if _, err := s.conn.WriteToUDPAddrPort(b, s.to); err != nil {
		s.dropped.Add(1)
		return
	}
	s.sent.Add(1)
}
