package main_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// manyTunnels is how many tunnels the gateway of BenchmarkLine10000 has.
const manyTunnels = 10000

// largeConfig is n tunnels on four interfaces: a named list, a peer and a policy entry
// each.
func largeConfig(n int) string {
	var b strings.Builder
	b.WriteString("sysname Hub\nipsec proposal strong\nike proposal 10\n")
	for i := range n {
		fmt.Fprintf(&b, `acl name branch-%d advance
 description Networks of branch %d
 rule 5 permit ip source 172.16.0.0 0.0.255.255 destination 10.%d.%d.0 0.0.0.255
#
%s#
ipsec policy hub-%d %d isakmp
 security acl name branch-%d
 ike-peer branch-%d
 proposal strong
#
`, i, i, i/256, i%256, largePeer(fmt.Sprint("branch-", i), fmt.Sprintf("203.%d.%d.1", i/256, i%256)), i%4, 1+i/4, i, i)
	}
	for i := range 4 {
		fmt.Fprintf(&b, "interface GigabitEthernet0/0/%d\n ip address 192.0.%d.1 24\n ipsec policy hub-%d\n#\n", i+1, i, i)
	}
	b.WriteString("ip route-static 0.0.0.0 0 192.0.0.2\nreturn\n")
	return b.String()
}

// largePeer is a peer of largeConfig.
func largePeer(name, remote string) string {
	return "ike peer " + name + "\n undo version 2\n pre-shared-key Key@" + name + "\n ike-proposal 10\n remote-address " + remote + "\n"
}

// BenchmarkLine10000 enters lines at the console of a gateway that runs many tunnels.
// start-s is from the start of the program to its word that it is up, KiB/tunnel its
// memory then, beyond that without a configuration; first-ms is the very first change,
// which also keeps the start-up configuration. ms/line is the median, from the line to
// the answer to the next one. The sub-benchmarks share a gateway.
func BenchmarkLine10000(b *testing.B) {
	g := newLarge(b)
	b.Run("Start", func(b *testing.B) {
		for b.Loop() { // it was measured once
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(g.start.Seconds(), "start-s")
		b.ReportMetric(g.grown, "KiB/tunnel")
		b.ReportMetric(g.first, "first-ms")
	})
	rule := "rule 10 permit ip source 172.16.0.0 0.0.255.255 destination 10.200.0.0 0.0.255.255"
	for _, bench := range []struct{ name, view, one, other string }{
		{"Sysname", "", "sysname A", "sysname Hub"},
		{"Peer", "ike peer branch-77", "remote-address 198.51.100.1", "remote-address 198.51.100.2"},
		{"Rule", "acl name branch-77", rule, "undo rule 10"},
		{"Tunnel", "ipsec policy hub-1 9000 isakmp", "proposal strong", "undo proposal strong"},
		{"Route", "", "ip route-static 10.255.0.0 16 192.0.0.3", "undo ip route-static 10.255.0.0 16"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := g.attach(b)
			c.enter(b, "system-view\n"+bench.view+"\n")
			c.measure(b, func(i int) string { return []string{bench.one, bench.other}[i%2] })
		})
	}
	for _, bench := range []struct{ name, line string }{
		{"DisplayIKESA", "display ike sa"},
		{"DisplayCount", "display current-configuration | count"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			g.attach(b).measure(b, func(int) string { return bench.line })
		})
	}
}

// A large is a gateway with many tunnels.
type large struct {
	*gatewayRun
	start time.Duration
	grown float64 // KiB for each tunnel
	first float64 // milliseconds that the first change took
}

// newLarge starts the gateway, and enters a new list and a new peer, which the
// sub-benchmark Tunnel makes a policy entry of.
func newLarge(b *testing.B) *large {
	b.Helper()
	empty := newBare(b).run(b)
	without := empty.resident(b)
	empty.kill()
	space := newBare(b)
	cable(b, space.Namespace, "eth3", space.Namespace, "eth4")
	file := filepath.Join(space.folder, "large.cfg")
	must(b, os.WriteFile(file, []byte(largeConfig(manyTunnels)), 0o600))
	began := time.Now()
	g := &large{gatewayRun: space.run(b, "--config", file)}
	g.start = time.Since(began)
	b.Cleanup(g.kill)
	g.grown = float64(g.resident(b)-without) / manyTunnels
	c := g.attach(b)
	c.enter(b, "system-view\n")
	g.first = c.enter(b, "sysname Changed\n").Seconds() * 1000
	c.enter(b, largePeer("another", "198.51.100.77"))
	c.enter(b, "acl name another\n rule permit ip source 172.16.0.0 0.0.255.255 destination 10.201.0.0 0.0.255.255\n")
	c.enter(b, "ipsec policy hub-1 9000 isakmp\n security acl name another\n ike-peer another\n")
	return g
}

// kill ends the gateway with all its tunnels at once; its namespace goes with it.
func (g *gatewayRun) kill() {
	g.Process.Kill()
	g.Wait()
}

// A typist enters lines at a console of a gateway.
type typist struct {
	in  io.Writer
	out *bufio.Reader
}

// attach opens a console without a terminal.
func (g *large) attach(b *testing.B) *typist {
	b.Helper()
	path, err := program()
	must(b, err)
	cmd := exec.CommandContext(b.Context(), path, "console", "--state", g.state())
	in, err := cmd.StdinPipe()
	must(b, err)
	out, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	return &typist{in, bufio.NewReader(out)}
}

// enter enters lines, and returns how long it took until the clock was displayed
// behind them. None of them may be refused.
func (c *typist) enter(b *testing.B, lines string) time.Duration {
	b.Helper()
	began, first := time.Now(), time.Duration(0)
	_, err := io.WriteString(c.in, lines+"display clock\n")
	must(b, err)
	for {
		line, err := c.out.ReadString('\n')
		must(b, err)
		if first == 0 {
			first = time.Since(began)
		}
		if strings.HasPrefix(line, "Error") {
			b.Fatalf("%s: %s", lines, line)
		}
		if strings.HasPrefix(line, "Time Zone") {
			return first
		}
	}
}

// measure enters a line for each operation, and reports the median of how long it took
// until there was an answer.
func (c *typist) measure(b *testing.B, line func(i int) string) {
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		took = append(took, c.enter(b, line(i)+"\n"))
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms/line")
}
