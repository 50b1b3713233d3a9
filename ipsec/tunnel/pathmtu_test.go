package tunnel

import (
	"errors"
	"net/netip"
	"testing"

	"sallyport/ipsec"
)

func TestPathMTUOfNewSA(t *testing.T) {
	for _, test := range []struct {
		name string
		mtu  int
		err  error
		want int32
	}{
		{"of the route", 1400, nil, 1400},
		{"too small to be believed", 100, nil, minMTU},
		{"larger than we use", 65536, nil, maxMTU},
		{"no route yet", 0, errors.New("no route"), unknownMTU},
	} {
		r := newRig(t)
		r.routes.mtu, r.routes.path = test.mtu, test.err
		r.add(t, outboundOf(0x1000))
		if got := r.sad.outbound[nameOf(outboundOf(0x1000).ID)].pmtu.Load(); got != test.want {
			t.Errorf("%s: path MTU is %d, want %d", test.name, got, test.want)
		}
	}
}

func report(to netip.Addr, p ipsec.Protocol, spi ipsec.SPI, mtu int) tooBigReport {
	return tooBigReport{ipsec.SAID{Destination: to, Protocol: p, SPI: spi}, mtu}
}

func TestLower(t *testing.T) {
	for _, test := range []struct {
		name   string
		report tooBigReport
		want   int32
	}{
		{"smaller", report(peer, ipsec.ESP, 0x1000, 1300), 1300},
		{"larger", report(peer, ipsec.ESP, 0x1000, 1600), 1500},
		{"incredible", report(peer, ipsec.ESP, 0x1000, 68), minMTU},
		{"of an old router", report(peer, ipsec.ESP, 0x1000, 0), 1500},
		{"of no SPI of ours", report(peer, ipsec.ESP, 0x1001, 1300), 1500},
		{"of an inbound SPI", report(gateway, ipsec.ESP, 0x2000, 1300), 1500},
		{"of AH of that SPI", report(peer, ipsec.AH, 0x1000, 1300), 1500},
		{"of another peer", report(server, ipsec.ESP, 0x1000, 1300), 1500},
	} {
		r := newRig(t)
		r.add(t, outboundOf(0x1000), inboundOf(0x2000))
		r.lower(test.report)
		if got := r.sad.outbound[nameOf(outboundOf(0x1000).ID)].pmtu.Load(); got != test.want {
			t.Errorf("%s: path MTU is %d, want %d", test.name, got, test.want)
		}
	}
}

// TestRefreshMTUs: what was lowered goes up again when the system says so.
func TestRefreshMTUs(t *testing.T) {
	r := newRig(t)
	r.add(t, outboundOf(0x1000), outboundOf(0x1001))
	r.lower(report(peer, ipsec.ESP, 0x1000, 1300))
	r.routes.mtu = 1480
	r.refreshMTUs()
	for _, spi := range []ipsec.SPI{0x1000, 0x1001} {
		if got := r.sad.outbound[nameOf(outboundOf(spi).ID)].pmtu.Load(); got != 1480 {
			t.Errorf("path MTU of %#x is %d, want 1480", spi, got)
		}
	}
}

// TestReportsAreRead: a read that fails means reports, and the goroutine goes on to
// read them all until the socket is closed.
func TestReportsAreRead(t *testing.T) {
	r := newRig(t)
	r.add(t, outboundOf(0x1000), outboundOf(0x1001))
	from := &reporting{reports: []tooBigReport{{outboundOf(0x1000).ID, 1300}, {outboundOf(0x1001).ID, 1200}}}
	(&arriving{d: r.Dataplane, from: from}).run()
	for spi, want := range map[ipsec.SPI]int32{0x1000: 1300, 0x1001: 1200} {
		if got := r.sad.outbound[nameOf(outboundOf(spi).ID)].pmtu.Load(); got != want {
			t.Errorf("path MTU of %#x is %d, want %d", spi, got, want)
		}
	}
}
