package ike

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

const kitHost = "branch.example"

// byName makes a world whose hq calls branch by a host name, and knows these addresses of it.
func byName(t *testing.T, change func(*Policy), known ...netip.Addr) *world {
	w := newWorld(t, 1, func(name string, c *Config) {
		if name == "hq" {
			p := c.Policies[0]
			p.Peer.Remote, p.Peer.RemoteHost, p.Remote = netip.Addr{}, kitHost, netip.Addr{}
			c.Hosts = map[string][]netip.Addr{kitHost: known}
			if change != nil {
				change(p)
			}
		}
	})
	hq := w.ends[0]
	hq.step(SetConfig{hq.config})
	return w
}

// learns has hq know addresses of branch.
func (w *world) learns(known ...netip.Addr) {
	hq := w.ends[0]
	c := *hq.config
	c.Hosts = map[string][]netip.Addr{kitHost: known}
	hq.config = &c
	hq.step(SetConfig{&c})
}

// always has a policy's SAs up without traffic.
func always(p *Policy) { p.Auto = true }

// TestNameWithoutAddress sends nothing to nobody, says so once a minute, and begins as soon as there is an
// address.
func TestNameWithoutAddress(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Policy)
		after   time.Duration // that the name is known
		carries bool          // then, without traffic
	}{
		{"at once", always, 0, true},
		{"after a while", always, 10 * time.Minute, true},
		{"there was traffic", nil, 10 * time.Second, true},
		{"there was traffic long ago", nil, 10 * time.Minute, false},
	} {
		w := byName(t, test.change)
		hq := w.ends[0]
		hq.acquire()
		w.run(test.after)
		failures := 0
		for _, e := range hq.events {
			if f, ok := e.(NegotiationFailed); ok && strings.Contains(f.Failure.Reason, kitHost) {
				failures++
			}
		}
		if most := 1 + int(test.after/time.Minute); hq.octetsOut != 0 || len(hq.engine.sas) != 0 || failures == 0 || failures > most {
			t.Errorf("%s: %d octets are sent, %d ISAKMP SAs, %d failures, want 1 to %d", test.name, hq.octetsOut, len(hq.engine.sas), failures, most)
		}
		w.learns(kitAddr(1))
		w.run(time.Second)
		if got := w.carries(); got != test.carries {
			t.Errorf("%s: there is a pair: %v, want %v", test.name, got, test.carries)
		}
		hq.acquire()
		w.run(time.Second)
		if !w.carries() {
			t.Errorf("%s: traffic does not bring a pair up: %v", test.name, hq.engine.Failures())
		}
		w.mustEnd()
	}
}

// TestNameWithoutAddressFallsBack opens a policy that has fallback when there was no address for as long as a
// silent peer is waited for, and not before.
func TestNameWithoutAddressFallsBack(t *testing.T) {
	w := byName(t, func(p *Policy) { p.Clear.Enabled = true })
	hq := w.ends[0]
	hq.acquire()
	w.run(linger - time.Second)
	if hq.clearNow() {
		t.Error("open at once")
	}
	w.run(time.Second)
	if !hq.clearNow() {
		t.Error("not open after a minute")
	}
	w.learns(kitAddr(1))
	w.run(fallbackRetry)
	if hq.clearNow() || !w.carries() {
		t.Errorf("the name is known: open %v, there is a pair: %v", hq.clearNow(), w.carries())
	}
	w.mustEnd()
}

// TestNameIsReplaced gives a peer whose name has no address one that is configured: what waits for the name
// begins with that, and no policy is opened for want of the name.
func TestNameIsReplaced(t *testing.T) {
	for name, change := range map[string]func(*Policy){
		"auto": always, "fallback": func(p *Policy) { p.Auto, p.Clear.Enabled = true, true },
	} {
		w := byName(t, change)
		hq := w.ends[0]
		w.run(10 * time.Second)
		c, p, peer := *hq.config, *hq.config.Policies[0], *hq.config.Policies[0].Peer
		peer.RemoteHost, peer.Remote, p.Remote, p.Peer = "", kitAddr(1), kitAddr(1), &peer
		c.Policies, hq.config = []*Policy{&p}, &c
		hq.step(SetConfig{&c})
		w.run(linger)
		if !w.carries() || hq.clearNow() {
			t.Errorf("%s: there is a pair: %v, open: %v", name, w.carries(), hq.clearNow())
		}
		w.mustEnd()
	}
}

// TestNameOfARekey changes the address of a host name while a new ISAKMP SA is negotiated with the old one,
// in the place of one that is there.
func TestNameOfARekey(t *testing.T) {
	w := byName(t, always, kitAddr(1))
	hq := w.ends[0]
	w.run(time.Second)
	w.route = func(flight) []flight { return nil }
	hq.engine.now = w.now
	kitSA(hq).rekey()
	w.perform(hq)
	w.learns(kitAddr(7))
	w.run(time.Second)
	if n := len(hq.engine.sas); n != 2 {
		t.Errorf("%d ISAKMP SAs, want the one that is there and its successor", n)
	}
}

// TestNameWithOtherAddress changes the address of a host name while a negotiation is under way with it.
func TestNameWithOtherAddress(t *testing.T) {
	for _, test := range []struct {
		name  string
		known []netip.Addr
		want  bool // a pair, soon
	}{
		{"another", []netip.Addr{kitAddr(1)}, true},
		{"one more", []netip.Addr{kitAddr(7), kitAddr(1)}, false}, // the first one has not failed yet
		{"the same", []netip.Addr{kitAddr(7)}, false},
	} {
		w := byName(t, always, kitAddr(7))
		w.run(3 * time.Second)
		begun := w.ends[0].engine.sasSorted()[0]
		w.learns(test.known...)
		w.run(time.Second)
		if got := w.carries(); got != test.want || begun.gone != test.want {
			t.Errorf("%s: there is a pair: %v, want %v; failures %v", test.name, got, test.want, w.ends[0].engine.Failures())
		}
		w.mustEnd()
	}
}

// TestNameOfWhoAnswers changes the address of a host name while its old one answers: what is under way goes on.
func TestNameOfWhoAnswers(t *testing.T) {
	w := byName(t, func(p *Policy) { p.Auto, p.Peer.RemoteID = true, kitAddr(1) }, kitAddr(1))
	hq := w.ends[0]
	hq.compute = true
	w.run(time.Second)
	before := len(hq.engine.sas)
	w.learns(kitAddr(7))
	if len(hq.computing) != 1 || before != 1 || len(hq.engine.sas) != 1 {
		t.Fatalf("%d are computed, %d ISAKMP SAs, and now %d", len(hq.computing), before, len(hq.engine.sas))
	}
	hq.compute = false
	for _, c := range hq.computing {
		hq.step(Computed{c.Job, c.Work.Do()})
	}
	w.run(time.Second)
	if !w.carries() {
		t.Errorf("there is no pair: %v", hq.refused)
	}
	w.mustEnd()
}
