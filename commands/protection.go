package commands

import (
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// A Protection is what dataplane and engine are told of a configuration. What did not
// change since the version before is the same pointer, the whole too.
type Protection struct {
	IKE      *ike.Config     // proposals, and the policies whose SAs are negotiated
	Policies []*ipsec.Policy // of the dataplane, in order of precedence: those of IKE and the manual ones
	Manual   []*ipsec.SA     // configured SAs, of each pair the inbound one first; the keys stay the configuration's: clone before AddSA
}

// A ManualStatus is a pair of configured SAs that is in force. The SAs have no keys
// that displays would need.
type ManualStatus struct {
	Policy            ipsec.PolicyID
	Inbound, Outbound *ipsec.SA
	Created           time.Time // when the dataplane was given them
}
