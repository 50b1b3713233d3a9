package commands

import (
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// An saPair is a pair of IPsec SAs to be displayed: a negotiated one, of which either
// SA may be missing, or a configured one.
type saPair struct {
	policy            ipsec.PolicyID
	template          *Policy // the entry of the group, if the policy is one of a template that it refers to
	connectionID      uint32  // 0: configured
	acl               string  // of a configured one, as far as it is known
	pfs               bool
	created           time.Time
	inbound, outbound *ipsec.SA
}

// saPairs returns the pairs that only lets through: the negotiated ones, newest first,
// and then the configured ones.
func saPairs(all []ike.Status, configured []ManualStatus, only saFilter) []saPair {
	var pairs []saPair
	for _, e := range childEntries(all, only) {
		pairs = append(pairs, negotiated(e.child))
	}
	for i := range configured {
		m := &configured[i]
		if only.matchManual(m) {
			pairs = append(pairs, saPair{policy: m.Policy, created: m.Created, inbound: m.Inbound, outbound: m.Outbound})
		}
	}
	return pairs
}

func negotiated(c *ike.ChildStatus) saPair {
	return saPair{policy: c.Policy, connectionID: c.ConnectionID, pfs: c.PFS, created: c.Created, inbound: c.Inbound, outbound: c.Outbound}
}

// pairs returns the pairs of IPsec SAs of the box that only lets through.
func (s *Session) pairs(only saFilter) []saPair {
	pairs := saPairs(s.device.IKE(), s.device.ManualSAs(), only)
	templates := s.running.config.templateEntries()
	for i := range pairs {
		id := pairs[i].policy
		if entry := s.running.config.Policies[PolicyKey{id.Name, id.Sequence}]; entry != nil && entry.Manual {
			pairs[i].acl = entry.ACL
		}
		pairs[i].template = s.running.config.entryOf(id, templates)
	}
	return pairs
}

// mode returns how the pair has come about, in the words of displays.
func (p *saPair) mode() string {
	switch {
	case p.connectionID == 0:
		return "manual"
	case p.policy.Sequence == 0:
		return "prof-isakmp"
	case p.template != nil:
		return "template"
	}
	return "isakmp"
}

// A saPart is one SA of VRP's: an SA, or the AH of a bundle.
type saPart struct {
	of         *ipsec.SA // whose direction, ends and limits are the part's
	id         ipsec.SAID
	encryption ipsec.Encryption
	integrity  ipsec.Integrity
}

// saParts returns what VRP counts as SAs, in the order given: of a bundle there are two.
func saParts(sas ...*ipsec.SA) []saPart {
	var parts []saPart
	for _, sa := range sas {
		if sa == nil {
			continue
		}
		parts = append(parts, saPart{sa, sa.ID, sa.Encryption, sa.Integrity})
		if id, bundle := sa.AHID(); bundle {
			parts = append(parts, saPart{sa, id, ipsec.NoEncryption, sa.AH.Integrity})
		}
	}
	return parts
}
