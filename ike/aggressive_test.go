package ike

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// aggressively makes both ends begin with aggressive mode.
func aggressively(_ string, c *Config) { c.Policies[0].Peer.Mode = AggressiveMode }

// TestAlteredAggressive spoils messages 2 and 3 of aggressive mode, and all that follows, before
// the genuine ones arrive, which then must still do their work. What of message 2 no HASH covers
// may be accepted.
func TestAlteredAggressive(t *testing.T) {
	tried := 0
	for seed := range uint64(60) {
		w := newWorld(t, seed, aggressively)
		a := newAttacker(t, w, seed)
		w.before = func(f flight) {
			for range 12 {
				d := f.in
				if d.Octets = a.altered(f.in.Octets); cookieR(f.in.Octets) != (wire.Cookie{}) && !w.genuine(d.Octets) && !a.tainted {
					a.inject(f.to, d, "altered")
				}
			}
		}
		w.ends[0].acquire()
		w.run(time.Second)
		if !a.tainted {
			w.mustAgree()
		}
		w.before = nil
		w.persist(3 * time.Minute)
		if !w.agree() { // vendor IDs and NAT-D are never authenticated
			w.ends[0].step(Reset{})
			w.persist(time.Minute)
		}
		w.mustAgree()
		w.mustEnd()
		tried += a.tried
	}
	t.Logf("%d injections", tried)
}

// TestForgedAggressive sends messages in clear with the right cookies around every message of
// aggressive mode.
func TestForgedAggressive(t *testing.T) {
	w := newWorld(t, 1, aggressively)
	a := newAttacker(t, w, 1)
	attack := func(f flight) {
		for i, n := range w.ends {
			for name, octets := range forgeries(cookieOf(f), cookieR(f.in.Octets), 0x1000) {
				if cookieR(octets) != (wire.Cookie{}) {
					a.inject(n, Datagram{Local: f.in.Local, Remote: kitPort(2-i, 500), Octets: octets}, name)
				}
			}
		}
	}
	w.before, w.after = attack, attack
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	if a.tainted || a.tried < 50 {
		t.Errorf("%d forgeries in clear, accepted: %v", a.tried, a.tainted)
	}
	w.mustEnd()
}

// TestAggressiveInAStorm lets one end or both begin with aggressive mode while a third of
// everything is lost, repeated or late.
func TestAggressiveInAStorm(t *testing.T) {
	for seed := range uint64(60) {
		w := newWorld(t, seed, aggressively)
		w.route = storm(seed).route(w)
		w.ends[0].acquire()
		if seed%3 == 0 {
			w.ends[1].acquire()
		}
		since := w.now
		for !w.agree() && w.now.Sub(since) < 15*time.Minute {
			w.ends[0].want()
			w.run(time.Second)
		}
		w.route = nil
		w.run(3 * time.Minute)
		w.onePair(seed)
		w.mustEnd()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// firstOf returns the message 1 that an end with this configuration begins aggressive mode with.
func firstOf(t *testing.T, seed uint64, change func(*Peer)) Datagram {
	t.Helper()
	w := newWorld(t, seed, func(name string, c *Config) {
		aggressively(name, c)
		if name == "hq" {
			change(c.Policies[0].Peer)
		}
	})
	w.route = func(flight) []flight { return nil }
	w.ends[0].acquire()
	if len(w.sent) != 1 {
		t.Fatalf("%d datagrams, want message 1; %v", len(w.sent), w.ends[0].events)
	}
	return w.sent[0].in
}

// TestUnknownIdentity compares what comes back to an identity that is known, with a wrong
// key, and to one that is not: to message 1, to its repetition, to a message 3 that is
// anything, twice, and to a quick mode.
func TestUnknownIdentity(t *testing.T) {
	answers := func(name string) (lengths []int) {
		w := newWorld(t, 1, func(_ string, c *Config) {
			c.Policies[0].Peer.Mode, c.Policies[0].Peer.RemoteIDType, c.Policies[0].Peer.RemoteName = AggressiveMode, IDFQDN, "hq.test"
		})
		branch := w.ends[1]
		first := firstOf(t, 2, func(p *Peer) { p.LocalIDType, p.LocalID, p.Key = IDFQDN, name, secret.Octets("wrong") })
		say := func(d Datagram) {
			before := len(w.sent)
			branch.step(d)
			for _, f := range w.sent[before:] {
				lengths = append(lengths, len(f.in.Octets))
			}
			lengths = append(lengths, 0)
			w.now = w.now.Add(3 * time.Second)
		}
		say(first)
		say(first)
		second := first
		second.Octets = bytes.Repeat([]byte{7}, wire.HeaderLen+64)
		copy(second.Octets, first.Octets[:8])
		copy(second.Octets[8:], w.sent[0].in.Octets[8:16])
		copy(second.Octets[16:], []byte{byte(wire.PayloadHash), 0x10, byte(wire.Aggressive), 1, 0, 0, 0, 0, 0, 0, 0, wire.HeaderLen + 64})
		say(second)
		second.Octets = bytes.Clone(second.Octets)
		second.Octets[40] ^= 1
		say(second)
		second.Octets[18], second.Octets[23] = byte(wire.QuickMode), 1
		say(second)
		return lengths
	}
	known, unknown := answers("hq.test"), answers("no.test")
	if !slices.Equal(known, unknown) || len(known) < 8 {
		t.Errorf("answers to a known identity have %d octets, to an unknown one %d", known, unknown)
	}
}

// TestStrangersKey makes sure that what stands in for a stranger's key is another one each
// time, and none of ours.
func TestStrangersKey(t *testing.T) {
	first := firstOf(t, 2, func(p *Peer) { p.LocalIDType, p.LocalID = IDFQDN, "no.test" })
	w := newWorld(t, 1, aggressively)
	seen := []secret.Octets{w.ends[1].config.Policies[0].Peer.Key}
	for i := range uint64(3) {
		d := first
		d.Octets = bytes.Clone(first.Octets)
		binary.BigEndian.PutUint64(d.Octets, 99+i)
		w.ends[1].step(d)
		w.now = w.now.Add(time.Second)
		s := w.ends[1].engine.firsts[firstKey{d.Remote, wire.Cookie(d.Octets[:8])}]
		if s == nil || len(s.phase1.preShared) != strangersKey || slices.ContainsFunc(seen, s.phase1.preShared.Equal) {
			t.Fatalf("negotiation %d: %+v", i, s)
		}
		seen = append(seen, s.phase1.preShared)
		if s.phase1.checkHash(&wire.Message{Payloads: []wire.Payload{wire.Hash{Data: []byte{1}}}}, []byte{1}) == nil {
			t.Error("a stranger has proved who it is")
		}
		if s.id != 0 {
			t.Error("a negotiation is shown whose address nobody has proved")
		}
	}
}

// TestNoKeyInTable has a peer with a table of keys, in which there is none for who asks: that is a
// stranger like others.
func TestNoKeyInTable(t *testing.T) {
	first := firstOf(t, 2, func(*Peer) {})
	w := newWorld(t, 1, func(name string, c *Config) {
		aggressively(name, c)
		c.Policies[0].Peer.Key, c.Policies[0].Peer.UserTable = nil, 7
	})
	w.ends[1].step(first)
	if len(w.sent) != 1 || headerOf(w.sent[0].in.Octets).Exchange != wire.Aggressive {
		t.Errorf("%d answers; refused %v", len(w.sent), w.ends[1].refused)
	}
}

// TestBadPublicValue sends a message 1 whose public value is none: nothing is left of it.
func TestBadPublicValue(t *testing.T) {
	first := firstOf(t, 2, func(*Peer) {})
	m, err := wire.Parse(first.Octets)
	if err != nil {
		t.Fatal(err)
	}
	m.Payloads[m.Find(wire.PayloadKE)] = wire.KeyExchange{Data: make([]byte, 64)}
	w := newWorld(t, 1, aggressively)
	first.Octets = m.Append(nil)
	branch := w.ends[1]
	branch.step(first)
	s := branch.engine.sasSorted()[0]
	branch.step(Datagram{first.Local, first.Remote, clearMessage(s.cookieI, s.cookieR, wire.Aggressive, 0, wire.Hash{Data: make([]byte, 32)})})
	w.run(halfLife)
	if size := branch.engine.size(); size != (sizes{}) || len(branch.refused) != 1 || categoryOf(branch.refused[0]) != InvalidKeyExchange {
		t.Errorf("%+v is left; refused %v", size, branch.refused)
	}
}

// TestNoWorkForStrangers looks at what message 1 of aggressive mode costs: nothing if there is no
// peer, no proposal, or, where no key is to be guessed, no such identity.
func TestNoWorkForStrangers(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Config)
		works  int
	}{
		{"as it should be", func(*Config) {}, 1},
		{"main mode is wanted", func(c *Config) { c.Policies[0].Peer.Mode = MainMode }, 0},
		{"another address", func(c *Config) { c.Policies[0].Peer.Remote = kitAddr(7) }, 0},
		{"another proposal", func(c *Config) { c.Proposals[0].Hashes = []wire.HashAlgorithm{wire.HashMD5} }, 0},
		{"no key", func(c *Config) { c.Policies[0].Peer.Key = nil }, 0},
		{"another identity, which is not told", func(c *Config) { c.Policies[0].Peer.RemoteID = kitAddr(9) }, 1},
		{"a method without a certificate", func(c *Config) { c.Proposals[0].Method = wire.AuthRSA }, 0},
	} {
		first := firstOf(t, 2, func(*Peer) {})
		w := newWorld(t, 1, func(name string, c *Config) {
			aggressively(name, c)
			if name == "branch" {
				test.change(c)
			}
		})
		branch := w.ends[1]
		branch.compute = true
		branch.step(first)
		if got := len(branch.computing); got != test.works {
			t.Errorf("%s: %d works, want %d; refused %v", test.name, got, test.works, branch.refused)
		}
		if size := branch.engine.size(); size.sas != test.works || size.halfOpen != test.works {
			t.Errorf("%s: %+v is left", test.name, size)
		}
	}
}

// TestClearMessage3 lets a peer send message 3 in clear, which RFC 2409 allows. An INITIAL-CONTACT
// in it proves nothing.
func TestClearMessage3(t *testing.T) {
	w := newWorld(t, 1, aggressively)
	hq, branch := w.ends[0], w.ends[1]
	w.route = func(f flight) []flight {
		if len(w.sent) > 2 {
			return nil
		}
		return []flight{f}
	}
	hq.acquire()
	w.run(time.Second)
	s := hq.engine.sasSorted()[0]
	x := s.phase1
	hash := wire.Hash{Data: x.hash(true, wire.Body(x.shown))}
	d := Datagram{Local: kitPort(2, 500), Remote: kitPort(1, 500)}
	wrong := wire.Hash{Data: bytes.Clone(hash.Data)}
	wrong.Data[0] ^= 1
	for _, test := range []struct {
		hash wire.Hash
		up   bool
	}{{wrong, false}, {wire.Hash{Data: hash.Data[:8]}, false}, {wire.Hash{}, false}, {hash, true}} {
		d.Octets = clearMessage(s.cookieI, s.cookieR, wire.Aggressive, 0, test.hash, wire.NewNotify(wire.InitialContact, s.cookieI, s.cookieR, nil))
		branch.step(d)
		theirs := branch.engine.sasSorted()[0]
		if theirs.established != test.up {
			t.Fatalf("established is %v after HASH %x, want %v; refused %v", theirs.established, test.hash.Data, test.up, branch.refused)
		}
		if test.up && (theirs.phase1.claim.initialContact || !bytes.Equal(theirs.lastIV, theirs.keys.FirstIV(theirs.phase1.inputs))) {
			t.Error("INITIAL-CONTACT in clear counts, or the IV is not phase 1's first")
		}
	}
}

// TestPeersBehindOneAddress has two peers with just one address, as two gateways behind a NAT have.
func TestPeersBehindOneAddress(t *testing.T) {
	key, other := secret.Octets("a-shared-secret-of-32-characters"), secret.Octets("another-one-with-as-many-letters")
	for _, test := range []struct {
		mode  ExchangeMode
		key   secret.Octets // of the first peer, which hq is not
		want  string
		owner string // of the address: the first one, whose key main mode takes
	}{{AggressiveMode, other, "b", "a"}, {AggressiveMode, key, "b", "a"}, {MainMode, key, "b", "a"}, {MainMode, other, "", "a"}} {
		w := newWorld(t, 1, func(name string, c *Config) {
			p := c.Policies[0].Peer
			p.Mode, p.LocalIDType, p.LocalID = test.mode, IDFQDN, "hq.test"
			if name == "hq" {
				p.RemoteIDType = IDAny
				return
			}
			manyPeers(c, Peer{Name: "a", Key: test.key, RemoteName: "a.test", Mode: test.mode}, Peer{Name: "b", Key: key, RemoteName: "hq.test", Mode: test.mode})
			for _, policy := range c.Policies {
				policy.Peer.Remote, policy.Peer.RemoteLast = kitAddr(0), netip.Addr{}
			}
		})
		w.ends[0].acquire()
		w.run(time.Second)
		branch := w.ends[1].engine
		got := ""
		for _, s := range branch.sasSorted() {
			if s.established {
				got = s.peer.Name
			}
		}
		if at := branch.directory.at(kitAddr(0)); got != test.want || len(at) != 2 || at[0].Name != test.owner {
			t.Errorf("mode %d: the peer is %q, want %q, of %d", test.mode, got, test.want, len(at))
		}
		w.ends[1].step(SetConfig{w.ends[1].config})
		if s := branch.current(party{peer: test.want}); test.want != "" && s == nil {
			t.Errorf("mode %d: a configuration like the old one has ended the SA", test.mode)
		}
	}
}

// manyPeers are peers at a range of addresses, told apart by their names.
func manyPeers(c *Config, peers ...Peer) {
	policy := c.Policies[0]
	c.Policies = nil
	for i := range peers {
		p, o := *policy, peers[i]
		p.ID.Sequence = uint32(i + 1)
		o.Remote, o.RemoteLast, o.RemoteIDType = kitAddr(0), kitAddr(100), IDFQDN
		p.Peer, p.ID = &o, ipsec.PolicyID{Interface: "wan", Name: "p", Sequence: uint32(i + 1)}
		c.Policies = append(c.Policies, &p)
	}
}

// TestPeerByIdentity has several peers at one range of addresses.
func TestPeerByIdentity(t *testing.T) {
	key, other := secret.Octets("a-shared-secret-of-32-characters"), secret.Octets("another-one-with-as-many-letters")
	for _, test := range []struct {
		name  string
		mode  ExchangeMode
		peers []Peer
		want  string // empty: none
	}{
		{"one key, main mode", MainMode, []Peer{{Name: "a", Key: key, RemoteName: "a.test"}, {Name: "b", Key: key, RemoteName: "hq.test"}}, "b"},
		{"the first of two that fit", MainMode, []Peer{{Name: "a", Key: key, RemoteName: "HQ.test"}, {Name: "b", Key: key, RemoteName: "hq.test"}}, "a"},
		{"two keys, main mode", MainMode, []Peer{{Name: "a", Key: other, RemoteName: "a.test"}, {Name: "b", Key: key, RemoteName: "hq.test"}}, ""},
		{"another's key, main mode", MainMode, []Peer{{Name: "a", Key: key, RemoteName: "a.test"}, {Name: "b", Key: other, RemoteName: "hq.test"}}, ""},
		{"one key, aggressive mode", AggressiveMode, []Peer{{Name: "a", Key: key, RemoteName: "a.test"}, {Name: "b", Key: key, RemoteName: "hq.test"}}, "b"},
		{"two keys, aggressive mode", AggressiveMode, []Peer{{Name: "a", Key: other, RemoteName: "a.test"}, {Name: "b", Key: key, RemoteName: "hq.test"}}, "b"},
		{"another's key", AggressiveMode, []Peer{{Name: "a", Key: key, RemoteName: "a.test"}, {Name: "b", Key: other, RemoteName: "hq.test"}}, ""},
		{"nobody's name", AggressiveMode, []Peer{{Name: "a", Key: key, RemoteName: "a.test"}, {Name: "b", Key: key, RemoteName: "b.test"}}, ""},
		{"another's mode", AggressiveMode, []Peer{{Name: "a", Key: key, RemoteName: "a.test"}, {Name: "b", Key: key, RemoteName: "hq.test", Mode: MainMode}}, ""},
	} {
		w := newWorld(t, 1, func(name string, c *Config) {
			p := c.Policies[0].Peer
			p.Mode, p.LocalIDType, p.LocalID = test.mode, IDFQDN, "hq.test"
			if name == "branch" {
				for i := range test.peers {
					test.peers[i].Mode = test.mode
				}
				if test.name == "another's mode" {
					test.peers[1].Mode = MainMode
				}
				manyPeers(c, test.peers...)
			} else {
				p.RemoteIDType, p.Local = IDAny, netip.Addr{}
			}
		})
		w.ends[0].acquire()
		w.run(time.Second)
		got := ""
		for _, s := range w.ends[1].engine.sasSorted() {
			if s.proved {
				got = s.peer.Name
			}
			if s.proved && s.party != (party{s.peer.Name, "fqdn hq.test"}) {
				t.Errorf("%s: the party is %v", test.name, s.party)
			}
		}
		if got != test.want {
			t.Errorf("%s: the peer is %q, want %q; refused %v", test.name, got, test.want, w.ends[1].refused)
		}
	}
}

// TestOfOneGroup has a peer that offers several groups: what counts is the one that its public
// value is of.
func TestOfOneGroup(t *testing.T) {
	transform := func(g wire.Group) wire.Transform {
		o := strong
		o.suite.Group = g
		return o.transform(uint8(g))
	}
	offer := wire.NewSA(wire.Proposal{Number: 1, Protocol: wire.ProtoISAKMP, Transforms: []wire.Transform{transform(14), transform(2), transform(19), transform(99)}})
	for _, test := range []struct {
		octets int
		want   []uint8 // numbers of the transforms
	}{{256, []uint8{14, 99}}, {128, []uint8{2, 99}}, {64, []uint8{19, 99}}, {1, []uint8{99}}} {
		m := &wire.Message{Payloads: []wire.Payload{offer, wire.KeyExchange{Data: make([]byte, test.octets)}}}
		var got []uint8
		for _, o := range ofOneGroup(offer, m).Proposals[0].Transforms {
			got = append(got, o.Number)
		}
		if !slices.Equal(got, test.want) || len(offer.Proposals[0].Transforms) != 4 {
			t.Errorf("with a public value of %d octets transforms %d count, want %d", test.octets, got, test.want)
		}
	}
}
