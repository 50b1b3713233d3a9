package commands

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// A clearLine is a policy on an interface whose traffic goes in clear now, for its peer does not answer.
type clearLine struct {
	Interface string     `json:"interface"`
	Policy    string     `json:"policy"`
	Sequence  uint32     `json:"sequence"`
	Peer      string     `json:"ike_peer"`
	Since     time.Time  `json:"since"`
	Next      *time.Time `json:"next_try"` // to negotiate; null: one is under way
}

// newClearLines returns those of the policies that only lets through; there is no other bound to it.
func newClearLines(all []ike.Fallback, only func(ipsec.PolicyID) bool) []clearLine {
	lines := []clearLine{}
	for _, f := range all {
		if !only(f.Policy) {
			continue
		}
		line := clearLine{Interface: f.Policy.Interface, Policy: f.Policy.Name, Sequence: f.Policy.Sequence, Peer: f.Peer, Since: f.Since}
		if !f.Retry.IsZero() {
			line.Next = &f.Retry
		}
		lines = append(lines, line)
	}
	return lines
}

// state says since when, and when it may end.
func (l clearLine) state() string {
	next := "now"
	if l.Next != nil {
		next = l.Next.Format(stamp)
	}
	return fmt.Sprintf("TRAFFIC GOES IN CLEAR, UNPROTECTED, on %s since %s, next try %s", l.Interface, l.Since.Format(stamp), next)
}

// addClear prints a line for each policy, if any.
func addClear(p *page, lines []clearLine) {
	for _, l := range lines {
		p.addf("%s-%d: %s", l.Policy, l.Sequence, l.state())
	}
}

// clearLines returns the policies of the box whose traffic goes in clear and that a filter of SAs lets
// through. They have no SAs now, and so neither numbers nor IDs.
func (s *Session) clearLines(only saFilter) []clearLine {
	return newClearLines(s.device.Fallbacks(), func(id ipsec.PolicyID) bool {
		return only.matchPolicy(id) && (!only.Remote.IsValid() || s.mayBeAt(id, only.Remote))
	})
}

// mayBeAt reports whether the peer of a policy is at an address, as far as the configuration says.
func (s *Session) mayBeAt(id ipsec.PolicyID, remote netip.Addr) bool {
	entry := s.running.config.Policies[PolicyKey{id.Name, id.Sequence}]
	if entry == nil || s.running.config.IKEPeers[entry.Peer] == nil {
		return false
	}
	return slices.ContainsFunc(placesOf(s.running.config.IKEPeers[entry.Peer]), func(place remotePlace) bool {
		return place.host != "" || place.address == remote
	})
}
