package ike

import (
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Transport mode through a NAT: RFC 3947 §5.2. The two ends tell each other the addresses that
// their sums of TCP and UDP are made over.

// encapsulations returns the encapsulation modes of the transforms that we understand, in their
// order.
func encapsulations(sa wire.SA) (modes []wire.EncapsulationMode) {
	for _, p := range sa.Proposals {
		for _, t := range p.Transforms {
			if got, ok := readPhase2(p.Protocol, t); ok {
				modes = append(modes, got.encap)
			}
		}
	}
	return modes
}

// inUDPTransport reports whether a mode is transport mode in UDP.
func inUDPTransport(e wire.EncapsulationMode) bool {
	return e == wire.EncapUDPTransport || e == wire.EncapUDPTransportDraft
}

// throughNAT returns the traffic that the client IDs of m are about, seen from here. In transport
// mode they are single addresses as one end knows them, which mean nothing behind a NAT: it
// is what the two ends say themselves, as it arrives.
func (s *sa) throughNAT(m *wire.Message, named ipsec.Selector) ipsec.Selector {
	offer, ok := m.Payloads[1].(wire.SA)
	if !ok || !s.nat.found() || named.Local.First != named.Local.Last || named.Remote.First != named.Remote.Last {
		return named
	}
	if modes := encapsulations(offer); len(modes) == 0 || !inUDPTransport(modes[0]) {
		return named
	}
	ends := s.ends()
	named.Local, named.Remote = ends.Local, ends.Remote
	return named
}

// ourView returns the NAT-OA payloads of message 1 or 2, if there is transport mode in UDP in its
// SA payload: the initiator and the responder as we know them.
func (q *quickMode) ourView(sa wire.SA) []wire.Payload {
	s := q.sa
	if !s.nat.found() || !slices.ContainsFunc(encapsulations(sa), inUDPTransport) {
		return nil
	}
	i, r := s.local.Addr(), s.remote.Addr()
	if !q.initiated() {
		i, r = r, i
	}
	return []wire.Payload{wire.NATOA{Addr: i, Draft: s.nat.draft}, wire.NATOA{Addr: r, Draft: s.nat.draft}}
}

// theirView returns the ends as the peer knows them. Draft 02 has the sender's own address
// alone; the other one is ours then, unless there is a NAT in front of us.
func (q *quickMode) theirView(m *wire.Message) ipsec.Ends {
	s, all := q.sa, allOf[wire.NATOA](m)
	switch {
	case len(all) == 2 && q.initiated():
		return ipsec.Ends{Local: all[0].Addr, Remote: all[1].Addr}
	case len(all) == 2:
		return ipsec.Ends{Local: all[1].Addr, Remote: all[0].Addr}
	case len(all) == 1 && !s.nat.here:
		return ipsec.Ends{Local: s.local.Addr(), Remote: all[0].Addr}
	}
	return ipsec.Ends{}
}
