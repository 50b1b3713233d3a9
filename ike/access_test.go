package ike

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

const (
	accessUser     = "ann"
	accessPassword = "wide-open-sesame"
)

// newAccess makes a world whose hq is the gateway of branch, a client. part is the client's
// in mode configuration.
func newAccess(t testing.TB, seed uint64, part ConfigExchange) *world {
	w := newWorld(t, seed, func(name string, c *Config) {
		p := c.Policies[0].Peer
		if name == "branch" {
			p.XAUTH, p.User, p.Password, p.ConfigExchange = XAUTHClient, accessUser, secret.Octets(accessPassword), part
			if part != NoConfigExchange {
				c.Policies[0].ACL.Rules[0].Source = acl.Wildcard{}
			}
			return
		}
		p.XAUTH = XAUTHGateway
		if part == NoConfigExchange {
			return
		}
		if part == ConfigAccept {
			p.ConfigExchange = ConfigSet
		}
		p.Scheme = "scheme"
		c.Schemes = map[string]*Scheme{"scheme": accessScheme()}
	})
	w.ends[0].judge = func(a Authenticate) Authenticated {
		right := a.User == accessUser && a.Password.Equal(secret.Octets(accessPassword))
		return Authenticated{Job: a.Job, Granted: right, Reason: "wrong"}
	}
	return w
}

// accessScheme has its pool inside branch's network, so that the rules of the kit serve it.
func accessScheme() *Scheme {
	return &Scheme{Name: "scheme", DNS: []netip.Addr{netip.MustParseAddr("10.1.0.53")}, Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24")},
		Pools: []Pool{{Name: "pool", First: netip.MustParseAddr("10.2.0.1"), Last: netip.MustParseAddr("10.2.0.9"), Bits: 24}}}
}

// carries reports whether each end has an outbound SA that the other can receive.
func (w *world) carries() bool {
	reach := func(a, b *end) bool {
		for id, out := range a.sas {
			if in := b.sas[id]; in != nil && in.Local == b.addr && out.Local == a.addr && bytes.Equal(in.EncryptionKey, out.EncryptionKey) {
				return true
			}
		}
		return false
	}
	return reach(w.ends[0], w.ends[1]) && reach(w.ends[1], w.ends[0])
}

// until lets time pass, with traffic of the client's, until there is a pair.
func (w *world) until(d time.Duration) {
	w.t.Helper()
	for since := w.now; !w.carries(); w.run(time.Second) {
		if w.now.Sub(since) > d {
			w.t.Fatalf("no pair within %v: gateway refused %v, client refused %v, failures %v", d, w.ends[0].refused, w.ends[1].refused, w.ends[1].engine.Failures())
		}
		w.ends[1].acquire()
	}
}

var accessParts = []ConfigExchange{NoConfigExchange, ConfigRequest, ConfigAccept}

// TestAccessInAStorm has XAUTH and mode configuration over a bad network.
func TestAccessInAStorm(t *testing.T) {
	for seed := range uint64(60) {
		w := newAccess(t, seed, accessParts[seed%3])
		w.route = storm(seed).route(w)
		for _, n := range w.ends {
			n.remembers()
		}
		w.until(15 * time.Minute)
		w.route = nil
		w.run(3 * time.Minute)
		w.until(time.Minute)
		w.mustEnd()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestAccessAltered spoils every message in passing; the genuine one behind it must do its
// work.
func TestAccessAltered(t *testing.T) {
	tried := 0
	for seed := range uint64(30) {
		w := newAccess(t, seed, accessParts[seed%3])
		a := newAttacker(t, w, seed)
		w.before = func(f flight) {
			for range 12 {
				d := f.in
				if d.Octets = a.altered(f.in.Octets); afterPhase1(f.in) && !w.genuine(d.Octets) {
					mustIgnore(t, f.to, d)
					tried++
				}
			}
		}
		w.ends[1].acquire()
		w.run(time.Second)
		if !w.carries() {
			t.Errorf("seed %d: no pair; refused %v", seed, w.ends[1].refused)
		}
		w.before = nil
		w.mustEnd()
	}
	t.Logf("%d injections", tried)
}

// genuine reports whether a message is one that was sent: of two a splice may make the other.
func (w *world) genuine(octets []byte) bool {
	return slices.ContainsFunc(w.sent, func(f flight) bool { return bytes.Equal(f.in.Octets, octets) })
}

// afterPhase1 reports whether a message comes after phase 1, and so is protected as a whole.
func afterPhase1(d Datagram) bool { return headerOf(d.Octets).MessageID != 0 }

// mustIgnore gives an end a datagram that must change nothing. What it answers goes nowhere.
func mustIgnore(t *testing.T, n *end, d Datagram) {
	t.Helper()
	flying, sent := slices.Clone(n.w.flying), len(n.w.sent)
	before := snapshotOf(n.engine)
	n.step(d)
	if after := snapshotOf(n.engine); after != before {
		t.Errorf("%s changed by %x: %s", n.name, d.Octets, firstDifference(before, after))
	}
	n.w.flying, n.w.sent = flying, n.w.sent[:sent]
}

// TestAccessReplays repeats every datagram to both ends, in any order.
func TestAccessReplays(t *testing.T) {
	for seed := range uint64(6) {
		w := newAccess(t, seed, accessParts[seed%3])
		w.until(time.Minute)
		a := newAttacker(t, w, seed)
		for range 300 {
			f := w.sent[a.rng.IntN(len(w.sent))]
			if to := w.ends[a.rng.IntN(2)]; cookieR(f.in.Octets) != (wire.Cookie{}) {
				mustIgnore(t, to, f.in)
			}
			w.run(time.Duration(a.rng.IntN(300)) * time.Millisecond)
		}
		w.mustEnd()
	}
}

// TestAccessForgedInClear sends messages in clear with the right cookies at every step.
func TestAccessForgedInClear(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	a := newAttacker(t, w, 1)
	w.before = func(f flight) {
		for i, n := range w.ends {
			for name, octets := range forgeries(cookieOf(f), cookieR(f.in.Octets), 0x1000) {
				a.inject(n, Datagram{Local: kitPort(1+i, 500), Remote: kitPort(2-i, 500), Octets: octets}, name)
			}
		}
	}
	w.ends[1].acquire()
	w.run(time.Second)
	if a.tainted || !w.carries() {
		t.Errorf("a forgery in clear was accepted: %v, or kept a pair from coming up", a.tainted)
	}
}

// TestPlainSAsHaveNoAccess: what most ISAKMP SAs do not need costs them nothing.
func TestPlainSAsHaveNoAccess(t *testing.T) {
	w := connected(t, 1, nil)
	for _, n := range w.ends {
		for _, s := range n.engine.sas {
			if s.access != nil {
				t.Errorf("%s has %+v", n.name, s.access)
			}
		}
	}
	w = newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	w.run(2 * time.Minute)
	for _, n := range w.ends {
		for _, s := range n.engine.sas {
			if s.access.transactions != nil || len(n.engine.logins) != 0 {
				t.Errorf("%s has %+v two minutes after XAUTH", n.name, s.access)
			}
		}
	}
}

// TestPasswordsAreNotShown looks for the password in everything that is told.
func TestPasswordsAreNotShown(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	asked := 0
	judge := w.ends[0].judge
	w.ends[0].judge = func(a Authenticate) Authenticated { asked++; return judge(a) }
	w.until(time.Minute)
	for _, n := range w.ends {
		for _, out := range n.events {
			text := fmt.Sprintf("%v %+v %#v", out, out, out)
			if m, ok := out.(MessageSent); ok {
				text += fmt.Sprint(m.Message.Payloads)
			}
			if strings.Contains(text, accessPassword) {
				t.Errorf("%s: %T shows the password", n.name, out)
			}
		}
	}
	if asked != 1 {
		t.Errorf("the password was looked at %d times, want once", asked)
	}
}

// A puppet is a client whose every transaction a test writes: it knows the gateway's keys.
type puppet struct {
	w    *world
	gw   *end
	s    *sa
	next wire.MessageID
}

// newPuppet takes the place of the client once phase 1 is over.
func newPuppet(t *testing.T, part ConfigExchange) *puppet {
	w := newAccess(t, 1, part)
	w.route = func(f flight) []flight {
		if wire.ExchangeType(f.in.Octets[18]) == wire.Transaction || wire.ExchangeType(f.in.Octets[18]) == wire.Informational {
			return nil
		}
		return []flight{f}
	}
	w.ends[1].acquire()
	w.run(time.Second)
	p := &puppet{w: w, gw: w.ends[0], next: 77}
	for _, s := range p.gw.engine.sas {
		p.s = s
	}
	if p.s == nil || !p.s.proved || p.s.established {
		t.Fatalf("the gateway has %+v, want an ISAKMP SA that waits for XAUTH", p.s)
	}
	return p
}

// pending returns the gateway's transaction that waits for an answer, or nil.
func (p *puppet) pending() *transaction {
	for _, t := range p.s.access.transactions {
		if t.state == txSent {
			return t
		}
	}
	return nil
}

// answers replies to the gateway's request or set.
func (p *puppet) answers(kind wire.CfgType, list ...wire.CfgAttribute) {
	t := p.pending()
	p.say(wire.Transaction, t.id, t.iv, wire.Attributes{Cfg: kind, List: list})
}

// begins sends a transaction of the client's own.
func (p *puppet) begins(kind wire.CfgType, list ...wire.CfgAttribute) {
	p.next++
	p.say(wire.Transaction, p.next, p.s.transactionIV(p.next), wire.Attributes{Cfg: kind, List: list})
}

// say sends payloads behind the right HASH.
func (p *puppet) say(kind wire.ExchangeType, id wire.MessageID, iv []byte, payloads ...wire.Payload) {
	hash := wire.Hash{Data: p.s.hash1(id, wire.AppendPayloads(nil, payloads))}
	body, _ := p.s.keys.Encrypt(nil, iv, wire.AppendPayloads(nil, append([]wire.Payload{hash}, payloads...)))
	h := wire.Header{CookieI: p.s.cookieI, CookieR: p.s.cookieR, Exchange: kind, Flags: wire.FlagEncrypted, MessageID: id}
	p.gw.step(Datagram{Local: p.s.local, Remote: p.s.remote, Octets: append(h.Append(nil, wire.PayloadHash, wire.HeaderLen+len(body)), body...)})
}

// login gives a name and a password.
func (p *puppet) login(name, password string) {
	p.answers(wire.CfgReply, wire.CfgOctets(wire.XAUTHUserName, []byte(name)), wire.CfgOctets(wire.XAUTHUserPassword, []byte(password)))
}

// TestWrongPasswords: three of them end the ISAKMP SA, fewer do not.
func TestWrongPasswords(t *testing.T) {
	p := newPuppet(t, NoConfigExchange)
	p.login(accessUser, "one")
	p.login("", "two")
	p.login(accessUser, accessPassword)
	if p.s.stage() != granting {
		t.Fatalf("stage %v after the right password, want granting", p.s.stage())
	}
	p.answers(wire.CfgAck, wire.CfgEmpty(wire.XAUTHStatus))
	if !p.s.established || p.s.user() != accessUser {
		t.Errorf("established %v, user %q", p.s.established, p.s.user())
	}
	p = newPuppet(t, NoConfigExchange)
	judge := p.gw.judge
	p.gw.judge = func(a Authenticate) Authenticated {
		if len(a.Password) > maxPassword {
			t.Errorf("a password of %d octets is looked at", len(a.Password))
		}
		return judge(a)
	}
	for _, password := range []string{"one", strings.Repeat("x", maxPassword+1), "three"} {
		p.login(accessUser, password)
	}
	if p.s.stage() != denying || p.pending() == nil {
		t.Fatalf("stage %v after three wrong passwords, want denying", p.s.stage())
	}
	p.answers(wire.CfgAck)
	if !p.s.gone || len(p.gw.engine.sas) != 0 {
		t.Error("the ISAKMP SA lives on")
	}
}

// TestDenialIsNotAwaitedForLong: a client that is silent does not keep the ISAKMP SA.
func TestDenialIsNotAwaitedForLong(t *testing.T) {
	p := newPuppet(t, NoConfigExchange)
	p.answers(wire.CfgReply, wire.CfgBasic(wire.XAUTHStatus, xauthFail))
	p.w.run(farewell + time.Second)
	if len(p.gw.engine.sas) != 0 {
		t.Error("the ISAKMP SA lives on")
	}
}

// TestNobodyAnswers: without a user the ISAKMP SA ends in time.
func TestNobodyAnswers(t *testing.T) {
	p := newPuppet(t, NoConfigExchange)
	p.w.run(loginTime + time.Second)
	if len(p.gw.engine.sas) != 0 || len(p.gw.engine.halfOpen.entries) != 0 {
		t.Errorf("the gateway still has %d ISAKMP SAs", len(p.gw.engine.sas))
	}
}

// TestChallenges: the name is asked for once, the questions have an end.
func TestChallenges(t *testing.T) {
	p := newPuppet(t, NoConfigExchange)
	var asked []Authenticate
	p.gw.judge = func(a Authenticate) Authenticated {
		asked = append(asked, a)
		return Authenticated{Job: a.Job, Challenge: &Challenge{Prompt: "code?", State: []byte{byte(len(asked))}}}
	}
	p.login(accessUser, "pin")
	for range maxChallenges {
		p.answers(wire.CfgReply, wire.CfgOctets(wire.XAUTHPasscode, []byte("code")))
	}
	for i, a := range asked {
		if a.User != accessUser || (i > 0) != (a.Answers != nil) || i > 0 && a.Answers[0] != byte(i) {
			t.Errorf("question %d: user %q answers %x", i, a.User, a.Answers)
		}
	}
	if len(asked) != maxChallenges+1 || p.s.access.tries != 1 {
		t.Errorf("%d questions, %d passwords that are wrong, want %d and 1", len(asked), p.s.access.tries, maxChallenges+1)
	}
}

// TestBeforeXAUTH sends what has no place before a user has been proved. Nothing changes.
func TestBeforeXAUTH(t *testing.T) {
	offer := wire.NewSA(wire.Proposal{Number: 1, Protocol: wire.ProtoESP, SPI: []byte{1, 2, 3, 4}})
	for name, send := range map[string]func(*puppet){
		"mode configuration": func(p *puppet) { p.begins(wire.CfgRequest, wire.CfgEmpty(wire.CfgIP4Address)) },
		"a set": func(p *puppet) {
			p.begins(wire.CfgSet, wire.CfgAddr(wire.CfgIP4Address, netip.MustParseAddr("10.9.9.9")))
		},
		"XAUTH the wrong way":    func(p *puppet) { p.begins(wire.CfgRequest, wire.CfgEmpty(wire.XAUTHUserName)) },
		"success, by the client": func(p *puppet) { p.begins(wire.CfgSet, wire.CfgBasic(wire.XAUTHStatus, xauthOK)) },
		"a reply to nothing":     func(p *puppet) { p.begins(wire.CfgReply, wire.CfgOctets(wire.XAUTHUserName, []byte("ann"))) },
		"an ack to nothing":      func(p *puppet) { p.begins(wire.CfgAck) },
		"a set as a reply":       func(p *puppet) { p.answers(wire.CfgSet, wire.CfgBasic(wire.XAUTHStatus, xauthOK)) },
		"an ack as a reply":      func(p *puppet) { p.answers(wire.CfgAck) },
		"type 9":                 func(p *puppet) { p.begins(wire.CfgType(9)) },
		"quick mode": func(p *puppet) {
			p.say(wire.QuickMode, 5, p.s.transactionIV(5), offer, wire.Nonce{Data: make([]byte, 32)})
		},
		"no ATTR": func(p *puppet) { p.say(wire.Transaction, 5, p.s.transactionIV(5), wire.Nonce{Data: make([]byte, 32)}) },
		"two ATTRs, NONCE between": func(p *puppet) {
			p.say(wire.Transaction, 5, p.s.transactionIV(5), wire.Nonce{Data: make([]byte, 32)}, wire.Attributes{Cfg: 1})
		},
	} {
		p := newPuppet(t, ConfigRequest)
		before, refused := snapshotOf(p.gw.engine), len(p.gw.refused)
		send(p)
		if after := snapshotOf(p.gw.engine); after != before {
			t.Errorf("%s changed something: %s", name, firstDifference(before, after))
		}
		if len(p.gw.refused) != refused+1 {
			t.Errorf("%s was not refused", name)
		}
	}
}

// TestDeletesBeforeXAUTH: a client that goes away ends its own ISAKMP SA, and no other.
func TestDeletesBeforeXAUTH(t *testing.T) {
	p := newPuppet(t, NoConfigExchange)
	p.say(wire.Informational, 5, p.s.transactionIV(5), wire.DeleteISAKMP(p.s.cookieI, wire.Cookie{1}), wire.DeleteSA(wire.ProtoESP, 0x1000))
	if p.s.gone {
		t.Error("a delete of another ended the ISAKMP SA")
	}
	p.say(wire.Informational, 6, p.s.transactionIV(6), wire.DeleteISAKMP(p.s.cookieI, p.s.cookieR))
	if !p.s.gone {
		t.Error("a delete of its own did not end the ISAKMP SA")
	}
}

// TestManyTransactions: an authenticated client may ask as it likes; what is kept of it has
// a bound.
func TestManyTransactions(t *testing.T) {
	p := newPuppet(t, ConfigRequest)
	p.login(accessUser, accessPassword)
	p.answers(wire.CfgAck)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var list []wire.CfgAttribute
		for range rng.IntN(6) {
			kind := []wire.CfgAttributeType{wire.CfgAttributeType(rng.IntN(16)), wire.UnityBanner + wire.CfgAttributeType(rng.IntN(12)), wire.XAUTHType + wire.CfgAttributeType(rng.IntN(10))}[rng.IntN(3)]
			octets := make([]byte, rng.IntN(20))
			for i := range octets {
				octets[i] = byte(rng.Uint32())
			}
			list = append(list, wire.CfgOctets(kind, octets))
		}
		p.begins(wire.CfgType(rng.IntN(5)), list...)
		if n := len(p.s.access.transactions); n > maxTransactions || len(p.gw.engine.leases.of) > 1 {
			t.Fatalf("%d transactions are kept, %d leases", n, len(p.gw.engine.leases.of))
		}
	}
	p.gw.step(Reset{Quiet: true})
	if left := p.gw.engine.size(); left != (sizes{}) {
		t.Errorf("the gateway has %+v after the end", left)
	}
}

// TestUsedUpTransactions: the message IDs of transactions count like all others.
func TestUsedUpTransactions(t *testing.T) {
	p := newPuppet(t, ConfigRequest)
	for i := range wire.MessageID(maxMessageIDs) {
		p.s.used[1<<30+i] = struct{}{}
	}
	refused := len(p.gw.refused)
	p.begins(wire.CfgRequest, wire.CfgEmpty(wire.CfgIP4Address))
	if len(p.gw.refused) != refused+1 || categoryOf(p.gw.refused[refused]) != Limited {
		t.Errorf("refused %v, want %v", p.gw.refused[refused:], Limited)
	}
}

// TestRefusedAddress: an address that cannot be put to use ends what came with it.
func TestRefusedAddress(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	client := w.ends[1]
	i := slices.IndexFunc(client.events, func(o Output) bool { _, ok := o.(Configured); return ok })
	client.step(Failed{Output: client.events[i], Err: fmt.Errorf("no such interface")})
	w.run(time.Second)
	if len(client.engine.sas) != 0 || len(client.sas) != 0 || len(client.engine.given) != 0 || client.engine.Failures()[0].Category != DataplaneRefused.String() {
		t.Errorf("the client has %v and %v, failure %+v", client.engine.sas, client.sas, client.engine.Failures())
	}
	if len(w.ends[0].sas) != 0 {
		t.Errorf("the gateway has %v", w.ends[0].sas)
	}
}

// TestUserIdentity: a device with an identity of its own is a party with its user.
func TestUserIdentity(t *testing.T) {
	for method, want := range map[wire.AuthMethod]string{
		wire.AuthXAUTHInitPSK: `"ann"`, wire.AuthHybridInitRSA: `"ann"`, wire.AuthXAUTHInitRSA: `"ann" device`,
	} {
		s := &sa{method: methods[method], remoteID: "device", access: &access{user: "ann"}}
		if got := s.userIdentity(); got != want {
			t.Errorf("with %v the party is %s, want %s", method, got, want)
		}
	}
}

// TestLateAccess: XAUTH and mode configuration together may take longer than repetitions of
// phase 1 are answered for.
func TestLateAccess(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	gw, client := w.ends[0], w.ends[1]
	gw.judge, gw.events = nil, nil
	client.engine.current(party{peer: "peer"}).rekey()
	client.step(Tick{})
	w.run(58 * time.Second)
	acknowledged := false
	w.route = func(f flight) []flight {
		if f.to == gw && acknowledged {
			return nil
		}
		acknowledged = acknowledged || f.to == gw
		return []flight{f}
	}
	for _, out := range gw.events {
		if a, ok := out.(Authenticate); ok {
			gw.step(Authenticated{Job: a.Job, Granted: true})
		}
	}
	w.run(15 * time.Second)
	for _, s := range client.engine.sas {
		if !s.established && s.phase1 == nil {
			t.Error("when phase 1 began is forgotten before the SA takes its place among the others")
		}
	}
	w.route = nil
	w.run(30 * time.Second)
	if n := len(client.engine.sas); n != 2 || !client.engine.current(party{peer: "peer"}).established {
		t.Errorf("the client has %d ISAKMP SAs", n)
	}
	w.run(3 * time.Minute)
	for _, n := range w.ends {
		for _, s := range n.engine.sas {
			if s.phase1 != nil || !s.established {
				t.Errorf("%s: phase 1 is remembered %v, established %v", n.name, s.phase1 != nil, s.established)
			}
		}
	}
	w.mustEnd()
}

// TestClientSettles has a client without mode configuration, whose acknowledgement is all that
// establishes the gateway's SA: its quick mode leaves some time after that, also if more traffic
// asks for it, and one that waits when the gateway ends the SA is given up and tried again.
func TestClientSettles(t *testing.T) {
	quick := func(w *world) (at []time.Duration) {
		for _, f := range w.sent {
			if headerOf(f.in.Octets).Exchange == wire.QuickMode && f.to == w.ends[0] {
				at = append(at, f.at.Sub(kitStart))
			}
		}
		return at
	}
	for _, ended := range []bool{false, true} {
		w := newAccess(t, 1, NoConfigExchange)
		gateway, client := w.ends[0], w.ends[1]
		client.acquire()
		w.run(settleTime - 10*time.Millisecond)
		if gateway.engine.current(party{peer: "peer"}) == nil {
			t.Fatal("the gateway has no ISAKMP SA after XAUTH")
		}
		client.engine.released(party{peer: "peer"})
		client.acquire() // as another flow does
		w.run(0)
		if early := quick(w); len(early) != 0 {
			t.Errorf("quick modes %v after XAUTH, want none before %v", early, settleTime)
		}
		if ended {
			gateway.step(Reset{})
			w.run(time.Second)
			if w.carries() || len(client.engine.waiting) != 0 {
				t.Errorf("the gateway has ended the SA: a pair %v, still waiting %v", w.carries(), client.engine.waiting)
			}
			w.run(failureBackoff)
			client.acquire()
		}
		w.run(time.Second)
		if !w.carries() || len(quick(w)) == 0 {
			t.Errorf("ended %v: no pair", ended)
		}
		w.mustEnd()
	}
}
