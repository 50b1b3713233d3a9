package ipsec

// A DropReason says why a dataplane dropped a packet.
type DropReason uint8

// The reasons, each with a counter in Statistics.
const (
	DropNoSA           DropReason = iota // outbound, no SA and the queue is full or the negotiation failed
	DropUnknownSPI                       // inbound, no such SA
	DropShort                            // inbound, too short or not a multiple of the block
	DropReplay                           // inbound, repeated or left of the window
	DropAuthentication                   // inbound, the ICV is wrong
	DropPadding                          // inbound, padding or next header is wrong
	DropSelector                         // inbound, decrypted but not the SA's traffic
	DropClear                            // inbound in clear, should have been protected
	DropTooBig                           // outbound, larger than the path allows and DF set
	DropMalformed                        // not a packet that can be protected
	DropExpired                          // outbound, hard limit or sequence numbers used up
	DropSend                             // the system refused to send
	DropReasons                          // how many there are
)

var dropNames = [DropReasons]string{
	DropNoSA:           "can't find SA",
	DropUnknownSPI:     "invalid SA",
	DropShort:          "wrong length",
	DropReplay:         "replay packet",
	DropAuthentication: "authentication is failed",
	DropPadding:        "wrong padding",
	DropSelector:       "policy deny",
	DropClear:          "clear packet that should be protected",
	DropTooBig:         "too long packet",
	DropMalformed:      "malformed packet",
	DropExpired:        "SA used up",
	DropSend:           "send error",
}

// String returns the words of `display ipsec statistics`.
func (r DropReason) String() string {
	if r >= DropReasons {
		return ""
	}
	return dropNames[r]
}
