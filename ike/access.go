package ike

import (
	"net/netip"
	"slices"
	"time"

	"sallyport/ike/wire"
)

// What comes between phase 1 and the first quick mode: XAUTH (xauth.go), then mode
// configuration (modeconfig.go), each as far as the peer's configuration has it.

// An access is what an ISAKMP SA has of both. Most have none.
type access struct {
	transactions []*transaction // oldest first
	stage        stage
	contact      bool // phase 1 brought INITIAL-CONTACT

	user      string     // that XAUTH has authenticated, or is about to; as client ours
	framed    netip.Addr // that the user is to have; zero: any
	job       uint64     // the Authenticate that is under way
	challenge []byte     // that the next answer is to
	rounds    int        // of challenges
	tries     int        // passwords that were wrong
	answered  bool       // as client: the gateway has had our password
	said      string     // by the gateway, to the user
	settle    deadline   // of a client: until then it begins no quick mode
}

// A stage is what an ISAKMP SA waits for before it is established.
type stage uint8

const (
	noStage    stage = iota
	userAsked        // as gateway: for the user's name and password, or for whether they are right
	granting         // for the acknowledgement that XAUTH has succeeded
	denying          // or failed
	userNeeded       // as client: for the gateway's question, or its word
	denied           // for the end: the gateway, or we, did not go on
	configWait       // for mode configuration
)

// The times that a stage may take.
const (
	loginTime  = 60 * time.Second // in all: a user has to type; less than linger
	configTime = time.Minute      // for a gateway's reply or set
	farewell   = 5 * time.Second  // for the word that it was in vain to arrive
	denialWait = time.Minute      // before traffic brings the same password to the gateway again

	// A client's acknowledgement of XAUTH is all that establishes the gateway's SA. A quick mode on
	// its heels may be taken up first, by another thread: strongSwan then ends the SA.
	settleTime = 200 * time.Millisecond
)

// maxChallenges is how many questions an authentication server may ask for one user.
const maxChallenges = 8

// maxTransactions is how many transactions of an ISAKMP SA are kept for repetitions.
const maxTransactions = 8

// ensureAccess returns what s has of XAUTH and mode configuration.
func (s *sa) ensureAccess() *access {
	if s.access == nil {
		s.access = &access{}
	}
	return s.access
}

// stage returns what s waits for.
func (s *sa) stage() stage {
	if s.access == nil {
		return noStage
	}
	return s.access.stage
}

// waitIn enters a stage, which failed ends after some time.
func (s *sa) waitIn(next stage, d time.Duration, failed func()) {
	s.ensureAccess().stage = next
	s.engine.schedule.set(&s.hard, s.engine.now.Add(d), failed)
}

// admit goes on from phase 1.
func (s *sa) admit(initialContact bool) {
	if initialContact && (s.asksUser() || s.isUser() || s.isClient()) {
		s.ensureAccess().contact = true
	}
	switch {
	case s.asksUser():
		s.askUser()
	case s.isUser():
		s.waitIn(userNeeded, loginTime, s.userNotAsked)
	case s.isClient():
		s.wantConfig()
	default:
		s.enter(initialContact)
	}
}

// userDone goes on from XAUTH.
func (s *sa) userDone() {
	if s.isClient() {
		s.wantConfig()
		return
	}
	s.access.stage = noStage
	s.enter(s.access.contact)
}

// begin has what waited for phase 1 go on: of a client, once the gateway has had time for the
// last acknowledgement.
func (s *sa) begin() {
	if !s.isUser() || s.isClient() { // the gateway's configuration has come: it is there already
		s.wantReleased()
		return
	}
	s.engine.schedule.set(&s.access.settle, s.engine.now.Add(settleTime), s.wantReleased)
}

// wantReleased starts what waited for phase 1.
func (s *sa) wantReleased() {
	for _, f := range s.engine.released(s.party) {
		s.engine.want(f)
	}
}

// settling reports whether s is established here and may not be at the gateway.
func (s *sa) settling() bool { return s.access != nil && s.access.settle.place != 0 }

// enter establishes an SA for which nothing is to be waited for.
func (s *sa) enter(initialContact bool) {
	s.keepLease()
	s.establish(initialContact)
	s.offerConfig()
}

// refuseAccess ends an SA before it is established.
func (s *sa) refuseAccess(c Category, reason string) {
	s.failAccess(c, reason)
	s.end(c.String())
}

// failAccess tells why.
func (s *sa) failAccess(c Category, reason string) {
	s.fail(c, reason)
}

// proved returns the ISAKMP SA of a message that needs one whose phase 1 is over.
func (e *Engine) proved(p *packet) (*sa, error) {
	s := e.lookUp(p.header)
	switch {
	case s == nil:
		return nil, reject(InvalidCookie, "no ISAKMP SA has these cookies")
	case !s.proved:
		return nil, s.overtaken(p)
	case !p.encrypted():
		return nil, reject(InvalidFlags, "a message in clear under an established ISAKMP SA")
	}
	return s, nil
}

// informedEarly acts on the payloads of an authenticated informational message before the
// SA is established: the peer may end it, and no other.
func (s *sa) informedEarly(m *wire.Message) {
	for _, p := range m.Payloads {
		switch p := p.(type) {
		case wire.Notify:
			s.engine.emit(Notified{s.remote, p.Notify, true})
			if s.refusesProof(p, m) {
				s.proofRefused(p)
			}
		case wire.Delete:
			if p.Protocol == wire.ProtoISAKMP && slices.ContainsFunc(p.SPIs, s.named) {
				if s.stage() != denied && s.stage() != denying && !s.refused(m) {
					s.failAccess(PeerRefused, s.whyEnded())
				}
				s.remove("peer request")
				return
			}
		}
	}
}

// named reports whether octets are the cookies of s.
func (s *sa) named(spi []byte) bool {
	return slices.Equal(slices.Concat(s.cookieI[:], s.cookieR[:]), spi)
}

// whyEnded guesses why a peer deletes an SA that is not established yet.
func (s *sa) whyEnded() string {
	if s.stage() == configWait {
		return "peer ends the ISAKMP SA before mode configuration is over"
	}
	return "peer ends the ISAKMP SA before XAUTH is over" + s.access.sayings()
}

// endAccess ends what is under way.
func (s *sa) endAccess() {
	if s.access == nil {
		return
	}
	for _, t := range slices.Clone(s.access.transactions) {
		t.close()
	}
	s.access.transactions = nil
	delete(s.engine.logins, s.access.job)
	if s.settling() {
		s.engine.schedule.clear(&s.access.settle)
		s.engine.releaseFailed(s.party)
	}
}

// user returns the name that the other end, or we, gave for XAUTH; empty before it has
// succeeded.
func (s *sa) user() string {
	if s.access == nil || !s.established {
		return ""
	}
	return s.access.user
}

// saveAccess keeps what a successor needs.
func (s *sa) saveAccess(v *SavedSA) {
	v.User, v.Given, v.Lease = s.user(), s.engine.given[s.party], s.leased()
}

// resumeAccess takes over what a predecessor had. What a gateway has given us is said again.
func (s *sa) resumeAccess(v *SavedSA) {
	e := s.engine
	if v.User != "" {
		s.ensureAccess().user = v.User
	}
	e.resumeLease(s.peer, s.party, v.Lease)
	if v.Given != nil && e.given[s.party] == nil {
		e.given[s.party] = v.Given
		e.emit(*v.Given)
	}
}

// resumeLease leaves the client of a pair its address, though its ISAKMP SA may have gone.
func (c *child) resumeLease() {
	if r := c.in.Selector.Remote; r.First == r.Last {
		c.engine.resumeLease(c.peer, c.party, r.First)
	}
}

// resumeLease leaves a client its address.
func (e *Engine) resumeLease(p *Peer, with party, a netip.Addr) {
	c := e.config.Schemes[p.Scheme]
	if a.IsValid() && c != nil && e.leases.of[with] == nil && e.leases.at[a] == nil {
		e.leases.enter(&lease{with: with, addr: a, bits: leaseWish{pools: c.Pools}.bits(a)})
	}
}
