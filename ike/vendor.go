package ike

import "sallyport/ike/wire"

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

// knows keeps what the peer's vendor IDs say, as far as we do it too.
func (s *sa) knows(m *wire.Message) {
	can := abilitiesOf(m)
	s.peerCan.DPD = s.peerCan.DPD || can.DPD
	s.peerCan.Fragments = s.peerCan.Fragments || can.Fragments && !s.peer.Fragmentation.Off
	s.peerCan.XAUTH = s.peerCan.XAUTH || can.XAUTH
	s.peerCan.Unity = s.peerCan.Unity || can.Unity
	s.peerCan.Windows = s.peerCan.Windows || can.Windows
	s.peerCan.GSSAPI = s.peerCan.GSSAPI || can.GSSAPI
	if s.peer.NAT != NATOff {
		s.peerCan.NATT = max(s.peerCan.NATT, can.NATT)
	}
}

// vendorIDs say what we can do: as initiator all of it, as responder what the peer can do
// too.
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
	add(true, s.peer.XAUTH != NoXAUTH, wire.VendorXAUTH)
	add(true, s.peer.XAUTH != NoXAUTH || s.peer.ConfigExchange != NoConfigExchange || s.peer.Scheme != "", wire.VendorUnity)
	return p
}
