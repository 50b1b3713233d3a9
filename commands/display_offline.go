package commands

import (
	"net/netip"
	"time"

	"sallyport/ike"
)

// An ikeOfflineDisplay is `display ike offline-info`.
type ikeOfflineDisplay struct {
	Rows []ikeOfflineLine `json:"offlines"`
}

// An ikeOfflineLine is a peer that went offline.
type ikeOfflineLine struct {
	Peer     netip.AddrPort `json:"peer"`
	PeerName string         `json:"peer_name"`
	Reason   string         `json:"reason"`
	Version  string         `json:"version"`
	Time     time.Time      `json:"time"`
}

// newIKEOfflineDisplay returns what there is in the order given, of all peers or
// of the one at the address peer if that is valid.
func newIKEOfflineDisplay(all []ike.Offline, peer netip.Addr) ikeOfflineDisplay {
	d := ikeOfflineDisplay{Rows: []ikeOfflineLine{}}
	for _, o := range all {
		if !peer.IsValid() || o.Remote.Addr() == peer {
			d.Rows = append(d.Rows, ikeOfflineLine{o.Remote, o.Peer, o.Reason, ikeV1, o.Time})
		}
	}
	return d
}

// text prints VRP's table, with the columns of error-info.
func (d ikeOfflineDisplay) text() string {
	return peerEvents("Current", "offline", mapped(d.Rows, func(r ikeOfflineLine) peerEvent {
		return peerEvent{r.Peer, r.Reason, r.Version, r.Time, ""}
	}))
}
