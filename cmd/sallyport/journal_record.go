package main

import (
	"sallyport/ike"
	"sallyport/ipsec"
)

// A recordKind is what a record says.
type recordKind uint8

// The kinds of records.
const (
	recordSA     recordKind = iota + 1 // an ISAKMP SA
	recordPair                         // a pair of IPsec SAs
	recordUsed                         // message IDs that an ISAKMP SA has used besides
	recordForget                       // that nothing is kept under the key any more
)

// A record is one entry of the journal.
type record struct {
	kind recordKind
	ike.Remember
}

// whole reports whether a record says all about its key.
func (k recordKind) whole() bool { return k == recordSA || k == recordPair }

// recordOf returns the record of what is to be remembered.
func recordOf(r ike.Remember) record {
	switch {
	case r.SA != nil:
		return record{recordSA, r}
	case r.Pair != nil:
		return record{recordPair, r}
	}
	return record{recordUsed, r}
}

// code codes a record of this version.
func (r *record) code(c *coder) {
	number(c, &r.kind)
	c.text(&r.Key)
	switch {
	case r.kind == recordSA && c.reading:
		r.SA = &ike.SavedSA{}
	case r.kind == recordPair && c.reading:
		r.Pair = &ike.SavedPair{}
	}
	switch r.kind {
	case recordSA:
		codeISAKMP(c, r.SA)
	case recordPair:
		codePair(c, r.Pair)
	case recordUsed:
		c.messageIDs(&r.Used)
	case recordForget:
	default:
		c.err = errRecord
	}
}

// codeISAKMP codes an ISAKMP SA.
func codeISAKMP(c *coder, v *ike.SavedSA) {
	number(c, &v.ConnectionID)
	c.text(&v.Peer, &v.Who, &v.RemoteID)
	number(c, &v.RemoteIDType)
	codeAccess(c, v)
	octets(c, &v.Fingerprint)
	codeWarrant(c, &v.Warrant)
	c.addrPort(&v.Local, &v.Remote)
	c.cookie(&v.CookieI)
	c.cookie(&v.CookieR)
	number(c, &v.Suite.Cipher.Algorithm)
	number(c, &v.Suite.Cipher.KeyBits)
	number(c, &v.Suite.Hash)
	number(c, &v.Suite.Group)
	number(c, &v.Method)
	number(c, &v.PeerCan.NATT)
	c.flags(&v.PeerCan.DPD, &v.PeerCan.Fragments, &v.PeerCan.XAUTH, &v.PeerCan.Unity, &v.PeerCan.Windows, &v.PeerCan.GSSAPI)
	octets(c, &v.SKEYIDd)
	octets(c, &v.SKEYIDa)
	octets(c, &v.SKEYIDe)
	octets(c, &v.LastIV)
	number(c, &v.Lifetime)
	number(c, &v.Octets)
	number(c, &v.Spent)
	c.time(&v.Created, &v.Soft, &v.Hard)
	c.flags(&v.Initiator, &v.Aggressive, &v.NATHere, &v.NATThere, &v.NATForced, &v.Fading, &v.Replaced)
	c.messageIDs(&v.Used)
	octets(c, &v.Accepted)
	octets(c, &v.Answer)
}

// codePair codes a pair of IPsec SAs.
func codePair(c *coder, v *ike.SavedPair) {
	number(c, &v.ConnectionID)
	c.text(&v.Peer, &v.Who)
	octets(c, &v.Fingerprint)
	codeWarrant(c, &v.Warrant)
	c.addrPort(&v.Remote)
	c.flags(&v.Initiator, &v.PFS, &v.Fading, &v.Replaced)
	c.time(&v.Created, &v.Soft, &v.Hard)
	codeSA(c, &v.In)
	codeSA(c, &v.Out)
}

// codeSA codes an IPsec SA without its keys.
func codeSA(c *coder, v *ipsec.SA) {
	c.addr(&v.ID.Destination)
	number(c, &v.ID.Protocol)
	number(c, &v.ID.SPI)
	number(c, &v.Direction)
	c.text(&v.Policy.Interface, &v.Policy.Name)
	number(c, &v.Policy.Sequence)
	number(c, &v.Policy.Instance)
	number(c, &v.Rule)
	c.addr(&v.Local)
	c.addr(&v.Remote)
	number(c, &v.Mode)
	number(c, &v.Encryption)
	number(c, &v.Integrity)
	codeAH(c, v)
	c.flags(&v.ESN)
	codeSelector(c, &v.Selector)
	number(c, &v.Encapsulation.Local)
	number(c, &v.Encapsulation.Remote)
	c.addr(&v.Original.Local)
	c.addr(&v.Original.Remote)
	number(c, &v.Window)
	for _, l := range []*ipsec.Lifetime{&v.Soft, &v.Hard} {
		number(c, &l.Duration)
		number(c, &l.Octets)
	}
}

// codeAH codes the AH of a bundle, if there is one.
func codeAH(c *coder, v *ipsec.SA) {
	bundle := v.AH != nil
	c.flags(&bundle)
	if !bundle {
		return
	}
	if c.reading {
		v.AH = &ipsec.AHPart{}
	}
	number(c, &v.AH.SPI)
	number(c, &v.AH.Integrity)
}

// codeSelector codes the traffic of an SA.
func codeSelector(c *coder, v *ipsec.Selector) {
	for _, r := range []*ipsec.Range{&v.Local, &v.Remote} {
		c.addr(&r.First)
		c.addr(&r.Last)
	}
	number(c, &v.Protocol)
	number(c, &v.LocalPort)
	number(c, &v.RemotePort)
}
