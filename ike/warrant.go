package ike

import (
	"bytes"

	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// A warrant is what the two ends of an ISAKMP SA were let in by, beside the `ike peer`: when that
// goes, so does the SA, and what was made under it. One with a key of its peer's own has none.
type warrant struct {
	id    wire.ID   // that has proved to have the key of user
	user  *User     // row of the peer's user table; nil: the key was not from there
	proof pki.Proof // of the peer's certificate; zero: it did not sign
	own   string    // the credential that we signed with, by name; empty: we did not sign
	login *login    // of XAUTH, as gateway; nil: no user has been asked for
}

// A login is who XAUTH has let in.
type login struct {
	user  string // as he called himself
	local string // the local user whose password it was; empty: somebody else knows him
}

// admits keeps who XAUTH has let in.
func (s *sa) admits(l login) {
	w := warrant{}
	if s.warrant != nil {
		w = *s.warrant
	}
	w.login = &l
	s.warrant = &w
}

// whose returns who XAUTH has let in, or nobody.
func (w *warrant) whose() login {
	if w == nil || w.login == nil {
		return login{}
	}
	return *w.login
}

// gone reports whether a local user may come in no more.
func (l login) gone(e *Engine) bool { return l.local != "" && !e.config.Locals[l.local] }

// warranted returns what lets in a peer that has proved its claim. That may have gone while the
// proof was under way. nil: nothing beside its `ike peer`.
func (x *handshake) warranted() (*warrant, error) {
	s, p := x.sa, x.claim.peer
	w := warrant{own: s.warrant.ownName()}
	if s.method.signs(!s.initiator) {
		w.proof = x.result.Proved.Proof
	}
	if s.method.preShared && p.UserTable != 0 {
		w.id = wire.ID{IDType: x.claim.id.IDType, Data: bytes.Clone(x.claim.id.Data)}
		if w.user = x.engine.user(p, w.id); w.user == nil || !w.user.Key.Equal(x.preShared) {
			return nil, reject(IDMismatch, "%s any more", p.noKeyFor(w.id))
		}
	}
	if w.own == "" && w.user == nil && w.proof == (pki.Proof{}) {
		return nil, nil
	}
	return &w, nil
}

// ownName returns the name of the credential that we signed with.
func (w *warrant) ownName() string {
	if w == nil {
		return ""
	}
	return w.own
}

// signsWith notes what we prove ourselves with.
func (s *sa) signsWith(c *pki.Credential) {
	w := warrant{}
	if s.warrant != nil {
		w = *s.warrant
	}
	w.own = s.engine.nameOf(c)
	s.warrant = &w
}

// nameOf returns the name of a credential of ours.
func (e *Engine) nameOf(c *pki.Credential) string {
	for name, o := range e.config.Credentials {
		if o == c {
			return name
		}
	}
	return ""
}

// stands reports whether a peer's user table still has the key that it proved to have.
func (w *warrant) stands(e *Engine, p *Peer) bool {
	if w == nil || w.user == nil {
		return true
	}
	now := e.user(p, w.id)
	if now == nil || !now.Key.Equal(w.user.Key) {
		return false
	}
	w.user = now
	return true
}

// A SavedWarrant is what the ends of an ISAKMP SA were let in by, beside the `ike peer`.
type SavedWarrant struct {
	IDType wire.IDType // of Data
	Data   []byte      // identity that was found in the user table; nil: none was looked for
	Proof  []byte      // of the peer's certificate: a pki.Proof's octets; nil: it did not sign
	Own    string      // the credential that we signed with; empty: we did not
	User   string      // that XAUTH has let in; empty: none
	Local  string      // the local user that he is; empty: he is none
}

// saved is w as a successor needs it.
func (w *warrant) saved() SavedWarrant {
	if w == nil {
		return SavedWarrant{}
	}
	l := w.whose()
	return SavedWarrant{IDType: w.id.IDType, Data: w.id.Data, Proof: w.proof.Octets(), Own: w.own, User: l.user, Local: l.local}
}

// resumed is what was saved, with a peer that is configured now.
func (v SavedWarrant) resumed(e *Engine, p *Peer) *warrant {
	w := &warrant{id: wire.ID{IDType: v.IDType, Data: v.Data}, own: v.Own}
	w.proof, _ = pki.ParseProof(v.Proof) // the journal is sealed: it is what we have written
	if v.Data != nil {
		w.user = e.user(p, w.id)
	}
	if v.User != "" {
		w.login = &login{v.User, v.Local}
	}
	if w.user == nil && w.own == "" && w.proof == (pki.Proof{}) && w.login == nil {
		return nil
	}
	return w
}

// fingerprint is a digest of all that authenticates a peer: its own, and the key of its user.
func (w *warrant) fingerprint(p *Peer) secret.Octets {
	if w == nil || w.user == nil {
		return p.fingerprint()
	}
	return p.fingerprint(w.user.Key)
}

// fits returns whether a peer that is configured now is the one that something saved is of, and its
// user may still come in.
func (e *Engine) fits(v SavedWarrant, fingerprint secret.Octets) func(*Peer) bool {
	return func(p *Peer) bool {
		w := v.resumed(e, p)
		return !w.whose().gone(e) && w.fingerprint(p).Equal(fingerprint)
	}
}
