package esp

import "sallyport/ipsec"

// enoughTries is how many packets of an SA are looked at twice: the others cost nothing more.
const enoughTries = 8

// A Doubt is about the ICVs of an inbound SA, of ESP or of AH: it counts those that are
// wrong, and knows whether they would be right at the other length that peers cut those
// of SHA2-256 to. What is found is a hint for people, and no packet passes for it. It is
// for one goroutine.
type Doubt struct {
	failures uint64
	other    uint8 // octets of the other length; 0: there is none
	tries    uint8
	found    bool
}

// NewDoubt returns that of an SA's authenticator.
func NewDoubt(i ipsec.Integrity) Doubt {
	other, _ := i.Other()
	return Doubt{other: uint8(other.ICVLen())}
}

// Fail counts a packet.
func (d *Doubt) Fail() { d.failures++ }

// Pass ends all doubts: a packet was authentic.
func (d *Doubt) Pass() { d.other, d.found = 0, false }

// Try returns the other length, and false if there is none or it was tried enough.
func (d *Doubt) Try() (length int, ok bool) {
	if d.other == 0 || d.tries == enoughTries {
		return 0, false
	}
	d.tries++
	return int(d.other), true
}

// Find says that an ICV is right at the other length. It counts as a failure.
func (d *Doubt) Find() {
	d.found = true
	d.failures++
}

// Failures returns how many packets were not authentic, and whether those that were tried
// have ICVs of the other length.
func (d *Doubt) Failures() (n uint64, otherICV bool) { return d.failures, d.found }
