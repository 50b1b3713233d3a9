package commands

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest/footprint"
	"sallyport/platform"
)

// many is how many tunnels the benchmarks have.
const many = 10000

// tunnels is the configuration of n tunnels on four interfaces: an access list with
// a name, a peer and a policy entry each.
func tunnels(n int) string {
	var b strings.Builder
	b.WriteString("#\nsysname Hub\n#\nipsec proposal strong\n#\nike proposal 10\n#\n")
	for i := range n {
		fmt.Fprintf(&b, `acl name branch-%d advance
 description Networks of branch %d
 rule 5 permit ip source 172.16.0.0 0.0.255.255 destination 10.%d.%d.0 0.0.0.255
#
ike peer branch-%d
 undo version 2
 pre-shared-key %%^%%#%032x%%^%%#
 ike-proposal 10
 remote-address 203.%d.%d.1
#
ipsec policy hub-%d %d isakmp
 security acl name branch-%d
 ike-peer branch-%d
 proposal strong
#
`, i, i, i/256, i%256, i, i, i/256, i%256, i%4, 1+i/4, i, i)
	}
	for i := range 4 {
		fmt.Fprintf(&b, "interface GigabitEthernet0/0/%d\n ip address 192.0.%d.1 24\n ipsec policy hub-%d\n#\n", i+1, i, i)
	}
	b.WriteString("ip route-static 0.0.0.0 0 192.0.0.2\n#\nreturn\n")
	return b.String()
}

// A pureBox does what a box does when a configuration is applied, as far as that
// touches nothing outside.
type pureBox struct {
	fakeDevice
	engine  *ike.Engine
	network platform.Network
}

func newPureBox() *pureBox { return &pureBox{engine: ike.New(nil, rand.Reader)} }

func (b *pureBox) Apply(c *Config) (err error) {
	protection, err := c.Protection(port)
	if err != nil {
		return err
	}
	if b.network, err = c.Network(port); err != nil {
		return err
	}
	b.engine.Step(time.Time{}, ike.SetConfig{Config: protection.IKE})
	return nil
}

// BenchmarkReplay10000 replays a script of many tunnels and applies what comes out:
// B/tunnel is what that leaves behind, without the script itself.
func BenchmarkReplay10000(b *testing.B) {
	text := tunnels(many)
	var grown int64
	for b.Loop() {
		box, before := newPureBox(), footprint.Heap()
		b.StartTimer()
		config := replayed(b, text)
		if err := box.Apply(config); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		grown += footprint.Heap() - before
		runtime.KeepAlive(config)
		runtime.KeepAlive(box)
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/replay")
	b.ReportMetric(float64(strings.Count(text, "\n")), "lines")
	b.ReportMetric(float64(grown)/float64(b.N*many), "B/tunnel")
}

// BenchmarkLine10000 enters lines on top of many tunnels.
func BenchmarkLine10000(b *testing.B) {
	for _, bench := range []struct{ name, view, one, other string }{
		{"Sysname", "sysname Hub", "sysname A", "sysname B"},
		{"Peer", "ike peer branch-77", "remote-address 198.51.100.1", "remote-address 198.51.100.2"},
		{"Policy", "ipsec policy hub-1 77", "pfs dh-group14", "undo pfs"},
		{"Rule", "acl name branch-77", "rule 10 permit udp", "undo rule 10"},
		{"Interface", "interface GigabitEthernet0/0/2", "mtu 1400", "undo mtu"},
		{"Route", "sysname Hub", "ip route-static 10.255.0.0 16 192.0.0.3", "undo ip route-static 10.255.0.0 16"},
		{"NewList", "sysname Hub", "acl name another", "undo acl name another"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			session := busySession(b)
			session.Exec(b.Context(), bench.view)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				line := bench.one
				if i%2 == 1 {
					line = bench.other
				}
				if out := session.Exec(b.Context(), line); out.Err != nil {
					b.Fatal(out.Text)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/line")
		})
	}
}

// busySession returns a session in system view of a box with many tunnels, which has
// been changed before: the very first change also keeps the start-up configuration.
func busySession(b *testing.B) *Session {
	box, config := newPureBox(), replayed(b, tunnels(many))
	if err := box.Apply(config); err != nil {
		b.Fatal(err)
	}
	session := NewSession(box, NewRunning(config), Options{Level: everything})
	session.Exec(b.Context(), "system-view")
	session.Exec(b.Context(), "sysname Warm")
	return session
}

// manySAs are a phase 1 and a phase 2 with each of many peers.
func manySAs() []ike.Status {
	all := make([]ike.Status, many)
	for i := range all {
		remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, byte(i >> 8), byte(i), 1}), 500)
		id := uint32(2 * (many - i))
		all[i] = ike.Status{
			ConnectionID: id - 1, Ready: true, Remote: remote,
			Children: []ike.ChildStatus{{ConnectionID: id, Remote: remote, Inbound: &ipsec.SA{}, Outbound: &ipsec.SA{}}},
		}
	}
	return all
}

// BenchmarkDisplayIKESA10000 lays out `display ike sa`. The lock of all sessions is
// held for the first half, the rest is done before the first page is printed.
func BenchmarkDisplayIKESA10000(b *testing.B) {
	all := manySAs()
	b.Run("Locked", func(b *testing.B) {
		for b.Loop() {
			newIKESADisplay(all, saFilter{})
		}
	})
	b.Run("Text", func(b *testing.B) {
		display := newIKESADisplay(all, saFilter{})
		for b.Loop() {
			if n := strings.Count(display.text(), "\n"); n != 2*many+4 {
				b.Fatal(n)
			}
		}
	})
}
