package udp

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func listen(t testing.TB) *Socket {
	t.Helper()
	s, err := Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func at(addr string, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(addr), port)
}

// TestLocalAddress sends to several addresses of this box: each datagram tells which,
// and the answer comes from there.
func TestLocalAddress(t *testing.T) {
	server, client := listen(t), listen(t)
	b := make([]byte, 100)
	for _, addr := range []string{"127.0.0.1", "127.0.0.2", "127.9.8.7"} {
		want := at(addr, server.Port())
		if err := client.Write([]byte("ask "+addr), at("127.0.0.5", 0), want); err != nil {
			t.Fatal(err)
		}
		n, local, remote, err := server.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if string(b[:n]) != "ask "+addr || local != want || remote != at("127.0.0.5", client.Port()) {
			t.Errorf("read %q at %v from %v, want at %v from 127.0.0.5", b[:n], local, remote, want)
		}
		if err := server.Write([]byte("answer"), local, remote); err != nil {
			t.Fatal(err)
		}
		if n, local, remote, err = client.Read(b); err != nil || string(b[:n]) != "answer" || remote != want || local.Addr().String() != "127.0.0.5" {
			t.Errorf("answer %q at %v from %v, %v, want from %v", b[:n], local, remote, err, want)
		}
	}
}

func TestSystemChoosesLocal(t *testing.T) {
	server, client := listen(t), listen(t)
	for _, local := range []netip.AddrPort{{}, at("0.0.0.0", 0), at("::1", 0)} {
		if err := client.Write([]byte("x"), local, at("127.0.0.3", server.Port())); err != nil {
			t.Fatal(err)
		}
		_, _, remote, err := server.Read(make([]byte, 10))
		if err != nil || remote != at("127.0.0.1", client.Port()) {
			t.Errorf("from %v: came from %v, %v, want 127.0.0.1", local, remote, err)
		}
	}
}

// TestWritersShareASocket: the loop and its helpers write at the same time.
func TestWritersShareASocket(t *testing.T) {
	const writers, each = 4, 50
	server, client := listen(t), listen(t)
	failed := make(chan error, writers)
	for i := range byte(writers) {
		go func() {
			var err error
			for range each {
				err = errors.Join(err, client.Write([]byte{i}, at("127.0.0.1", 0), at("127.0.0.1", server.Port())))
			}
			failed <- err
		}()
	}
	var got [writers]int
	for b := make([]byte, 10); got[0]+got[1]+got[2]+got[3] < writers*each; {
		if n, _, _, err := server.Read(b); err != nil || n != 1 {
			t.Fatalf("Read = %d, %v", n, err)
		}
		got[b[0]]++
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if got != [writers]int{each, each, each, each} {
		t.Errorf("datagrams of each writer: %v, want %d", got, each)
	}
}

func TestLongDatagramIsCut(t *testing.T) {
	server, client := listen(t), listen(t)
	if err := client.Write(make([]byte, 1000), netip.AddrPort{}, at("127.0.0.1", server.Port())); err != nil {
		t.Fatal(err)
	}
	if n, _, _, err := server.Read(make([]byte, 10)); n != 10 || err != nil {
		t.Errorf("Read = %d, %v, want 10", n, err)
	}
}

func TestReadDoesNotAllocate(t *testing.T) {
	server, client := listen(t), listen(t)
	b, to := make([]byte, 100), at("127.0.0.1", server.Port())
	write := testing.AllocsPerRun(200, func() {
		if err := client.Write(b, to, to); err != nil {
			t.Fatal(err)
		}
	})
	read := testing.AllocsPerRun(200, func() {
		if _, _, _, err := server.Read(b); err != nil {
			t.Fatal(err)
		}
	})
	if read != 0 {
		t.Errorf("Read allocates %v times", read)
	}
	if write > 2 {
		t.Errorf("Write allocates %v times, want at most the control message", write)
	}
}

func TestCloseWakesReader(t *testing.T) {
	s := listen(t)
	ended := make(chan error)
	go func() {
		_, _, _, err := s.Read(make([]byte, 10))
		ended <- err
	}()
	s.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read = %v, want %v", err, net.ErrClosed)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Close does not wake the reader")
	}
}

func TestPortInUse(t *testing.T) {
	s := listen(t)
	_, err := Listen(s.Port())
	if !errors.Is(err, unix.EADDRINUSE) {
		t.Fatalf("Listen = %v, want %v", err, unix.EADDRINUSE)
	}
	want := fmt.Sprintf("UDP port %d: bind: address already in use: another program has it", s.Port())
	if !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error is %q, want %q… in one line", err, want)
	}
}

func TestMark(t *testing.T) {
	s, err := Config{Mark: 0x1234}.Listen()
	if os.Geteuid() != 0 {
		if !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "CAP_NET_ADMIN") {
			t.Errorf("a mark without privilege: %v, want EPERM and what to do", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := sockopt(t, s, unix.SO_MARK); got != 0x1234 {
		t.Errorf("mark is %#x, want 0x1234", got)
	}
}

// TestReceiveBuffer: as much as we ask for, or as the system allows.
func TestReceiveBuffer(t *testing.T) {
	limit, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := strconv.Atoi(strings.TrimSpace(string(limit)))
	if err != nil {
		t.Fatal(err)
	}
	got := sockopt(t, listen(t), unix.SO_RCVBUF) / 2 // the kernel doubles it
	if got != receiveBuffer && got != min(allowed, receiveBuffer) {
		t.Errorf("receive buffer is %d octets, want %d or the limit, %d", got, receiveBuffer, allowed)
	}
}

func sockopt(t *testing.T, s *Socket, option int) (value int) {
	t.Helper()
	raw, err := s.conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = control(raw, func(fd int) (err error) {
		value, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, option)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{unix.EADDRINUSE, "another program"}, {unix.EACCES, "CAP_NET_BIND_SERVICE"}, {unix.EPERM, "run as root"}, {unix.EINVAL, ""},
	} {
		if got := advice(test.err); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("advice(%v) = %q, want %q in it", test.err, got, test.want)
		}
	}
}

func TestControlMessages(t *testing.T) {
	one := packetInfo(netip.MustParseAddr("192.0.2.1"))
	for _, test := range []struct {
		name    string
		control []byte
		want    string
	}{
		{"written and read", one, "192.0.2.1"},
		{"IPv4 in IPv6", packetInfo(netip.MustParseAddr("::ffff:192.0.2.1")), "192.0.2.1"},
		{"nothing", nil, "invalid IP"},
		{"cut off", one[:len(one)-8], "invalid IP"},
		{"length of nothing", make([]byte, 32), "invalid IP"},
		{"another message", other(one), "invalid IP"},
		{"behind another message", append(other(one), one...), "192.0.2.1"},
	} {
		if got := localAddr(test.control).String(); got != test.want {
			t.Errorf("%s: localAddr = %s, want %s", test.name, got, test.want)
		}
	}
	for _, none := range []netip.Addr{{}, netip.IPv4Unspecified(), netip.IPv6Loopback()} {
		if b := packetInfo(none); b != nil {
			t.Errorf("packetInfo(%v) = % x, want none", none, b)
		}
	}
}

// other is the same message of another type.
func other(message []byte) []byte {
	b := append([]byte(nil), message...)
	b[12]++
	return b
}

// TestTakeESP: IKE behind its marker comes through, a keep-alive and ESP do not.
func TestTakeESP(t *testing.T) {
	server, client := listen(t), listen(t)
	if err := server.TakeESP(); err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOPROTOOPT) {
			t.Skipf("the kernel has no IPsec: %v", err)
		}
		t.Fatal(err)
	}
	esp := append([]byte{0, 0, 1, 0}, make([]byte, 60)...)
	ike := append(make([]byte, 4), "message"...)
	for _, datagram := range [][]byte{{0xff}, esp, ike} {
		if err := client.Write(datagram, netip.AddrPort{}, at("127.0.0.1", server.Port())); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 100)
	if n, _, _, err := server.Read(b); err != nil || !bytes.Equal(b[:n], ike) {
		t.Errorf("read % x, %v, want the datagram with the marker", b[:n], err)
	}
	server.Close()
	if err := server.TakeESP(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("TakeESP of a closed socket = %v, want %v", err, net.ErrClosed)
	}
}
