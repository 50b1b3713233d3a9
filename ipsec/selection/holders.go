package selection

import (
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
)

// Holders are the instances of transport mode, by their peers' addresses, and the packets
// that they send. Hosts behind one NAT have the same address: two instances that may send
// the same packet could not be served. The zero value has none.
type Holders struct {
	byPeer map[netip.Addr]map[ipsec.PolicyID][]Selection
}

// maxHeld bounds the selections of a rule that are compared: of a host to a host it has one for
// each piece of its ports.
const maxHeld = 256

// Add takes an instance in, in the place of the one of its name. The error is an
// *ipsec.SelectorHeld if another holds one of its packets; then nothing has changed.
// Policies of tunnel mode, and those that are no instances, hold nothing.
func (h *Holders) Add(p *ipsec.Policy) error {
	if p.Mode != ipsec.Transport || p.ID.Instance == 0 {
		return nil
	}
	wanted := outbound(p.ACL)
	for id, held := range h.byPeer[p.Remote] {
		if s, ok := common(wanted, held); ok && id != p.ID {
			return &ipsec.SelectorHeld{Policy: p.ID, Holder: id, Peer: p.Remote, Selector: s.String()}
		}
	}
	if h.byPeer == nil {
		h.byPeer = make(map[netip.Addr]map[ipsec.PolicyID][]Selection)
	}
	if h.byPeer[p.Remote] == nil {
		h.byPeer[p.Remote] = make(map[ipsec.PolicyID][]Selection)
	}
	h.byPeer[p.Remote][p.ID] = wanted
	return nil
}

// Remove takes an instance out.
func (h *Holders) Remove(p *ipsec.Policy) {
	delete(h.byPeer[p.Remote], p.ID)
	if len(h.byPeer[p.Remote]) == 0 {
		delete(h.byPeer, p.Remote)
	}
}

// outbound returns what the permit rules of a list select.
func outbound(list *acl.ACL) (all []Selection) {
	for i := range list.Rules {
		if r := &list.Rules[i]; r.Action == acl.Permit {
			some, _ := Of(r, maxHeld)
			all = append(all, some...)
		}
	}
	return all
}

// common returns a selection of one list that overlaps with one of the other.
func common(a, b []Selection) (Selection, bool) {
	for _, s := range a {
		for _, other := range b {
			if s.Overlaps(other) {
				return s, true
			}
		}
	}
	return Selection{}, false
}
