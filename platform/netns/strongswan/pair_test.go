package strongswan

import (
	"net/netip"
	"os/exec"
	"slices"
	"testing"
	"time"

	"sallyport/platform/netns"
	"sallyport/platform/netns/daemon"
	"sallyport/platform/netns/netnstest"
)

// A pair of strongSwans with a cable between them, each with an address of its
// protected network on lo:
//
//	10.1.0.1  left  192.0.2.1 ---- 192.0.2.2  right  10.2.0.1
type pair struct {
	leftSpace   *netns.Namespace
	left, right *Daemon
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPair(t *testing.T, ike, esp string) pair {
	return newPairOf(t, func(left, right *Connection) {
		left.IKE, left.ESP = ike, esp
		right.IKE, right.ESP = ike, esp
	})
}

// newPairOf makes a pair of connections that change has been called for.
func newPairOf(t *testing.T, change func(left, right *Connection)) pair {
	t.Helper()
	Require(t)
	left, right := newSpaces(t)
	return newPairIn(t, left, right, change)
}

// newSpaces lays the cable.
func newSpaces(t *testing.T) (left, right *netns.Namespace) {
	t.Helper()
	left, right = netnstest.New(t), netnstest.New(t)
	must(t, netns.Cable(left, "wan", right, "wan"))
	must(t, left.AddAddress("wan", netip.MustParsePrefix("192.0.2.1/24")))
	must(t, left.AddAddress("lo", netip.MustParsePrefix("10.1.0.1/32")))
	must(t, right.AddAddress("wan", netip.MustParsePrefix("192.0.2.2/24")))
	must(t, right.AddAddress("lo", netip.MustParsePrefix("10.2.0.1/32")))
	return left, right
}

// newPairIn starts the daemons.
func newPairIn(t *testing.T, left, right *netns.Namespace, change func(left, right *Connection)) pair {
	t.Helper()
	l := Connection{
		Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("192.0.2.2"),
		LocalTS: "10.1.0.0/24", RemoteTS: "10.2.0.0/24",
		IKE: "aes128-sha1-modp2048", ESP: "aes128-sha1", Key: "a shared secret",
	}
	r := l
	r.Local, r.Remote, r.LocalTS, r.RemoteTS = l.Remote, l.Local, l.RemoteTS, l.LocalTS
	change(&l, &r)
	return pair{leftSpace: left, left: Start(t, left, l), right: Start(t, right, r)}
}

func (p pair) ping(t *testing.T) {
	t.Helper()
	p.pingFrom(t, "10.1.0.1", "10.2.0.1")
}

func (p pair) pingFrom(t *testing.T, from, to string) {
	t.Helper()
	p.pingWith(t, "-c", "3", "-i", "0.02", "-W", "2", "-I", from, to)
}

func (p pair) pingWith(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("ping", append([]string{"-q"}, args...)...)
	done := make(chan error, 1)
	must(t, p.leftSpace.Start(cmd))
	go func() { done <- cmd.Wait() }()
	if err := <-done; err != nil {
		t.Errorf("ping through the tunnel: %v", err)
	}
}

// await polls until the daemon's SAs are as wanted.
func await(t *testing.T, d *Daemon, want string, ok func([]SA) bool) {
	t.Helper()
	var sas []SA
	for deadline := time.Now().Add(daemon.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		if sas, err = d.SAs(); err == nil && ok(sas) {
			return
		}
	}
	t.Fatalf("SAs are %+v, want %s", sas, want)
}

// The machine and this package work before anything else is put on one end.
func TestPair(t *testing.T) {
	for _, test := range []struct{ ike, esp string }{
		{"des-md5-modp768", "des-md5"},
		{"3des-sha1-modp1024", "3des-sha1-modp1024"},
		{"aes128-sha1-modp2048", "aes128gcm16"},
		{"aes256-sha256-ecp256", "null-sha1"},
	} {
		t.Run(test.ike+" "+test.esp, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, test.ike, test.esp)
			must(t, p.left.Initiate())
			p.ping(t)
			sas, err := p.right.SAs()
			must(t, err)
			if len(sas) != 1 || len(sas[0].Children) != 1 || sas[0].Children[0].PacketsIn != 3 {
				t.Errorf("the responder's SAs are %+v, want one with one child and three packets", sas)
			}
		})
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	p := newPair(t, "aes128-sha1-modp2048", "aes128-sha1")
	must(t, p.left.Initiate())
	must(t, p.left.RekeyChild())
	await(t, p.right, "a second child", func(sas []SA) bool {
		return len(sas) == 1 && len(sas[0].Children) == 2 && sas[0].Children[1].State == "INSTALLED"
	})
	p.ping(t)
	must(t, p.left.TerminateChild())
	await(t, p.right, "no child", func(sas []SA) bool { return len(sas) == 1 && len(sas[0].Children) == 0 })
	must(t, p.left.RekeyIKE())
	await(t, p.right, "a second ISAKMP SA, established", func(sas []SA) bool {
		return slices.ContainsFunc(sas, func(sa SA) bool { return sa.ID == 2 && sa.State == "ESTABLISHED" })
	})
	must(t, p.left.TerminateIKE())
	await(t, p.right, "nothing", func(sas []SA) bool { return len(sas) == 0 })
}
