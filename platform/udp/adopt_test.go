package udp

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// leave returns another descriptor of a socket, as somebody keeps it who is not us.
func leave(t *testing.T, s *Socket) *os.File {
	t.Helper()
	file, err := s.conn.File()
	must(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

// TestAdopt: what came while nobody was there is read by the successor, with its local
// address, and the successor works as a fresh one does.
func TestAdopt(t *testing.T) {
	server, client := listen(t), listen(t)
	file, to := leave(t, server), at("127.0.0.7", server.Port())
	server.Close()
	must(t, client.Write([]byte("between"), netip.AddrPort{}, to))
	successor, err := Config{Port: to.Port()}.Adopt(file)
	must(t, err)
	defer successor.Close()
	must(t, client.Write([]byte("after"), netip.AddrPort{}, to))
	must(t, successor.conn.SetReadDeadline(time.Now().Add(5*time.Second))) // what was lost never comes
	b := make([]byte, 100)
	for _, want := range []string{"between", "after"} {
		n, local, remote, err := successor.Read(b)
		if err != nil || string(b[:n]) != want || local != to {
			t.Fatalf("read %q at %v, %v, want %q at %v", b[:n], local, err, want, to)
		}
		must(t, successor.Write([]byte("answer"), local, remote))
		if _, _, from, err := client.Read(b); err != nil || from != to {
			t.Errorf("the answer came from %v, %v, want %v", from, err, to)
		}
	}
	if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file's Stat = %v, want %v", err, os.ErrClosed)
	}
}

// TestAdoptOptions: an adopted socket has those of the Config, not those it had.
func TestAdoptOptions(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("marks need root")
	}
	server := listen(t)
	s, err := Config{Mark: 0x1234, Bypass: true}.Adopt(leave(t, server))
	must(t, err)
	defer s.Close()
	if got := sockopt(t, s, unix.SO_MARK); got != 0x1234 {
		t.Errorf("mark is %#x, want 0x1234", got)
	}
	raw, err := s.SyscallConn()
	must(t, err)
	must(t, control(raw, func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if flags&unix.FD_CLOEXEC == 0 {
			t.Error("children inherit the socket")
		}
		return err
	}))
}

// TestReturnESP: what TakeESP took comes to the reader again, also at an adopted socket.
func TestReturnESP(t *testing.T) {
	server, client := listen(t), listen(t)
	must(t, server.ReturnESP()) // nothing was taken
	if err := server.TakeESP(); err != nil {
		t.Skipf("the kernel has no IPsec: %v", err)
	}
	s, err := Config{}.Adopt(leave(t, server))
	must(t, err)
	defer s.Close()
	must(t, s.conn.SetReadDeadline(time.Now().Add(5*time.Second))) // what was taken never comes
	esp, b := append([]byte{0, 0, 1, 0}, make([]byte, 60)...), make([]byte, 100)
	send := func() {
		must(t, client.Write(esp, netip.AddrPort{}, at("127.0.0.1", s.Port())))
	}
	send() // is taken: adopting alone changes nothing
	must(t, s.ReturnESP())
	must(t, client.Write([]byte("next"), netip.AddrPort{}, at("127.0.0.1", s.Port())))
	send()
	for _, want := range [][]byte{[]byte("next"), esp} {
		if n, _, _, err := s.Read(b); err != nil || !bytes.Equal(b[:n], want) {
			t.Errorf("read % x, %v, want % x", b[:n], err, want)
		}
	}
}

// TestAdoptRefusals: what Listen would not have opened is refused, and closed.
func TestAdoptRefusals(t *testing.T) {
	for _, test := range []struct {
		name     string
		domain   int
		kind     int
		bind     unix.Sockaddr
		connect  bool
		port     uint16
		want     string
		nosocket bool
	}{
		{name: "no socket", nosocket: true, want: "no socket"},
		{name: "TCP", domain: unix.AF_INET, kind: unix.SOCK_STREAM, want: "not UDP"},
		{name: "IPv6", domain: unix.AF_INET6, kind: unix.SOCK_DGRAM, want: "not IPv4"},
		{name: "of this machine", domain: unix.AF_UNIX, kind: unix.SOCK_DGRAM, want: "not IPv4"},
		{name: "not bound", domain: unix.AF_INET, kind: unix.SOCK_DGRAM, want: "bound to 0.0.0.0:0"},
		{name: "one address", domain: unix.AF_INET, kind: unix.SOCK_DGRAM,
			bind: &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}, want: "bound to 127.0.0.1:"},
		{name: "another port", domain: unix.AF_INET, kind: unix.SOCK_DGRAM, bind: &unix.SockaddrInet4{}, port: 1, want: "and port 1"},
		{name: "one peer", domain: unix.AF_INET, kind: unix.SOCK_DGRAM, bind: &unix.SockaddrInet4{}, connect: true, want: "bound to 127.0.0.1:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var fd int
			var err error
			if test.nosocket {
				fd, err = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
			} else {
				fd, err = unix.Socket(test.domain, test.kind|unix.SOCK_CLOEXEC, 0)
			}
			must(t, err)
			file := os.NewFile(uintptr(fd), test.name)
			if test.bind != nil {
				must(t, unix.Bind(fd, test.bind))
			}
			if test.connect {
				must(t, unix.Connect(fd, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}))
			}
			s, err := Config{Port: test.port}.Adopt(file)
			if err == nil {
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Adopt() = %v, want %q", err, test.want)
			}
			if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("the file's Stat = %v, want %v", err, os.ErrClosed)
			}
		})
	}
}

// TestAdoptFromElsewhere: a socket of another namespace would hear nothing of ours.
func TestAdoptFromElsewhere(t *testing.T) {
	a, b := pair(t)
	s := listenIn(t, a, Config{})
	must(t, b.Do(func() error {
		if _, err := (Config{}).Adopt(leave(t, s)); err == nil || !strings.Contains(err.Error(), "another network namespace") {
			t.Errorf("Adopt() = %v, want another network namespace", err)
		}
		return nil
	}))
	must(t, a.Do(func() error {
		adopted, err := Config{}.Adopt(leave(t, s))
		if err == nil {
			adopted.Close()
		}
		return err
	}))
}
