package ike

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
	"sallyport/platform/netns/authority"
)

// user is a row of a table for the branch of the kit.
func kitUser(name string, t IDType, id, key string) *User {
	return &User{Name: name, IDType: t, ID: id, Key: secret.Octets(key)}
}

// kitKey is the key that both ends of the kit have.
const kitKey = "a-shared-secret-of-32-characters"

// withTable gives hq the keys of a table.
func withTable(users ...*User) func(string, *Config) {
	return func(name string, c *Config) {
		if name == "hq" {
			c.Policies[0].Peer.Key, c.Policies[0].Peer.UserTable = nil, 1
			c.UserTables = map[uint32]*UserTable{1: {Number: 1, Users: users}}
		}
	}
}

// TestWithdrawnUsers changes a user table under a tunnel: just that of a peer which would not get
// in any more, or with another key, goes down, and the peer is told. A successor sees it likewise.
func TestWithdrawnUsers(t *testing.T) {
	branch := kitUser("branch", IDAddress, "192.0.2.2", kitKey)
	other := kitUser("other", IDAddress, "192.0.2.77", kitKey)
	rest := kitUser("rest", IDAny, "", kitKey)
	for _, test := range []struct {
		name        string
		before, now []*User
		tunnels     int
	}{
		{"nothing", []*User{branch}, []*User{branch}, 1},
		{"the same, made anew", []*User{branch}, []*User{kitUser("branch", IDAddress, "192.0.2.2", kitKey)}, 1},
		{"another name", []*User{branch}, []*User{kitUser("b", IDAddress, "192.0.2.2", kitKey)}, 1},
		{"another user comes", []*User{branch}, []*User{branch, other}, 1},
		{"another user goes", []*User{branch, other}, []*User{branch}, 1},
		{"the user goes", []*User{branch, other}, []*User{other}, 0},
		{"all go", []*User{branch}, nil, 0},
		{"another key", []*User{branch}, []*User{kitUser("branch", IDAddress, "192.0.2.2", "another")}, 0},
		{"another ID", []*User{branch}, []*User{kitUser("branch", IDAddress, "192.0.2.3", kitKey)}, 0},
		{"the one for the rest stays", []*User{branch, rest}, []*User{rest}, 1},
		{"the one for the rest goes", []*User{other, rest}, []*User{other}, 0},
		{"one for it before that for the rest", []*User{rest}, []*User{branch, rest}, 1},
		{"one for it with another key before that for the rest", []*User{rest}, []*User{kitUser("b", IDAddress, "192.0.2.2", "another"), rest}, 0},
		{"two for it, the first goes", []*User{kitUser("a", IDAddress, "192.0.2.2", kitKey), kitUser("b", IDAddress, "192.0.2.2", "another")},
			[]*User{kitUser("b", IDAddress, "192.0.2.2", "another")}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := connected(t, 1, withTable(test.before...))
			w.ends[0].step(SetConfig{tableOf(w, test.now)})
			w.mustHave(test.tunnels)
			w.mustEnd()
		})
		t.Run(test.name+", of a successor", func(t *testing.T) {
			w := newWorld(t, 1, withTable(test.before...))
			hq := w.ends[0]
			hq.remembers()
			hq.acquire()
			w.run(time.Second)
			hq.kill()
			hq.config = tableOf(w, test.now)
			hq.succeed(2, hq.will())
			w.mustHave(test.tunnels)
			hq.step(SetConfig{tableOf(w, nil)})
			w.mustHave(0)
			w.mustEnd()
		})
	}
}

// tableOf is hq's configuration with another table.
func tableOf(w *world, users []*User) *Config {
	c := *w.ends[0].config
	c.UserTables = map[uint32]*UserTable{1: {Number: 1, Users: users}}
	return &c
}

// mustHave checks that both ends have so many tunnels.
func (w *world) mustHave(tunnels int) {
	w.t.Helper()
	w.run(time.Second)
	for _, n := range w.ends {
		if s := n.engine.size(); s.sas != tunnels || s.inbound != tunnels || len(n.sas) != 2*tunnels {
			w.t.Errorf("%s has %d ISAKMP SAs, %d pairs and %d SAs, want %d tunnels", n.name, s.sas, s.inbound, len(n.sas), tunnels)
		}
	}
}

// TestUserGoesMeanwhile has the row of a user go, or get another key, between the message that its
// key is found by and the one that proves it.
func TestUserGoesMeanwhile(t *testing.T) {
	branch := kitUser("branch", IDAddress, "192.0.2.2", kitKey)
	for name, now := range map[string][]*User{"it goes": nil, "it gets another key": {kitUser("branch", IDAddress, "192.0.2.2", "another")}} {
		w := newWorld(t, 1, func(name string, c *Config) {
			withTable(branch)(name, c)
			c.Policies[0].Peer.Mode = AggressiveMode
		})
		hq, seen := w.ends[0], 0
		w.before = func(f flight) {
			if f.to == hq {
				if seen++; seen == 2 {
					hq.step(SetConfig{tableOf(w, now)})
				}
			}
		}
		w.ends[1].acquire()
		w.run(time.Second)
		if s := hq.engine.size(); s.inbound != 0 || len(hq.engine.Status()) > 0 && hq.engine.Status()[0].Ready {
			t.Errorf("%s: the user got in: %+v", name, s)
		}
		if f := hq.engine.Failures(); len(f) == 0 || !strings.Contains(f[0].Reason, "no row of `ike user-table 1`") {
			t.Errorf("%s: failures %+v, want one that names the table", name, f)
		}
	}
}

// TestKeyring finds rows as pki.SameID does.
func TestKeyring(t *testing.T) {
	table := &UserTable{Users: []*User{
		kitUser("a", IDFQDN, "East.test", "a"), kitUser("b", IDFQDN, "east.TEST", "b"), kitUser("c", IDUserFQDN, "Ann@East.test", "c"),
		kitUser("d", IDKeyID, "East.test", "d"), kitUser("e", IDAddress, "192.0.2.2", "e"), kitUser("f", IDAddress, "", "f"), kitUser("k", IDFQDN, "\u212a.test", "k"),
		kitUser("m", IDUserFQDN, "a@b@East.test", "m"),
	}}
	withRest := &UserTable{Users: append(table.Users, kitUser("rest", IDAny, "", "rest"))}
	for _, test := range []struct {
		name string
		id   wire.ID
		want string // name of the row; empty: none
	}{
		{"a host's name, the first of two", wire.FQDNID("EAST.test"), "a"},
		{"a letter that only Unicode takes for K", wire.FQDNID("\u212a.TEST"), "k"},
		{"K itself", wire.FQDNID("K.test"), ""},
		{"a user whose name has an @", wire.UserFQDNID("a@b@EAST.test"), "m"},
		{"which has a case", wire.UserFQDNID("a@B@east.test"), ""},
		{"a user at a host", wire.UserFQDNID("Ann@east.TEST"), "c"},
		{"a user has a case", wire.UserFQDNID("ann@East.test"), ""},
		{"a user without a host", wire.UserFQDNID("Ann"), ""},
		{"a name of a group", wire.KeyIDID([]byte("East.test")), "d"},
		{"a group's name has a case", wire.KeyIDID([]byte("east.test")), ""},
		{"an address", wire.AddrID(kitAddr(1)), "e"},
		{"another address", wire.AddrID(kitAddr(0)), ""},
	} {
		for _, of := range []*UserTable{table, withRest} {
			want := test.want
			if want == "" && of == withRest {
				want = "rest"
			}
			e, got := New(&Config{UserTables: map[uint32]*UserTable{1: of}}, nil), ""
			if u := e.user(&Peer{UserTable: 1}, test.id); u != nil {
				got = u.Name
			}
			if got != want {
				t.Errorf("%s: user() is %q, want %q", test.name, got, want)
			}
		}
	}
}

// A registry is an authority, another one, and what they have issued.
type registry struct {
	t         testing.TB
	ca, other *authority.CA
	issued    map[string]*authority.Credential
}

func newRegistry(t testing.TB) *registry {
	r := &registry{t: t, ca: authority.New(t, "ca"), other: authority.New(t, "other"), issued: map[string]*authority.Credential{}}
	r.issued["hq"] = r.ca.Issue(authority.Request{Name: "hq", Key: authority.ECDSA})
	r.issued["branch"] = r.ca.Issue(authority.Request{Name: "branch", Key: authority.ECDSA})
	return r
}

// credential is what an end signs with.
func (r *registry) credential(c *authority.Credential) *pki.Credential {
	key, err := pki.ParseKey(secret.Octets(c.KeyPEM()))
	if err != nil {
		r.t.Fatal(err)
	}
	chain, err := pki.ParseCertificates(secret.Octets(c.ChainPEM()))
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := pki.NewCredential(chain, key)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// domain trusts authorities, with the list of the first.
func (r *registry) domain(name string, rule pki.Revocation, trusted ...*authority.CA) pki.Domain {
	d := pki.Domain{Name: name, Revocation: rule}
	for _, ca := range trusted {
		d.Authorities = append(d.Authorities, ca.Credential().Certificate)
	}
	if rule != pki.RevocationNone {
		list, err := pki.ParseCRL(secret.Octets(r.ca.CRLPEM()))
		if err != nil {
			r.t.Fatal(err)
		}
		d.CRLs = []*x509.RevocationList{list}
	}
	return d
}

// world is two ends that trust the authority, each with its certificate.
func (r *registry) world() *world {
	w := newWorld(r.t, 1, func(name string, c *Config) {
		c.Proposals[0].Method = wire.AuthECDSA256
		c.Credentials = map[string]*pki.Credential{name: r.credential(r.issued[name])}
		c.Store = r.store(r.domain("vpn", pki.RevocationCRL, r.ca))
		p := c.Policies[0].Peer
		p.Key, p.LocalIDType, p.RemoteIDType = nil, IDDN, IDAny
	})
	w.now = time.Now() // the certificates are of today
	return w
}

func (r *registry) store(domains ...pki.Domain) *pki.Store {
	store, err := pki.NewStore(domains...)
	if err != nil {
		r.t.Fatal(err)
	}
	return store
}

// TestWithdrawnCertificates changes what is trusted under a tunnel, in the engine that made it and
// in a successor.
func TestWithdrawnCertificates(t *testing.T) {
	for _, test := range []struct {
		name    string
		now     func(*registry) []pki.Domain
		tunnels int
		told    string
	}{
		{"nothing", func(r *registry) []pki.Domain { return []pki.Domain{r.domain("vpn", pki.RevocationCRL, r.ca)} }, 1, ""},
		{"another authority besides", func(r *registry) []pki.Domain { return []pki.Domain{r.domain("vpn", pki.RevocationCRL, r.other, r.ca)} }, 1, ""},
		{"the domain has another name", func(r *registry) []pki.Domain { return []pki.Domain{r.domain("other", pki.RevocationCRL, r.ca)} }, 1, ""},
		{"the list is not there any more", func(r *registry) []pki.Domain {
			d := r.domain("vpn", pki.RevocationCRL, r.ca)
			d.CRLs = nil
			return []pki.Domain{d}
		}, 1, ""},
		{"the authority goes", func(r *registry) []pki.Domain { return []pki.Domain{r.domain("vpn", pki.RevocationCRL, r.other)} }, 0, "`pki import-certificate ca`"},
		{"one of the same name comes for it", func(r *registry) []pki.Domain {
			return []pki.Domain{r.domain("vpn", pki.RevocationCRL, r.ca.Impostor())}
		}, 0,
			"CN=ca is trusted no more"},
		{"the domain goes", func(*registry) []pki.Domain { return nil }, 0, "trusted no more"},
		{"the peer is revoked", func(r *registry) []pki.Domain {
			r.ca.Revoke(r.issued["branch"])
			return []pki.Domain{r.domain("vpn", pki.RevocationCRL, r.ca)}
		}, 0, "revoked on "},
		{"the peer is revoked, lists come before a responder", func(r *registry) []pki.Domain {
			r.ca.Revoke(r.issued["branch"])
			return []pki.Domain{r.domain("vpn", pki.RevocationCRLOrOCSP, r.ca)}
		}, 0, "`pki import-crl`"},
		{"the peer is revoked, and lists do not count", func(r *registry) []pki.Domain {
			r.ca.Revoke(r.issued["branch"])
			d := r.domain("vpn", pki.RevocationCRL, r.ca)
			d.Revocation = pki.RevocationNone
			return []pki.Domain{d}
		}, 1, ""},
		{"another is revoked", func(r *registry) []pki.Domain {
			r.ca.Revoke(r.issued["hq"])
			return []pki.Domain{r.domain("vpn", pki.RevocationCRL, r.ca)}
		}, 1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRegistry(t)
			w := r.world()
			w.ends[0].acquire()
			w.mustHave(1)
			w.ends[0].step(SetConfig{trusting(w.ends[0].config, r.store(test.now(r)...))})
			w.mustHave(test.tunnels)
			w.ends[0].mustSay(test.told)
			w.mustEnd()
		})
		t.Run(test.name+", of a successor", func(t *testing.T) {
			r := newRegistry(t)
			w := r.world()
			hq := w.ends[0]
			hq.remembers()
			hq.acquire()
			w.mustHave(1)
			hq.kill()
			hq.config = trusting(hq.config, r.store(test.now(r)...))
			hq.succeed(2, hq.will())
			w.mustHave(test.tunnels)
			hq.mustSay(test.told)
			w.mustEnd()
		})
	}
}

// trusting is a configuration with other domains.
func trusting(c *Config, store *pki.Store) *Config {
	out := *c
	out.Store = store
	return &out
}

// mustSay checks that the only failure holds some words; without words, that there is none.
func (n *end) mustSay(words string) {
	n.w.t.Helper()
	f := n.engine.Failures()
	if words == "" && len(f) > 0 || words != "" && (len(f) != 1 || !strings.Contains(f[0].Reason, words)) {
		n.w.t.Errorf("failures are %+v, want %q", f, words)
	}
}

// TestRevokedAbove withdraws the certificate of an authority between.
func TestRevokedAbove(t *testing.T) {
	r := newRegistry(t)
	between := r.ca.Subordinate("between")
	r.issued["branch"] = between.Issue(authority.Request{Name: "branch", Key: authority.ECDSA})
	w := r.world()
	hq := w.ends[0]
	lists := func() *pki.Store {
		d := r.domain("vpn", pki.RevocationCRL, r.ca)
		list, err := pki.ParseCRL(secret.Octets(between.CRLPEM()))
		if err != nil {
			t.Fatal(err)
		}
		d.CRLs, d.Intermediates = append(d.CRLs, list), []*x509.Certificate{between.Credential().Certificate}
		return r.store(d)
	}
	hq.config = trusting(hq.config, lists())
	hq.step(SetConfig{hq.config})
	hq.acquire()
	w.mustHave(1)
	r.ca.Revoke(between.Credential())
	hq.step(SetConfig{trusting(hq.config, lists())})
	w.mustHave(0)
	hq.mustSay("revoked on ")
}

// TestRevokedMeanwhile has a certificate revoked while it is judged by an older list.
func TestRevokedMeanwhile(t *testing.T) {
	r := newRegistry(t)
	w := r.world()
	hq := w.ends[0]
	r.ca.Revoke(r.issued["branch"])
	revoked := trusting(hq.config, r.store(r.domain("vpn", pki.RevocationCRL, r.ca)))
	hq.compute = true
	hq.acquire()
	judged := false
	for range 40 {
		w.run(10 * time.Millisecond)
		for len(hq.computing) > 0 {
			c := hq.computing[0]
			hq.computing = hq.computing[1:]
			if _, is := c.Work.(Verification); is && !judged {
				judged = true
				hq.step(SetConfig{revoked})
			}
			hq.step(Computed{c.Job, c.Work.Do()})
		}
	}
	if s := hq.engine.size(); !judged || s.sas != 0 || s.inbound != 0 {
		t.Errorf("judged %v: %+v is there", judged, s)
	}
}

// TestLateRecheck has what was found of one version of what is trusted come when there is another.
func TestLateRecheck(t *testing.T) {
	r := newRegistry(t)
	w := r.world()
	hq := w.ends[0]
	hq.acquire()
	w.mustHave(1)
	hq.compute = true
	hq.step(SetConfig{trusting(hq.config, nil)})
	late := hq.computing[0]
	hq.computing, hq.compute = nil, false
	hq.step(SetConfig{hq.config})
	hq.step(Computed{late.Job, late.Work.Do()})
	w.mustHave(1)
	w.mustEnd()
}

// TestOurCertificateGoes replaces ISAKMP SAs for which we signed with a certificate that is not
// there any more; pairs stay.
func TestOurCertificateGoes(t *testing.T) {
	for _, test := range []struct {
		name  string
		now   func(*registry) map[string]*pki.Credential
		fresh bool
	}{
		{"made anew", func(r *registry) map[string]*pki.Credential {
			return map[string]*pki.Credential{"hq": r.credential(r.issued["hq"])}
		}, false},
		{"another besides", func(r *registry) map[string]*pki.Credential {
			return map[string]*pki.Credential{"hq": r.credential(r.issued["hq"]), "a": r.credential(r.issued["branch"])}
		}, false},
		{"another in its place", func(r *registry) map[string]*pki.Credential {
			return map[string]*pki.Credential{"hq": r.credential(r.ca.Issue(authority.Request{Name: "hq", Key: authority.ECDSA}))}
		}, true},
		{"another under another name", func(r *registry) map[string]*pki.Credential {
			return map[string]*pki.Credential{"new": r.credential(r.ca.Issue(authority.Request{Name: "hq", Key: authority.ECDSA}))}
		}, true},
		{"none", func(*registry) map[string]*pki.Credential { return nil }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRegistry(t)
			w := r.world()
			hq := w.ends[0]
			hq.acquire()
			w.mustHave(1)
			before := hq.engine.Status()[0]
			c := *hq.config
			c.Credentials = test.now(r)
			hq.step(SetConfig{&c})
			w.run(2 * time.Minute)
			now := hq.engine.Status()[0]
			if fresh := now.Cookies != before.Cookies; fresh != test.fresh {
				t.Errorf("a fresh ISAKMP SA: %v, want %v", fresh, test.fresh)
			}
			if len(now.Children) != 1 || now.Children[0].ConnectionID != before.Children[0].ConnectionID {
				t.Errorf("the pairs are %+v, want the one that was there", now.Children)
			}
		})
	}
}

// TestRevocationNamesLines is what an operator is told of a peer whose revocation cannot be looked up.
func TestRevocationNamesLines(t *testing.T) {
	r := newRegistry(t)
	w := r.world()
	d := r.domain("vpn", pki.RevocationCRL, r.ca)
	d.CRLs = nil
	w.ends[1].step(SetConfig{trusting(w.ends[1].config, r.store(d))})
	w.ends[0].acquire()
	w.run(time.Second)
	w.ends[1].mustSay("no revocation list of /C=ZZ/O=interop/CN=ca is there; `certificate-check crl` of pki domain vpn wants a current list: `pki import-crl` brings one")
}
