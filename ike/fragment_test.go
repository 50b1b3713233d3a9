package ike

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/wire"
)

// fragmented makes an ISAKMP SA that takes pieces.
func fragmented(change ...func(*sa)) *sa {
	e := New(nil, rand.NewChaCha8([32]byte{1}))
	e.now = kitStart
	s := e.newSA(&Peer{Name: "peer", Remote: kitAddr(1)}, true, kitPort(1, portIKE), kitPort(2, portIKE))
	s.cookieR = wire.Cookie{7}
	s.proved, s.established = true, true
	s.peerCan.Fragments = true
	for _, c := range change {
		c(s)
	}
	return s
}

// longMessage returns a message of about n octets that no exchange of s takes.
func longMessage(s *sa, n int) []byte {
	m := &wire.Message{Header: wire.Header{CookieI: s.cookieI, CookieR: s.cookieR, Exchange: wire.QuickMode, MessageID: 9},
		Payloads: []wire.Payload{wire.Nonce{Data: bytes.Repeat([]byte{0xa5}, n-headerLen-4)}}}
	return m.Append(nil)
}

// sends returns the datagrams that do sends.
func sends(e *Engine, do func()) (all [][]byte) {
	e.out = nil
	do()
	for _, out := range e.out {
		if s, ok := out.(Send); ok {
			all = append(all, s.Octets)
		}
	}
	return all
}

// TestCut checks what goes in pieces, and how long they are.
func TestCut(t *testing.T) {
	for _, test := range []struct {
		name   string
		octets int
		change func(*sa)
		want   int // pieces
		limit  int // octets of UDP
	}{
		{"short", 1280, func(*sa) {}, 1, 1280},
		{"an octet too long", 1281, func(*sa) {}, 2, 1280},
		{"an octet too long with the marker", 1277, func(s *sa) { s.local = kitPort(1, PortNATT) }, 2, 1276},
		{"as long as fits behind the marker", 1276, func(s *sa) { s.local = kitPort(1, PortNATT) }, 1, 1276},
		{"a smaller size", 1200, func(s *sa) { s.peer.Fragmentation.Size = 512 }, 3, 512},
		{"the peer has not said that it takes pieces", 5000, func(s *sa) { s.peerCan.Fragments = false }, 1, 5000},
		{"main mode's message 2", 1300, func(s *sa) { s.phase1 = newHandshake(s, wire.MainMode, nil) }, 1, 1300},
		{"main mode's message 3", 1300, func(s *sa) { s.phase1 = newHandshake(s, wire.MainMode, nil); s.phase1.state = makingKE }, 2, 1280},
		{"aggressive mode's message 2", 1300, func(s *sa) { s.phase1 = newHandshake(s, wire.Aggressive, nil) }, 2, 1280},
		{"the longest", maxWhole, func(s *sa) { s.peer.Fragmentation.Size = 576 }, 31, 576},
	} {
		s := fragmented(test.change)
		whole := longMessage(s, test.octets)
		pieces := sends(s.engine, func() { s.transmit(whole) })
		if len(pieces) != test.want {
			t.Errorf("%s: %d pieces, want %d", test.name, len(pieces), test.want)
		}
		for i, p := range pieces {
			if len(p) > test.limit {
				t.Errorf("%s: piece %d has %d octets, want at most %d", test.name, i+1, len(p), test.limit)
			}
		}
		if len(pieces) == 1 && !bytes.Equal(pieces[0], whole) {
			t.Errorf("%s: what need not be cut is changed", test.name)
		}
	}
}

// TestPieceOnTheWire pins the format down: the message's own cookies, exchange and message ID, no
// flags, and one payload.
func TestPieceOnTheWire(t *testing.T) {
	s := fragmented()
	whole := longMessage(s, 1500)
	whole[19] |= byte(wire.FlagEncrypted)
	first := s.cut(whole)[0]
	m, err := wire.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := m.Payloads[0].(wire.Fragment)
	want := wire.Header{CookieI: s.cookieI, CookieR: s.cookieR, Exchange: wire.QuickMode, MessageID: 9}
	if !ok || len(m.Payloads) != 1 || m.Header != want || f.ID == 0 || f.Number != 1 || f.Last || !bytes.HasPrefix(whole, f.Data) {
		t.Errorf("the first piece is %v %v", m.Header, m)
	}
	if again := s.cut(whole); !bytes.Equal(again[0], first) {
		t.Error("a repetition has other pieces")
	}
}

// piecesOf cuts a message into n pieces of about one length.
func piecesOf(id uint16, whole []byte, n int) (all []wire.Fragment) {
	for i := range n {
		from, to := len(whole)*i/n, len(whole)*(i+1)/n
		all = append(all, wire.Fragment{ID: id, Number: uint8(i + 1), Last: i == n-1, Data: whole[from:to]})
	}
	return all
}

// TestFit puts pieces together in any order, with some twice.
func TestFit(t *testing.T) {
	whole := []byte("a message that comes in several pieces")
	pieces := piecesOf(5, whole, 4)
	forged := wire.Fragment{ID: 5, Number: 2, Data: []byte("forged")}
	for _, test := range []struct {
		name  string
		order []wire.Fragment
		want  string // when the last one has come
	}{
		{"in order", pieces, string(whole)},
		{"backwards", []wire.Fragment{pieces[3], pieces[2], pieces[1], pieces[0]}, string(whole)},
		{"one twice", []wire.Fragment{pieces[0], pieces[1], pieces[1], pieces[0], pieces[3], pieces[2]}, string(whole)},
		{"a place that is taken is not overwritten", []wire.Fragment{pieces[0], pieces[1], forged, pieces[2], pieces[3]}, string(whole)},
		{"one is missing", []wire.Fragment{pieces[0], pieces[1], pieces[3]}, ""},
		{"the last is missing", pieces[:3], ""},
		{"only one", piecesOf(9, whole, 1), string(whole)},
		{"another message begins", append(piecesOf(4, []byte("given up"), 2)[:1], pieces...), string(whole)},
	} {
		s := fragmented()
		var got []byte
		for _, f := range test.order {
			whole, err := s.fit(f)
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if whole != nil {
				got = whole
			}
		}
		if string(got) != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if left := s.puzzle != nil; left != (test.want == "") {
			t.Errorf("%s: something is left: %v", test.name, left)
		}
	}
}

// TestUnfit refuses what cannot be of the message that has begun, which can still become whole.
func TestUnfit(t *testing.T) {
	whole := bytes.Repeat([]byte("message "), 8)
	pieces := piecesOf(5, whole, 4)
	for _, test := range []struct {
		name  string
		come  []wire.Fragment
		unfit wire.Fragment
	}{
		{"beyond the last", []wire.Fragment{pieces[3]}, wire.Fragment{ID: 5, Number: 5, Data: []byte("x")}},
		{"another last one", []wire.Fragment{pieces[3]}, wire.Fragment{ID: 5, Number: 2, Last: true, Data: []byte("x")}},
		{"the last one is not the last", []wire.Fragment{pieces[3]}, wire.Fragment{ID: 5, Number: 4, Data: []byte("x")}},
		{"the last one before others", []wire.Fragment{pieces[2]}, wire.Fragment{ID: 5, Number: 2, Last: true, Data: []byte("x")}},
		{"more than a message may have", []wire.Fragment{pieces[0]}, wire.Fragment{ID: 5, Number: 2, Data: make([]byte, maxWhole)}},
	} {
		s := fragmented()
		for _, f := range test.come {
			if _, err := s.fit(f); err != nil {
				t.Fatal(err)
			}
		}
		before := snapshotOf(s.engine)
		if got, err := s.fit(test.unfit); err == nil || got != nil {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
		if after := snapshotOf(s.engine); after != before {
			t.Errorf("%s changes something: %s", test.name, firstDifference(before, after))
		}
		var got []byte
		for _, f := range pieces {
			if whole, _ := s.fit(f); whole != nil {
				got = whole
			}
		}
		if !bytes.Equal(got, whole) {
			t.Errorf("%s: the message becomes %q", test.name, got)
		}
	}
}

// TestPiecesAreBounded checks time and memory.
func TestPiecesAreBounded(t *testing.T) {
	s := fragmented()
	if _, err := s.fit(wire.Fragment{ID: 1, Number: 1, Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	s.engine.Step(kitStart.Add(piecesWait), Tick{})
	if s.puzzle != nil || s.engine.puzzles != (puzzles{}) {
		t.Errorf("after %v there is still %+v", piecesWait, s.engine.puzzles)
	}
	e := s.engine
	var all []*sa
	for range 2 * maxPiecesInAll / maxWhole {
		s := e.newSA(s.peer, true, s.local, s.remote)
		all = append(all, s)
		for n := range uint8(4) {
			if _, err := s.fit(wire.Fragment{ID: 1, Number: n + 1, Data: make([]byte, maxWhole/4)}); err != nil {
				t.Fatal(err)
			}
		}
		if e.puzzles.octets > maxPiecesInAll {
			t.Fatalf("%d octets of pieces are kept, want at most %d", e.puzzles.octets, maxPiecesInAll)
		}
	}
	if all[0].puzzle != nil || all[len(all)-1].puzzle == nil {
		t.Error("it is not the oldest that went")
	}
	for _, s := range all {
		s.remove("test")
	}
	if e.puzzles != (puzzles{}) {
		t.Errorf("without an SA there are still pieces: %+v", e.puzzles)
	}
}

// TestFragmentsRefused refuses pieces that nobody may send, or that make up nothing.
func TestFragmentsRefused(t *testing.T) {
	inside := func(s *sa, change func(*wire.Header, *wire.Fragment)) []byte {
		h := wire.Header{CookieI: s.cookieI, CookieR: s.cookieR, Exchange: wire.QuickMode, MessageID: 9}
		f := wire.Fragment{ID: 1, Number: 1, Last: true, Data: longMessage(s, 100)}
		change(&h, &f)
		return (&wire.Message{Header: h, Payloads: []wire.Payload{f}}).Append(nil)
	}
	for _, test := range []struct {
		name   string
		sa     func(*sa)
		change func(*wire.Header, *wire.Fragment)
		want   Category
	}{
		{"unknown cookies", func(*sa) {}, func(h *wire.Header, _ *wire.Fragment) { h.CookieR = wire.Cookie{8} }, InvalidCookie},
		{"not agreed on", func(s *sa) { s.peerCan.Fragments = false }, func(*wire.Header, *wire.Fragment) {}, UnexpectedPayload},
		{"from elsewhere in phase 1", func(s *sa) { s.proved, s.remote = false, kitPort(3, portIKE) }, func(_ *wire.Header, f *wire.Fragment) { f.Last = false }, UnexpectedMessage},
		{"a number too high", func(*sa) {}, func(_ *wire.Header, f *wire.Fragment) { f.Number, f.Last = maxPieces+1, false }, UnexpectedPayload},
		{"of no message", func(*sa) {}, func(_ *wire.Header, f *wire.Fragment) { f.Data = f.Data[:20] }, MalformedMessage},
		{"of a message of others", func(*sa) {}, func(_ *wire.Header, f *wire.Fragment) { f.Data[0] ^= 1 }, UnexpectedPayload},
		{"of a fragment", func(*sa) {}, func(_ *wire.Header, f *wire.Fragment) { f.Data[16] = byte(wire.PayloadFragment) }, UnexpectedPayload},
		{"of a message that is refused itself", func(*sa) {}, func(*wire.Header, *wire.Fragment) {}, InvalidFlags},
	} {
		s := fragmented(test.sa)
		before := snapshotOf(s.engine)
		out := s.engine.Step(kitStart, Datagram{kitPort(1, portIKE), kitPort(2, portIKE), inside(s, test.change)})
		if len(out) == 0 {
			t.Errorf("%s: nothing is refused", test.name)
			continue
		}
		if refused, ok := out[0].(Refused); !ok || categoryOf(refused.Err) != test.want {
			t.Errorf("%s: %+v, want %v", test.name, out[0], test.want)
		}
		if after := snapshotOf(s.engine); after != before {
			t.Errorf("%s changes something: %s", test.name, firstDifference(before, after))
		}
	}
}

// TestFragmentsOfMessage2 takes the pieces of aggressive mode's message 2, before the peer's
// word that it sends some has come; of main mode's it is not believed.
func TestFragmentsOfMessage2(t *testing.T) {
	for _, kind := range []wire.ExchangeType{wire.MainMode, wire.Aggressive} {
		for _, off := range []bool{false, true} {
			s := fragmented()
			s.proved, s.established, s.peerCan.Fragments, s.peer.Fragmentation.Off = false, false, false, off
			s.phase1 = newHandshake(s, kind, nil)
			s.phase1.state = sentSA
			if got, want := s.takesFragments(), kind == wire.Aggressive && !off; got != want {
				t.Errorf("%v, off %v: %v, want %v", kind, off, got, want)
			}
		}
	}
}

// FuzzReassembly feeds pieces as the octets say: identifier, number, last, length. Whatever comes,
// the books are right, and what comes out is made of what went in.
func FuzzReassembly(f *testing.F) {
	f.Add([]byte{1, 1, 0, 4, 1, 2, 1, 4})
	f.Add([]byte{1, 2, 1, 9, 1, 1, 0, 9, 2, 1, 1, 3})
	f.Add([]byte{1, 32, 1, 255, 1, 31, 0, 255, 1, 33, 0, 1})
	f.Fuzz(func(t *testing.T, octets []byte) {
		s := fragmented()
		for ; len(octets) >= 4; octets = octets[4:] {
			piece := wire.Fragment{ID: uint16(octets[0] % 4), Number: octets[1]%maxPieces + 1, Last: octets[2]%2 == 1,
				Data: bytes.Repeat([]byte{octets[1]}, int(octets[3])*8+1)}
			whole, err := s.fit(piece)
			if err != nil && whole != nil || len(whole) > maxWhole && piece.Number != 1 {
				t.Fatalf("%v: %d octets, %v", piece, len(whole), err)
			}
			checkBooks(t, s)
		}
		s.engine.Step(kitStart.Add(time.Minute), Tick{})
		if s.puzzle != nil || s.engine.puzzles != (puzzles{}) || len(s.engine.schedule.heap) != 0 {
			t.Fatalf("something is left: %+v", s.engine.puzzles)
		}
	})
}

// checkBooks counts what is kept anew.
func checkBooks(t *testing.T, s *sa) {
	z, octets, count := s.puzzle, 0, 0
	if z == nil {
		if s.engine.puzzles != (puzzles{}) {
			t.Fatalf("no message is coming, and there is %+v", s.engine.puzzles)
		}
		return
	}
	for _, piece := range z.pieces {
		octets += len(piece)
		if piece != nil {
			count++
		}
	}
	if z.octets != octets || z.count != count || octets > maxWhole || s.engine.puzzles.octets != octets+unfinishedMessage {
		t.Fatalf("%d octets in %d pieces are there, counted are %d in %d, in all %d", octets, count, z.octets, z.count, s.engine.puzzles.octets)
	}
	if s.engine.puzzles.oldest != z || s.engine.puzzles.newest != z {
		t.Fatal("the message is not in the list")
	}
}

// TestRecordedFragments cuts what strongSwan has sent in pieces, and gets its pieces, but for the
// number that they have in common.
func TestRecordedFragments(t *testing.T) {
	seen := 0
	var pieces []recorded.Message
	for _, m := range recorded.Load(t, "cert-main-frag").SAs[0].Messages {
		if wire.PayloadType(m.Payloads[0].Type) == wire.PayloadFragment {
			pieces = append(pieces, m)
		}
		if !m.Whole {
			continue
		}
		s := fragmented(func(s *sa) { s.local = kitPort(1, PortNATT) })
		s.peer.Fragmentation.Size = len(pieces[0].Raw) + markerLen
		got := s.cut(m.Raw)
		if len(got) != len(pieces) {
			t.Fatalf("%d pieces, want %d", len(got), len(pieces))
		}
		for i, p := range pieces {
			binary.BigEndian.PutUint16(got[i][headerLen+4:], p.Payloads[0].FragmentID)
			if !bytes.Equal(got[i], p.Raw) {
				t.Errorf("piece %d is\n%x, want\n%x", i+1, got[i], p.Raw)
			}
			seen++
		}
		pieces = nil
	}
	if seen != 6 {
		t.Errorf("%d pieces are recorded, want 6", seen)
	}
}

// TestLongestMessage cuts the longest message into the smallest pieces that can be configured: they are no
// more than are taken.
func TestLongestMessage(t *testing.T) {
	s := fragmented(func(s *sa) {
		s.peer.Fragmentation.Size = 512
		s.local, s.remote = kitPort(1, PortNATT), kitPort(2, PortNATT)
	})
	pieces := sends(s.engine, func() { s.transmit(longMessage(s, maxWhole)) })
	if len(pieces) != maxPieces {
		t.Errorf("%d pieces, want %d, which is the limit", len(pieces), maxPieces)
	}
	before := s.engine.refused[Limited] + s.engine.refused[UnexpectedPayload]
	for i, piece := range pieces {
		s.engine.Step(kitStart, Datagram{Local: s.local, Remote: s.remote, Octets: piece})
		if got := s.engine.refused[Limited] + s.engine.refused[UnexpectedPayload]; got != before {
			t.Fatalf("piece %d of %d is refused", i+1, len(pieces))
		}
	}
	if s.puzzle != nil {
		t.Error("the message is not whole")
	}
}
