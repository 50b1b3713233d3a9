package gre

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sallyport/platform"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// name is the device of the tests' tunnels.
const name = "Tunnel1"

// An end is one of the two of a tunnel.
type end struct {
	*netns.Namespace
	device *Device
	inner  netip.Addr
}

// newEnds makes two namespaces with a cable and a tunnel between them:
//
//	10.0.0.1 Tunnel1 ─ 192.0.2.1 eth0 ── eth0 192.0.2.2 ─ Tunnel1 10.0.0.2
func newEnds(t testing.TB, a, b platform.GRE) [2]*end {
	t.Helper()
	ends := [2]*end{
		{Namespace: netnstest.New(t), inner: netip.MustParseAddr("10.0.0.1")},
		{Namespace: netnstest.New(t), inner: netip.MustParseAddr("10.0.0.2")},
	}
	if err := netns.Cable(ends[0].Namespace, "eth0", ends[1].Namespace, "eth0"); err != nil {
		t.Fatal(err)
	}
	for i, ours := range []platform.GRE{a, b} {
		e := ends[i]
		e.open(t, ours)
		for device, address := range map[string]netip.Addr{"eth0": ours.Local, name: e.inner} {
			if err := e.AddAddress(device, netip.PrefixFrom(address, 24)); err != nil {
				t.Fatal(err)
			}
		}
		e.run(t, "ip", "link", "set", name, "up")
	}
	return ends
}

// open opens the end's tunnel.
func (e *end) open(t testing.TB, ours platform.GRE) {
	t.Helper()
	if err := e.Do(func() (err error) { e.device, err = Open(name, ours); return err }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.device.Close() })
}

// run runs a program in the namespace.
func (e *end) run(t testing.TB, words ...string) {
	t.Helper()
	var out strings.Builder
	c := exec.Command(words[0], words[1:]...)
	c.Stdout, c.Stderr = &out, &out
	if err := errors.Join(e.Start(c), c.Wait()); err != nil {
		t.Fatalf("%v: %v: %s", words, err, out.String())
	}
}

// turned is the tunnel as the other end sees it.
func turned(t platform.GRE) platform.GRE {
	t.Local, t.Remote = t.Remote, t.Local
	return t
}

// listen opens a UDP socket in the namespace.
func (e *end) listen(t testing.TB) *net.UDPConn {
	t.Helper()
	var c *net.UDPConn
	err := e.Do(func() (err error) {
		c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(e.inner, 7000)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// exchange sends a datagram through the tunnel and back.
func exchange(t *testing.T, ends [2]*end, octets int) error {
	t.Helper()
	a, b := ends[0].listen(t), ends[1].listen(t)
	defer a.Close()
	defer b.Close()
	sent := make([]byte, octets)
	for i := range sent {
		sent[i] = byte(i)
	}
	if _, err := a.WriteToUDPAddrPort(sent, netip.AddrPortFrom(ends[1].inner, 7000)); err != nil {
		return err
	}
	for _, c := range []*net.UDPConn{b, a} {
		got := make([]byte, 65535)
		if err := c.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
			return err
		}
		n, from, err := c.ReadFromUDPAddrPort(got)
		if err != nil {
			return err
		}
		if string(got[:n]) != string(sent) {
			return fmt.Errorf("%d octets came as %d", octets, n)
		}
		if c == b {
			if _, err := b.WriteToUDPAddrPort(got[:n], from); err != nil {
				return err
			}
		}
	}
	return nil
}

// wholePacket is a datagram that fills the MTU of a tunnel without a key.
const wholePacket = pathMTU - outerSize - baseSize - 28

// TestTunnel carries small packets, packets that just fit, and fragments.
func TestTunnel(t *testing.T) {
	for _, ours := range []platform.GRE{plain, keyed} {
		ends := newEnds(t, ours, turned(ours))
		for _, octets := range []int{1, 1000, wholePacket - 4, wholePacket, 9000} {
			if err := exchange(t, ends, octets); err != nil {
				t.Errorf("key %v: %d octets: %v", ours.HasKey, octets, err)
			}
		}
		for _, e := range ends { // then all is counted
			if err := e.device.Close(); err != nil {
				t.Error(err)
			}
		}
		a, b := ends[0].device.Counters(), ends[1].device.Counters()
		if a.OutPackets == 0 || a.OutPackets != b.InPackets || a.OutOctets != b.InOctets || b.OutPackets != a.InPackets {
			t.Errorf("counters %+v and %+v", a, b)
		}
	}
}

// A path that is narrower than the tunnel has the tunnel's packets in fragments.
func TestNarrowPath(t *testing.T) {
	ends := newEnds(t, plain, turned(plain))
	ends[0].run(t, "ip", "link", "set", "eth0", "mtu", "1000")
	ends[1].run(t, "ip", "link", "set", "eth0", "mtu", "1000")
	if err := exchange(t, ends, wholePacket); err != nil {
		t.Error(err)
	}
}

// TestMTU asks the system for what was set.
func TestMTU(t *testing.T) {
	for _, test := range []struct {
		ends platform.GRE
		want int
	}{{plain, 1476}, {keyed, 1472}} {
		e := &end{Namespace: netnstest.New(t)}
		e.open(t, test.ends)
		err := e.Do(func() error {
			i, err := net.InterfaceByName(name)
			if err == nil && i.MTU != test.want {
				err = fmt.Errorf("MTU %d, want %d", i.MTU, test.want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Nothing passes between tunnels of different keys, and it is known why.
func TestOtherKey(t *testing.T) {
	other := turned(keyed)
	other.Key++
	ends := newEnds(t, keyed, other)
	if err := exchange(t, ends, 1); err == nil {
		t.Error("a packet of another key has passed")
	}
	if n := ends[1].device.Counters().Drops[DropKey]; n == 0 {
		t.Errorf("counters %+v, want some %v", ends[1].device.Counters(), DropKey)
	}
}

// A packet to the other end itself is not carried: those around it would follow.
func TestLoop(t *testing.T) {
	ends := newEnds(t, plain, turned(plain))
	ends[0].run(t, "ip", "route", "add", "192.0.2.2/32", "dev", name)
	if err := exchange(t, ends, 1); err == nil {
		t.Error("a packet has passed without a way")
	}
	if c := ends[0].device.Counters(); c.Drops[DropLoop] == 0 || c.OutPackets > 100 {
		t.Errorf("counters %+v, want some %v", c, DropLoop)
	}
}

// A tunnel that others delete ends without a word, and its own end may come later.
func TestWithoutDevice(t *testing.T) {
	e := &end{Namespace: netnstest.New(t)}
	e.open(t, plain)
	e.run(t, "ip", "link", "set", name, "up")
	e.run(t, "ip", "route", "add", "10.9.0.0/16", "dev", name)
	c := exec.Command("ping", "-c1", "-W1", "10.9.0.1")
	if err := e.Start(c); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // nobody answers
	if n := e.device.Counters().Drops[DropSend]; n == 0 {
		t.Error("nothing was lost without a route")
	}
	e.run(t, "ip", "link", "del", name)
	if err := e.device.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

// Close takes the device away, and is over when all is.
func TestClose(t *testing.T) {
	ends := newEnds(t, plain, turned(plain))
	device := ends[0].device
	if err := device.Close(); err != nil {
		t.Fatal(err)
	}
	err := ends[0].Do(func() error { _, err := net.InterfaceByName(name); return err })
	if err == nil {
		t.Errorf("%s is still there", name)
	}
	if err := device.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the second Close() = %v", err)
	}
	ends[0].open(t, plain) // the name is free again
}

func TestOpenRefuses(t *testing.T) {
	n := netnstest.New(t)
	for _, test := range []struct {
		name, device string
		ends         platform.GRE
		want         string
	}{
		{"no other end", name, platform.GRE{Local: plain.Local}, "want two IPv4 addresses"},
		{"IPv6", name, platform.GRE{Local: plain.Local, Remote: netip.MustParseAddr("2001:db8::1")}, "want two IPv4 addresses"},
		{"a name that is too long", "a-name-of-sixteen", plain, "a-name-of-sixteen"},
		{"a device of that name", "lo", plain, "lo"},
	} {
		var d *Device
		err := n.Do(func() (err error) { d, err = Open(test.device, test.ends); return err })
		if err == nil {
			d.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Open() = %v, want an error with %q", test.name, err, test.want)
		}
	}
}

// BenchmarkTunnel carries datagrams of 1400 octets from one end to the other, one at a
// time.
func BenchmarkTunnel(b *testing.B) {
	ends := newEnds(b, plain, turned(plain))
	from, to := ends[0].listen(b), ends[1].listen(b)
	buffer := make([]byte, 1400)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := from.WriteToUDPAddrPort(buffer, netip.AddrPortFrom(ends[1].inner, 7000)); err != nil {
			b.Fatal(err)
		}
		if _, _, err := to.ReadFromUDPAddrPort(buffer); err != nil {
			b.Fatal(err)
		}
	}
}
