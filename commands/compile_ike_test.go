package commands

import (
	"testing"
	"time"

	"sallyport/ike"
)

// TestGlobals types lines about all peers: each makes another configuration of the engine,
// with the same policies.
func TestGlobals(t *testing.T) {
	for _, test := range []struct {
		line  string
		check func(*ike.Config) bool
	}{
		{"ike local-name hq.example", func(c *ike.Config) bool { return c.LocalName == "hq.example" }},
		{"sysname HQ", func(c *ike.Config) bool { return c.LocalName == "HQ" }},
		{"ike dpd type periodic", func(c *ike.Config) bool { return c.DPD == ike.DPD{Type: ike.DPDPeriodic} }},
		{"ike dpd interval 20 3", func(c *ike.Config) bool {
			return c.DPD == ike.DPD{Type: ike.DPDPeriodic, Idle: 20 * time.Second, Retransmit: 3 * time.Second, Retries: 5}
		}},
		{"ike dpd on-demand 20", func(c *ike.Config) bool {
			return c.DPD == ike.DPD{Type: ike.DPDOnDemand, Idle: 20 * time.Second, Retransmit: 5 * time.Second, Retries: 5}
		}},
		{"ike heartbeat-timer interval 20", func(c *ike.Config) bool { return c.Heartbeat.Interval == 20*time.Second }},
		{"ike sa keepalive-timer timeout 90", func(c *ike.Config) bool { return c.Heartbeat.Timeout == 90*time.Second }},
		{"ike heartbeat seq-num new", func(c *ike.Config) bool { return c.Heartbeat.NewSeq }},
		{"ike heartbeat spi-list", func(c *ike.Config) bool { return c.Heartbeat.SPIs }},
		{"ike nat-keepalive-timer interval 5", func(c *ike.Config) bool { return c.NATKeepAlive == 5*time.Second }},
		{"ike limit half-open 7", func(c *ike.Config) bool { return c.Limits == ike.Limits{HalfOpen: 7} }},
		{"ike limit half-open per-address 7", func(c *ike.Config) bool { return c.Limits == ike.Limits{HalfOpenPerAddr: 7} }},
		{"ike limit isakmp-sa 7", func(c *ike.Config) bool { return c.Limits == ike.Limits{ISAKMP: 7} }},
		{"ike call admission limit in-negotiation-sa 7", func(c *ike.Config) bool { return c.Limits == ike.Limits{InNegotiation: 7} }},
		{"ipsec remote traffic-identical accept", func(c *ike.Config) bool { return c.TrafficIdentical }},
	} {
		before := replayed(t, branch)
		first := built(t, before)
		after, refused := Replay(before, Script{Text: test.line})
		if len(refused) > 0 {
			t.Fatalf("%q: %v", test.line, refused[0])
		}
		second := built(t, after)
		if second == first || test.check(first) || !test.check(second) {
			t.Errorf("%q: another configuration %v, %+v", test.line, second != first, second)
		}
		if len(second.Policies) != 1 || second.Policies[0] != first.Policies[0] {
			t.Errorf("%q: the policies are others", test.line)
		}
		again, refused := Replay(after, Script{Text: test.line})
		if len(refused) > 0 || built(t, again) != second {
			t.Errorf("%q once more makes another configuration, or is refused: %v", test.line, refused)
		}
	}
}
