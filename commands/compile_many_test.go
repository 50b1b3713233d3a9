package commands

import (
	"fmt"
	"strings"
	"testing"
)

// byHands is the configuration of n manual tunnels.
func byHands(n int) string {
	var b strings.Builder
	b.WriteString("acl number 3000\n rule 5 permit ip\nipsec proposal a\n")
	for i := range n {
		fmt.Fprintf(&b, `ipsec policy m %d manual
 security acl 3000
 proposal a
 tunnel local 192.0.2.1
 tunnel remote 10.7.%d.%d
 sa spi inbound esp %d
 sa spi outbound esp %d
 sa string-key inbound esp inbound-of-%d
 sa string-key outbound esp outbound-of-%d
`, i+1, i/250, 1+i%250, 1000+i, 1000+i, i, i)
	}
	b.WriteString("interface GigabitEthernet0/0/1\n ip address 192.0.2.1 24\n ipsec policy m\n")
	return b.String()
}

// TestManyManualTunnels shows that a line on top of many does not cost what there is: SAs
// that stay are not made again.
func TestManyManualTunnels(t *testing.T) {
	const n = 10000
	c := replayed(t, byHands(n))
	first := protection(t, c)
	if len(first.Manual) != 2*n {
		t.Fatalf("%d SAs, want %d", len(first.Manual), 2*n)
	}
	after, _ := Replay(c, Script{Text: "ipsec policy m 77\n sa spi inbound esp 999999\n"})
	second := protection(t, after)
	differ := 0
	for i := range first.Manual {
		if first.Manual[i] != second.Manual[i] {
			differ++
		}
	}
	if differ != 2 {
		t.Errorf("%d SAs are others, want the 2 of one tunnel", differ)
	}
}
