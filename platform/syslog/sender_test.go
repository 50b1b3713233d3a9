package syslog

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// listen opens a receiver on the loopback.
func listen(t *testing.T) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// open starts a sender.
func open(t *testing.T, to netip.AddrPort) *Sender {
	t.Helper()
	s, err := Open(to)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSend(t *testing.T) {
	conn, addr := listen(t)
	s := open(t, addr)
	for i := range 3 {
		s.Send(Message{Facility: 23, Severity: 5, Time: at, Host: "H", App: "sallyport", ID: "X", Text: fmt.Sprint(i)})
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if sent, dropped := s.Counters(); sent != 3 || dropped != 0 {
		t.Errorf("Counters = %d, %d, want 3 sent", sent, dropped)
	}
	buffer := make([]byte, 4096)
	for i := range 3 {
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := parse(buffer[:n]); err != nil || m.Text != fmt.Sprint(i) || m.Facility != 23 {
			t.Errorf("datagram %d is %+v, %v", i, m, err)
		}
	}
}

// TestADeadHostStopsNothing sends to a port that nobody listens on.
func TestADeadHostStopsNothing(t *testing.T) {
	conn, addr := listen(t)
	conn.Close()
	s := open(t, addr)
	for range 10 * queueLength {
		s.Send(Message{Time: at})
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if sent, dropped := s.Counters(); sent+dropped != 10*queueLength {
		t.Errorf("Counters = %d, %d, want %d in all", sent, dropped, 10*queueLength)
	}
}

// TestWhatTheSystemRefusesIsCounted sends where no datagram may go: to a port 0.
func TestWhatTheSystemRefusesIsCounted(t *testing.T) {
	s := open(t, netip.MustParseAddrPort("127.0.0.1:0"))
	s.Send(Message{Time: at})
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if sent, dropped := s.Counters(); sent != 0 || dropped != 1 {
		t.Errorf("Counters = %d, %d, want 1 dropped", sent, dropped)
	}
}

// TestAFullQueueDrops has nobody take messages from the queue.
func TestAFullQueueDrops(t *testing.T) {
	s := &Sender{queue: make(chan []byte, queueLength)}
	for range queueLength + 7 {
		s.Send(Message{Time: at})
	}
	if _, dropped := s.Counters(); dropped != 7 {
		t.Errorf("%d dropped, want 7", dropped)
	}
}

// TestManySend sends from many goroutines, for the race detector.
func TestManySend(t *testing.T) {
	_, addr := listen(t)
	s := open(t, addr)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				s.Send(Message{Time: at, Text: "x"})
			}
		})
	}
	group.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if sent, dropped := s.Counters(); sent+dropped != 400 {
		t.Errorf("Counters = %d, %d, want 400 in all", sent, dropped)
	}
}
