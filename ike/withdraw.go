package ike

import (
	"maps"
	"slices"
	"time"

	"sallyport/ike/pki"
)

// What becomes of SAs when what their ends were let in by is withdrawn: a row of a user table, a
// local user, an authority, a certificate of the peer's or ours.

// reviewUsers ends what was made with keys that the user tables do not have any more.
func (e *Engine) reviewUsers(before map[uint32]*UserTable) {
	if maps.Equal(before, e.config.UserTables) {
		return
	}
	var peers []*Peer
	for _, p := range e.directory.named {
		if p.UserTable != 0 && before[p.UserTable] != e.config.UserTables[p.UserTable] {
			peers = append(peers, p)
		}
	}
	children, sas := e.affected(peers)
	e.endThose(children, sas, func(w *warrant, p *Peer) bool { return !w.stands(e, p) })
}

// reviewLocals ends what local users were let in to who may come in no more.
func (e *Engine) reviewLocals(before map[string]bool) {
	if !maps.Equal(before, e.config.Locals) {
		e.endThose(e.childrenSorted(), e.sasSorted(), func(w *warrant, _ *Peer) bool { return w.whose().gone(e) })
	}
}

// endThose ends the pairs, and then the ISAKMP SAs, whose warrant is void. Their peers are told.
func (e *Engine) endThose(children []*child, sas []*sa, void func(*warrant, *Peer) bool) {
	const reason = "config modify or manual offline"
	for _, c := range children {
		if void(c.warrant, c.peer) {
			c.end(reason)
		}
	}
	for _, s := range sas {
		if void(s.warrant, s.peer) {
			s.end(reason)
		}
	}
}

// reviewTrust has the certificates that peers have proved themselves by checked against what is
// trusted now, and has SAs replaced for which we signed with a certificate that is ours no more.
func (e *Engine) reviewTrust(before *Config) {
	if before.Store != e.config.Store {
		e.recheck()
	}
	e.resign(before.Credentials)
}

// A Recheck asks which proofs count no more: lists of revoked certificates are long, and signed.
type Recheck struct{ pki.Recheck }

// Do checks all.
func (w Recheck) Do() Result { return Result{Withdrawn: w.Recheck.Do()} }

// rechecking waits for a Recheck.
type rechecking struct {
	engine *Engine
	store  *pki.Store
}

// recheck has all proofs checked again.
func (e *Engine) recheck() {
	found := map[pki.Proof]bool{}
	for _, s := range e.sas {
		found[s.warrant.given()] = true
	}
	for _, c := range e.inbound {
		found[c.warrant.given()] = true
	}
	if delete(found, pki.Proof{}); len(found) > 0 {
		store := e.config.Store
		e.compute(&rechecking{e, store}, Recheck{pki.Recheck{Store: store, Proofs: slices.Collect(maps.Keys(found))}})
	}
}

// given returns the proof of the peer's certificate, or zero.
func (w *warrant) given() pki.Proof {
	if w == nil {
		return pki.Proof{}
	}
	return w.proof
}

// computed ends what was made with certificates that count no more. When something else is
// trusted meanwhile, another check is under way.
func (r *rechecking) computed(result Result) error {
	e := r.engine
	if e.config.Store != r.store || len(result.Withdrawn) == 0 {
		return nil
	}
	sas := e.sasSorted()
	for _, s := range sas {
		if why := result.Withdrawn[s.warrant.given()]; why != nil {
			e.fail(Failure{Remote: s.remote, Peer: s.peer.Name, Category: AuthenticationFail.String(), Reason: s.peer.whyWithdrawn(why)})
		}
	}
	e.endThose(e.childrenSorted(), sas, func(w *warrant, _ *Peer) bool { return result.Withdrawn[w.given()] != nil })
	return nil
}

// about is never asked for: nothing is wrong with a result.
func (r *rechecking) about() *packet { return nil }

// resign has ISAKMP SAs replaced, one after the other, for which we signed with a certificate that
// is not there any more, or has another in its place. What the peer does not hold against us stands.
func (e *Engine) resign(before map[string]*pki.Credential) {
	gone := map[string]bool{}
	for name, c := range before {
		if now := e.config.Credentials[name]; now != c && (now == nil || !now.Leaf().Equal(c.Leaf())) {
			gone[name] = true
		}
	}
	if len(gone) == 0 {
		return
	}
	for _, s := range e.sasSorted() {
		if s.established && !s.replaced && !s.fading && gone[s.warrant.ownName()] {
			at := e.now.Add(time.Duration(e.draw() * float64(resignWithin)))
			e.schedule.set(&s.soft, at, s.rekey)
		}
	}
}
