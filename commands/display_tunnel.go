package commands

import (
	"cmp"
	"net/netip"
	"strings"
)

// A tunnelEntry is what a tunnel interface has beside what every interface has.
type tunnelEntry struct {
	Protocol    string     `json:"protocol"`         // ipsec or gre; empty: none yet
	Source      netip.Addr `json:"source"`           // empty: not known
	Port        string     `json:"source_interface"` // that has the source; empty: none that is configured
	Destination netip.Addr `json:"destination"`      // empty: not known
	Key         *uint32    `json:"gre_key"`          // null: none
	Profile     string     `json:"ipsec_profile"`    // empty: none
	Missing     []string   `json:"missing"`          // what keeps it down: commands not given, and what they ask for
}

// unmadeMTU is what is shown of a tunnel that is down and has none configured.
const unmadeMTU = 1500

func newTunnelEntry(t *tunnelState) *tunnelEntry {
	e := &tunnelEntry{
		Source: t.local, Destination: t.remote, Profile: t.of.Tunnel.Profile, Missing: append([]string{}, t.missing...),
	}
	for _, w := range tunnelProtocols().Words {
		if w.Value == t.of.Tunnel.Protocol {
			e.Protocol = w.Text
		}
	}
	if t.carrier != nil {
		e.Port = t.carrier.Name
	}
	if key := t.of.Tunnel.Key; key.Set {
		e.Key = &key.Number
	}
	return e
}

// withTunnels adds what the configuration says of tunnels, and those that have no Linux
// device since they are down.
func (d *interfaceDisplay) withTunnels(c *Config) {
	states := c.tunnelStates()
	if len(states) == 0 {
		return
	}
	there := make(map[string]*interfaceEntry, len(d.Interfaces))
	for n := range d.Interfaces {
		there[d.Interfaces[n].Name] = &d.Interfaces[n]
	}
	var down []interfaceEntry
	for n := range states {
		t := &states[n]
		if e := there[t.of.Name]; e != nil {
			e.Tunnel = newTunnelEntry(t)
			continue
		}
		down = append(down, downTunnel(t))
	}
	d.Interfaces = append(d.Interfaces, down...)
}

// downTunnel is a tunnel without a Linux device.
func downTunnel(t *tunnelState) interfaceEntry {
	e := interfaceEntry{
		Name: t.of.Name, Physical: "down", Protocol: "down", Description: t.of.Description,
		MTU: cmp.Or(t.of.MTU, unmadeMTU), Addresses: append([]netip.Prefix{}, t.of.Addresses...), Tunnel: newTunnelEntry(t),
	}
	if t.of.Shutdown {
		e.Physical = "*down"
	}
	return e
}

// addTo writes a tunnel's lines of `display interface`.
func (e *tunnelEntry) addTo(p *page) {
	source := addrText(e.Source)
	if e.Port != "" {
		source += " (" + e.Port + ")"
	}
	p.add("Encapsulation is TUNNEL, loopback not set")
	p.addf("Tunnel source %s, destination %s", source, addrText(e.Destination))
	key := ""
	switch {
	case e.Key != nil:
		key = ", key " + utoa(*e.Key)
	case e.Protocol == "gre":
		key = ", key disabled"
	}
	p.addf("Tunnel protocol/transport %s/IP%s", cmp.Or(strings.ToUpper(e.Protocol), "NONE"), key)
	if e.Profile != "" {
		p.addf("IPSec profile : %s", e.Profile)
	}
	if len(e.Missing) > 0 {
		p.addf("The tunnel configuration is incomplete: no %s", strings.Join(e.Missing, ", no "))
	}
}
