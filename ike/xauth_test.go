package ike

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// TestUserAnswers is what a client says to the questions of gateways.
func TestUserAnswers(t *testing.T) {
	list := func(all ...wire.CfgAttribute) wire.Attributes {
		return wire.Attributes{Cfg: wire.CfgRequest, List: all}
	}
	name, password := wire.CfgEmpty(wire.XAUTHUserName), wire.CfgEmpty(wire.XAUTHUserPassword)
	kind := func(m wire.XAUTHMethod) wire.CfgAttribute { return wire.CfgBasic(wire.XAUTHType, uint16(m)) }
	for _, test := range []struct {
		what     string
		asked    wire.Attributes
		answered bool
		want     string // the answer
		reason   string // part of why there is none
	}{
		{"name and password", list(name, password), false, "ATTR[reply xauth-user-name=ann xauth-user-password=******]", ""},
		{"generic", list(kind(wire.XAUTHGeneric), name, password), false, "ATTR[reply xauth-type=0 xauth-user-name=ann xauth-user-password=******]", ""},
		{"any type", list(wire.CfgEmpty(wire.XAUTHType), name), false, "ATTR[reply xauth-type=0 xauth-user-name=ann]", ""},
		{"a one-time password", list(kind(wire.XAUTHOTP), name, wire.CfgEmpty(wire.XAUTHPasscode)), false, "ATTR[reply xauth-type=2 xauth-user-name=ann xauth-passcode=******]", ""},
		{"a domain", list(name, wire.CfgEmpty(wire.XAUTHDomain), password), false, "ATTR[reply xauth-user-name=ann xauth-user-password=******]", ""},
		{"the name after the password", list(name), true, "ATTR[reply xauth-user-name=ann]", ""},
		{"CHAP", list(kind(wire.XAUTHCHAP), wire.CfgEmpty(wire.XAUTHChallenge), name, password), false, "", "type chap"},
		{"the password again", list(name, password), true, "", "`client-authentication xauth user` of ike peer peer is wrong"},
		{"more", list(wire.CfgOctets(wire.XAUTHMessage, []byte("token\n?")), password), true, "", `"token\\x0a?"`},
		{"a new PIN", list(wire.CfgEmpty(wire.XAUTHNextPIN)), false, "", "xauth-next-pin"},
		{"an answer", list(wire.CfgEmpty(wire.XAUTHAnswer)), false, "", "xauth-answer"},
	} {
		s := &sa{peer: &Peer{Name: "peer", User: "ann", Password: secret.Octets("sesame")}, access: &access{answered: test.answered}}
		answer, reason := s.userAnswers(test.asked)
		got := ""
		if reason == "" {
			got = wire.Attributes{Cfg: wire.CfgReply, List: answer}.String()
		}
		if got != test.want || (reason == "") != (test.reason == "") || !strings.Contains(reason, test.reason) {
			t.Errorf("%s: %s, %q, want %s, %q", test.what, got, reason, test.want, test.reason)
		}
	}
}

// TestGatewayThatOnlySaysYes: a gateway may go on without a question, as after a phase 1
// of before.
func TestGatewayThatOnlySaysYes(t *testing.T) {
	for status, want := range map[uint16]bool{xauthOK: true, xauthFail: false} {
		w := newAccess(t, 1, NoConfigExchange)
		silent := func(f flight) []flight {
			if wire.ExchangeType(f.in.Octets[18]) == wire.Transaction {
				return nil
			}
			return []flight{f}
		}
		w.route = silent
		w.ends[1].acquire()
		w.run(time.Second)
		w.route = nil
		client := w.ends[1]
		for _, s := range client.engine.sas {
			p := &puppet{w: w, gw: client, s: s, next: 99}
			p.begins(wire.CfgSet, wire.CfgBasic(wire.XAUTHStatus, status), wire.CfgOctets(wire.XAUTHMessage, []byte("come in")))
			if s.established != want {
				t.Errorf("status %d: established %v", status, s.established)
			}
		}
		said := 0
		for _, out := range client.events {
			if told, ok := out.(Told); ok && told.Text == "come in" {
				said++
			}
		}
		if said != 1 {
			t.Errorf("status %d: the message was told %d times, want once", status, said)
		}
		w.run(farewell + time.Second)
		if len(client.engine.sas) != 0 != want {
			t.Errorf("status %d: %d ISAKMP SAs after a while", status, len(client.engine.sas))
		}
	}
}

// TestRefusedUserWaits: traffic does not bring a wrong password to the gateway time and again.
func TestRefusedUserWaits(t *testing.T) {
	w := newAccess(t, 1, NoConfigExchange)
	asked := 0
	w.ends[0].judge = func(a Authenticate) Authenticated { asked++; return Authenticated{Job: a.Job, Reason: "wrong"} }
	for range 5 * 60 {
		w.ends[1].acquire()
		w.run(time.Second)
	}
	if asked < 2 || asked > 6 {
		t.Errorf("the password was tried %d times in five minutes", asked)
	}
}

// TestLateVerdict: what is said of a user after the ISAKMP SA has gone is for nobody.
func TestLateVerdict(t *testing.T) {
	w := newAccess(t, 1, NoConfigExchange)
	gw := w.ends[0]
	gw.judge = nil
	w.ends[1].acquire()
	w.run(time.Second)
	var job uint64
	for _, out := range gw.events {
		if a, ok := out.(Authenticate); ok {
			job = a.Job
		}
	}
	if job == 0 || len(gw.engine.logins) != 1 {
		t.Fatalf("job %d, %d logins", job, len(gw.engine.logins))
	}
	gw.step(Authenticated{Job: job + 1, Granted: true})
	if len(gw.engine.logins) != 1 {
		t.Error("another's verdict was taken")
	}
	w.run(loginTime + time.Second)
	before := snapshotOf(gw.engine)
	gw.step(Authenticated{Job: job, Granted: true})
	if after := snapshotOf(gw.engine); after != before || len(gw.engine.sas) != 0 {
		t.Error("a late verdict changed something")
	}
}

// TestUserNames: names that are none are wrong passwords, not errors of the protocol.
func TestUserNames(t *testing.T) {
	for _, name := range []string{"", "a\x00b", strings.Repeat("n", 257)} {
		p := newPuppet(t, NoConfigExchange)
		p.login(name, accessPassword)
		if p.s.access.tries != 1 || len(p.gw.engine.logins) != 0 || p.pending() == nil {
			t.Errorf("%q: %d wrong passwords, %d logins", name, p.s.access.tries, len(p.gw.engine.logins))
		}
	}
	p := newPuppet(t, NoConfigExchange)
	p.answers(wire.CfgReply)
	if f := p.gw.engine.Failures(); len(f) != 1 || !strings.Contains(f[0].Reason, "xauth-user-name") {
		t.Errorf("without a name: %s", fmt.Sprint(f))
	}
}
