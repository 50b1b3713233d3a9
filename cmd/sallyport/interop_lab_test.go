package main_test

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/icmp"
	"sallyport/platform/netns"
	"sallyport/platform/netns/testrun"
)

// patience bounds every wait for something that should take a fraction of it.
var patience = testrun.Patience(usualPatience)

// usualPatience is that on an ordinary machine.
const usualPatience = 20 * time.Second

// requireLab skips a test that runs the program in namespaces, where these
// cannot be made, and in a short run.
func requireLab(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the program in namespaces, which a short run leaves out")
	}
	requireRoot(t)
}

// requireRoot skips the test where namespaces cannot be made.
func requireRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		unavailable(t, "needs root, for network namespaces")
	}
}

// requireProgram skips the test where a program is not installed.
func requireProgram(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		unavailable(t, name+" is missing: run .ci/install-peers")
	}
}

// unavailable skips the test with the reason. On a build machine, which says so
// with CI=true, that is a failure.
func unavailable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok, which may be asked often; what says what is awaited.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	within(t, usualPatience, what, ok)
}

// within is eventually with a patience of its own, which on a slow machine is
// more.
func within(t testing.TB, usual time.Duration, what string, ok func() bool) {
	t.Helper()
	limit := testrun.Patience(usual)
	pause, longest := testrun.Patience(10*time.Millisecond), testrun.Patience(300*time.Millisecond)
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(pause) {
		if ok() {
			return
		}
		pause = min(pause*3/2, longest) // asking costs a process
	}
	t.Fatalf("waited %v in vain until %s", limit, what)
}

// newSpace makes a namespace that goes with the test.
func newSpace(t testing.TB) *netns.Namespace {
	n, err := netns.New()
	must(t, err)
	t.Cleanup(func() { n.Close() })
	return n
}

func cable(t testing.TB, a *netns.Namespace, aName string, b *netns.Namespace, bName string) {
	t.Helper()
	must(t, netns.Cable(a, aName, b, bName))
}

func address(t testing.TB, n *netns.Namespace, device, prefix string) {
	t.Helper()
	must(t, n.AddAddress(device, netip.MustParsePrefix(prefix)))
}

func route(t testing.TB, n *netns.Namespace, prefix, via string) {
	t.Helper()
	must(t, n.AddRoute(netip.MustParsePrefix(prefix), netip.MustParseAddr(via)))
}

// newHost makes a host behind a gateway: device eth0 with the address, default
// route to the gateway, whose own device is called lan.
func newHost(t testing.TB, gateway *netns.Namespace, prefix, via string) *netns.Namespace {
	t.Helper()
	requireProgram(t, "ping")
	host := newSpace(t)
	cable(t, host, "eth0", gateway, "lan")
	address(t, host, "eth0", prefix)
	route(t, host, "0.0.0.0/0", via)
	return host
}

// command runs a program inside n and returns what it wrote. The program ends
// with the test at the latest.
func command(t testing.TB, n *netns.Namespace, args ...string) (string, error) {
	t.Helper()
	cmd, out := start(t, n, args...)
	err := cmd.Wait()
	return out.String(), err
}

// start starts a program inside n; its output is complete after Wait.
func start(t testing.TB, n *netns.Namespace, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, n.Start(cmd))
	return cmd, &out
}

// ping sends count echo requests, 50 a second at most, and fails the test unless
// every one is answered. A request may wait for an answer as long as patience
// lasts: the program of that name does not let the last one.
func ping(t testing.TB, from *netns.Namespace, to string, count int) {
	t.Helper()
	pingWith(t, from, icmp.Request{Host: netip.MustParseAddr(to), Count: count})
}

// pingWith is ping with all that a request may say but its times.
func pingWith(t testing.TB, from *netns.Namespace, request icmp.Request) {
	t.Helper()
	request.Interval, request.Timeout = pingInterval, patience
	received := 0
	err := from.Do(func() error {
		return icmp.Ping(t.Context(), request, func(r icmp.Reply) {
			if !r.Lost {
				received++
			}
		})
	})
	if err != nil || received != request.Count {
		t.Fatalf("ping %v: %d of %d answered, %v", request.Host, received, request.Count, err)
	}
}

// pingInterval is the time between two echo requests.
const pingInterval = 20 * time.Millisecond

// pingArgs runs the program, for what goes on meanwhile.
func pingArgs(to string, count int) []string {
	return []string{"ping", "-n", "-q", "-i", "0.02", "-c", strconv.Itoa(count), "-W", strconv.Itoa(int(patience / time.Second)), to}
}
