package ike

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// A Status describes one ISAKMP SA, established or being negotiated, and the
// IPsec SAs made under it. It is a copy; only the *ipsec.SA are shared, and
// those do not change. With ConnectionID 0 there is no ISAKMP SA: the children
// have outlived theirs.
type Status struct {
	ConnectionID  uint32
	Peer          string // name of the ike peer
	Local, Remote netip.AddrPort
	Cookies       [2][8]byte // CKY-I, CKY-R
	Initiator     bool
	Ready         bool   // authenticated
	Fading        bool   // past its soft lifetime
	Replaced      bool   // a newer one took over
	Heartbeat     bool   // the peer sends heartbeats
	TimedOut      bool   // they have not come for a time-out
	NAT           bool   // a NAT was found; everything goes over port 4500
	NATVersion    string // the standard or draft by which it is passed; empty: there is none
	Suite         keymat.Suite
	Method        wire.AuthMethod // 0: not agreed yet
	Aggressive    bool            // phase 1 is aggressive mode
	RemoteID      string          // as authenticated, printable; empty before that
	RemoteIDType  wire.IDType     // of RemoteID; 0: there is none yet
	User          string          // of XAUTH, theirs or ours, printable; empty: none
	Lease         netip.Addr      // that the peer has from us; zero: none
	Configured    *Configured     // what we have from the peer; nil: nothing
	Created       time.Time
	Lifetime      time.Duration
	MaxOctets     uint64 // that may be encrypted under it; 0: any number
	Octets        uint64 // that were
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

// Status describes every ISAKMP SA, newest first, and the IPsec SAs. Left out are
// negotiations that anybody can have begun with a forged address.
func (e *Engine) Status() []Status {
	all := make([]Status, 0, len(e.sas))
	pairs := make([]ChildStatus, 0, len(e.inbound)) // of all, so that they are made at once
	for _, s := range slices.Backward(e.sasSorted()) {
		if s.id != 0 {
			first := len(pairs)
			pairs = s.appendPairs(pairs)
			all = append(all, s.alone())
			all[len(all)-1].Children = slices.Clip(pairs[first:])
		}
	}
	return append(all, e.survivors()...)
}

// survivors describes the IPsec SAs that have outlived their ISAKMP SA, by peer.
func (e *Engine) survivors() []Status {
	var all []Status
	place := map[string]int{}
	for _, c := range slices.Backward(e.widowed()) {
		i, known := place[c.peer.Name]
		if !known {
			i = len(all)
			place[c.peer.Name] = i
			all = append(all, Status{Peer: c.peer.Name, Remote: c.remote, Created: c.created})
		}
		all[i].Children = append(all[i].Children, c.status())
	}
	return all
}

// widowed returns the pairs in use that have outlived their ISAKMP SA, oldest first.
func (e *Engine) widowed() []*child {
	var all []*child
	for _, c := range e.inbound {
		if c.sa == nil && c.up {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *child) int { return cmp.Compare(a.id, b.id) })
	return all
}

// status describes s and its children.
func (s *sa) status() Status {
	st := s.alone()
	st.Children = s.appendPairs(nil)
	return st
}

// alone describes s without its children.
func (s *sa) alone() Status {
	return Status{
		ConnectionID: s.id, Peer: s.peer.Name, Local: s.local, Remote: s.remote, Cookies: [2][8]byte{s.cookieI, s.cookieR},
		Initiator: s.initiator, Ready: s.established, Fading: s.fading, Replaced: s.replaced, NAT: s.nat.found(), NATVersion: s.natVersion(),
		Suite: s.suite, Method: s.authMethod, Aggressive: s.aggressive, RemoteID: s.remoteID, RemoteIDType: s.remoteIDAs, User: wire.Printable([]byte(s.user())), Lease: s.leased(), Configured: s.engine.given[s.party], Created: s.created, Lifetime: s.lifetime, MaxOctets: s.wear.limit, Octets: s.wear.spent,
		Heartbeat: s.pulse.beats != nil && s.pulse.beats.seen, TimedOut: s.pulse.beats != nil && s.pulse.beats.late,
	}
}

// appendPairs describes the children of s, newest first.
func (s *sa) appendPairs(all []ChildStatus) []ChildStatus {
	for _, c := range slices.Backward(s.children) {
		if c.up {
			all = append(all, c.status())
		}
	}
	return all
}

// status describes c.
func (c *child) status() ChildStatus {
	return ChildStatus{
		ConnectionID: c.id, Policy: c.flow.key.policy, Peer: c.peer.Name, Remote: c.remote, Initiator: c.initiator,
		Fading: c.fading, Replaced: c.replaced, Inbound: c.in, Outbound: c.out, PFS: c.pfs, Created: c.created,
	}
}
