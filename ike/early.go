package ike

import "sallyport/ike/wire"

// What comes before its time: the peer thinks that phase 1 is over, and we do not yet.

// overtaken refuses what comes encrypted before phase 1 is over. While the peer's signature is being
// checked, or the keys of message 3 are made, it is kept: the peer thinks that phase 1 is over. While a responder waits for message
// 3, that must have been lost: who sends something encrypted has seen message 2, and so is where it says.
func (s *sa) overtaken(p *packet) error {
	x := s.phase1
	if x == nil || !p.encrypted() || p.Remote.Addr() != s.remote.Addr() {
		return reject(UnexpectedMessage, "phase 1 is not over")
	}
	switch {
	case x.state == verifying || x.state == completing:
		x.early = p
		return reject(UnexpectedMessage, "phase 1 is not over: kept until it is")
	case x.state == sentID && x.kind == wire.Aggressive:
		x.answerAgain()
	}
	return reject(UnexpectedMessage, "phase 1 is not over")
}

// takeEarly goes on with what has come too early.
func (x *handshake) takeEarly() {
	p, e := x.early, x.engine
	if x.early = nil; p == nil {
		return
	}
	if err := e.dispatch(p); err != nil {
		e.refuse(p, err)
	}
}
