package ike

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Extended authentication: draft-beaulieu-ike-xauth-02. Directly after phase 1 the gateway
// asks for a user and a password.
//
//	Gateway                                        Client
//	REQUEST(TYPE, NAME, PASSWORD)        -->
//	                                     <--       REPLY(TYPE, NAME, PASSWORD)
//	SET(STATUS)                          -->
//	                                     <--       ACK(STATUS)
//
// The password leaves as Authenticate; what became of it comes back as Authenticated.

// maxLogins is how many wrong passwords end an ISAKMP SA.
const maxLogins = 3

// maxPassword is how long a user's password may be, as RADIUS has it.
const maxPassword = 128

// The values of the attribute STATUS.
const (
	xauthFail = 0
	xauthOK   = 1
)

// An Authenticate asks whether a user may have access: local users or a RADIUS server
// know. The answer comes back as Authenticated, some time later.
type Authenticate struct {
	Job      uint64
	Peer     string // name of the ike peer
	RemoteID string // as phase 1 authenticated it, printable
	Remote   netip.AddrPort
	User     string        // 1-256 octets, without control characters
	Password secret.Octets // 0-128 octets; the receiver's to keep and to wipe
	Answers  []byte        // State of the challenge that Password is the answer to; nil: a first question
}

// An Authenticated answers an Authenticate. Without Granted and Challenge the user is
// refused.
type Authenticated struct {
	Job       uint64
	Granted   bool
	Local     string     // the local user whose password it was: what it lets in ends with him; empty: none
	Reason    string     // why not, for the operator; without the password
	Address   netip.Addr // that the user is to have (Framed-IP-Address); zero: any of the pool
	Challenge *Challenge // there is one more question; nil: none
}

// A Challenge is what an authentication server asks before it decides.
type Challenge struct {
	Prompt string // for the user
	State  []byte // comes back with the next Authenticate; not empty
}

// A Told is what a gateway tells the user, for whom the log stands in.
type Told struct {
	Peer   string // name of the ike peer
	Remote netip.AddrPort
	Text   string // printable
}

func (Authenticate) output() {}
func (Authenticated) input() {}
func (Told) output()         {}
func (Told) event()          {}

// isXAUTH reports whether an attribute is one of XAUTH.
func isXAUTH(t wire.CfgAttributeType) bool { return t >= wire.XAUTHType && t <= wire.XAUTHAnswer }

// asksUser reports whether the peer has to name a user. The configuration decides even
// where the method of phase 1 has no form that says so.
func (s *sa) asksUser() bool {
	return s.method.asksUser(s.initiator) || s.peer.XAUTH == XAUTHGateway
}

// isUser reports whether we have to.
func (s *sa) isUser() bool { return s.method.isUser(s.initiator) || s.peer.XAUTH == XAUTHClient }

// askUser begins XAUTH as gateway.
func (s *sa) askUser() {
	s.waitIn(userAsked, loginTime, s.loginTimedOut)
	s.requestUser(wire.CfgEmpty(wire.XAUTHUserName), wire.CfgEmpty(wire.XAUTHUserPassword))
}

// requestUser asks the user for something.
func (s *sa) requestUser(wanted ...wire.CfgAttribute) {
	list := append([]wire.CfgAttribute{wire.CfgBasic(wire.XAUTHType, uint16(wire.XAUTHGeneric))}, wanted...)
	s.transact(transactionOrder{kind: wire.CfgRequest, list: list, then: s.inUser, failed: s.loginTimedOut})
}

// challengeUser asks what an authentication server wants to know besides.
func (s *sa) challengeUser(c *Challenge) {
	s.access.challenge = c.State
	s.requestUser(wire.CfgOctets(wire.XAUTHMessage, []byte(c.Prompt)), wire.CfgEmpty(wire.XAUTHUserPassword))
}

// inUser takes the user's name and password.
func (s *sa) inUser(a wire.Attributes) (func(), error) {
	if c, ok := a.Find(wire.XAUTHStatus); ok {
		if v, _ := c.Uint(); v == xauthFail {
			return s.givenUp, nil
		}
	}
	name, err := s.userName(a)
	password := passwordOf(a)
	if err == nil && len(password) > maxPassword {
		err = fmt.Errorf("the password has %d octets, want at most %d", len(password), maxPassword)
	}
	return func() {
		s.access.user = name
		if err != nil {
			s.wrongPassword(err.Error())
			return
		}
		s.authenticate(password)
	}, nil
}

// givenUp takes a client's word that it has no answer. After a wrong password, which has been
// told of, that is how clients with one password only say so.
func (s *sa) givenUp() {
	switch {
	case s.access.challenge != nil:
		s.deny("the client does not answer what the authentication server asks besides the password")
	case s.access.tries > 0:
		s.turnAway()
	default:
		s.deny("the client gives no name and password")
	}
}

// userName returns the user of a reply. The answer to a challenge needs no name, for it is
// the one who was challenged.
func (s *sa) userName(a wire.Attributes) (string, error) {
	if s.access.challenge != nil {
		return s.access.user, nil
	}
	c, ok := a.Find(wire.XAUTHUserName)
	if !ok {
		c = wire.CfgEmpty(wire.XAUTHUserName)
	}
	return c.Name()
}

// passwordOf returns what a reply has for a password; nil: nothing.
func passwordOf(a wire.Attributes) secret.Octets {
	for _, t := range []wire.CfgAttributeType{wire.XAUTHUserPassword, wire.XAUTHPasscode, wire.XAUTHAnswer} {
		if c, ok := a.Find(t); ok && len(c.Value) > 0 {
			return c.Value
		}
	}
	return nil
}

// authenticate has a user's password checked.
func (s *sa) authenticate(password secret.Octets) {
	e, a := s.engine, s.access
	e.lastJob++
	a.job = e.lastJob
	e.logins[a.job] = s
	e.emit(Authenticate{Job: a.job, Peer: s.peer.Name, RemoteID: s.remoteID, Remote: s.remote,
		User: a.user, Password: append(secret.Octets(nil), password...), Answers: a.challenge})
}

// authenticated takes the answer to an Authenticate. The SA may have gone meanwhile.
func (e *Engine) authenticated(in Authenticated) {
	s := e.logins[in.Job]
	if s == nil {
		return
	}
	delete(e.logins, in.Job)
	a := s.access
	a.job, a.challenge = 0, nil
	user := login{a.user, in.Local}
	switch {
	case in.Granted && user.gone(e):
		s.wrongPassword("the local-user may not come in any more")
	case in.Granted:
		s.admits(user)
		a.framed = ip4(in.Address)
		s.grant()
	case in.Challenge != nil && a.rounds < maxChallenges:
		a.rounds++
		s.challengeUser(in.Challenge)
	default:
		s.wrongPassword(in.Reason)
	}
}

// wrongPassword asks once more, or gives up.
func (s *sa) wrongPassword(reason string) {
	a := s.access
	a.tries++
	if a.tries == maxLogins {
		s.deny(reason)
		return
	}
	s.failAccess(AuthenticationFail, s.whyDenied(reason))
	s.requestUser(wire.CfgEmpty(wire.XAUTHUserName), wire.CfgEmpty(wire.XAUTHUserPassword))
}

// whyDenied names the user.
func (s *sa) whyDenied(reason string) string {
	return fmt.Sprintf("XAUTH of user %q, peer %s: %s", s.access.user, s.remoteID, reason)
}

// grant tells the client that it may go on.
func (s *sa) grant() {
	s.access.stage = granting
	s.transact(transactionOrder{kind: wire.CfgSet, list: []wire.CfgAttribute{wire.CfgBasic(wire.XAUTHStatus, xauthOK)},
		then: func(wire.Attributes) (func(), error) { return s.userProved, nil }, failed: s.loginTimedOut})
}

// deny turns the client away, and tells why.
func (s *sa) deny(reason string) {
	s.failAccess(AuthenticationFail, s.whyDenied(reason))
	s.turnAway()
}

// turnAway tells the client that it may not go on, and then ends the ISAKMP SA.
func (s *sa) turnAway() {
	end := func() { s.end(AuthenticationFail.String()) }
	s.waitIn(denying, farewell, end)
	s.transact(transactionOrder{kind: wire.CfgSet, list: []wire.CfgAttribute{wire.CfgBasic(wire.XAUTHStatus, xauthFail)},
		then: func(wire.Attributes) (func(), error) { return end, nil }, failed: end})
}

// userProved makes the SA the user's. Of a peer that stands for many each user is a party.
func (s *sa) userProved() {
	e := s.engine
	if !s.peer.single() {
		e.regroup(s, party{s.peer.Name, s.userIdentity()})
	}
	if !s.peer.single() {
		s.moveHere()
	}
	s.userDone()
}

// userIdentity names a user, with the identity of the device where the device has proved
// one of its own: that of a pre-shared key is everybody's who has the key.
func (s *sa) userIdentity() string {
	if s.method.signs(!s.initiator) {
		return strconv.Quote(s.access.user) + " " + s.remoteID
	}
	return strconv.Quote(s.access.user)
}

// moveHere ends what the user has at another address: the newer login counts.
func (s *sa) moveHere() {
	const reason = "the user has come from another place"
	e := s.engine
	for _, c := range slices.Clone(e.pairs[s.party]) {
		if c.remote.Addr() != s.remote.Addr() {
			c.end(reason)
		}
	}
	for _, old := range slices.Clone(e.byParty[s.party]) {
		if old != s && old.established && old.remote != s.remote {
			old.end(reason)
		}
	}
}

// loginTimedOut ends XAUTH that takes too long.
func (s *sa) loginTimedOut() {
	reason := fmt.Sprintf("no user and password within %v: does the peer know of XAUTH?", loginTime)
	switch {
	case s.access.job != 0:
		reason = s.whyDenied(fmt.Sprintf("the authentication server did not answer within %v", loginTime))
	case s.access.stage == granting:
		reason = s.whyDenied("the client does not acknowledge that it may go on")
	}
	s.refuseAccess(NoAnswer, reason)
}
