package commands

import (
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// A Protection is what dataplane and engine are told of a configuration. What did not
// change since the version before is the same pointer, the whole too.
type Protection struct {
	IKE      *ike.Config     // proposals, and the policies whose SAs are negotiated
	Policies []*ipsec.Policy // of the dataplane, in order of precedence: those of IKE and the manual ones
	Manual   []*ipsec.SA     // configured SAs, of each pair the inbound one first; the keys stay the configuration's: clone before AddSA
}

// A ManualStatus is a pair of configured SAs that is in force. The SAs have no keys
// that displays would need.
type ManualStatus struct {
	Policy            ipsec.PolicyID
	Inbound, Outbound *ipsec.SA
	Created           time.Time // when the dataplane was given them
}

// Named reports whether a reset is about the pair: one of phase 2 that names its
// policy, its peer, one of its SAs, or nothing at all.
func (m *ManualStatus) Named(r ike.Reset) bool {
	return r.ChildrenOnly && r.ConnectionID == 0 && r.User == "" && !r.Client.IsValid() &&
		(!r.Remote.IsValid() || r.Remote == m.Outbound.Remote) &&
		(r.Policy == "" || r.Policy == m.Policy.Name) &&
		(r.Sequence == 0 || r.Sequence == m.Policy.Sequence) &&
		(r.Interface == "" || r.Interface == m.Policy.Interface) &&
		(r.SA == ipsec.SAID{} || m.has(r.SA))
}

// has reports whether an SA of the pair, or the AH of one, has that name.
func (m *ManualStatus) has(id ipsec.SAID) bool {
	for _, sa := range []*ipsec.SA{m.Inbound, m.Outbound} {
		if ah, bundle := sa.AHID(); sa.ID == id || bundle && ah == id {
			return true
		}
	}
	return false
}
