package ike

import (
	"fmt"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// asking makes a world in which a quick mode of hq's is under way, whose message 1 was lost.
func asking(t *testing.T) (w *world, q *quickMode) {
	w = connected(t, 1, nil)
	hq, branch := w.ends[0], w.ends[1]
	w.route = func(f flight) []flight {
		if f.to == branch && headerOf(f.in.Octets).Exchange == wire.QuickMode {
			return nil
		}
		return []flight{f}
	}
	hq.step(Expire{SA: hq.outbound().ID})
	w.run(500 * time.Millisecond)
	w.route = nil
	for _, o := range kitSA(hq).quickModes() {
		if o.state == qmSent {
			q = o
		}
	}
	if q == nil {
		t.Fatal("no quick mode is under way")
	}
	return w, q
}

// TestWhatErrorsEnd gives an end whose quick mode is under way errors about this and that.
func TestWhatErrorsEnd(t *testing.T) {
	other := []byte{1, 2, 3, 4}
	cookies := func(q *quickMode) []byte { return append(q.sa.cookieI[:], q.sa.cookieR[:]...) }
	of := func(spi []byte) func(*quickMode) []byte { return func(*quickMode) []byte { return spi } }
	ours := func(q *quickMode) []byte { _, spi := q.spis.first(); return spi }
	for _, test := range []struct {
		name string
		kind wire.NotifyType
		spi  func(*quickMode) []byte
		ends bool
		hint string
	}{
		{"our SPI", wire.NoProposalChosen, ours, true, ""},
		{"no SPI", wire.NoProposalChosen, of(nil), true, ""},
		{"SPI 0", wire.NoProposalChosen, of(make([]byte, 4)), true, ""},
		{"the cookies", wire.NoProposalChosen, cookies, true, ""},
		{"another SPI", wire.NoProposalChosen, of(other), false, "NO-PROPOSAL-CHOSEN; compare with the peer's: ipsec proposal esp, no `pfs` in ipsec policy p 1"},
		{"the cookies of no SA", wire.InvalidIDInformation, of(make([]byte, 16)), true, ""},
		{"INVALID-SPI of another SA", wire.InvalidSPI, of(other), false, ""},
		{"INVALID-SPI of the ISAKMP SA", wire.InvalidSPI, cookies, false, ""},
		{"INVALID-SPI of our proposal", wire.InvalidSPI, ours, true, ""},
	} {
		w, q := asking(t)
		hq, branch := w.ends[0], w.ends[1]
		failures := len(hq.engine.Failures())
		hq.step(branch.datagram(func(s *sa) {
			n := wire.NewNotify(test.kind, s.cookieI, s.cookieR, nil)
			n.Protocol, n.SPI = wire.ProtoESP, test.spi(q)
			s.inform(n)
		}))
		ended := kitSA(hq).quick[q.id] != q
		if ended != test.ends || len(hq.engine.Failures()) > failures != test.ends || q.hint != test.hint {
			t.Errorf("%s: the quick mode has ended: %v, want %v; hint %q, want %q", test.name, ended, test.ends, q.hint, test.hint)
		}
		w.run(time.Minute)
		w.mustAgree()
	}
}

// TestProbesInOneMessage has many R-U-THEREs come at once, behind something else: the last is answered.
func TestProbesInOneMessage(t *testing.T) {
	for _, test := range []struct {
		probes int
		want   string
	}{{0, "[]"}, {2, "[1]"}, {12, "[11]"}} {
		w := connected(t, 1, nil)
		hq, branch := w.ends[0], w.ends[1]
		events := len(branch.events)
		branch.step(hq.datagram(func(s *sa) {
			all := []wire.Payload{wire.NewNotify(wire.ReplayStatus, s.cookieI, s.cookieR, []byte{0, 0, 0, 1})}
			for i := range test.probes {
				all = append(all, wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, uint32(i)))
			}
			s.inform(all...)
		}))
		answers := []uint32{}
		for _, e := range branch.events[events:] {
			if m, ok := e.(MessageSent); ok {
				for _, n := range allOf[wire.Notify](m.Message) {
					number, _ := n.Sequence()
					answers = append(answers, number)
				}
			}
		}
		if got := fmt.Sprint(answers); got != test.want {
			t.Errorf("%d probes are answered by %v, want %v", test.probes, got, test.want)
		}
	}
}
