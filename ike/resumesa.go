package ike

import (
	"net/netip"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// peerNames are the peers of the configuration by name.
type peerNames map[string]*Peer

// peersByName returns the peers that some policy has.
func (e *Engine) peersByName() peerNames {
	all := peerNames{}
	for _, p := range e.config.Policies {
		all[p.Peer.Name] = p.Peer
	}
	return all
}

// find returns the peer of that name if it would still authenticate the same one. Else
// it returns one that is none of the configuration, so that what was made with it is
// ended as after a change.
func (n peerNames) find(name string, remote netip.AddrPort, fits func(*Peer) bool) *Peer {
	if p := n[name]; p != nil && fits(p) {
		return p
	}
	return &Peer{Name: name, Remote: remote.Addr()}
}

// resumeSA takes over an ISAKMP SA. One that makes no sense is forgotten.
func (e *Engine) resumeSA(v *SavedSA, p *Peer) {
	keys, err := keymat.FromSKEYIDs(v.Suite, v.SKEYIDd, v.SKEYIDa, v.SKEYIDe)
	if err != nil || len(v.LastIV) != v.Suite.Cipher.BlockLen() || e.sas[v.own()] != nil {
		e.drop(saKey(v.ConnectionID))
		return
	}
	e.made++
	s := &sa{
		engine: e, id: v.ConnectionID, order: e.made, peer: p, party: party{p.Name, v.Who}, initiator: v.Initiator, aggressive: v.Aggressive, cookieI: v.CookieI, cookieR: v.CookieR,
		local: v.Local, remote: v.Remote, suite: v.Suite, authMethod: v.Method, method: methods[v.Method], lifetime: v.Lifetime, keys: keys, lastIV: v.LastIV,
		peerCan: v.PeerCan, nat: v.nat(), used: map[wire.MessageID]struct{}{},
		remoteID: v.RemoteID, remoteIDAs: v.RemoteIDType, created: v.Created, proved: true, established: true, fading: v.Fading, replaced: v.Replaced,
	}
	s.warrant = v.Warrant.resumed(e, p)
	s.wear = wear{limit: v.Octets, spent: v.Spent}
	s.quickOrder = uint32(len(v.Used)) // there were not more quick modes
	e.census.resume(s)
	for _, id := range v.Used {
		s.used[id] = struct{}{}
	}
	e.sas[s.own()] = s
	e.byParty[s.party] = append(e.byParty[s.party], s)
	e.contacted[s.party] = true
	s.resumeAccess(v)
	s.resumeDeadlines(v)
	s.pulse.resumed = true
	s.watch()
	s.resumePhase1(v)
}

// own returns our cookie.
func (v *SavedSA) own() wire.Cookie {
	if v.Initiator {
		return v.CookieI
	}
	return v.CookieR
}

// resumeDeadlines sets what was due. A rekey that the crash cut short begins anew.
func (s *sa) resumeDeadlines(v *SavedSA) {
	e := s.engine
	if s.replaced {
		e.schedule.set(&s.hard, v.Hard, func() { s.end("rekeyed") })
		return
	}
	soft := v.Soft
	if s.fading {
		soft = e.now
	}
	e.schedule.set(&s.soft, soft, s.rekey)
	e.schedule.set(&s.hard, v.Hard, s.expired)
	if s.nat.here {
		e.schedule.set(&s.keepAlive, e.now, s.keepAliveNow)
	}
}

// resumePhase1 goes on answering repetitions of phase 1's last message as long as the
// peer may send some. Only in aggressive mode it is the initiator who has the last word.
func (s *sa) resumePhase1(v *SavedSA) {
	left := linger - s.engine.now.Sub(v.Created)
	if len(v.Answer) == 0 || left <= 0 {
		return
	}
	x := newHandshake(s, wire.MainMode, mainModeResponder)
	x.number = 6
	if s.initiator {
		x = newHandshake(s, wire.Aggressive, aggressiveInitiator)
		x.number = 3
	}
	x.state, x.sent = established, v.Answer
	copy(x.accepted[:], v.Accepted)
	x.endAfter(left, x.forget)
	s.phase1 = x
}
