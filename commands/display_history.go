package commands

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sallyport/ike"
)

// An ipsecHistoryDisplay is `display ipsec history record`.
type ipsecHistoryDisplay struct {
	Rows []ipsecHistoryRecord `json:"records"`
}

// An ipsecHistoryRecord is a tunnel that went down.
type ipsecHistoryRecord struct {
	Interface   string         `json:"interface"`
	Policy      string         `json:"policy"`
	Sequence    uint32         `json:"sequence"`
	Remote      netip.AddrPort `json:"remote"`
	VPN         string         `json:"vpn"`
	Source      ipsecFlow      `json:"flow_source"`
	Destination ipsecFlow      `json:"flow_destination"`
	Reason      string         `json:"last_offline_reason"`
	Time        time.Time      `json:"last_offline_time"`
	Times       int            `json:"offline_times_in_24_hours"`
}

// newIPsecHistoryDisplay returns what there is in the order given, of all peers
// or of the one at the address remote if that is valid.
func newIPsecHistoryDisplay(all []ike.History, remote netip.Addr) ipsecHistoryDisplay {
	d := ipsecHistoryDisplay{Rows: []ipsecHistoryRecord{}}
	for _, h := range all {
		if !remote.IsValid() || h.Remote.Addr() == remote {
			d.Rows = append(d.Rows, newIPsecHistoryRecord(h))
		}
	}
	return d
}

func newIPsecHistoryRecord(h ike.History) ipsecHistoryRecord {
	s := h.Selector
	return ipsecHistoryRecord{
		Interface: h.Policy.Interface, Policy: h.Policy.Name, Sequence: h.Policy.Sequence,
		Remote: h.Remote, VPN: public,
		Source:      ipsecFlow{s.Local.First, s.Local.Last, s.LocalPort, s.Protocol},
		Destination: ipsecFlow{s.Remote.First, s.Remote.Last, s.RemotePort, s.Protocol},
		Reason:      h.Reason, Time: h.Time, Times: h.Times,
	}
}

// text prints a block for each tunnel.
func (d ipsecHistoryDisplay) text() string {
	var p page
	p.add("IPSec history record:")
	p.addf("Current record number: %d", len(d.Rows))
	f := form{0, 23}
	for _, r := range d.Rows {
		p.add(strings.Repeat("=", 31))
		p.add(f.line("Interface", r.Interface))
		p.add(f.line("remote-address", addrText(r.Remote.Addr())))
		p.add(f.line("remote-port", utoa(uint32(r.Remote.Port()))))
		p.add(f.line("VPN instance/VSYS name", r.VPN))
		p.add(f.line("flow-source", r.Source.text()))
		p.add(f.line("flow-destination", r.Destination.text()))
		p.add(f.line("last-offline-reason", r.Reason))
		p.add(f.line("last-offline-time", r.Time.Format(stamp)))
		p.add(f.line("offline-times-in-24Hour", fmt.Sprint(r.Times)))
	}
	return p.text()
}
