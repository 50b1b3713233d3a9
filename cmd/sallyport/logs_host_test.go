package main

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/commands"
)

// TestLogHosts sends to a host on the loopback and looks at the datagrams; the
// bytes themselves are tested in platform/syslog.
func TestLogHosts(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	to := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	c := newCentre()
	config := commands.New()
	config.Sysname = "FW_A"
	config.Logging.Levels.Host = commands.LogWarning
	config.Logging.Hosts[to.Addr()] = commands.LogServer{Address: to.Addr(), Port: int(to.Port()), Facility: 16}
	c.apply(config)
	c.add(logTestTime, note(systemUp, "too light"))
	c.add(logTestTime, note(ikeNegotiationFailed, "failed"))
	buffer := make([]byte, 4096)
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<132>1 2026-05-07T11:42:19.310Z FW_A sallyport ", " IKE_NEGO_FAIL - \ufeff%%01IKE/4/IKE_NEGO_FAIL(l)[2]:failed"
	if got := string(buffer[:n]); !strings.HasPrefix(got, begin) || !strings.HasSuffix(got, end) {
		t.Errorf("sent %q, want %q and %q", got, begin, end)
	}
	config = config.Clone()
	delete(config.Logging.Hosts, to.Addr())
	before := c.LogServers()
	c.apply(config)
	if len(before) != 1 || before[0].Port != int(to.Port()) || len(c.LogServers()) != 0 {
		t.Errorf("log hosts %+v, then %+v, want one and none", before, c.LogServers())
	}
	c.close()
}

// TestLogHostsComeAndGo changes the list of hosts and looks which sender stays.
func TestLogHostsComeAndGo(t *testing.T) {
	c := newCentre()
	defer c.close()
	host := func(last byte, port, facility int) commands.LogServer {
		return commands.LogServer{Address: netip.AddrFrom4([4]byte{127, 0, 0, last}), Port: port, Facility: facility}
	}
	set := func(hosts ...commands.LogServer) {
		config := commands.New()
		for _, h := range hosts {
			config.Logging.Hosts[h.Address] = h
		}
		c.apply(config)
		var got []commands.LogServer
		for _, s := range c.LogServers() {
			got = append(got, s.LogServer)
		}
		if !slices.Equal(got, hosts) {
			t.Errorf("log hosts %v, want %v", got, hosts)
		}
	}
	set(host(1, 9, 16), host(2, 9, 16))
	first := c.hosts[netip.MustParseAddr("127.0.0.1")].sender
	set(host(1, 9, 23), host(3, 9, 16))
	if c.hosts[netip.MustParseAddr("127.0.0.1")].sender != first {
		t.Error("another facility needs another sender")
	}
	set(host(1, 10, 23))
	if c.hosts[netip.MustParseAddr("127.0.0.1")].sender == first {
		t.Error("another port has the same sender")
	}
	set()
}
