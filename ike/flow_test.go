package ike

import (
	"testing"

	"sallyport/acl"
)

// TestAutoFlowsAreForgotten changes the rules of a policy that is to be up always, and is for the peer to
// begin: what nothing comes of is not remembered.
func TestAutoFlowsAreForgotten(t *testing.T) {
	w := newWorld(t, 1, func(_ string, c *Config) { c.Policies[0].Auto, c.Policies[0].Respond = true, true })
	hq := w.ends[0]
	for i := range uint32(10) {
		c, p := *hq.config, *hq.config.Policies[0]
		p.ACL = &acl.ACL{Number: 3000, Step: 5, Rules: []acl.Rule{kitPermit(i+10, 0x0a010000, 0x0a020000)}}
		c.Policies = []*Policy{&p}
		hq.config = &c
		hq.step(SetConfig{&c})
	}
	if n := len(hq.engine.flows); n != 0 {
		t.Errorf("%d flows are remembered", n)
	}
}
