package ike

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// kitCredential reads a certificate of the sessions with its key.
func kitCredential(t testing.TB, name string) *pki.Credential {
	t.Helper()
	b := kitFile(t, name)
	key, err := pki.ParseKey(secret.Octets(b))
	if err != nil {
		t.Fatal(err)
	}
	chain, err := pki.ParseCertificates(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pki.NewCredential(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func kitFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("iketest", "testdata", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// kitStore trusts an authority of the sessions, in a domain of its name.
func kitStore(t testing.TB, names ...string) *pki.Store {
	t.Helper()
	var domains []pki.Domain
	for _, name := range names {
		authorities, err := pki.ParseCertificates(kitFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		domains = append(domains, pki.Domain{Name: name, Authorities: authorities, Revocation: pki.RevocationNone})
	}
	store, err := pki.NewStore(domains...)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// signingWorld makes both ends prove themselves by ECDSA certificates.
func signingWorld(t testing.TB, mode ExchangeMode) func(string, *Config) {
	credentials := map[string]*pki.Credential{"hq": kitCredential(t, "hq-ec"), "branch": kitCredential(t, "branch-ec")}
	store := kitStore(t, "authority")
	return func(name string, c *Config) {
		c.Proposals[0].Method = wire.AuthECDSA256
		c.Credentials, c.Store = map[string]*pki.Credential{name: credentials[name]}, store
		p := c.Policies[0].Peer
		p.Mode, p.Key, p.LocalIDType, p.RemoteIDType, p.RemoteName = mode, nil, IDDN, IDFQDN, "branch.test"
		if name == "branch" {
			p.LocalIDType, p.RemoteIDType, p.RemoteName = IDFQDN, IDDN, "/C=ZZ/O=throw-away/CN=hq-ec"
			p.LocalID = "branch.test"
		}
	}
}

// TestAlteredCertificates spoils the messages of a negotiation with signatures before the genuine
// ones arrive, which then must still do their work.
func TestAlteredCertificates(t *testing.T) {
	tried := 0
	for seed := range uint64(12) {
		w := newWorld(t, seed, signingWorld(t, ExchangeMode(seed%2)))
		a := newAttacker(t, w, seed)
		w.before = func(f flight) {
			for range 8 {
				d := f.in
				if d.Octets = a.altered(f.in.Octets); cookieR(f.in.Octets) != (wire.Cookie{}) && !bytes.Equal(d.Octets, f.in.Octets) && !a.tainted {
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
		if !w.agree() {
			w.ends[0].step(Reset{})
			w.persist(time.Minute)
		}
		w.mustAgree()
		w.mustEnd()
		tried += a.tried
	}
	t.Logf("%d injections", tried)
}

// TestWhileVerifying lets things happen while a signature is made or checked elsewhere: the message
// comes again, the SA is reset, the result comes late.
func TestWhileVerifying(t *testing.T) {
	for _, mode := range []ExchangeMode{MainMode, AggressiveMode} {
		w := newWorld(t, 1, signingWorld(t, mode))
		for _, n := range w.ends {
			n.compute = true
		}
		w.ends[0].acquire()
		works := 0
		for range 40 {
			w.run(10 * time.Millisecond)
			for _, n := range w.ends {
				for i := len(n.computing); i > 0; i-- {
					c := n.computing[0]
					n.computing = n.computing[1:]
					if len(w.sent) > 0 && w.sent[len(w.sent)-1].to == n {
						n.step(w.sent[len(w.sent)-1].in) // again, in the middle of it
					}
					result := c.Work.Do()
					n.step(Computed{c.Job, result})
					n.step(Computed{c.Job, result})
					works++
				}
			}
		}
		w.mustAgree()
		if works != 7 { // a signature and its check each, a Diffie-Hellman as responder and two as initiator
			t.Errorf("mode %d: %d works", mode, works)
		}
		w.mustEnd()
	}
}

// TestForgottenWork resets both ends after each piece of work that is under way.
func TestForgottenWork(t *testing.T) {
	for _, mode := range []ExchangeMode{MainMode, AggressiveMode} {
		for after := range 8 {
			w := newWorld(t, 1, signingWorld(t, mode))
			for _, n := range w.ends {
				n.compute = true
			}
			w.ends[0].acquire()
			for range after {
				w.run(10 * time.Millisecond)
				for _, n := range w.ends {
					if len(n.computing) > 0 {
						c := n.computing[0]
						n.computing = n.computing[1:]
						n.step(Computed{c.Job, c.Work.Do()})
						break
					}
				}
			}
			late := [2][]Compute{w.ends[0].computing, w.ends[1].computing}
			for _, n := range w.ends {
				n.step(Reset{Quiet: true})
			}
			for i, n := range w.ends {
				for _, c := range late[i] {
					n.step(Computed{c.Job, c.Work.Do()})
				}
			}
			w.mustEnd()
		}
	}
}

// TestRefusedCertificateChangesNothing compares the engine before and after a message whose
// certificate or signature is refused, and counts what the peer is told.
func TestRefusedCertificateChangesNothing(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*Config) // of the branch
		told  wire.NotifyType
		hint  string
	}{
		{"another authority", func(c *Config) { c.Store = kitStore(t, "other-authority") }, wire.InvalidCertAuthority, "`pki import-certificate ca`"},
		{"no authority", func(c *Config) { c.Store = nil }, wire.InvalidCertAuthority, "no domain is configured"},
		{"another domain", func(c *Config) {
			c.Store = kitStore(t, "authority", "other-authority")
			c.Policies[0].Peer.Domain = "other-authority"
		}, wire.InvalidCertAuthority, "pki domain other-authority"},
		{"another name", func(c *Config) { c.Policies[0].Peer.RemoteName = "/CN=other" }, wire.InvalidIDInformation, "`remote-id`"},
	} {
		w := newWorld(t, 1, func(name string, c *Config) {
			signingWorld(t, MainMode)(name, c)
			if name == "branch" {
				test.spoil(c)
			}
		})
		branch := w.ends[1]
		told := 0
		before := ""
		w.before = func(f flight) {
			if f.to == branch && encrypted(f.in.Octets) {
				before = snapshotOf(branch.engine)
			}
		}
		w.after = func(f flight) {
			if f.to != branch || !encrypted(f.in.Octets) {
				return
			}
			if now := snapshotOf(branch.engine); now != before {
				t.Errorf("%s: changed: %s", test.name, firstDifference(before, now))
			}
		}
		w.ends[0].acquire()
		w.run(20 * time.Second)
		for _, o := range branch.events {
			if m, ok := o.(MessageSent); ok && m.Message.Exchange == wire.Informational {
				told++
				if n, ok := m.Message.Payloads[1].(wire.Notify); !ok || n.Notify != test.told || m.Message.Flags&wire.FlagEncrypted == 0 {
					t.Errorf("%s: the peer is told %v, want %v under the keys", test.name, m.Message, test.told)
				}
			}
		}
		if told != 1 || before == "" {
			t.Errorf("%s: the peer is told %d times, want once", test.name, told)
		}
		if f := branch.engine.Failures(); len(f) != 1 || !strings.Contains(f[0].Reason, test.hint) {
			t.Errorf("%s: failures are %+v, want one with %q", test.name, f, test.hint)
		}
	}
}

// TestPeerByCertificate has two peers at one range of addresses who prove themselves by
// certificates of two domains: it is the identity that says which domain counts.
func TestPeerByCertificate(t *testing.T) {
	store := kitStore(t, "other-authority", "authority")
	for _, test := range []struct {
		name  string
		peers []Peer
		want  string
	}{
		{"its domain", []Peer{{Name: "a", RemoteName: "a.test", Domain: "other-authority"}, {Name: "b", RemoteName: "hq.test", Domain: "authority"}}, "b"},
		{"another's domain", []Peer{{Name: "a", RemoteName: "a.test", Domain: "authority"}, {Name: "b", RemoteName: "hq.test", Domain: "other-authority"}}, ""},
		{"any domain", []Peer{{Name: "a", RemoteName: "hq.test"}}, "a"},
	} {
		for _, mode := range []ExchangeMode{MainMode, AggressiveMode} {
			w := newWorld(t, 1, func(name string, c *Config) {
				signingWorld(t, mode)(name, c)
				if p := c.Policies[0].Peer; name == "hq" {
					p.LocalIDType, p.LocalID, p.RemoteIDType = IDFQDN, "hq.test", IDAny
					return
				}
				for i := range test.peers {
					test.peers[i].Mode, test.peers[i].LocalIDType = mode, IDDN
				}
				c.Store = store
				manyPeers(c, test.peers...)
			})
			w.ends[0].acquire()
			w.run(time.Second)
			got := ""
			for _, s := range w.ends[1].engine.sasSorted() {
				if s.proved {
					got = s.peer.Name
				}
			}
			if got != test.want {
				t.Errorf("%s, mode %d: the peer is %q, want %q; refused %v", test.name, mode, got, test.want, w.ends[1].refused)
			}
		}
	}
}

// TestCredentialByRequest chooses among our certificates.
func TestCredentialByRequest(t *testing.T) {
	all := map[string]*pki.Credential{"branch": kitCredential(t, "branch"), "foreign": kitCredential(t, "foreign"), "hq-ec": kitCredential(t, "hq-ec")}
	ask := func(authority string) []wire.CertificateRequest { return kitStore(t, authority).Requests("") }
	for _, test := range []struct {
		name      string
		named     string
		method    wire.AuthMethod
		requested []wire.CertificateRequest
		want      string
	}{
		{"nothing is asked for", "", wire.AuthRSA, nil, "branch"},
		{"by its authority", "", wire.AuthRSA, ask("authority"), "branch"},
		{"by another", "", wire.AuthRSA, ask("other-authority"), "foreign"},
		{"by name, whatever is asked for", "foreign", wire.AuthRSA, ask("authority"), "foreign"},
		{"of the method", "", wire.AuthECDSA256, ask("other-authority"), "hq-ec"},
		{"none of the method", "", wire.AuthECDSA384, nil, ""},
		{"not of the method", "hq-ec", wire.AuthRSA, nil, ""},
		{"not there", "gone", wire.AuthRSA, nil, ""},
	} {
		e := New(&Config{Credentials: all}, nil)
		x := &handshake{exchange: exchange{engine: e, sa: &sa{engine: e, peer: &Peer{Name: "p", Certificate: test.named}, authMethod: test.method}},
			claim: claim{requested: test.requested}}
		got, err := x.credential()
		if got != all[test.want] || (err != nil) != (test.want == "") {
			t.Errorf("%s: credential() = %v, %v, want %s", test.name, got, err, test.want)
		}
	}
}

// TestCertificateRequestsAnywhere takes certificate requests of a recorded message 4, which is
// where strongSwan has them.
func TestCertificateRequestsAnywhere(t *testing.T) {
	for _, m := range recorded.Load(t, "cert-main").SAs[0].Messages {
		parsed, err := wire.Parse(m.Raw)
		if err != nil || len(certificateRequests(parsed)) == 0 {
			continue
		}
		x := &handshake{exchange: exchange{sa: &sa{peer: &Peer{}}}}
		x.knows(parsed)
		if len(x.claim.requested) != 1 {
			t.Errorf("%d requests are kept, want 1", len(x.claim.requested))
		}
		return
	}
	t.Error("no message with a certificate request")
}

// TestDomainAskedFor looks at whose authorities the peer is asked for, as long as it may be any of
// several.
func TestDomainAskedFor(t *testing.T) {
	a, b := &Peer{Name: "a", Domain: "one"}, &Peer{Name: "b", Domain: "two"}
	for _, test := range []struct {
		candidates []*Peer
		want       string
	}{{nil, "one"}, {[]*Peer{a}, "one"}, {[]*Peer{a, b}, ""}, {[]*Peer{a, {Name: "c"}}, ""}} {
		x := &handshake{exchange: exchange{sa: &sa{peer: a}}, candidates: test.candidates}
		if got := x.domain(); got != test.want {
			t.Errorf("with %d candidates the domain is %q, want %q", len(test.candidates), got, test.want)
		}
	}
}
