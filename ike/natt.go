package ike

import (
	"net/netip"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// NAT traversal: RFC 3947.

// The ports of IKE.
const (
	portIKE  = 500
	portNATT = 4500
)

// A nat says where address translation was found.
type nat struct {
	here  bool // in front of us
	there bool // in front of the peer
}

func (n nat) found() bool { return n.here || n.there }

// natHash returns HASH(CKY-I | CKY-R | IP | Port): RFC 3947 §3.2.
func (s *sa) natHash(a netip.AddrPort) []byte {
	return keymat.NATD(s.suite.Hash, s.cookieI, s.cookieR, a)
}

// natDetection returns the NAT-D payloads of message 3 or 4: the other end
// first, then our own.
func (s *sa) natDetection() []wire.Payload {
	if s.peerCan.NATT == noNATT {
		return nil
	}
	draft := s.peerCan.NATT < nattRFC3947
	return []wire.Payload{wire.NATD{Hash: s.natHash(s.remote), Draft: draft}, wire.NATD{Hash: s.natHash(s.local), Draft: draft}}
}

// detectNAT compares the NAT-D payloads of m with what we see: RFC 3947 §3.2.
// The first one is us as the peer sees us, one of the others is the peer.
func (s *sa) detectNAT(m *wire.Message) (nat, error) {
	var hashes [][]byte
	for _, p := range m.Payloads {
		if d, ok := p.(wire.NATD); ok {
			hashes = append(hashes, d.Hash)
		}
	}
	if s.peerCan.NATT == noNATT || len(hashes) == 0 {
		return nat{}, nil
	}
	ours, theirs := s.natHash(s.local), s.natHash(s.remote)
	for _, h := range hashes {
		if len(h) != len(ours) {
			return nat{}, reject(UnexpectedPayload, "NAT-D has %d octets, want %d", len(h), len(ours))
		}
	}
	found := nat{here: !secret.Octets(hashes[0]).Equal(ours), there: true}
	for _, h := range hashes[1:] {
		if secret.Octets(h).Equal(theirs) {
			found.there = false
		}
	}
	return found, nil
}

// floatPort moves the initiator to port 4500 if there is a NAT: RFC 3947 §4.
func (s *sa) floatPort() {
	if s.nat.found() && s.remote.Port() == portIKE {
		s.local = netip.AddrPortFrom(s.local.Addr(), portNATT)
		s.remote = netip.AddrPortFrom(s.remote.Addr(), portNATT)
	}
}

// keepAliveLater keeps the NAT in front of us from forgetting us: RFC 3948 §4.
func (s *sa) keepAliveLater() {
	s.engine.schedule.set(&s.keepAlive, s.engine.now.Add(natKeepAlive), s.keepAliveNow)
}

// keepAliveNow sends a keep-alive, and the next one in time.
func (s *sa) keepAliveNow() {
	s.engine.emit(Send{s.local, s.remote, []byte{0xff}})
	s.keepAliveLater()
}

// follow takes a new address or port of an authenticated peer behind a NAT:
// RFC 3947 §6. The side in front of a NAT of its own does not follow. It reports whether
// the peer has moved.
func (s *sa) follow(local, remote netip.AddrPort) bool {
	if !s.nat.there || s.nat.here || s.local == local && s.remote == remote {
		return false
	}
	s.local, s.remote = local, remote
	return true
}
