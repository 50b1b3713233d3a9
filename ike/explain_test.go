package ike

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// longOffer returns as many transforms as wire reads, none of which anybody has.
func longOffer(n int) wire.SA {
	var all []wire.Transform
	for i := range 128 {
		all = append(all, with(strong.transform(uint8(i)), wire.Basic(wire.AttrGroup, uint16(100+i)), wire.Basic(wire.AttrHash, uint16(1000+n))))
	}
	return offer1(all...)
}

// anybody makes hq's ike peer one that stands for everybody.
func anybody(name string, c *Config) {
	template(name, c)
	if name == "hq" {
		c.Policies[0].Peer.Remote, c.Policies[0].Peer.RemoteLast = netip.Addr{}, netip.Addr{}
	}
}

// messageOf1 is main mode's message 1 with an offer, the n-th of its sender.
func messageOf1(n int, offer wire.SA) []byte {
	c := wire.Cookie{1}
	binary.BigEndian.PutUint32(c[4:], uint32(n))
	m := &wire.Message{Header: wire.Header{CookieI: c, Exchange: wire.MainMode}, Payloads: []wire.Payload{offer}}
	return m.Append(nil)
}

// TestExplanationsAreFew counts what is explained in a second of messages 1 that offer nothing of
// ours: of one address, of many, and of an address that is configured while strangers use theirs up.
func TestExplanationsAreFew(t *testing.T) {
	spread := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}) }
	single := func(int) netip.Addr { return kitAddr(1) }
	for _, test := range []struct {
		name   string
		change func(string, *Config)
		from   func(int) netip.Addr
		want   int
	}{
		{"strangers", anybody, spread, maxExplained},
		{"one stranger", anybody, single, maxExplainedTo},
		{"a configured address", nil, single, maxExplainedTo},
	} {
		w := newWorld(t, 1, test.change)
		hq := w.ends[0]
		for second := range 3 {
			explained, short := 0, 0
			for n := range 200 {
				hq.step(Datagram{Local: kitPort(1, 500), Remote: netip.AddrPortFrom(test.from(n), 500), Octets: messageOf1(1000*second+n, longOffer(n))})
			}
			for _, err := range hq.refused[200*second:] {
				switch {
				case strings.HasPrefix(reasonOf(err), "peer offers "):
					explained++
				case reasonOf(err) == whyNotExplained && categoryOf(err) == Phase1Mismatch:
					short++
				}
			}
			if explained != test.want || short != 200-test.want {
				t.Errorf("%s: in second %d %d are explained and %d refused in short, want %d and %d", test.name, second, explained, short, test.want, 200-test.want)
			}
			w.now = w.now.Add(time.Second)
		}
	}
}

// TestStrangersLeaveExplanations makes strangers use theirs up.
func TestStrangersLeaveExplanations(t *testing.T) {
	e, _ := phase1Kit()
	e.directory.single = map[netip.Addr]*Peer{kitAddr(1): {}}
	for n := range 100 {
		e.explains(netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}))
	}
	if e.explains(kitAddr(0)) || !e.explains(kitAddr(1)) {
		t.Error("a stranger's offer is explained beyond the limit, or that of a configured address is not")
	}
}

// TestTenPeersOneExplanation counts what is allocated to refuse an offer: that does not grow with
// the peers that it may be of, in neither mode.
func TestTenPeersOneExplanation(t *testing.T) {
	refusals := func(peers int) (main, aggressive float64) {
		e, p := phase1Kit()
		x := &handshake{exchange: exchange{engine: e, sa: &sa{engine: e}}}
		for range peers {
			x.candidates = append(x.candidates, p)
		}
		offer, before := longOffer(0), e.explainedStrange.spent
		check := func(err error) {
			e.now = e.now.Add(time.Second) // a new budget
			if !strings.HasPrefix(reasonOf(err), "peer offers ") || e.explainedStrange.spent != before+1 {
				t.Fatalf("%d peers: %v after %d explanations, want one", peers, err, e.explainedStrange.spent)
			}
		}
		main = testing.AllocsPerRun(20, func() {
			_, _, _, err := e.choosePeer(offer, x.candidates, kitAddr(1))
			check(err)
		})
		aggressive = testing.AllocsPerRun(20, func() {
			_, err := x.choose(offer, wire.FQDNID("a.test"))
			check(err)
		})
		return main, aggressive
	}
	main1, aggressive1 := refusals(1)
	main10, aggressive10 := refusals(10)
	if main10 > main1+5 || aggressive10 > aggressive1+5 {
		t.Errorf("ten peers take %v and %v allocations, one %v and %v", main10, aggressive10, main1, aggressive1)
	}
}
