package ike

import (
	"errors"
	"net/netip"
	"slices"

	"sallyport/ike/wire"
)

// What an end says with its vendor IDs that it can do. Unknown ones are ignored.

// Abilities are what an end's vendor IDs say.
type Abilities struct {
	NATT      NATTVersion
	DPD       bool // RFC 3706
	Fragments bool // IKE fragmentation
	XAUTH     bool
	Unity     bool // Cisco's mode configuration
	Windows   bool
	GSSAPI    bool // method 65001 is Kerberos, not XAUTH
}

// A NATTVersion is how NAT traversal is done.
type NATTVersion uint8

// The versions, the better ones higher.
const (
	noNATT NATTVersion = iota
	nattDraft02
	nattDraft02N // the same, announced with a line feed
	nattDraft03
	nattRFC3947
)

// nattVendors announce them, the best one first.
var nattVendors = []struct {
	version NATTVersion
	id      wire.VendorID
}{
	{nattRFC3947, wire.VendorRFC3947}, {nattDraft03, wire.VendorNATT03},
	{nattDraft02N, wire.VendorNATT02N}, {nattDraft02, wire.VendorNATT02},
}

// fragmentsCapability is what follows the vendor ID of fragmentation: main and aggressive
// mode.
const fragmentsCapability = 0x80000000

// abilitiesOf reads the vendor IDs of a message.
func abilitiesOf(m *wire.Message) (a Abilities) {
	for _, v := range nattVendors {
		if a.NATT == noNATT && hasVendorID(m, v.id) {
			a.NATT = v.version
		}
	}
	a.DPD = hasVendorID(m, wire.VendorDPD)
	a.Fragments = hasVendorID(m, wire.VendorFragments)
	a.XAUTH = hasVendorID(m, wire.VendorXAUTH)
	a.Unity = hasVendorID(m, wire.VendorUnity)
	a.Windows = hasVendorID(m, wire.VendorWindows)
	a.GSSAPI = hasVendorID(m, wire.VendorGSSAPI)
	return a
}

// hasVendorID reports whether m carries a known vendor ID.
func hasVendorID(m *wire.Message, known wire.VendorID) bool {
	for _, v := range allOf[wire.VendorID](m) {
		if v.Is(known) {
			return true
		}
	}
	return false
}

// An UnknownVendors lists what a peer says that nobody here knows the meaning of. It is told once
// for an ISAKMP SA.
type UnknownVendors struct {
	Remote netip.AddrPort
	IDs    []wire.VendorID
}

func (UnknownVendors) output() {}
func (UnknownVendors) event()  {}

// knows keeps what the vendor IDs of message 1 or 2 say, as far as we do it too. Those of
// others wait until the mathematics is done: takeTheirs.
func (s *sa) knows(m *wire.Message) {
	if m.Find(wire.PayloadSA) < 0 {
		return
	}
	can := abilitiesOf(m)
	s.learns(can)
	if s.peer.NAT != NATOff {
		s.peerCan.NATT = max(s.peerCan.NATT, can.NATT)
	}
	if strange := slices.DeleteFunc(allOf[wire.VendorID](m), wire.VendorID.Known); len(strange) > 0 {
		s.engine.emit(UnknownVendors{s.remote, strange})
	}
}

// learns keeps what vendor IDs say that may come with any message of phase 1: the ASA waits with
// most of them until message 4. NAT traversal is not among them, for it is in these messages
// that it is done.
func (s *sa) learns(can Abilities) {
	s.peerCan.DPD = s.peerCan.DPD || can.DPD
	s.peerCan.Fragments = s.peerCan.Fragments || can.Fragments && !s.peer.Fragmentation.Off
	s.peerCan.XAUTH = s.peerCan.XAUTH || can.XAUTH
	s.peerCan.Unity = s.peerCan.Unity || can.Unity
	s.peerCan.Windows = s.peerCan.Windows || can.Windows
	s.peerCan.GSSAPI = s.peerCan.GSSAPI || can.GSSAPI
}

// vendorIDs say what we can do: as initiator all of it, as responder what the peer can do
// too. Of XAUTH and Unity peers may tell later, but for aggressive mode, whose message 2 is to be
// no longer than need be: its sender may be somebody else.
func (s *sa) vendorIDs() (p []wire.Payload) {
	for _, v := range nattVendors {
		if s.initiator && s.peer.NAT != NATOff || !s.initiator && v.version == s.peerCan.NATT {
			p = append(p, v.id)
		}
	}
	add := func(said, ours bool, id wire.VendorID) {
		if ours && (s.initiator || said) {
			p = append(p, id)
		}
	}
	add(s.peerCan.DPD, true, wire.VendorDPD)
	add(s.peerCan.Fragments, !s.peer.Fragmentation.Off, wire.VendorFragments.With(fragmentsCapability))
	add(s.peerCan.XAUTH || !s.aggressive, s.peer.XAUTH != NoXAUTH, wire.VendorXAUTH)
	add(s.peerCan.Unity || !s.aggressive, s.peer.XAUTH != NoXAUTH || s.peer.ConfigExchange != NoConfigExchange || s.peer.Scheme != "", wire.VendorUnity)
	return p
}

// withoutKerberos returns the offer of a message 1, less the transforms whose method is Kerberos:
// it has the number of an XAUTH method, 65001, and only the vendor ID tells them apart. removed
// says that there were some.
func withoutKerberos(m *wire.Message) (offer wire.SA, removed bool) {
	offer = m.Payloads[0].(wire.SA)
	if !hasVendorID(m, wire.VendorGSSAPI) {
		return offer, false
	}
	offer.Proposals = slices.Clone(offer.Proposals)
	for i := range offer.Proposals {
		p := &offer.Proposals[i]
		all := len(p.Transforms)
		p.Transforms = slices.DeleteFunc(slices.Clone(p.Transforms), isKerberos)
		removed = removed || len(p.Transforms) < all
	}
	return offer, removed
}

// isKerberos reports whether a transform of a peer that does Kerberos asks for it.
func isKerberos(t wire.Transform) bool {
	return slices.ContainsFunc(t.Attributes, func(a wire.Attribute) bool {
		v, ok := a.Uint()
		return ok && a.Type == wire.AttrAuthMethod && wire.AuthMethod(v) == wire.AuthXAUTHInitPSK
	})
}

// choosePeer takes the first of the peers that somebody may be with whom the offer of message 1
// can be agreed on.
func (x *handshake) choosePeer(m *wire.Message) (*Peer, wire.SA, phase1, error) {
	offer, kerberos := withoutKerberos(m)
	peer, answer, agreed, err := x.engine.choosePeer(offer, x.candidates, x.sa.remote.Addr())
	return peer, answer, agreed, blameKerberos(kerberos, err)
}

// blameKerberos says in a refusal that Kerberos was offered.
func blameKerberos(offered bool, err error) error {
	var r *Rejection
	if offered && errors.As(err, &r) {
		r.Reason += "; the peer's method 65001 is Kerberos, as its vendor ID GSSAPI says, which is not served: give it a pre-shared key or a certificate"
	}
	return err
}
