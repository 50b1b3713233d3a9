package ike

import (
	"cmp"
	"fmt"
	"net/netip"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// NAT traversal: RFC 3947.

// portIKE is where phase 1 begins: RFC 2408 §2.5.1.
const portIKE = 500

// PortNATT is where it goes on if there is a NAT, and where ESP comes in UDP: RFC 3947 §4.
const PortNATT = 4500

// MaxMessage is how many octets of a message are looked at.
const MaxMessage = wire.MaxMessage

// A nat says where address translation was found, and how it is passed.
type nat struct {
	here   bool // in front of us
	there  bool // in front of the peer
	forced bool // there may be none: the configuration wants it to be passed
	draft  bool // with the numbers of drafts 02 and 03
}

// found reports whether everything goes in UDP over port 4500.
func (n nat) found() bool { return n.here || n.there || n.forced }

// nat is what was found when the SA was made.
func (v *SavedSA) nat() nat {
	return nat{here: v.NATHere, there: v.NATThere, forced: v.NATForced, draft: v.PeerCan.NATT < nattRFC3947}
}

// natVersions are the documents of the versions.
var natVersions = map[NATTVersion]string{
	nattDraft02: "draft-ietf-ipsec-nat-t-ike-02", nattDraft02N: "draft-ietf-ipsec-nat-t-ike-02",
	nattDraft03: "draft-ietf-ipsec-nat-t-ike-03", nattRFC3947: "RFC 3947",
}

// natVersion returns the document by which the NAT on the way is passed, or "".
func (s *sa) natVersion() string {
	if !s.nat.found() {
		return ""
	}
	return natVersions[s.peerCan.NATT]
}

// natHash returns HASH(CKY-I | CKY-R | IP | Port): RFC 3947 §3.2.
func (s *sa) natHash(a netip.AddrPort) []byte {
	return keymat.NATD(s.suite.Hash, s.cookieI, s.cookieR, a)
}

// natDetection returns the NAT-D payloads of message 3 or 4, in aggressive mode 2 or 3: the
// other end first, then our own. Where NAT traversal is forced, ours is the hash of no
// address, so that the peer sees a NAT too.
func (s *sa) natDetection() []wire.Payload {
	if s.peerCan.NATT == noNATT {
		return nil
	}
	draft, own := s.peerCan.NATT < nattRFC3947, s.natHash(s.local)
	if s.peer.NAT == NATForce {
		own = s.engine.random(len(own))
	}
	return []wire.Payload{wire.NATD{Hash: s.natHash(s.remote), Draft: draft}, wire.NATD{Hash: own, Draft: draft}}
}

// detectNAT compares the NAT-D payloads of m with what we see: RFC 3947 §3.2.
// The first one is us as the peer sees us, one of the others is the peer.
func (s *sa) detectNAT(m *wire.Message) (nat, error) {
	all := allOf[wire.NATD](m)
	if s.peerCan.NATT == noNATT || len(all) == 0 {
		return nat{}, nil
	}
	ours, theirs := s.natHash(s.local), s.natHash(s.remote)
	for _, d := range all {
		if len(d.Hash) != len(ours) {
			return nat{}, reject(UnexpectedPayload, "NAT-D has %d octets, want %d", len(d.Hash), len(ours))
		}
	}
	found := nat{
		here: !secret.Octets(all[0].Hash).Equal(ours), there: true,
		forced: s.peer.NAT == NATForce, draft: s.peerCan.NATT < nattRFC3947,
	}
	for _, d := range all[1:] {
		if secret.Octets(d.Hash).Equal(theirs) {
			found.there = false
		}
	}
	return found, nil
}

// floatPort moves the initiator to port 4500 if there is a NAT: RFC 3947 §4.
func (s *sa) floatPort() {
	if s.nat.found() && s.remote.Port() == portIKE {
		s.local = netip.AddrPortFrom(s.local.Addr(), PortNATT)
		s.remote = netip.AddrPortFrom(s.remote.Addr(), PortNATT)
	}
}

// keepAliveLater keeps the NAT in front of us from forgetting us: RFC 3948 §4.
func (s *sa) keepAliveLater() {
	e := s.engine
	e.schedule.set(&s.keepAlive, e.now.Add(cmp.Or(e.config.NATKeepAlive, natKeepAlive)), s.keepAliveNow)
}

// keepAliveNow sends a keep-alive, and the next one in time.
func (s *sa) keepAliveNow() {
	s.engine.emit(Send{s.local, s.remote, []byte{0xff}})
	s.keepAliveLater()
}

// keptAlive puts off the next keep-alive: something else has been sent.
func (s *sa) keptAlive() {
	if s.keepAlive.place != 0 {
		s.keepAliveLater()
	}
}

// hiddenNAT says, of a failure with a peer with which there is to be no NAT traversal, that
// there is a NAT all the same; "" if nothing shows it. It is seen by the port, for such a peer
// sends no NAT-D.
func (e *Engine) hiddenNAT(f Failure) string {
	p := e.directory.named[f.Peer]
	if port := f.Remote.Port(); p == nil || p.NAT != NATOff || port == 0 || port == portIKE || port == PortNATT {
		return ""
	}
	return fmt.Sprintf("; there is a NAT on the way (the peer's messages come from port %d), and `nat traversal` of ike peer %s is off",
		f.Remote.Port(), p.Name)
}
