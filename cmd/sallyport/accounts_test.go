package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/commands"
	"sallyport/ipsec/secret"
	"sallyport/shell/sshd"
)

// A porter is accounts whose clock the test sets, and what they have logged.
type porter struct {
	*accounts
	t      testing.TB
	config *commands.Config

	mu     sync.Mutex
	time   time.Time
	logged []string
}

// newPorter returns accounts with anna, who may come in by password.
func newPorter(t testing.TB) *porter {
	p := &porter{t: t, time: time.Date(2026, 5, 7, 11, 40, 2, 0, time.UTC), config: commands.New()}
	p.accounts = makeAccounts(p.clock, p.write)
	p.add(commands.LocalUser{Name: "anna", Password: p.hash("right"), Level: 15, SSH: true})
	p.accounts.config.Store(p.config)
	return p
}

func (p *porter) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.time
}

func (p *porter) wait(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.time = p.time.Add(d)
}

func (p *porter) write(e entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logged = append(p.logged, e.text)
}

// log returns what was logged, and forgets it.
func (p *porter) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := strings.Join(p.logged, "\n")
	p.logged = nil
	return text
}

func (p *porter) add(u commands.LocalUser) { p.config.Management.Users[u.Name] = &u }

func (p *porter) hash(password string) string {
	p.t.Helper()
	stored, err := p.Hash(secret.Octets(password))
	if err != nil {
		p.t.Fatal(err)
	}
	return stored
}

// assign gives a user a key and a method.
func (p *porter) assign(name, method string, key gossh.PublicKey) {
	p.config.Management.Keys["k"+name] = &commands.PublicKey{Name: "k" + name, Text: string(gossh.MarshalAuthorizedKey(key))}
	p.config.Management.SSHUsers[name] = &commands.SSHUser{Name: name, Authentication: method, Key: "k" + name}
}

// from is a login of a user from an address.
func from(user, address string) sshd.Login {
	return sshd.Login{User: user, Source: netip.AddrPortFrom(netip.MustParseAddr(address), 4711)}
}

// try tries a password from 192.0.2.1.
func (p *porter) try(user, password string) sshd.Verdict {
	return p.password(from(user, "192.0.2.1"), secret.Octets(password))
}

// publicKey makes a key of a family.
func publicKey(t testing.TB, family string) gossh.PublicKey {
	t.Helper()
	var public any
	switch family {
	case "ed25519":
		public, _, _ = ed25519.GenerateKey(rand.Reader) // never fails: see crypto/rand
	case "ecc":
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		public = private.Public()
	}
	key, err := gossh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPassword(t *testing.T) {
	p := newPorter(t)
	stored := p.hash("right")
	key := publicKey(t, "ed25519")
	p.add(commands.LocalUser{Name: "terminal", Password: stored, Terminal: true})
	p.add(commands.LocalUser{Name: "blocked", Password: stored, SSH: true, Blocked: true})
	p.add(commands.LocalUser{Name: "empty", SSH: true})
	p.add(commands.LocalUser{Name: "plain", Password: "right", SSH: true})
	p.add(commands.LocalUser{Name: "keyed", Password: stored, SSH: true})
	p.assign("keyed", "ed25519", key)
	p.add(commands.LocalUser{Name: "either", Password: stored, SSH: true})
	p.assign("either", "all", key)
	p.add(commands.LocalUser{Name: "both", Password: stored, SSH: true})
	p.assign("both", "password-publickey", key)
	p.assign("stranger", "all", key)
	for i, test := range []struct {
		user, password string
		want           sshd.Verdict
	}{
		{"anna", "right", sshd.Accepted},
		{"anna", "wrong", sshd.Refused},
		{"anna", "", sshd.Refused},
		{"nobody", "right", sshd.Refused},
		{"", "", sshd.Refused},
		{"terminal", "right", sshd.Refused},
		{"blocked", "right", sshd.Refused},
		{"empty", "", sshd.Refused},
		{"plain", "right", sshd.Refused},
		{"keyed", "right", sshd.Refused},
		{"either", "right", sshd.Accepted},
		{"both", "right", sshd.Half},
		{"stranger", "right", sshd.Refused},
	} {
		p.wait(lockWithin * time.Duration(i)) // no lock-out here
		if got := p.try(test.user, test.password); got != test.want {
			t.Errorf("password(%q, %q) = %v, want %v", test.user, test.password, got, test.want)
		}
	}
}

func TestKey(t *testing.T) {
	p := newPorter(t)
	key, ecc := publicKey(t, "ed25519"), publicKey(t, "ecc")
	for name, method := range map[string]string{"rsa": "rsa", "ecc": "ecc", "ed25519": "ed25519", "all": "all", "both": "password-publickey", "password": "password"} {
		p.assign(name, method, key)
		p.add(commands.LocalUser{Name: name, SSH: true})
	}
	p.assign("alone", "all", key)
	p.assign("alone-both", "password-publickey", key)
	p.assign("blocked", "all", key)
	p.add(commands.LocalUser{Name: "blocked", SSH: true, Blocked: true})
	p.assign("terminal", "all", key)
	p.add(commands.LocalUser{Name: "terminal", Terminal: true})
	p.config.Management.SSHUsers["gone"] = &commands.SSHUser{Name: "gone", Authentication: "all", Key: "not there"}
	for _, test := range []struct {
		user string
		key  gossh.PublicKey
		want sshd.Verdict
	}{
		{"ed25519", key, sshd.Accepted},
		{"ed25519", ecc, sshd.Refused},
		{"all", key, sshd.Accepted},
		{"all", ecc, sshd.Refused},
		{"both", key, sshd.Half},
		{"rsa", key, sshd.Refused},
		{"ecc", key, sshd.Refused},
		{"password", key, sshd.Refused},
		{"anna", key, sshd.Refused},
		{"alone", key, sshd.Accepted},
		{"alone-both", key, sshd.Refused},
		{"blocked", key, sshd.Refused},
		{"terminal", key, sshd.Refused},
		{"gone", key, sshd.Refused},
		{"nobody", key, sshd.Refused},
	} {
		if got := p.key(from(test.user, "192.0.2.1"), test.key); got != test.want {
			t.Errorf("key(%q, %s) = %v, want %v", test.user, test.key.Type(), got, test.want)
		}
	}
}

func TestLevel(t *testing.T) {
	p := newPorter(t)
	p.add(commands.LocalUser{Name: "one", Level: 1})
	p.config.Management.Lines[commands.LineRange{VTY: true, First: 0, Last: 4}] = &commands.UserInterface{Level: 2}
	for _, test := range []struct {
		user, line string
		want       int
	}{
		{"anna", "vty0", 3}, // 15 is 3
		{"one", "vty0", 1},
		{"keyed without a local user", "vty0", 2},
		{"keyed without a local user", "vty5", 0},
	} {
		if got := p.level(test.user, test.line); got != test.want {
			t.Errorf("level(%q, %s) = %d, want %d", test.user, test.line, got, test.want)
		}
	}
}

func TestPasswordQueueIsBounded(t *testing.T) {
	p := newPorter(t)
	p.turn <- struct{}{} // somebody computes
	var all sync.WaitGroup
	verdicts := make(chan sshd.Verdict, hashQueue+4)
	for range cap(verdicts) {
		all.Go(func() { verdicts <- p.try("anna", "right") })
	}
	for range 4 { // those that find the queue full do not wait
		if got := <-verdicts; got != sshd.Refused {
			t.Errorf("a full queue gives %v", got)
		}
	}
	<-p.turn
	all.Wait()
	close(verdicts)
	for got := range verdicts {
		if got != sshd.Accepted {
			t.Errorf("who waited is %v", got)
		}
	}
	if got := strings.Count(p.log(), "too many passwords are being checked"); got != 4 {
		t.Errorf("%d lines say that the queue was full, want 4", got)
	}
}

// Names from the network become one word of one line.
func TestEscaped(t *testing.T) {
	for name, want := range map[string]string{
		"anna":                    "anna",
		"":                        `""`,
		"a b":                     `"a b"`,
		"a\nb\x1b[2J":             `"a\nb\x1b[2J"`,
		`a"b`:                     `"a\"b"`,
		"ä":                       `"\u00e4"`,
		strings.Repeat("a", 1000): `"` + strings.Repeat("a", longestName) + `"...`,
	} {
		if got := escaped(name); got != want {
			t.Errorf("escaped(%q) = %s, want %s", name, got, want)
		}
	}
}

// The console asks no password of the accounts, and nobody is in before there is
// a user.
func TestNobodyWithoutAUser(t *testing.T) {
	p := newPorter(t)
	p.accounts.config.Store(commands.New())
	if p.try("anna", "right") != sshd.Refused || p.try("", "") != sshd.Refused || p.key(from("anna", "192.0.2.1"), publicKey(t, "ecc")) != sshd.Refused {
		t.Error("somebody is in though there is no user")
	}
}
