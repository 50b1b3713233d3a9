package ike

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/iketest/attack"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A traitor is the peer itself: what it sends is spoilt inside, encrypted with the right keys
// and behind the right HASH. It may hurt the SAs that it has with its victim, but not those of a
// guest that hq has as well.
type traitor struct {
	*siege
	victim int
	every  int // of the forms of a message how many are taken: one in so many
}

// withGuest adds a third end that has a pair of SAs with hq. Its network is 10.5.0.0/24.
func withGuest(t *testing.T, w *world, change func(*Config)) *world {
	c := kitConfig(1)
	c.Policies[0].Local = kitAddr(4)
	c.Policies[0].ACL.Rules[0] = kitPermit(kitRule, 0x0a050000, 0x0a010000)
	if change != nil {
		change(c)
	}
	w.guest = &end{w: w, name: "guest", addr: kitAddr(4), config: c, sas: map[ipsec.SAID]*ipsec.SA{}}
	w.guest.start(5)
	w.guest.acquire()
	w.run(3 * time.Second)
	if len(w.guest.sas) == 0 {
		t.Fatalf("the guest has no pair: refused %v, hq %v", w.guest.refused, w.ends[0].refused)
	}
	w.sent = nil
	return w
}

// twoPeers gives hq a peer entry for each of the others.
func twoPeers(name string, c *Config) {
	if name != "hq" {
		return
	}
	policy, peer := *c.Policies[0], *c.Policies[0].Peer
	policy.ID.Sequence, policy.Remote = 2, kitAddr(4)
	policy.ACL = &acl.ACL{Number: 3001, Step: 5, Rules: []acl.Rule{kitPermit(kitRule, 0x0a010000, 0x0a050000)}}
	peer.Name, peer.Remote = "guest", kitAddr(4)
	policy.Peer = &peer
	c.Policies = append(c.Policies, &policy)
}

// template gives hq one peer entry for all others.
func template(name string, c *Config) {
	if name == "hq" {
		p := c.Policies[0]
		p.Template, p.Remote, p.ACL = true, kitAddr(-1), &acl.ACL{Number: 3000, Step: 5}
		p.Policy.Remote = ipsec.Policy{}.Remote
		p.Peer.Remote, p.Peer.RemoteLast, p.Peer.RemoteIDType = kitAddr(1), kitAddr(9), IDAny
	}
}

// clientsOf makes both of the others clients of hq's, with one key and an address each.
func clientsOf(t *testing.T) *world {
	w := reconfigured(newAccess(t, 1, ConfigRequest), template)
	client := *w.ends[1].config.Policies[0].Peer
	client.User = "bob"
	w.ends[0].judge = func(a Authenticate) Authenticated {
		return Authenticated{Job: a.Job, Granted: a.Password.Equal(secret.Octets(accessPassword)), Reason: "wrong"}
	}
	return withGuest(t, w, func(c *Config) {
		c.Policies[0].Peer, c.Policies[0].ACL.Rules[0].Source = &client, acl.Wildcard{}
	})
}

// signers prove themselves by certificates.
func signers(t *testing.T) *world {
	sign := rsaWorld(t, MainMode)
	w := newWorld(t, 1, func(name string, c *Config) {
		sign(name, c)
		twoPeers(name, c)
	})
	return withGuest(t, w, func(c *Config) { sign("branch", c) })
}

var traitorMethods = []struct {
	siegeMethod
	victim int
}{
	{siegeMethod{"a peer entry for each, called", func(t *testing.T) *world { return withGuest(t, newWorld(t, 1, twoPeers), nil) }, 1}, 0},
	{siegeMethod{"a peer entry for each, calling", func(t *testing.T) *world { return withGuest(t, newWorld(t, 1, twoPeers), nil) }, 0}, 0},
	{siegeMethod{"one for all", func(t *testing.T) *world { return withGuest(t, newWorld(t, 1, template), nil) }, 1}, 0},
	{siegeMethod{"clients", clientsOf, 1}, 0},
	{siegeMethod{"a gateway against its client", clientsOf, 1}, 1},
	{siegeMethod{"certificates", signers, 1}, 0},
}

// TestTraitor has the peer spoil every message that it encrypts, and claim what is the guest's.
func TestTraitor(t *testing.T) {
	for i, m := range traitorMethods {
		t.Run(m.name, func(t *testing.T) {
			r := &traitor{siege: &siege{siegeMethod: m.siegeMethod, t: t, stride: 1}, victim: m.victim, every: 3 + i}
			r.spoil, r.inject = r.forms, r.deliver
			r.run()
			if r.tried < 100 {
				t.Errorf("%d messages were spoilt, want hundreds", r.tried)
			}
		})
	}
}

// deliver gives the victim what the traitor made, and looks after the guest.
func (r *traitor) deliver(a *attacker, f flight, spoilt attack.Spoilt) {
	w, victim := a.w, f.to
	before, guests := a.seen[victim], w.guests()
	if before == "" {
		before = snapshotOf(victim.engine)
	}
	d, flying, sent := f.in, slices.Clone(w.flying), len(w.sent)
	d.Octets = spoilt.Octets
	victim.step(d)
	if now := w.guests(); now != guests {
		r.t.Errorf("%s, message %d: %s: of the guest there was\n%s\nand now is\n%s", r.name, r.message+1, spoilt.Why, guests, now)
	}
	modest(r.t, victim)
	if a.tainted = snapshotOf(victim.engine) != before; !a.tainted {
		a.seen[victim], w.flying, w.sent = before, flying, w.sent[:sent]
	}
}

// modest holds what an end remembers against limits.go.
func modest(t testing.TB, n *end) {
	s := n.engine.size()
	if s.sas > 3+maxHalfOpenPerAddr || s.flows > 4 || s.jobs > 2 || s.quick > 2*maxQuickModes || len(n.engine.failures) > maxFailures || n.engine.puzzles.octets > maxPiecesInAll {
		t.Errorf("%s has grown to %+v", n.name, s)
	}
}

// guests is everything that hq has of its guest.
func (w *world) guests() string {
	hq, there := w.ends[0], w.guest.addr
	var b strings.Builder
	for _, s := range hq.engine.sasSorted() {
		if s.remote.Addr() != there {
			continue
		}
		fmt.Fprintln(&b, s.party, s.cookieI, s.cookieR, s.remote, s.established, s.proved, s.fading, s.replaced, s.gone, len(s.children), len(s.used), s.lastIV, s.hard.at)
		fmt.Fprintln(&b, hq.engine.leases.of[s.party], len(hq.engine.pairs[s.party]), len(hq.engine.byParty[s.party]))
	}
	var lines []string
	for id, sa := range hq.sas {
		if sa.Local == there || sa.Remote == there {
			lines = append(lines, fmt.Sprint(id, sa.Selector, []byte(sa.EncryptionKey)))
		}
	}
	slices.Sort(lines)
	for key, i := range hq.engine.instances {
		if i.address == there {
			lines = append(lines, fmt.Sprint(key.with, key.traffic))
		}
	}
	return b.String() + strings.Join(lines, "\n")
}

// forms are the ways to spoil a message that the traitor encrypts, of which each message has
// others left out; and, in the place of a quick mode's third one, what only the guest may say.
func (r *traitor) forms(w *world, f flight) (all []attack.Spoilt) {
	t, chain, ok := f.overheard()
	if !ok || f.to != w.ends[r.victim] || f.in.Remote.Addr() == w.guest.addr {
		return nil
	}
	for i, c := range chain.Spoil() {
		if (i+r.message)%r.every == 0 {
			all = append(all, t.says(c), t.swears(c))
		}
	}
	if r.victim == 0 && t.h.Exchange == wire.QuickMode && len(chain.Types()) == 1 {
		all = append(all, t.usurps(w)...)
	}
	return all
}

// overheard decrypts a message with the keys of its receiver, and returns what it takes to
// speak in its place.
func (f flight) overheard() (t tongue, c attack.Chain, ok bool) {
	h := headerOf(f.in.Octets)
	s := f.to.engine.lookUp(h)
	if !encrypted(f.in.Octets) || s == nil || s.keys == nil || !s.keys.Completed() || h.MessageID == 0 && s.phase1 == nil {
		return t, c, false
	}
	t = tongue{s, h, s.ivOf(h)}
	plain, _, err := s.keys.Decrypt(t.iv, f.in.Octets[wire.HeaderLen:])
	if err == nil {
		_, err = wire.ParsePayloads(h, wire.PayloadType(f.in.Octets[16]), plain) // the ends may have made different keys
	}
	return t, attack.Chain{First: wire.PayloadType(f.in.Octets[16]), Octets: plain}, err == nil
}

// ivOf returns the IV that the next message of an exchange is encrypted under.
func (s *sa) ivOf(h wire.Header) keymat.IV {
	if h.MessageID == 0 {
		return s.phase1.iv
	}
	if q := s.quick[h.MessageID]; q != nil {
		return q.iv
	}
	if t := s.transaction(h.MessageID); t != nil {
		return t.iv
	}
	return s.keys.ExchangeIV(s.lastIV, h.MessageID)
}

// A tongue speaks in one exchange.
type tongue struct {
	s  *sa
	h  wire.Header
	iv keymat.IV
}

// says encrypts a chain as it is.
func (t tongue) says(c attack.Chain) attack.Spoilt {
	body, _ := t.s.keys.Encrypt(nil, t.iv, c.Octets)
	return attack.Spoilt{Why: c.Why, Octets: append(t.h.Append(nil, c.First, wire.HeaderLen+len(body)), body...)}
}

// swears puts the right HASH in front of what follows the first payload, whatever that is.
func (t tongue) swears(c attack.Chain) attack.Spoilt {
	if c.First != wire.PayloadHash || len(c.Octets) < 5 || int(c.Octets[3]) > len(c.Octets) || c.Octets[2] != 0 || t.h.MessageID == 0 {
		return t.says(c)
	}
	next, after := c.Octets[0], c.Octets[c.Octets[3]:]
	hash := t.s.keys.Hash1(t.h.MessageID, after)
	if q := t.s.quick[t.h.MessageID]; q != nil && q.initiated() {
		hash = t.s.keys.Hash2(t.h.MessageID, q.ni, after)
	}
	octets := slices.Concat([]byte{next, 0, 0, byte(4 + len(hash))}, hash, after)
	return t.says(attack.Chain{Why: c.Why + ", HASH made right", First: wire.PayloadHash, Octets: octets})
}

// tells is an informational message of its own, or a transaction's.
func (t tongue) tells(why string, kind wire.ExchangeType, payloads ...wire.Payload) attack.Spoilt {
	t.h.Exchange, t.h.MessageID = kind, t.h.MessageID+wire.MessageID(len(why))
	t.iv = t.s.keys.ExchangeIV(t.s.lastIV, t.h.MessageID)
	after := wire.AppendPayloads(nil, payloads)
	octets := slices.Concat([]byte{byte(payloads[0].Type()), 0, 0, 4}, after)
	return t.swears(attack.Chain{Why: why, First: wire.PayloadHash, Octets: octets})
}

// usurps says what only the guest may: deletes, notifications and wishes about its SAs,
// its address and its traffic.
func (t tongue) usurps(w *world) (all []attack.Spoilt) {
	var theirs *sa
	for _, s := range w.ends[0].engine.sasSorted() {
		if s.remote.Addr() == w.guest.addr {
			theirs = s
		}
	}
	i, r := theirs.cookieI, theirs.cookieR
	add := func(why string, payloads ...wire.Payload) {
		all = append(all, t.tells(why, wire.Informational, payloads...))
	}
	for id := range w.guest.sas {
		spi := uint32(id.SPI)
		add("delete of the guest's ESP", wire.DeleteSA(wire.ProtoESP, spi))
		n := wire.NewNotify(wire.InvalidSPI, i, r, nil)
		n.Protocol, n.SPI = wire.ProtoESP, []byte{byte(spi >> 24), byte(spi >> 16), byte(spi >> 8), byte(spi)}
		add("INVALID-SPI of the guest's", n)
		n.Notify, n.Data = wire.ResponderLifetime, []byte{0x80, 1, 0, 1, 0x80, 2, 0, 60}
		add("RESPONDER-LIFETIME of the guest's", n)
	}
	add("delete of the guest's ISAKMP SA", wire.DeleteISAKMP(i, r))
	add("INITIAL-CONTACT of the guest", wire.NewNotify(wire.InitialContact, i, r, nil))
	add("INITIAL-CONTACT of its own", wire.NewNotify(wire.InitialContact, t.s.cookieI, t.s.cookieR, nil))
	add("R-U-THERE of the guest", wire.NewDPD(wire.RUThere, i, r, 1))
	add("R-U-THERE-ACK of the guest", wire.NewDPD(wire.RUThereAck, i, r, 1))
	add("RESPONDER-LIFETIME of the guest's phase 1", wire.NewNotify(wire.ResponderLifetime, i, r, []byte{0x80, 11, 0, 1, 0x80, 12, 0, 60}))
	if lease := w.ends[0].engine.leases.of[theirs.party]; lease != nil {
		wish := wire.CfgOctets(wire.CfgIP4Address, lease.addr.AsSlice())
		all = append(all, t.tells("the guest's address, asked for", wire.Transaction, wire.Attributes{Cfg: wire.CfgRequest, List: []wire.CfgAttribute{wish}}))
	}
	return append(all, t.tells("the guest's traffic", wire.QuickMode, wire.NewSA(withSPIs(theirs.terms(w.ends[0].config.Policies[0], ipsec.Selector{}).offers(), spis{0x12345678, 0})...),
		wire.Nonce{Data: make([]byte, 32)}, wire.ID{IDType: wire.IDIPv4Subnet, Data: []byte{10, 5, 0, 0, 255, 255, 255, 0}},
		wire.ID{IDType: wire.IDIPv4Subnet, Data: []byte{10, 1, 0, 0, 255, 255, 255, 0}}))
}
