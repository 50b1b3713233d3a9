package main

import (
	"net"
	"net/netip"
	"testing"
	"testing/fstest"
	"time"

	"sallyport/commands"
	"sallyport/platform/link"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
	"sallyport/platform/proc"
)

func TestPortsName(t *testing.T) {
	p := ports{
		named:    []port{{"GigabitEthernet0/0/2", "lo"}, {"uplink", "up0"}},
		ethernet: []string{"eth-one", "eth-two", "eth-three"},
	}
	for device, want := range map[string]string{
		"lo":         "GigabitEthernet0/0/2", // as the operator said
		"up0":        "uplink",
		"eth-one":    "GigabitEthernet0/0/1",
		"eth-two":    "eth-two", // its number is another's name
		"eth-three":  "GigabitEthernet0/0/3",
		"wg0":        "wg0",
		"sallyport0": "sallyport0",
	} {
		if got := p.name(device); got != want {
			t.Errorf("name(%s) = %s, want %s", device, got, want)
		}
	}
}

func TestRateOf(t *testing.T) {
	before := link.Counters{InPackets: 10, InOctets: 1000, OutPackets: 5, OutOctets: 9000}
	now := link.Counters{InPackets: 30, InOctets: 3000, OutPackets: 6, OutOctets: 800} // another device of that name
	want := commands.InterfaceRate{Period: 10 * time.Second, InPackets: 2, InOctets: 200, OutPackets: 0.1, OutOctets: 80}
	if got := rateOf(before, now, 10*time.Second); got != want {
		t.Errorf("rateOf = %+v, want %+v", got, want)
	}
	if got := rateOf(before, now, 0); got != (commands.InterfaceRate{}) {
		t.Errorf("rateOf without a period = %+v", got)
	}
}

// paperProc is a /proc in which the processors were busy so long.
func paperProc(busy, idle, own string) proc.Reader {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"stat":      "cpu  " + busy + " 0 0 " + idle + " 0 0 0 0 0 0\ncpu0 1 0 0 0 0 0 0 0 0 0\n",
		"loadavg":   "0.5 0.25 1.5 1/93 11731\n",
		"self/stat": "42 (name) R 1 42 42 0 -1 4194304 101 0 0 0 " + own + " 0 0 0 20 0\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return proc.Reader{Root: files}
}

func TestHostCPU(t *testing.T) {
	now := time.Date(2026, 5, 7, 11, 0, 0, 0, time.UTC)
	h := &host{now: func() time.Time { return now }, proc: paperProc("1000", "5000", "200")}
	h.cpu.keep(cpuPeriods, cpuSample(t, h))
	first, err := h.CPU()
	if want := (commands.CPUStatus{Processors: 1, Load: [3]float64{0.5, 0.25, 1.5}}); err != nil || first != want {
		t.Errorf("the first CPU() = %+v, %v, want %+v", first, err, want)
	}
	now, h.proc = now.Add(5*time.Second), paperProc("1250", "5250", "300")
	second, err := h.CPU()
	want := commands.CPUStatus{Period: 5 * time.Second, Busy: 0.5, Own: 0.2, Processors: 1, Load: first.Load}
	if err != nil || second != want {
		t.Errorf("the second CPU() = %+v, %v, want %+v", second, err, want)
	}
	h.proc = proc.Reader{Root: fstest.MapFS{}}
	if _, err := h.CPU(); err == nil {
		t.Error("CPU() without /proc gave no error")
	}
}

// cpuSample is what a host's processors have done so far.
func cpuSample(t *testing.T, h *host) sample[proc.CPU] {
	t.Helper()
	cpu, err := h.proc.CPU()
	if err != nil {
		t.Fatal(err)
	}
	return sample[proc.CPU]{h.now(), cpu}
}

// hostPair is two namespaces with a cable between them:
//
//	eth0 192.0.2.1 ── p0 192.0.2.2
func hostPair(t *testing.T) (here, there *netns.Namespace) {
	t.Helper()
	here, there = netnstest.New(t), netnstest.New(t)
	for _, err := range []error{
		netns.Cable(here, "eth0", there, "p0"),
		here.AddAddress("eth0", netip.MustParsePrefix("192.0.2.1/24")),
		there.AddAddress("p0", netip.MustParsePrefix("192.0.2.2/24")),
		here.AddRoute(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParseAddr("192.0.2.2")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return here, there
}

// sendThere sends datagrams of 100 octets and waits for them.
func sendThere(t *testing.T, here, there *netns.Namespace, n int) {
	t.Helper()
	var conn net.PacketConn
	if err := there.Do(func() (err error) { conn, err = net.ListenPacket("udp4", "192.0.2.2:0"); return err }); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var sender net.Conn
	if err := here.Do(func() (err error) { sender, err = net.Dial("udp4", conn.LocalAddr().String()); return err }); err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	for range n {
		if _, err := sender.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		if size, _, err := conn.ReadFrom(make([]byte, 200)); size != 100 || err != nil {
			t.Fatalf("%d octets, %v came, want 100", size, err)
		}
	}
}

// eth0Of has a host read its interfaces in a namespace, and returns the second.
func eth0Of(t *testing.T, h *host, n *netns.Namespace) (i commands.InterfaceStatus) {
	t.Helper()
	if err := n.Do(func() error {
		all, err := h.Interfaces()
		if err == nil {
			i = all[1]
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return i
}

func TestNamespaceHostInterfaces(t *testing.T) {
	here, there := hostPair(t)
	now := time.Date(2026, 5, 7, 11, 0, 0, 0, time.UTC)
	h := &host{ports: &ports{named: []port{{"GigabitEthernet0/0/2", "eth0"}}}, now: func() time.Time { return now }, resets: map[string]link.Counters{}, proc: paperProc("1", "1", "1")}
	look := func() error { h.look(); return nil }
	if err := here.Do(look); err != nil {
		t.Fatal(err)
	}
	first := eth0Of(t, h, here)
	if first.Name != "GigabitEthernet0/0/2" || first.Device != "eth0" || first.Rate != (commands.InterfaceRate{}) {
		t.Errorf("the first look is %+v", first)
	}
	sendThere(t, here, there, 20)
	now = now.Add(10 * time.Second)
	second := eth0Of(t, h, here)
	sent := second.Counters.OutPackets - first.Counters.OutPackets
	if want := float64(sent) / 10; sent < 20 || second.Rate.OutPackets != want || second.Rate.Period != 10*time.Second {
		t.Errorf("%d packets went out, at a rate of %+v, want at least 20 at %v", sent, second.Rate, want)
	}
	if err := here.Do(func() error { return h.ResetCounters("eth0") }); err != nil {
		t.Fatal(err)
	}
	if err := here.Do(look); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour) // it counts no more: two looks are kept
	third := eth0Of(t, h, here)
	if third.Counters.OutPackets >= 20 || third.Rate.OutPackets < second.Rate.OutPackets {
		t.Errorf("after the reset counters are %+v and rates %+v", third.Counters, third.Rate)
	}
}

func TestNamespaceHostReadings(t *testing.T) {
	here, there := hostPair(t)
	sendThere(t, here, there, 1)
	h := &host{ports: &ports{}}
	if err := here.Do(func() error {
		routes, err := h.Routes()
		if err != nil {
			return err
		}
		neighbours, err := h.Neighbours()
		if err != nil {
			return err
		}
		if len(routes) != 5 || routes[0].NextHop != netip.MustParseAddr("192.0.2.2") || routes[0].Device != "eth0" || !routes[0].InUse {
			t.Errorf("routes are %+v", routes)
		}
		if len(neighbours) != 1 || neighbours[0].Addr != netip.MustParseAddr("192.0.2.2") || len(neighbours[0].Address) != 17 {
			t.Errorf("neighbours are %+v", neighbours)
		}
		var hops []commands.Hop
		trace := commands.Trace{Host: netip.MustParseAddr("192.0.2.2"), First: 1, Last: 3, Probes: 1, Port: 33434, Timeout: 10 * time.Second}
		err = h.Trace(t.Context(), trace, func(hop commands.Hop) { hops = append(hops, hop) })
		if len(hops) != 1 || !hops[0].Reached || hops[0].TTL != 1 {
			t.Errorf("hops are %+v", hops)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
