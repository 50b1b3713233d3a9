package ike

import (
	"cmp"
	"slices"

	"sallyport/ipsec"
)

// resume makes the configuration the one in force and goes on with what a predecessor
// remembered. Everything is taken over as it was; then what the configuration would not
// make is ended as after a SetConfig, and what the crash left half done is brought to an
// end.
func (e *Engine) resume(in Resume) {
	e.index(in.Config)
	peers := e.peersByName()
	for _, v := range oldestFirst(in.SAs, func(v *SavedSA) uint32 { return v.ConnectionID }) {
		e.lastID = max(e.lastID, v.ConnectionID)
		e.resumeSA(v, peers.find(v.Peer, v.Remote, e.fits(v.Warrant, v.Fingerprint)))
	}
	kept := make(map[ipsec.SAID]bool, len(in.Kept))
	for _, sa := range in.Kept {
		kept[sa.ID] = true
	}
	var pairs []*resumedPair
	for _, v := range oldestFirst(in.Pairs, func(v *SavedPair) uint32 { return v.ConnectionID }) {
		e.lastID = max(e.lastID, v.ConnectionID)
		p := &resumedPair{was: v, in: kept[v.In.ID], out: kept[v.Out.ID]}
		if e.resumePair(p, peers.find(v.Peer, v.Remote, e.fits(v.Warrant, v.Fingerprint))) {
			pairs = append(pairs, p)
		}
	}
	e.settle(peers, pairs)
	e.recheck()
	e.schedule.fire(e.now)
	e.startAuto()
}

// oldestFirst returns saved objects in the order of their making.
func oldestFirst[T any](all []T, id func(*T) uint32) []*T {
	sorted := make([]*T, len(all))
	for i := range all {
		sorted[i] = &all[i]
	}
	slices.SortFunc(sorted, func(a, b *T) int { return cmp.Compare(id(a), id(b)) })
	return sorted
}

// settle gives pairs their ISAKMP SA, ends what the configuration would not make, and
// leaves each flow with one pair to send on. The pairs are in the order of their making.
func (e *Engine) settle(peers peerNames, pairs []*resumedPair) {
	children := make([]*child, len(pairs))
	for i, p := range pairs {
		children[i] = p.child
		for _, s := range slices.Backward(e.byParty[p.party]) {
			if s.current() && p.child.sa == nil {
				s.adopt(children[i : i+1])
			}
		}
	}
	sas := e.sasSorted()
	e.review(children, slices.DeleteFunc(slices.Clone(sas), func(s *sa) bool { return s.peer == peers[s.peer.Name] }))
	for _, s := range sas {
		if !s.gone && !s.hard.at.After(e.now) {
			s.hard.fire() // before anything is begun under it
		}
	}
	var flows []*flow
	members := map[*flow][]*resumedPair{}
	for _, p := range pairs {
		if members[p.flow] == nil {
			flows = append(flows, p.flow)
		}
		members[p.flow] = append(members[p.flow], p)
	}
	for _, f := range flows {
		e.settleFlow(f, members[f])
	}
}
