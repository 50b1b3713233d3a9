package ike

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/iketest/attack"
	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// A method is a way to come to a pair of SAs: what a siege is laid to.
type siegeMethod struct {
	name  string
	make  func(t *testing.T) *world
	first int // the end that begins
}

// siegeMethods are both modes of phase 1 with every method, and what comes behind it.
var siegeMethods = []siegeMethod{
	{"main, PSK", func(t *testing.T) *world { return newWorld(t, 1, withPFS) }, 0},
	{"aggressive, PSK", func(t *testing.T) *world { return newWorld(t, 1, aggressively) }, 0},
	{"main, ECDSA", func(t *testing.T) *world { return newWorld(t, 1, signingWorld(t, MainMode)) }, 0},
	{"main, RSA", func(t *testing.T) *world { return newWorld(t, 1, rsaWorld(t, MainMode)) }, 0},
	{"aggressive, RSA", func(t *testing.T) *world { return newWorld(t, 1, rsaWorld(t, AggressiveMode)) }, 0},
	{"main, XAUTH and PSK, configuration asked for", func(t *testing.T) *world { return newAccess(t, 1, ConfigRequest) }, 1},
	{"main, XAUTH and PSK, configuration set", func(t *testing.T) *world { return newAccess(t, 1, ConfigAccept) }, 1},
	{"aggressive, XAUTH and PSK", func(t *testing.T) *world { return reconfigured(newAccess(t, 1, ConfigRequest), aggressively) }, 1},
	{"main, hybrid", func(t *testing.T) *world { return reconfigured(newAccess(t, 1, NoConfigExchange), hybridWorld(t)) }, 1},
	{"main, PSK, in pieces", func(t *testing.T) *world { return newWorld(t, 1, inPieces) }, 0},
}

func withPFS(_ string, c *Config) { c.Policies[0].PFS = wire.Group19 }

// rsaWorld makes both ends prove themselves by RSA certificates.
func rsaWorld(t testing.TB, mode ExchangeMode) func(string, *Config) {
	credentials := map[string]*pki.Credential{"hq": kitCredential(t, "hq"), "branch": kitCredential(t, "branch")}
	authority := kitStore(t, "authority")
	return func(name string, c *Config) {
		c.Proposals[0].Method, c.Credentials, c.Store = wire.AuthRSA, map[string]*pki.Credential{name: credentials[name]}, authority
		p := c.Policies[0].Peer
		p.Mode, p.Key, p.LocalIDType, p.RemoteIDType = mode, nil, IDDN, IDAny
	}
}

// hybridWorld has a gateway with a certificate and a client without.
func hybridWorld(t testing.TB) func(string, *Config) {
	gateway, authority := kitCredential(t, "hq"), kitStore(t, "authority")
	return func(name string, c *Config) {
		c.Proposals[0].Method = wire.AuthHybridInitRSA
		p := c.Policies[0].Peer
		p.Key = nil
		if name == "hq" {
			c.Credentials, p.LocalIDType, p.LocalID = map[string]*pki.Credential{"hq": gateway}, IDFQDN, "hq.test"
			return
		}
		c.Store, p.RemoteIDType, p.RemoteName = authority, IDFQDN, "hq.test"
	}
}

// reconfigured changes the configuration of ends that have not begun.
func reconfigured(w *world, change func(string, *Config)) *world {
	for _, n := range w.ends {
		change(n.name, n.config)
		n.start(1)
	}
	return w
}

// A siege spoils the datagrams of a method one after the other, each in all ways. What is
// accepted, as only one in clear may be, ends a world; the next one goes on with what
// follows.
type siege struct {
	siegeMethod
	t             *testing.T
	message, next int // of the genuine datagrams, and of its spoilt forms: where the next world goes on
	count         int // genuine datagrams so far
	worlds, tried int
	genuine       []byte // that is spoilt now
	stride        int    // of the forms of a message in clear one in so many is taken: most methods have the same
	spoil         func(w *world, f flight) []attack.Spoilt
	inject        func(a *attacker, f flight, s attack.Spoilt)
}

// run lays the siege.
func (s *siege) run() {
	for over := false; !over && !s.t.Failed(); s.worlds++ {
		w := s.make(s.t)
		a := newAttacker(s.t, w, 1)
		a.proved, a.open = true, s.behindProof
		s.count = 0
		w.before = func(f flight) { s.attack(a, f) }
		s.play(w)
		over = !a.tainted
		w.before = nil
		if !a.tainted && !w.carries() {
			s.t.Errorf("%s: no pair behind what was refused; refused %v, %v", s.name, w.ends[0].refused, w.ends[1].refused)
		}
		s.recover(w, a.tainted)
	}
	s.t.Logf("%s: %d spoilt, %d worlds", s.name, s.tried, s.worlds)
}

// siegePhase1 is how long phase 1 may take: a message 2 with certificates waits for several of
// message 1.
const siegePhase1 = 8 * time.Second

// play is a genuine session: both phases, a rekey of phase 2, a probe, deletes and another pair.
func (s *siege) play(w *world) {
	begins := w.ends[s.first]
	begins.acquire()
	w.run(siegePhase1)
	w.mustHide()
	for _, c := range begins.engine.childrenSorted() {
		if c.up && c.out.Remote == w.ends[1-s.first].addr {
			begins.step(Expire{SA: c.out.ID})
			break
		}
	}
	w.run(3 * time.Second)
	begins.engine.now = w.now
	if s := begins.engine.current(party{peer: "peer"}); s != nil {
		s.inform(wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, 7))
		begins.perform(begins.engine.outputs())
	}
	w.run(time.Second)
	begins.step(Reset{ChildrenOnly: true, Remote: w.ends[1-s.first].addr})
	w.run(time.Second)
	begins.acquire()
	w.run(3 * time.Second)
}

// attack spoils a datagram before it arrives.
func (s *siege) attack(a *attacker, f flight) {
	message := s.count
	s.count++
	if a.tainted || message < s.message {
		return
	}
	if message > s.message {
		s.message, s.next = message, 0
	}
	a.seen, s.genuine = map[*end]string{}, f.in.Octets
	forms := s.spoil(a.w, f)
	for _, spoilt := range forms[min(s.next, len(forms)):] {
		s.next++
		if s.next%s.strideOf(f.in.Octets) != 0 {
			continue
		}
		s.tried++
		if s.inject(a, f, spoilt); a.tainted {
			return
		}
	}
	s.message, s.next = message+1, 0
}

// behindProof reports whether a form of main mode's message 5 or 6 differs from it in the last
// two blocks alone: there is INITIAL-CONTACT, which neither HASH nor SIG covers.
func (s *siege) behindProof(b []byte) bool {
	same := 0
	for same < min(len(b), len(s.genuine)) && b[same] == s.genuine[same] {
		same++
	}
	return headerOf(b).Exchange == wire.MainMode && len(b) == len(s.genuine) && same >= len(b)-2*siegeBlock
}

// siegeBlock is the size of a block of the kit's cipher.
const siegeBlock = 16

// strideOf says that of a message's forms one in so many is taken; of one that is encrypted,
// which has fewer, twice as many, and all of those that only some methods have.
func (s *siege) strideOf(b []byte) int {
	switch {
	case headerOf(b).Exchange == wire.Transaction:
		return 1
	case encrypted(b):
		return (s.stride + 1) / 2
	}
	return s.stride
}

// recover checks that an attack is over when the attacker is gone, and that nothing is left then.
func (s *siege) recover(w *world, tainted bool) {
	begins := w.ends[s.first]
	wait := func(d time.Duration) {
		for end := w.now.Add(d); !w.carries() && w.now.Before(end); w.run(time.Second) {
			begins.acquire()
		}
	}
	wait(3 * time.Minute)
	if tainted && !w.carries() { // what nothing authenticates, as vendor IDs, lasts as long as the ISAKMP SA
		begins.step(Reset{})
		wait(time.Minute)
	}
	if !w.carries() {
		s.t.Errorf("%s: no pair after message %d, form %d: refused %v, %v", s.name, s.message+1, s.next, w.ends[0].refused, w.ends[1].refused)
	}
	w.mustHide()
	w.mustEnd()
}

// mustHide checks that no event shows a secret.
func (w *world) mustHide() {
	w.t.Helper()
	secrets := []secret.Octets{secret.Octets(accessPassword)}
	for _, n := range w.ends {
		secrets = append(secrets, n.config.Policies[0].Peer.Key)
		for _, s := range n.engine.sas {
			if s.keys != nil {
				secrets = append(secrets, s.keys.SKEYIDd, s.keys.SKEYIDa)
			}
		}
		for _, sa := range n.sas {
			secrets = append(secrets, sa.EncryptionKey, sa.IntegrityKey)
		}
	}
	text := w.said()
	for _, s := range secrets {
		for _, form := range []string{string(s), hex.EncodeToString(s), strings.Trim(fmt.Sprint([]byte(s)), "[]")} {
			if len(s) > 0 && strings.Contains(text, form) {
				w.t.Errorf("an event shows the secret %x", []byte(s))
			}
		}
	}
}

// said is the text of all events and refusals, however they are printed.
func (w *world) said() string {
	var b strings.Builder
	for _, n := range w.ends {
		for _, e := range n.events {
			fmt.Fprintf(&b, "%v %+v\n", e, e)
			switch e := e.(type) {
			case MessageSent:
				fmt.Fprintln(&b, e.Message.Payloads)
			case MessageReceived:
				fmt.Fprintln(&b, e.Message.Payloads)
			}
		}
		fmt.Fprintln(&b, n.refused, n.engine.Failures())
	}
	return b.String()
}

// outside are the ways to spoil a datagram without its keys, and the same message of another
// negotiation behind its header.
func outside(others []flight) func(*world, flight) []attack.Spoilt {
	return func(w *world, f flight) []attack.Spoilt {
		all := attack.Datagram(f.in.Octets, siegeBlock)
		if n := len(w.sent) - 1; n < len(others) && len(others[n].in.Octets) >= wire.HeaderLen {
			all = append(all, attack.Spliced(f.in.Octets, others[n].in.Octets))
		}
		return all
	}
}

// TestSiege has an attacker spoil every message of every exchange with every method, at every
// border of its fields and payloads. What is refused changes nothing and is answered by no
// more than came; the genuine message then does its work.
func TestSiege(t *testing.T) {
	for i, m := range siegeMethods {
		t.Run(m.name, func(t *testing.T) {
			strange := m.make(t)
			for _, n := range strange.ends {
				n.start(99)
			}
			s := &siege{siegeMethod: m, t: t, stride: 1 + 6*min(i/2, 1)}
			s.play(strange)
			s.spoil = outside(strange.sent)
			s.inject = func(a *attacker, f flight, spoilt attack.Spoilt) {
				d := f.in
				d.Octets = spoilt.Octets
				if piece(f.in.Octets) || piece(d.Octets) {
					a.tainted = a.guess(f.to, d)
					return
				}
				a.inject(f.to, d, fmt.Sprintf("%s, message %d: %s", s.name, s.message+1, spoilt.Why))
				if n := len(f.to.refused); n > 0 && !a.tainted && loose(d.Octets) && strings.Contains(f.to.refused[n-1].Error(), "a second") {
					a.tainted = true // so would the genuine one be; in another world it is tried again
					s.next--
				}
			}
			s.run()
		})
	}
}

// piece reports whether a datagram is a fragment, of which nothing is authenticated.
func piece(octets []byte) bool {
	return len(octets) > 16 && octets[16] == byte(wire.PayloadFragment)
}

// guess gives an end a piece, and reports whether that changed anything.
func (a *attacker) guess(n *end, d Datagram) bool {
	before := snapshotOf(n.engine)
	n.step(d)
	return snapshotOf(n.engine) != before
}

// TestRepetitions repeats every datagram of every method at once, reflects it to its sender,
// and repeats all before it, to both ends.
func TestRepetitions(t *testing.T) {
	for _, m := range siegeMethods {
		t.Run(m.name, func(t *testing.T) {
			w := m.make(t)
			a := newAttacker(t, w, 1)
			a.proved = true
			var genuine []flight
			w.after = func(f flight) {
				if !slices.ContainsFunc(genuine, func(g flight) bool { return bytes.Equal(g.in.Octets, f.in.Octets) }) {
					genuine = append(genuine, f)
				}
				for i, g := range genuine {
					for _, to := range w.ends {
						if cookieR(g.in.Octets) != (wire.Cookie{}) && !piece(g.in.Octets) {
							a.inject(to, g.in, fmt.Sprintf("message %d again behind %d, to %s", i+1, len(genuine), to.name))
						}
					}
				}
			}
			s := &siege{siegeMethod: m, t: t}
			s.play(w)
			w.after = nil
			if !w.carries() || a.tainted || a.tried < 30 {
				t.Errorf("%d repetitions: a pair %v, accepted %v", a.tried, w.carries(), a.tainted)
			}
			w.mustEnd()
		})
	}
}

// TestNoTimedRepeats has a first message, with all its vendor IDs or with that of NAT traversal
// alone, that comes until it is answered, from somebody who is never heard of again: it is
// answered once, by no more than has come, and not by itself.
func TestNoTimedRepeats(t *testing.T) {
	for _, m := range siegeMethods {
		for _, bare := range []bool{false, true} {
			w := m.make(t)
			answers := w.ends[1-m.first]
			answered := 0
			w.route = func(f flight) []flight {
				if f.to != answers {
					answered++
				}
				if f.to != answers || answered > 0 {
					return nil
				}
				if bare {
					f.in.Octets = bareOf(t, f.in.Octets)
				}
				return []flight{f}
			}
			w.ends[m.first].acquire()
			w.run(2 * time.Minute)
			pieces := 1 + answers.octetsOut/fragmentSize
			if answered == 0 && answers.octetsIn > longestReply || answered > pieces || answers.octetsOut > answers.octetsIn {
				t.Errorf("%s, bare %v: %d octets are answered by %d in %d datagrams", m.name, bare, answers.octetsIn, answers.octetsOut, answered)
			}
			if left := answers.engine.size(); left != (sizes{}) {
				t.Errorf("%s, bare %v: %+v is left of a first message", m.name, bare, left)
			}
		}
	}
}

// longestReply is more than a message 2 of these methods has, with two certificates.
const longestReply = 2600

// bareOf returns a message 1 without the vendor IDs that bring no payload into the answer.
func bareOf(t *testing.T, octets []byte) []byte {
	m, err := wire.Parse(octets)
	if err != nil {
		t.Fatal(err)
	}
	m.Payloads = slices.DeleteFunc(m.Payloads, func(p wire.Payload) bool {
		v, ok := p.(wire.VendorID)
		return ok && !v.Is(wire.VendorRFC3947)
	})
	return m.Append(nil)
}
