package ike

import (
	"fmt"
	"strconv"

	"sallyport/ike/wire"
)

// XAUTH as client: the gateway asks, we answer with what
// `client-authentication xauth user` says.

// inUserRequest answers the gateway's question.
func (s *sa) inUserRequest(a wire.Attributes) ([]wire.CfgAttribute, func(), error) {
	if s.stage() != userNeeded {
		return nil, nil, reject(UnexpectedMessage, "peer asks for a user: XAUTH is over, or `client-authentication xauth user` of ike peer %s is not set", s.peer.Name)
	}
	said := s.access.heard(a)
	answer, reason := s.userAnswers(a)
	if reason != "" {
		return []wire.CfgAttribute{wire.CfgBasic(wire.XAUTHStatus, xauthFail)}, func() { s.tell(said); s.denied(reason) }, nil
	}
	return answer, func() { s.access.answered = true; s.tell(said) }, nil
}

// userAnswers returns our answer, or why there is none.
func (s *sa) userAnswers(a wire.Attributes) (answer []wire.CfgAttribute, reason string) {
	if s.peer.User == "" {
		return nil, fmt.Sprintf("the gateway asks for a user: `client-authentication xauth user` of ike peer %s is not set", s.peer.Name)
	}
	for _, c := range a.List {
		switch c.Type {
		case wire.XAUTHType:
			kind, ok := askedType(c)
			if !ok {
				return nil, fmt.Sprintf("the gateway wants XAUTH of type %v, we have %v and %v", kind, wire.XAUTHGeneric, wire.XAUTHOTP)
			}
			answer = append(answer, wire.CfgBasic(c.Type, uint16(kind)))
		case wire.XAUTHUserName:
			answer = append(answer, wire.CfgOctets(c.Type, []byte(s.peer.User)))
		case wire.XAUTHUserPassword, wire.XAUTHPasscode:
			if s.access.answered {
				return nil, s.whyAgain(s.access.heard(a))
			}
			answer = append(answer, wire.CfgOctets(c.Type, s.peer.Password))
		case wire.XAUTHAnswer, wire.XAUTHNextPIN:
			return nil, fmt.Sprintf("the gateway asks for %v, which no line of ike peer %s can say", c.Type, s.peer.Name)
		}
	}
	return answer, ""
}

// askedType returns how a gateway asks for a password, and whether a password is an answer
// to that.
func askedType(c wire.CfgAttribute) (wire.XAUTHMethod, bool) {
	v, _ := c.Uint()
	kind := wire.XAUTHMethod(min(v, 0xffff))
	return kind, kind == wire.XAUTHGeneric || kind == wire.XAUTHOTP
}

// whyAgain explains a gateway that asks twice. The same password again would only bring the
// user closer to being locked out.
func (s *sa) whyAgain(said string) string {
	if said != "" {
		return fmt.Sprintf("the gateway asks user %q for more than `client-authentication xauth user` of ike peer %s says: %q", s.peer.User, s.peer.Name, said)
	}
	return fmt.Sprintf("the gateway asks user %q again: the name or the password of `client-authentication xauth user` of ike peer %s is wrong", s.peer.User, s.peer.Name)
}

// inStatus takes the gateway's word.
func (s *sa) inStatus(a wire.Attributes) ([]wire.CfgAttribute, func(), error) {
	if s.stage() != userNeeded && s.stage() != denied {
		return nil, nil, reject(UnexpectedMessage, "a word about a user, but XAUTH is not under way")
	}
	c, ok := a.Find(wire.XAUTHStatus)
	v, number := c.Uint()
	if !ok || !number {
		return nil, nil, reject(UnexpectedPayload, "a set of XAUTH without a status")
	}
	said := s.access.heard(a)
	acknowledged := []wire.CfgAttribute{wire.CfgEmpty(wire.XAUTHStatus)}
	if v == xauthOK && s.stage() == userNeeded {
		return acknowledged, func() { s.tell(said); s.access.user = s.peer.User; s.userDone() }, nil
	}
	return acknowledged, func() { s.tell(said); s.userRefused() }, nil
}

// userRefused is the gateway's word that the user is not known, or the password wrong. The
// SA stays for a while, for the acknowledgement may be lost.
func (s *sa) userRefused() {
	if s.access.stage == userNeeded {
		s.denied(fmt.Sprintf("the gateway refuses user %q: is `client-authentication xauth user` of ike peer %s right?%s", s.peer.User, s.peer.Name, s.access.sayings()))
	}
}

// denied waits for the gateway to end an SA that leads nowhere. What wants one waits for
// longer than after other failures: too many wrong passwords lock a user out.
func (s *sa) denied(reason string) {
	e := s.engine
	s.failAccess(AuthenticationFail, reason)
	s.waitIn(denied, farewell, func() { s.end(AuthenticationFail.String()) })
	for _, f := range e.released(s.party) {
		e.failedFlow(f)
		e.schedule.set(&f.retry, e.now.Add(denialWait), f.retry.fire)
	}
}

// userNotAsked ends an SA whose gateway has not gone on.
func (s *sa) userNotAsked() {
	reason := fmt.Sprintf("the gateway did not ask for a user within %v: `client-authentication xauth user` of ike peer %s, but no XAUTH there?", loginTime, s.peer.Name)
	if s.access.answered {
		reason = fmt.Sprintf("the gateway did not say within %v whether user %q may go on%s", loginTime, s.peer.User, s.access.sayings())
	}
	s.refuseAccess(NoAnswer, reason)
}

// heard returns what a gateway says to the user, printable; empty: nothing.
func (a *access) heard(from wire.Attributes) string {
	c, ok := from.Find(wire.XAUTHMessage)
	if !ok {
		return ""
	}
	return wire.Printable(c.Value)
}

// tell keeps what a gateway says, and passes it on.
func (s *sa) tell(said string) {
	if said != "" {
		s.access.said = said
		s.engine.emit(Told{s.peer.Name, s.remote, said})
	}
}

// sayings quotes what the gateway has said, for the words of a failure.
func (a *access) sayings() string {
	if a == nil || a.said == "" {
		return ""
	}
	return "; it says " + strconv.Quote(a.said)
}
