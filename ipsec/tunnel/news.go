package tunnel

import (
	"net/netip"

	"sallyport/ipsec"
)

// news is what the owner has to hear about an inbound SA after one packet. It is
// gathered under the SA's lock and told after it.
type news struct {
	all   [2]ipsec.Event
	count int
}

func (n *news) add(e ipsec.Event) {
	n.all[n.count] = e
	n.count++
}

func (n *news) events() []ipsec.Event { return n.all[:n.count] }

// soft adds that the SA reached its soft limit, the first time.
func (n *news) soft(sa *inboundSA, octets uint64) {
	if sa.limit.tellSoft(sa.SA, octets, sa.sequence()) {
		n.add(ipsec.Expired{SA: sa.ID})
	}
}

// hard adds that the SA reached its hard limit, the first time.
func (n *news) hard(sa *inboundSA) {
	if sa.limit.tellHard() {
		n.add(ipsec.Expired{SA: sa.ID, Hard: true})
	}
}

// moved adds that the peer's address is another one than before. The caller has
// checked that the packet is authentic and newer than all before: a delayed one
// would send the answers back to where the peer no longer is.
func (n *news) moved(sa *inboundSA, remote netip.AddrPort) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	if from := endpointOf(remote); from != sa.peer {
		sa.peer = from
		n.add(ipsec.Moved{SA: sa.ID, Remote: remote})
	}
}
