package ike

import (
	"net/netip"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ipsec"
)

// A Status describes one ISAKMP SA, established or being negotiated, and the
// IPsec SAs made under it. It is a copy; only the *ipsec.SA are shared, and
// those do not change.
type Status struct {
	ConnectionID  uint32
	Peer          string // name of the ike peer
	Local, Remote netip.AddrPort
	Cookies       [2][8]byte // CKY-I, CKY-R
	Initiator     bool
	Ready         bool // authenticated
	Fading        bool // past its soft lifetime
	Replaced      bool // a newer one took over
	NAT           bool // a NAT was found; everything goes over port 4500
	Suite         keymat.Suite
	RemoteID      string // as authenticated, printable; empty before that
	Created       time.Time
	Lifetime      time.Duration
	Children      []ChildStatus
}

// A ChildStatus describes a pair of IPsec SAs.
type ChildStatus struct {
	ConnectionID      uint32
	Policy            ipsec.PolicyID
	Peer              string
	Remote            netip.AddrPort
	Initiator         bool
	Fading            bool
	Replaced          bool
	Inbound, Outbound *ipsec.SA
	PFS               bool
	Created           time.Time
}

// A Failure is a negotiation that failed, for `display ike error-info`.
type Failure struct {
	Time     time.Time
	Remote   netip.AddrPort
	Peer     string // name of the ike peer; empty if no peer was found
	Category string // VRP's word: "phase1 proposal mismatch", "authentication fail" …
	Reason   string // both sides' values, one line, printable
}
