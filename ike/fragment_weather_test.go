package ike

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// inPieces makes every long message of both ends go in pieces.
func inPieces(_ string, c *Config) { c.Policies[0].Peer.Fragmentation.Size = 120 }

// TestPiecesInAStorm negotiates with messages in pieces, of which many are lost, repeated or
// late.
func TestPiecesInAStorm(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(t, seed, inPieces)
		bad := storm(seed)
		bad.lost = 15 // of pieces: of three that is more than a third of the messages
		w.route = bad.route(w)
		w.ends[0].acquire()
		since := w.now
		for !w.agree() && w.now.Sub(since) < 15*time.Minute {
			w.ends[0].want()
			w.run(time.Second)
		}
		w.route = nil
		w.run(3 * time.Minute)
		w.onePair(seed)
		for _, n := range w.ends {
			if n.engine.puzzles != (puzzles{}) {
				t.Errorf("seed %d: %s still has pieces", seed, n.name)
			}
		}
		w.mustEnd()
	}
}

// TestAlteredPieces spoils pieces in passing, before the genuine ones come. They may be taken for
// genuine, and then the message is no good; but its repetitions get through in the end, what is
// encrypted is never believed, and nothing is left.
func TestAlteredPieces(t *testing.T) {
	tried := 0
	for seed := range uint64(20) {
		w := newWorld(t, seed, inPieces)
		a := newAttacker(t, w, seed)
		w.before = func(f flight) {
			if f.in.Octets[16] != byte(wire.PayloadFragment) || a.rng.IntN(3) == 0 {
				return
			}
			d := f.in
			if d.Octets = a.altered(f.in.Octets); !bytes.Equal(d.Octets, f.in.Octets) {
				f.to.step(d)
				tried++
			}
		}
		w.ends[0].acquire()
		w.persist(5 * time.Minute)
		w.before = nil
		w.persist(3 * time.Minute)
		if !w.agree() { // NAT-D is never authenticated: what it said lasts as long as the ISAKMP SA
			w.ends[0].step(Reset{})
			w.persist(time.Minute)
		}
		w.mustAgree()
		for _, n := range w.ends {
			if n.engine.puzzles != (puzzles{}) {
				t.Errorf("seed %d: %s still has pieces", seed, n.name)
			}
		}
		w.mustEnd()
	}
	if tried < 100 {
		t.Errorf("only %d pieces were altered", tried)
	}
}

// TestMovesInAStorm changes the mapping of hq now and then, while much is lost, repeated or late, and
// both phases have short lives. ESP goes all the time. In the end traffic passes both ways, to
// the ports of the last mapping.
func TestMovesInAStorm(t *testing.T) {
	for seed := range uint64(10) {
		shift := uint16(20000)
		w := behindNAT(t, &shift)
		translate, bad := w.route, storm(seed)
		worse := bad.route(w)
		w.route = func(f flight) (all []flight) {
			for _, g := range translate(f) {
				all = append(all, worse(g)...)
			}
			return all
		}
		hq, branch := w.ends[0], w.ends[1]
		branch.remembers()
		branch.unmovable = seed%3 == 2
		for i := range 600 {
			if i%50 == 49 {
				shift += 100
			}
			hq.want()
			esp(hq, branch, shift)
			w.run(time.Second)
		}
		w.route = translate
		for range 300 {
			hq.want()
			esp(hq, branch, shift)
			w.run(time.Second)
		}
		w.mustAgree()
		if got := branch.outbound().Encapsulation.Remote; got != 4500+shift {
			t.Errorf("seed %d: branch sends to port %d, want %d", seed, got, 4500+shift)
		}
		w.mustMatch()
		w.mustEnd()
	}
}

// esp sends a packet of hq's, as far as the dataplane of branch tells its engine of it.
func esp(hq, branch *end, shift uint16) {
	out := hq.outbound()
	if out == nil {
		return
	}
	if in := branch.sas[out.ID]; in != nil && in.Encapsulation.Remote != 4500+shift {
		branch.step(Moved{SA: in.ID, Remote: netip.AddrPortFrom(hq.addr, 4500+shift)})
	}
}
