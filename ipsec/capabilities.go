package ipsec

import "slices"

// Capabilities are what a dataplane can do. The zero value can do nothing.
type Capabilities struct {
	Name        string       // of the dataplane, as in "this kernel has no des"
	Advice      string       // the setting that does without it, such as "run with --dataplane user"
	Encryptions []Encryption // of ESP; empty: there is no ESP
	Integrities []Integrity  // of ESP
	AH          []Integrity  // of AH; empty: there is no AH
	ESN         bool
	Transport   bool
	Offload     bool // to hardware, where there is some
}

// Everything returns the capabilities of a dataplane that lacks nothing.
func Everything(name string) Capabilities {
	return Capabilities{
		Name: name, Encryptions: Encryptions(), Integrities: Integrities(), AH: Integrities(), ESN: true, Transport: true,
	}
}

// Lacks returns what an offer in a mode needs and is not there, in the words of
// commands, or "" if all is: "ah", "des", "ah md5", "transport mode".
func (c *Capabilities) Lacks(o Offer, m Mode) string {
	switch {
	case m == Transport && !c.Transport:
		return "transport mode"
	case o.AH != NoIntegrity && len(c.AH) == 0:
		return "ah"
	case o.AH != NoIntegrity && !slices.Contains(c.AH, o.AH.Negotiated()):
		return "ah " + o.AH.Word()
	case o.Encryption == NoEncryption:
		return ""
	case len(c.Encryptions) == 0:
		return "esp"
	case !slices.Contains(c.Encryptions, o.Encryption):
		return o.Encryption.Word()
	case o.Integrity != NoIntegrity && !slices.Contains(c.Integrities, o.Integrity.Negotiated()):
		return o.Integrity.Word()
	}
	return ""
}

// Offers returns the offers of a proposal that can be kept.
func (c *Capabilities) Offers(p *Proposal) []Offer {
	return slices.DeleteFunc(p.Offers(), func(o Offer) bool { return c.Lacks(o, p.Mode) != "" })
}
