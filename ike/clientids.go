package ike

import (
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Client IDs, the traffic of a quick mode: RFC 2407 §4.6.2.

// selectorID writes one side of a selector: RFC 2407 §4.6.2.
func selectorID(r ipsec.Range, protocol uint8, port uint16) wire.ID {
	id := wire.RangeID(r.First, r.Last)
	if p, ok := r.Prefix(); ok {
		id = wire.PrefixID(p)
	}
	id.Protocol, id.Port = protocol, port
	return id
}

// clientIDs reads IDci and IDcr as our selector. Without them the traffic is
// that between the two peers: RFC 2409 §5.5.
func (q *quickMode) clientIDs(m *wire.Message) (ipsec.Selector, []wire.Payload, error) {
	var ids []wire.Payload
	for _, p := range m.Payloads {
		if _, ok := p.(wire.ID); ok {
			ids = append(ids, p)
		}
	}
	switch len(ids) {
	case 0:
		return q.sa.ends(), nil, nil
	case 2:
		s, err := selectorOf(ids[1].(wire.ID), ids[0].(wire.ID)) // the initiator's first
		return s, ids, err
	}
	return ipsec.Selector{}, nil, rejectWith(FlowMismatch, wire.InvalidIDInformation, "%d ID payload, want two or none", len(ids))
}

// selectorOf makes a selector of two client IDs.
func selectorOf(local, remote wire.ID) (s ipsec.Selector, err error) {
	if s.Local.First, s.Local.Last, err = local.Range(); err == nil {
		s.Remote.First, s.Remote.Last, err = remote.Range()
	}
	if err != nil {
		return s, rejectWith(FlowMismatch, wire.InvalidIDInformation, "%v", err)
	}
	if local.Protocol != remote.Protocol || local.Protocol == 0 && (local.Port != 0 || remote.Port != 0) {
		return s, rejectWith(FlowMismatch, wire.InvalidIDInformation, "client IDs %s and %s differ in protocol, or have a port without one",
			local.Text(), remote.Text())
	}
	s.Protocol, s.LocalPort, s.RemotePort = local.Protocol, local.Port, remote.Port
	return s, nil
}

// sameIDs checks that the responder returns the client IDs that it got.
func (q *quickMode) sameIDs(m *wire.Message) error {
	got, ids, err := q.clientIDs(m)
	if err != nil {
		return err
	}
	if ids != nil { // the first is the initiator's, and that is we
		got.Local, got.Remote = got.Remote, got.Local
		got.LocalPort, got.RemotePort = got.RemotePort, got.LocalPort
	}
	if got = q.sa.throughNAT(m, got); got != q.traffic {
		return reject(FlowMismatch, "the answer is for %v, asked was %v", got, q.traffic)
	}
	return nil
}
