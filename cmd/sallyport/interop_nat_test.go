package main_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"sallyport/platform/netns"
)

// A natBox stands between fwA and the world and gives its UDP other ports:
//
//	fwA 192.0.2.1 ---- 192.0.2.254 nat 198.51.100.254 ---- 198.51.100.7 fwB
//
// The address stays, for fwB finds the pre-shared key by it, and compares it
// with fwA's identity.
type natBox struct{ space *netns.Namespace }

// translate makes the box use the given ports, and forget those it used.
func (n natBox) translate(t testing.TB, ports string) {
	t.Helper()
	rules := fmt.Sprintf(`table ip nat
delete table ip nat
table ip nat {
  chain post {
    type nat hook postrouting priority 100
    oifname "outside" meta l4proto udp snat to 192.0.2.1:%s
  }
}
`, ports)
	cmd := exec.CommandContext(t.Context(), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	must(t, n.space.Start(cmd))
	if err := cmd.Wait(); err != nil {
		t.Fatalf("nft: %v", err)
	}
	must(t, n.space.Do(func() error { return netlink.ConntrackTableFlush(netlink.ConntrackTable) }))
}

// newNATLab is a twinLab with a natBox between the gateways.
func newNATLab(t testing.TB) (*twinLab, natBox) {
	t.Helper()
	requireLab(t)
	requireProgram(t, "nft")
	fwA, nat, fwB := newSpace(t), newSpace(t), newSpace(t)
	cable(t, fwA, "wan", nat, "inside")
	cable(t, nat, "outside", fwB, "wan")
	address(t, nat, "inside", "192.0.2.254/24")
	address(t, nat, "outside", "198.51.100.254/24")
	must(t, nat.Forward())
	box := natBox{nat}
	box.translate(t, "20000-29999")

	a, b := twins()
	a.peer, a.nextHop = "198.51.100.7", "192.0.2.254"
	b.wan, b.nextHop = "198.51.100.7", "198.51.100.254"
	lab := &twinLab{wire: watchCable(t, port{nat, "outside"}, port{fwB, "wan"})}
	lab.populate(t, fwA, fwB)
	lab.a = startAppliance(t, fwA, "FWA", a.config(plain))
	lab.b = startAppliance(t, fwB, "FWB", b.config(plain))
	return lab, box
}

// peerPort returns the port that fwB sees fwA at.
func (lab *twinLab) peerPort(t *testing.T) string {
	t.Helper()
	display := lab.b.console("display ike sa")
	found := regexp.MustCompile(`192\.0\.2\.1:(\d+)`).FindStringSubmatch(display)
	if found == nil {
		t.Fatalf("display ike sa names no port of 192.0.2.1:\n%s", display)
	}
	return found[1]
}

// Behind a NAT the tunnel moves to UDP, and follows when the NAT forgets its
// mapping and makes another.
func TestNAT(t *testing.T) {
	t.Parallel()
	lab, box := newNATLab(t)
	ping(t, lab.pcA, hostB, 1)
	ping(t, lab.pcA, hostB, 4)
	ping(t, lab.pcB, hostA, 5)
	lab.tunnel(t, lab.a, lab.b)
	lab.wire.await(t, "ESP in UDP", &lab.wire.udpESP, 20)
	if esp, udp := lab.wire.esp.Load(), lab.wire.udpESP.Load(); esp != 0 || udp != 20 {
		t.Errorf("%d packets of ESP passed, and %d in UDP, want 0 and 20", esp, udp)
	}
	if port := lab.peerPort(t); port < "20000" || port > "29999" {
		t.Errorf("FWB sees FWA at port %s, want one of the NAT's", port)
	}

	box.translate(t, "40000-49999")
	eventually(t, "a ping from behind the NAT is answered at its new port", func() bool {
		out, err := command(t, lab.pcA, "ping", "-n", "-q", "-c", "1", "-W", "1", hostB)
		return err == nil && strings.Contains(out, " 0% packet loss")
	})
	eventually(t, "FWB sees FWA at the new port", func() bool { return lab.peerPort(t) >= "40000" })
	ping(t, lab.pcB, hostA, 5)
	ping(t, lab.pcA, hostB, 5)
	lab.wire.nothingInClear(t)
}

// The side behind the NAT keeps the mapping alive when nothing is sent
// (RFC 3948 §4: every 20 s).
func TestNATKeepalive(t *testing.T) {
	t.Parallel()
	lab, _ := newNATLab(t)
	ping(t, lab.pcA, hostB, 1)
	within(t, 30*time.Second, "a keep-alive is seen", func() bool { return lab.wire.keepalive.Load() > 0 })
}
