package ike

import (
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ipsec/secret"
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

// TestChangedPolicyIsTriedAtOnce gives an entry that has failed a peer with the right key: it does not
// wait for what was wrong before.
func TestChangedPolicyIsTriedAtOnce(t *testing.T) {
	w := newWorld(t, 1, func(name string, c *Config) {
		c.Policies[0].Auto = name == "hq"
		if name == "hq" {
			c.Policies[0].Peer.Key = secret.Octets("a-wrong-secret-of-32-characters!")
		}
	})
	hq := w.ends[0]
	hq.step(SetConfig{hq.config})
	for range 200 {
		if w.run(time.Second); hq.engine.flows[flowKey{kitPolicy, kitRule}].retry.place != 0 {
			break
		}
	}
	c, policy := *hq.config, *hq.config.Policies[0]
	peer := *policy.Peer
	peer.Key, policy.Peer = w.ends[1].config.Policies[0].Peer.Key, &peer
	c.Policies = []*Policy{&policy}
	hq.config = &c
	hq.step(SetConfig{&c})
	w.run(0)
	w.mustAgree()
	w.mustEnd()
}
