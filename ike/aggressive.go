package ike

// Aggressive mode: RFC 2409 §5.
//
//	     Initiator                          Responder
//	1    HDR, SA, KE, Ni, IDii, VID    -->
//	2                                  <--    HDR, SA, KE, Nr, IDir, [CERT], HASH_R or SIG_R, VID, NAT-D
//	3    HDR*, [CERT], HASH_I or SIG_I, NAT-D  -->
var aggressiveInitiator, aggressiveResponder []step[*handshake]

// aggressive begins aggressive mode.
func (e *Engine) aggressive(s *sa) {
	s.phase1 = newHandshake(s, 4, aggressiveInitiator)
}
