package ike

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// What is remembered of a step comes before all that the step does: a peer that is
// told of an SA finds it with our successor, too. It is taken at the step's end, so that
// an object is remembered once however often it changed. What is over is forgotten last,
// after its SAs have gone: a successor that knows of it tells the peer once more.

// unsaved are the objects that changed in this step, in the order of their change.
type unsaved struct {
	sas   []*sa
	pairs []*child
}

// saMemory is what of an ISAKMP SA is not remembered yet.
type saMemory struct {
	listed bool             // in unsaved
	whole  bool             // all of it
	used   []wire.MessageID // or only that these are used
	added  int              // message IDs remembered one by one, since all of it was
}

// maxAdded is how many used message IDs are remembered one by one before an ISAKMP SA is
// remembered whole again, so that what is kept of it does not grow without end.
const maxAdded = 64

// changed has all of the SA remembered at the end of the step.
func (s *sa) changed() {
	s.memory.whole = true
	s.list()
}

// list enters s among what is to be remembered.
func (s *sa) list() {
	if e := s.engine; e.options.Remember && !s.memory.listed {
		s.memory.listed = true
		e.unsaved.sas = append(e.unsaved.sas, s)
	}
}

// use notes that a message ID is used, never to be used again.
func (s *sa) use(id wire.MessageID) {
	if _, known := s.used[id]; known {
		return
	}
	s.used[id] = struct{}{}
	if s.engine.options.Remember {
		s.memory.used = append(s.memory.used, id)
		s.list()
	}
}

// unuse takes back the use by a message that was refused.
func (s *sa) unuse(id wire.MessageID) {
	delete(s.used, id)
	s.memory.used = slices.DeleteFunc(s.memory.used, func(u wire.MessageID) bool { return u == id })
}

// changed has the pair remembered at the end of the step.
func (c *child) changed() {
	if e := c.engine; e.options.Remember && !c.unsaved {
		c.unsaved = true
		e.unsaved.pairs = append(e.unsaved.pairs, c)
	}
}

// drop has what is kept under a key forgotten.
func (e *Engine) drop(key string) {
	if e.options.Remember {
		e.emit(Forget{key})
	}
}

// remembered returns what of this step is to be remembered. Pairs come first: who finds the message
// ID of a quick mode used must find its pair, too, and make another. Else the peer would repeat
// for a minute what nobody answers.
func (e *Engine) remembered() (out []Output) {
	for _, c := range e.unsaved.pairs {
		if c.unsaved = false; !c.gone {
			out = append(out, Remember{Key: c.key(), Pair: c.saved()})
		}
	}
	for _, s := range e.unsaved.sas {
		s.memory.listed = false
		if s.established && !s.gone {
			out = s.remember(out)
		}
	}
	e.unsaved = unsaved{}
	return out
}

// remember appends what has to be remembered of s.
func (s *sa) remember(out []Output) []Output {
	m := &s.memory
	switch {
	case m.whole || m.added+len(m.used) > maxAdded:
		*m = saMemory{}
		return append(out, Remember{Key: s.key(), SA: s.saved()})
	case len(m.used) == 0: // the message was refused
		return out
	}
	out = append(out, Remember{Key: s.key(), Used: m.used})
	*m = saMemory{added: m.added + len(m.used)}
	return out
}

// key is what the SA is remembered under.
func (s *sa) key() string { return saKey(s.id) }

// key is what the pair is remembered under.
func (c *child) key() string { return pairKey(c.id) }

func saKey(id uint32) string   { return "isakmp " + strconv.FormatUint(uint64(id), 10) }
func pairKey(id uint32) string { return "ipsec " + strconv.FormatUint(uint64(id), 10) }

// saved is s as a successor needs it.
func (s *sa) saved() *SavedSA {
	v := &SavedSA{
		ConnectionID: s.id, Peer: s.peer.Name, Who: s.party.who, Method: s.authMethod, Fingerprint: s.warrant.fingerprint(s.peer), Warrant: s.warrant.saved(), Local: s.local, Remote: s.remote,
		Initiator: s.initiator, Aggressive: s.aggressive, CookieI: s.cookieI, CookieR: s.cookieR, Suite: s.suite,
		SKEYIDd: s.keys.SKEYIDd, SKEYIDa: s.keys.SKEYIDa, SKEYIDe: s.keys.SKEYIDe, LastIV: s.lastIV,
		PeerCan: s.peerCan, NATHere: s.nat.here, NATThere: s.nat.there, NATForced: s.nat.forced, RemoteID: s.remoteID, RemoteIDType: s.remoteIDAs, Lifetime: s.lifetime, Octets: s.wear.limit, Spent: s.wear.spent,
		Created: s.created, Soft: s.soft.due(), Hard: s.hard.due(), Fading: s.fading, Replaced: s.replaced,
		Used: slices.Sorted(maps.Keys(s.used)),
	}
	s.saveAccess(v)
	if x := s.phase1; x != nil && x.sent != nil {
		v.Accepted, v.Answer = x.accepted[:], x.sent
	}
	return v
}

// saved is c as a successor needs it.
func (c *child) saved() *SavedPair {
	return &SavedPair{
		ConnectionID: c.id, Peer: c.peer.Name, Who: c.party.who, Fingerprint: c.warrant.fingerprint(c.peer), Warrant: c.warrant.saved(), Remote: c.remote, Initiator: c.initiator,
		PFS: c.pfs, Fading: c.fading, Replaced: c.replaced, In: keyless(c.in), Out: keyless(c.out),
		Created: c.created, Soft: c.soft.due(), Hard: c.hard.due(),
	}
}

// keyless returns an SA without its keys, which are the dataplane's.
func keyless(sa *ipsec.SA) ipsec.SA {
	bare := *sa
	bare.EncryptionKey, bare.IntegrityKey = nil, nil
	if sa.AH != nil {
		bare.AH = &ipsec.AHPart{SPI: sa.AH.SPI, Integrity: sa.AH.Integrity}
	}
	return bare
}

// due returns when d is due, zero if it is not set.
func (d *deadline) due() time.Time {
	if d.place == 0 {
		return time.Time{}
	}
	return d.at
}

// fingerprint is a digest of all that sameAs compares, and of the key that the peer has from
// a user table. It is as good as the key to who guesses at it, so it is a secret too.
func (p *Peer) fingerprint(fromTable ...secret.Octets) secret.Octets {
	h := sha256.New()
	write := func(part []byte) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write(part)
	}
	for _, a := range append([]netip.Addr{p.Remote, p.RemoteLast, p.RemoteID, p.RemoteIDLast, p.Local}, p.Backups...) {
		write(a.AsSlice())
	}
	for _, text := range []string{p.Name, p.RemoteHost, p.LocalID, p.RemoteName, p.Certificate, p.Domain, p.User, p.Scheme} {
		write([]byte(text))
	}
	write(p.Key)
	write([]byte{byte(p.LocalIDType), byte(p.RemoteIDType), byte(p.XAUTH), byte(p.NAT)})
	write(binary.BigEndian.AppendUint32(nil, p.UserTable))
	for _, key := range fromTable {
		write(key)
	}
	return h.Sum(nil)
}
