package main_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sallyport/platform/netns"
	"sallyport/platform/netns/testrun"
)

// dial opens a TCP connection between two namespaces and returns both ends.
func dial(t testing.TB, from, to *netns.Namespace, address string) (client, server *net.TCPConn) {
	t.Helper()
	return dialAs(t, from, to, address, address)
}

// dialAs is dial to where the one who dials sees the address of the one who listens.
func dialAs(t testing.TB, from, to *netns.Namespace, seen, address string) (client, server *net.TCPConn) {
	t.Helper()
	var listener net.Listener
	must(t, to.Do(func() (err error) {
		listener, err = net.Listen("tcp4", address)
		return err
	}))
	defer listener.Close()
	var dialled net.Conn
	must(t, from.Do(func() (err error) {
		dialled, err = net.DialTimeout("tcp4", seen, patience)
		return err
	}))
	accepted, err := listener.Accept()
	must(t, err)
	t.Cleanup(func() { dialled.Close(); accepted.Close() })
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

// transfer sends random octets over a new TCP connection and fails the test
// unless the same arrive.
func transfer(t testing.TB, from, to *netns.Namespace, address string, octets int) {
	t.Helper()
	client, server := dial(t, from, to, address)
	send(t, client, server, octets)
}

// send is transfer over a connection that there is.
func send(t testing.TB, client, server *net.TCPConn, octets int) {
	t.Helper()
	sent := make([]byte, octets)
	rand.Read(sent)
	go func() {
		client.Write(sent)
		client.CloseWrite()
	}()
	must(t, server.SetReadDeadline(time.Now().Add(patience)))
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d octets arrived, %v, want the %d that were sent", len(got), err, octets)
	}
}

// Only TCP to one port is protected; everything else passes as it is.
func TestPortSelector(t *testing.T) {
	t.Parallel()
	a, b := twins()
	const port = 7000
	a.rules = fmt.Sprintf("rule 5 permit tcp source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255 destination-port eq %d", port)
	b.rules = fmt.Sprintf("rule 5 permit tcp source 10.2.0.0 0.0.0.255 source-port eq %d destination 10.1.0.0 0.0.0.255", port)
	lab := newTwinLab(t, a.config(plain), b.config(plain))

	transfer(t, lab.pcA, lab.pcB, hostB+":7000", 100_000)
	lab.wire.await(t, "ESP", &lab.wire.esp, 70)
	lab.tunnel(t, lab.a, lab.b)
	lab.wire.nothingInClear(t)

	ping(t, lab.pcA, hostB, 3)
	transfer(t, lab.pcA, lab.pcB, hostB+":7001", 1000)
	lab.wire.await(t, "the other protocol and port", &lab.wire.clear, 6+4)
}

// A rule that denies sends in clear, even though a later one permits.
func TestDenyRule(t *testing.T) {
	t.Parallel()
	a, b := twins()
	a.rules = "rule 5 deny icmp source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255\n" +
		"rule 10 permit ip source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255"
	b.rules = "rule 5 deny icmp source 10.2.0.0 0.0.0.255 destination 10.1.0.0 0.0.0.255\n" +
		"rule 10 permit ip source 10.2.0.0 0.0.0.255 destination 10.1.0.0 0.0.0.255"
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	transfer(t, lab.pcA, lab.pcB, hostB+":7000", 1000)
	lab.wire.nothingInClear(t)
	esp := lab.wire.esp.Load()
	ping(t, lab.pcA, hostB, 3)
	lab.wire.await(t, "ping in clear", &lab.wire.clear, 6)
	if after := lab.wire.esp.Load(); after > esp+4 {
		t.Errorf("ESP went from %d to %d packets during the ping, want no more than TCP's rest", esp, after)
	}
}

// Packets that do not fit with ESP's overhead are cut, or refused with the size
// that fits; TCP finds it out by itself.
func TestLargePackets(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 1)
	// The last reply is waited for as long as the pause is, at least.
	pause := fmt.Sprint(testrun.Patience(200 * time.Millisecond).Seconds())
	for _, size := range []string{"1400", "1472", "4000", "60000"} {
		out, err := command(t, lab.pcA, append(pingArgs(hostB, 3), "-s", size, "-M", "dont", "-i", pause)...)
		if err != nil || !strings.Contains(out, " 0% packet loss") {
			t.Errorf("ping with %s octets: %v, want no loss:\n%s", size, err, out)
		}
	}
	out, err := command(t, lab.pcA, append(pingArgs(hostB, 1), "-s", "1472", "-M", "do", "-W", "2")...)
	if err == nil || !strings.Contains(out, "+1 errors") {
		t.Errorf("ping with 1472 octets and DF: %v, want one error, fragmentation needed:\n%s", err, out)
	}
	transfer(t, lab.pcA, lab.pcB, hostB+":7000", 4<<20)
	transfer(t, lab.pcB, lab.pcA, hostA+":7000", 4<<20)
	lab.wire.nothingInClear(t)
}
