package commands

import (
	"cmp"
	"net/netip"
	"slices"

	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// An saFilter picks the SAs to display. Zero fields do not restrict.
type saFilter struct {
	Remote       netip.Addr
	RemoteID     string      // as displays print it; of a pair its ISAKMP SA's
	RemoteIDType wire.IDType // of RemoteID
	ConnectionID uint32      // of a phase 1 or a phase 2 SA
	Policy       string      // name of a policy group: phase 2 only
	Sequence     uint32      // of the entry in the group: phase 2 only
	Profile      string      // name of a profile: phase 2 only

	template *templateUse // that an entry of Policy refers to; nil: none
}

// An saEntry is one line of an SA table: an ISAKMP SA, or with child set a pair
// of IPsec SAs made under it.
type saEntry struct {
	status *ike.Status
	child  *ike.ChildStatus
}

// saEntries returns the entries that only lets through, newest connection id
// first, but each pair before its ISAKMP SA, which may be the younger one after
// a rekeying.
func saEntries(all []ike.Status, only saFilter) []saEntry {
	var entries []saEntry
	for i := range all {
		s := &all[i]
		for j := range s.Children {
			entries = append(entries, saEntry{s, &s.Children[j]})
		}
		if s.ConnectionID != 0 { // else its pairs have outlived it
			entries = append(entries, saEntry{status: s})
		}
	}
	entries = slices.DeleteFunc(entries, func(e saEntry) bool { return !only.match(e) })
	slices.SortStableFunc(entries, newestFirst)
	return entries
}

// childEntries returns the entries of phase 2 alone.
func childEntries(all []ike.Status, only saFilter) []saEntry {
	return slices.DeleteFunc(saEntries(all, only), func(e saEntry) bool { return e.child == nil })
}

func newestFirst(a, b saEntry) int {
	return cmp.Or(
		cmp.Compare(b.rank(), a.rank()),
		cmp.Compare(b.phase(), a.phase()),
		cmp.Compare(b.connectionID(), a.connectionID()),
	)
}

func (f saFilter) match(e saEntry) bool {
	return (!f.Remote.IsValid() || f.Remote == e.remote().Addr()) &&
		(f.RemoteID == "" || f.RemoteID == printable(e.status.RemoteID, peerTextLimit)) &&
		(f.RemoteIDType == 0 || f.RemoteIDType == e.status.RemoteIDType) &&
		(f.ConnectionID == 0 || f.ConnectionID == e.connectionID()) &&
		(e.child == nil && f.Policy == "" && f.Profile == "" || e.child != nil && f.matchPolicy(e.child.Policy))
}

// matchPolicy reports whether SAs of a policy, or of a profile, are to be displayed.
func (f saFilter) matchPolicy(id ipsec.PolicyID) bool {
	return f.template.has(id) || (f.Policy == "" || f.Policy == id.Name && id.Sequence != 0) &&
		(f.Sequence == 0 || f.Sequence == id.Sequence) &&
		(f.Profile == "" || f.Profile == id.Name && id.Sequence == 0)
}

// matchManual reports whether a configured pair is to be displayed.
func (f saFilter) matchManual(m *ManualStatus) bool {
	return (!f.Remote.IsValid() || f.Remote == m.Outbound.Remote) && f.RemoteID == "" && f.ConnectionID == 0 && f.matchPolicy(m.Policy)
}

func (e saEntry) phase() int {
	if e.child != nil {
		return 2
	}
	return 1
}

func (e saEntry) connectionID() uint32 {
	if e.child != nil {
		return e.child.ConnectionID
	}
	return e.status.ConnectionID
}

// rank is what entries are sorted by; no pair ranks below its ISAKMP SA.
func (e saEntry) rank() uint32 { return max(e.connectionID(), e.status.ConnectionID) }

func (e saEntry) remote() netip.AddrPort {
	if e.child != nil {
		return e.child.Remote
	}
	return e.status.Remote
}

// flags returns the entry's flags, the state first: RD ready or NEG negotiating,
// ST this end initiated, RL replaced, FD past the soft lifetime, TO a heartbeat did not come
// in time, HRT they come.
func (e saEntry) flags() []string {
	s := e.status
	ready, initiator, replaced, fading := s.Ready, s.Initiator, s.Replaced, s.Fading
	if c := e.child; c != nil {
		ready = c.Inbound != nil && c.Outbound != nil
		initiator, replaced, fading = c.Initiator, c.Replaced, c.Fading
	}
	flags := []string{"NEG"}
	alone := e.child == nil
	if ready {
		flags[0] = "RD"
	}
	for _, f := range []struct {
		set  bool
		word string
	}{{initiator, "ST"}, {replaced, "RL"}, {fading, "FD"}, {alone && s.TimedOut, "TO"}, {alone && s.Heartbeat, "HRT"}} {
		if f.set {
			flags = append(flags, f.word)
		}
	}
	return flags
}
