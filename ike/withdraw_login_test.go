package ike

import (
	"net/netip"
	"testing"
	"time"
)

// loginWorld is newAccess with a gateway that knows ann as a local user; empty: it has asked somebody
// else about her.
func loginWorld(t *testing.T, local string) *world {
	w := newAccess(t, 1, ConfigRequest)
	judge := w.ends[0].judge
	w.ends[0].judge = func(a Authenticate) Authenticated {
		answer := judge(a)
		answer.Local = local
		return answer
	}
	w.ends[0].step(SetConfig{localsOf(w, "ann", "bob")})
	return w
}

// localsOf is hq's configuration with other local users.
func localsOf(w *world, names ...string) *Config {
	c := *w.ends[0].config
	c.Locals = map[string]bool{}
	for _, name := range names {
		c.Locals[name] = true
	}
	return &c
}

// TestWithdrawnLogins changes the local users under a tunnel that XAUTH has let in.
func TestWithdrawnLogins(t *testing.T) {
	for _, test := range []struct {
		name    string
		local   string
		now     []string
		tunnels int
	}{
		{"another goes", "ann", []string{"ann"}, 1},
		{"the user goes", "ann", []string{"bob"}, 0},
		{"all go", "ann", nil, 0},
		{"a server knows the user", "", nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := loginWorld(t, test.local)
			w.until(time.Minute)
			w.ends[0].step(SetConfig{localsOf(w, test.now...)})
			w.mustHave(test.tunnels)
		})
		t.Run(test.name+", the pair is alone", func(t *testing.T) {
			w := loginWorld(t, test.local)
			w.until(time.Minute)
			for _, n := range w.ends {
				for _, s := range n.engine.sasSorted() {
					s.remove("peer request")
				}
			}
			w.ends[0].step(SetConfig{localsOf(w, test.now...)})
			if s := w.ends[0].engine.size(); s.inbound != test.tunnels {
				t.Errorf("%d pairs, want %d", s.inbound, test.tunnels)
			}
		})
		t.Run(test.name+", of a successor", func(t *testing.T) {
			w := loginWorld(t, test.local)
			hq := w.ends[0]
			hq.remembers()
			w.until(time.Minute)
			hq.kill()
			hq.config = localsOf(w, test.now...)
			hq.succeed(2, hq.will())
			w.mustHave(test.tunnels)
		})
	}
}

// TestLocalUserGoesMeanwhile has a user go while the password is looked at.
func TestLocalUserGoesMeanwhile(t *testing.T) {
	w := loginWorld(t, "ann")
	hq, judge := w.ends[0], w.ends[0].judge
	hq.judge = func(a Authenticate) Authenticated {
		hq.engine.config = localsOf(w, "bob")
		return judge(a)
	}
	w.ends[1].acquire()
	w.run(time.Second)
	if s := hq.engine.size(); s.inbound != 0 || len(hq.engine.Status()) > 0 && hq.engine.Status()[0].Ready {
		t.Errorf("the user got in: %+v", s)
	}
}

// TestCutAccessUser ends what a user, or the client at an address, has.
func TestCutAccessUser(t *testing.T) {
	for _, test := range []struct {
		name    string
		local   string
		cut     Reset
		tunnels int
	}{
		{"the user", "ann", Reset{User: accessUser}, 0},
		{"a server's user", "", Reset{User: accessUser}, 0},
		{"another", "ann", Reset{User: "bob"}, 1},
		{"the address", "ann", Reset{Client: netip.MustParseAddr("10.2.0.1")}, 0},
		{"another address", "ann", Reset{Client: netip.MustParseAddr("10.2.0.2")}, 1},
		{"where the client is", "ann", Reset{Client: netip.MustParseAddr("192.0.2.2")}, 1},
	} {
		w := loginWorld(t, test.local)
		w.until(time.Minute)
		w.ends[0].step(test.cut)
		w.run(time.Second)
		if s := w.ends[0].engine.size(); s.sas != test.tunnels || s.inbound != test.tunnels {
			t.Errorf("%s: %d ISAKMP SAs and %d pairs, want %d", test.name, s.sas, s.inbound, test.tunnels)
		}
		if off := w.ends[0].engine.Offlines(); test.tunnels == 0 && (len(off) == 0 || off[0].Reason != "aaa cut user") {
			t.Errorf("%s: offline %+v, want aaa cut user", test.name, off)
		}
	}
}
