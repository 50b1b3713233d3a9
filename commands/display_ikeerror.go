package commands

import (
	"net/netip"
	"time"

	"sallyport/ike"
)

// An ikeErrorDisplay is `display ike error-info`, with Verbose set
// `display ike error-info verbose`.
type ikeErrorDisplay struct {
	Verbose bool           `json:"-"` // print the reasons too
	Rows    []ikeErrorLine `json:"errors"`
}

// An ikeErrorLine is one negotiation that failed.
type ikeErrorLine struct {
	Peer     netip.AddrPort `json:"peer"`
	PeerName string         `json:"peer_name"` // empty: no ike peer was found
	Error    string         `json:"error"`     // VRP's word
	Reason   string         `json:"reason"`    // both sides' values
	Version  string         `json:"version"`
	Time     time.Time      `json:"time"`
}

// newIKEErrorDisplay returns the failures in the order given, of all peers or of
// the one at the address peer if that is valid.
func newIKEErrorDisplay(all []ike.Failure, peer netip.Addr) ikeErrorDisplay {
	d := ikeErrorDisplay{Rows: []ikeErrorLine{}}
	for _, f := range all {
		if peer.IsValid() && f.Remote.Addr() != peer {
			continue
		}
		d.Rows = append(d.Rows, ikeErrorLine{
			Peer:     f.Remote,
			PeerName: f.Peer,
			Error:    f.Category,
			Reason:   printable(f.Reason, mismatchLimit),
			Version:  ikeV1,
			Time:     f.Time,
		})
	}
	return d
}

// The columns are those of VRP's offline-info, the reason's wide enough for the
// longest word there is, within the same rule.
var ikeErrorColumns = columns{2, 21, 29, 70, 79}

const ikeErrorRule = 101

// A peerEvent is a row of such a table, and what stands under it.
type peerEvent struct {
	peer            netip.AddrPort
	reason, version string
	time            time.Time
	detail          string // empty: nothing
}

// peerEvents prints the table of what has befallen peers. what is that in a word, current how VRP
// spells the first one of that table.
func peerEvents(current, what string, all []peerEvent) string {
	var p page
	p.addf("  %s info Num :%d", current, len(all))
	if len(all) == 0 {
		return p.text()
	}
	p.addf("  Ike %s information:", what)
	p.add(dashes(ikeErrorRule))
	p.add(ikeErrorColumns.row("peer", "port", what+"-reason", "version", what+"-time"))
	p.add(dashes(ikeErrorRule))
	for _, e := range all {
		p.add(ikeErrorColumns.row(addrText(e.peer.Addr()), utoa(uint32(e.peer.Port())), e.reason, e.version, e.time.Format("2006/01/02  15:04:05")))
		if e.detail != "" {
			p.add("    " + e.detail)
		}
	}
	p.add(dashes(ikeErrorRule))
	return p.text()
}

// text prints the table; in the verbose form each row is followed by its reason.
func (d ikeErrorDisplay) text() string {
	return peerEvents("current", "error", mapped(d.Rows, func(r ikeErrorLine) peerEvent {
		e := peerEvent{r.Peer, r.Error, r.Version, r.Time, ""}
		if d.Verbose {
			e.detail = r.detail()
		}
		return e
	}))
}

// detail returns the line under a row.
func (r ikeErrorLine) detail() string {
	if r.PeerName == "" {
		return "Reason: " + r.Reason
	}
	return "Reason (peer " + r.PeerName + "): " + r.Reason
}
