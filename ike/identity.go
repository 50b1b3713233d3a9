package ike

import (
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Who we say that we are, and who a peer may say that it is: RFC 2407 §4.6.2.

// localID returns the ID that we show.
func (s *sa) localID() (wire.ID, error) { return wire.AddrID(s.local.Addr()), nil }

// preSharedKey returns the key that we share with the peer.
func (s *sa) preSharedKey() secret.Octets { return s.peer.Key }

// identify returns the peer, of those that the other end may be, that an identity is of.
// With a pre-shared key in main mode it is the one whose key was used: RFC 2409 §5.4.
func (s *sa) identify(id wire.ID) (*Peer, error) {
	if !(id.Protocol == 0 && id.Port == 0 || id.Protocol == 17 && (id.Port == portIKE || id.Port == portNATT || id.Port == 0)) {
		return nil, rejectWith(IDMismatch, wire.InvalidIDInformation, "ID has protocol %d port %d, want 0/0 or 17/500", id.Protocol, id.Port)
	}
	want := wire.AddrID(s.peer.Remote)
	if s.peer.RemoteID.IsValid() {
		want = wire.AddrID(s.peer.RemoteID)
	}
	if id.IDType != want.IDType || !slices.Equal(id.Data, want.Data) {
		return nil, rejectWith(IDMismatch, wire.InvalidIDInformation, "peer says it is %s, `remote-address` of ike peer %s wants %s (behind a NAT: `remote-address authentication-address %s`)",
			id.Text(), s.peer.Name, want.Text(), id.Text())
	}
	return s.peer, nil
}

// become makes the SA one with whoever has proved to be the peer.
func (s *sa) become(c claim) {
	s.peer, s.remoteID = c.peer, c.id.Text()
	if !c.peer.single() {
		s.engine.regroup(s, party{c.peer.Name, s.remoteID})
	}
}
