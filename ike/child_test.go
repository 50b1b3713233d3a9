package ike

import (
	"testing"
	"time"

	"sallyport/ipsec"
)

func TestSoftLifetime(t *testing.T) {
	for _, test := range []struct {
		name      string
		life      time.Duration
		initiator bool
		draw      float64
		want      time.Duration
	}{
		{"initiator, no jitter", time.Hour, true, 0, 54 * time.Minute},
		{"initiator, full jitter", time.Hour, true, 1, 51 * time.Minute},
		{"responder, no jitter", time.Hour, false, 0, 57 * time.Minute},
		{"responder, full jitter", time.Hour, false, 1, 54 * time.Minute},
		{"a day", 24 * time.Hour, true, 0.5, 24*time.Hour - 144*time.Minute - 36*time.Minute},
		{"30 s at least", 200 * time.Second, true, 0, 170 * time.Second},
		{"and half of it for the responder", 200 * time.Second, false, 0, 185 * time.Second},
		{"the shortest of a peer", minLifetime, true, 1, 27 * time.Second},
		{"the shortest of ours", 30 * time.Second, true, 1, 13500 * time.Millisecond},
		{"and the responder is later", 30 * time.Second, false, 1, 21 * time.Second},
	} {
		if got := softLifetime(test.life, test.initiator, test.draw); got != test.want {
			t.Errorf("%s: softLifetime(%v, %v, %v) = %v, want %v", test.name, test.life, test.initiator, test.draw, got, test.want)
		}
	}
}

// TestSoftLifetimesDoNotMeet checks that the initiator is always first.
func TestSoftLifetimesDoNotMeet(t *testing.T) {
	for life := 30 * time.Second; life < 48*time.Hour; life = life*5/4 + time.Second {
		early, late := softLifetime(life, true, 0), softLifetime(life, false, 0.9999)
		if soft := softLifetime(life, true, 0.9999); soft <= 0 || early > late+time.Second && life >= 10*time.Minute {
			t.Errorf("life %v: initiator %v to %v, responder from %v", life, soft, early, late)
		}
	}
}

// TestExpire checks what the dataplane's limits do.
func TestExpire(t *testing.T) {
	for _, test := range []struct {
		name      string
		in        func(*end) Expire
		pairs     int
		datagrams int
	}{
		{"soft, outbound", func(n *end) Expire { return Expire{SA: n.outbound().ID} }, 2, 3},
		{"soft, inbound", func(n *end) Expire { return Expire{SA: n.inboundID()} }, 2, 3},
		{"soft, twice", func(n *end) Expire { n.step(Expire{SA: n.inboundID()}); return Expire{SA: n.inboundID()} }, 2, 3},
		{"hard", func(n *end) Expire { return Expire{SA: n.outbound().ID, Hard: true} }, 0, 1},
		{"an SA that is not there", func(n *end) Expire { return Expire{SA: ipsec.SAID{SPI: 7}, Hard: true} }, 1, 0},
	} {
		w := connected(t, 1, nil)
		before := len(w.sent)
		w.ends[0].step(test.in(w.ends[0]))
		w.run(time.Second)
		if got := w.ends[0].engine.size().inbound; got != test.pairs || len(w.sent)-before != test.datagrams {
			t.Errorf("%s: %d pairs and %d datagrams, want %d and %d", test.name, got, len(w.sent)-before, test.pairs, test.datagrams)
		}
		w.mustEnd()
	}
}

// inboundID returns the inbound SA of the oldest pair.
func (n *end) inboundID() ipsec.SAID { return n.engine.childrenSorted()[0].in.ID }
