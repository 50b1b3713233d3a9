package commands

import (
	"cmp"
	"maps"

	"sallyport/ike"
)

// globals returns what the engine is told that is about no policy.
func (c *Config) globals() *ike.Config {
	g := &c.IKE
	return &ike.Config{
		Policies:         make([]*ike.Policy, 0, len(c.Policies)),
		LocalName:        c.ikeInForce().LocalName,
		DPD:              g.DPD,
		Heartbeat:        g.Heartbeat,
		NATKeepAlive:     g.NATKeepAlive,
		Limits:           g.Limits,
		TrafficIdentical: g.TrafficIdentical,
		SHA2Short:        c.SHA2Short,
	}
}

// ikeInForce returns what holds with all peers, with the name that they are told.
func (c *Config) ikeInForce() IKEGlobal {
	g := c.IKE
	g.LocalName = cmp.Or(g.LocalName, c.Sysname)
	return g
}

// sameGlobals reports whether what globals fills in is the same.
func sameGlobals(a, b *ike.Config) bool {
	return a.LocalName == b.LocalName && a.DPD == b.DPD && a.Heartbeat == b.Heartbeat &&
		a.NATKeepAlive == b.NATKeepAlive && a.Limits == b.Limits && a.TrafficIdentical == b.TrafficIdentical && a.SHA2Short == b.SHA2Short &&
		maps.Equal(a.UserTables, b.UserTables) && maps.Equal(a.Locals, b.Locals) && maps.Equal(a.Schemes, b.Schemes)
}
