package ike

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"sallyport/ike/wire"
)

// Messages in pieces, Cisco's and Microsoft's vendor extension: a message longer than paths
// carry is cut into the data of fragment payloads, each in a message of its own. No RFC has it.
// Pieces are not authenticated, but what they make up is handled as if it had come whole.

const (
	fragmentSize      = 1280             // octets of UDP, unless the peer's configuration says otherwise
	fragmentOverhead  = headerLen + 8    // of a piece around its data
	markerLen         = 4                // of port 4500: RFC 3948 §2.2
	maxWhole          = MaxMessage       // octets of one message
	piecesWait        = 10 * time.Second // for the rest of them
	maxPiecesInAll    = 4 << 20          // octets of all messages of which pieces have come, then the oldest goes
	unfinishedMessage = 1 << 10          // octets of that which each of them costs by itself

	leastPiece = 512 - markerLen - fragmentOverhead       // octets of data: no configuration has less
	maxPieces  = (maxWhole + leastPiece - 1) / leastPiece // of one message: any that we may send
)

// transmit sends the octets of a message to the peer, in pieces where it takes them and the
// message is too long.
func (s *sa) transmit(octets []byte) {
	if s.cuts(len(octets)) {
		for _, piece := range s.cut(octets) {
			s.engine.emit(Send{s.local, s.remote, piece})
		}
	} else {
		s.engine.emit(Send{s.local, s.remote, octets})
	}
	s.keptAlive()
}

// fragmentSize returns how long a message to the peer may be, as UDP carries it here.
func (s *sa) fragmentSize() int {
	size := s.peer.Fragmentation.Size
	if size == 0 {
		size = fragmentSize
	}
	if s.local.Port() == PortNATT {
		size -= markerLen
	}
	return size
}

// cuts reports whether a message of n octets has to go in pieces. Until both ends know that the other takes
// some, none does: main mode's message 2 brings our own word.
func (s *sa) cuts(n int) bool {
	early := s.phase1 != nil && s.phase1.kind == wire.MainMode && s.phase1.state <= sentSA
	return s.peerCan.Fragments && !early && n > s.fragmentSize() && n <= maxWhole
}

// onWire returns the octets that a message of n costs on its way, in pieces or whole.
func (s *sa) onWire(n int) int {
	if !s.cuts(n) {
		return n
	}
	data := s.fragmentSize() - fragmentOverhead
	return n + (n+data-1)/data*fragmentOverhead
}

// cut makes pieces of a message. They have a number in common that depends on its octets, so
// that a repetition fills the gaps of what came before.
func (s *sa) cut(octets []byte) (pieces [][]byte) {
	h, _, _, _ := wire.ParseHeader(octets) // our own, which is right
	h.Flags = 0
	digest := sha256.Sum256(octets)
	id := binary.BigEndian.Uint16(digest[:]) | 1 // 0 is none
	for rest := octets; len(rest) > 0; {
		n := min(len(rest), s.fragmentSize()-fragmentOverhead)
		f := wire.Fragment{ID: id, Number: uint8(len(pieces) + 1), Last: n == len(rest), Data: rest[:n]}
		m := &wire.Message{Header: h, Payloads: []wire.Payload{f}}
		pieces, rest = append(pieces, m.Append(nil)), rest[n:]
	}
	return pieces
}

// A puzzle is a message of which some pieces have come.
type puzzle struct {
	sa          *sa
	id          uint16
	pieces      [maxPieces][]byte // by number, from 1; nil: not there yet
	count, last int               // how many there are, and of the last one the number; 0: not known
	octets      int
	older       *puzzle // in the order of their beginnings
	newer       *puzzle
	end         deadline
}

// puzzles are the messages of which some pieces have come.
type puzzles struct {
	oldest, newest *puzzle
	octets         int
}

// inFragment takes a piece, and the message when it is whole. The encryption flag says
// nothing: racoon sets it, and encrypts no piece.
func (e *Engine) inFragment(p *packet) error {
	s := e.lookUp(p.header)
	switch {
	case s == nil:
		return reject(InvalidCookie, "no ISAKMP SA has the cookies of a fragment")
	case !s.takesFragments():
		return reject(UnexpectedPayload, "a fragment, which was not agreed on")
	case !s.proved && s.remote.Addr() != p.Remote.Addr():
		return reject(UnexpectedMessage, "phase 1 with %v goes on from %v", s.remote, p.Remote)
	}
	m, err := wire.ParsePayloads(p.header, p.first, p.body)
	if err != nil {
		return err
	}
	f := m.Payloads[0].(wire.Fragment)
	if len(m.Payloads) != 1 || f.Number > maxPieces {
		return reject(UnexpectedPayload, "fragment %d beside %d other payloads, want 1 to %d, and no other", f.Number, len(m.Payloads)-1, maxPieces)
	}
	whole, err := s.fit(f)
	if whole == nil || err != nil {
		return err
	}
	return e.inWhole(p, whole)
}

// takesFragments reports whether the peer may send pieces: both ends have said that they can.
// In aggressive mode the responder knows that as soon as it has message 1, so its own word may
// come in pieces itself.
func (s *sa) takesFragments() bool {
	answered := s.phase1 != nil && s.phase1.kind == wire.Aggressive && s.phase1.state == sentSA && s.initiator
	return s.peerCan.Fragments || answered && !s.peer.Fragmentation.Off
}

// inWhole takes a message that has come in pieces, p being the last one.
func (e *Engine) inWhole(p *packet, whole []byte) error {
	h, first, _, err := wire.ParseHeader(whole)
	if err != nil {
		return err
	}
	if first == wire.PayloadFragment || h.CookieI != p.header.CookieI || h.CookieR != p.header.CookieR {
		return reject(UnexpectedPayload, "fragments make up a fragment, or a message of another ISAKMP SA")
	}
	e.datagram(Datagram{p.Local, p.Remote, whole})
	return nil
}

// fit puts a piece in its place, and returns the message if it was the last one missing. A place
// that is taken stays as it is. Of two messages the later one counts: a peer that begins
// another has given up the first.
func (s *sa) fit(f wire.Fragment) (whole []byte, err error) {
	if f.Number == 1 && f.Last {
		return f.Data, nil
	}
	if s.puzzle != nil && s.puzzle.id != f.ID {
		s.puzzle.drop()
	}
	if s.puzzle == nil {
		s.engine.newPuzzle(s, f.ID)
	}
	z := s.puzzle
	if err := z.check(f); err != nil {
		return nil, err
	}
	if z.pieces[f.Number-1] == nil {
		z.add(f)
	}
	if z.count != z.last {
		return nil, nil
	}
	z.drop()
	return z.join(), nil
}

// check holds a piece against those that are there.
func (z *puzzle) check(f wire.Fragment) error {
	number := int(f.Number)
	switch {
	case z.last != 0 && (number > z.last || f.Last != (number == z.last)):
		return reject(UnexpectedPayload, "fragment %d does not fit: the last one is %d", number, z.last)
	case f.Last && z.highest() > number:
		return reject(UnexpectedPayload, "fragment %d cannot be the last one: %d is there", number, z.highest())
	case z.octets+len(f.Data) > maxWhole && z.pieces[number-1] == nil:
		return reject(Limited, "fragments of more than %d octets", maxWhole)
	}
	return nil
}

// highest returns the highest number that is there.
func (z *puzzle) highest() int {
	for n := maxPieces; n > 0; n-- {
		if z.pieces[n-1] != nil {
			return n
		}
	}
	return 0
}

// add takes a piece whose place is free.
func (z *puzzle) add(f wire.Fragment) {
	z.pieces[f.Number-1] = f.Data
	z.count++
	z.octets += len(f.Data)
	if f.Last {
		z.last = int(f.Number)
	}
	e := z.sa.engine
	e.puzzles.octets += len(f.Data)
	for e.puzzles.octets > maxPiecesInAll && e.puzzles.oldest != z {
		e.puzzles.oldest.drop()
	}
}

// join returns the message.
func (z *puzzle) join() []byte {
	whole := make([]byte, 0, z.octets)
	for _, piece := range z.pieces[:z.last] {
		whole = append(whole, piece...)
	}
	return whole
}

// newPuzzle begins a message of which a piece has come.
func (e *Engine) newPuzzle(s *sa, id uint16) {
	z := &puzzle{sa: s, id: id, older: e.puzzles.newest}
	s.puzzle = z
	if z.older == nil {
		e.puzzles.oldest = z
	} else {
		z.older.newer = z
	}
	e.puzzles.newest = z
	e.puzzles.octets += unfinishedMessage
	e.schedule.set(&z.end, e.now.Add(piecesWait), z.drop)
}

// drop forgets a message, whole or not.
func (z *puzzle) drop() {
	e := z.sa.engine
	e.schedule.clear(&z.end)
	e.puzzles.octets -= z.octets + unfinishedMessage
	if z.older == nil {
		e.puzzles.oldest = z.newer
	} else {
		z.older.newer = z.newer
	}
	if z.newer == nil {
		e.puzzles.newest = z.older
	} else {
		z.newer.older = z.older
	}
	z.sa.puzzle = nil
}
