package main

import (
	"crypto/rand"
	"crypto/subtle"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/commands"
	"sallyport/ipsec/secret"
	"sallyport/shell/sshd"
)

// accounts are the users of the box, who of them is there, and who has guessed
// too often.
type accounts struct {
	*hasher
	*lines
	lockout *lockout
	now     func() time.Time
	log     func(entry)
	config  atomic.Pointer[commands.Config] // in force
}

var _ commands.Accounts = (*accounts)(nil)

func newAccounts(g *gateway) *accounts {
	return makeAccounts(time.Now, func(e entry) { g.log.add(time.Now(), e) })
}

// makeAccounts returns the accounts of a box that was never configured.
func makeAccounts(now func() time.Time, log func(entry)) *accounts {
	a := &accounts{hasher: newHasher(rand.Reader), lines: newLines(now), lockout: newLockout(), now: now, log: log}
	a.config.Store(commands.New())
	return a
}

// A user is what the configuration says of one who comes in over SSH.
type user struct {
	local  *commands.LocalUser // nil: there is none of that name
	method string              // authentication-type
	key    *commands.PublicKey // nil: none is assigned
}

// user returns what the configuration says of a name. Who has no ssh user proves
// himself by his password.
func (a *accounts) user(name string) user {
	m := &a.config.Load().Management
	u := user{local: m.Users[name], method: "password"}
	if s := m.SSHUsers[name]; s != nil {
		u.key = m.Keys[s.Key]
		if s.Authentication != "" {
			u.method = s.Authentication
		}
	}
	return u
}

// stored returns the stored form of the password by which the user may come in,
// and false if there is none.
func (u user) stored() (string, bool) {
	switch u.method {
	case "password", "all", "password-publickey":
		return u.passwordOf(), u.local != nil && u.admitted() && u.local.Password != ""
	}
	return u.passwordOf(), false
}

// passwordOf returns what a password is compared with: never nothing, so that
// the time does not tell who exists.
func (u user) passwordOf() string {
	if u.local == nil || u.local.Password == "" {
		return nobodysPassword
	}
	return u.local.Password
}

// admitted reports whether nothing stands against the user. One of whom there is
// a key and no local user comes in at the level of the line.
func (u user) admitted() bool { return u.local == nil || u.local.SSH && !u.local.Blocked }

// families are the types of keys that a method of authentication takes.
var families = map[string][]string{
	"rsa":     {gossh.KeyAlgoRSA},
	"ecc":     {gossh.KeyAlgoECDSA256, gossh.KeyAlgoECDSA384, gossh.KeyAlgoECDSA521, gossh.KeyAlgoSKECDSA256},
	"ed25519": {gossh.KeyAlgoED25519, gossh.KeyAlgoSKED25519},
}

// takes reports whether the user may come in by a key.
func (u user) takes(key gossh.PublicKey) bool {
	if u.key == nil || !u.admitted() {
		return false
	}
	switch u.method {
	case "all":
	case "password-publickey":
		if u.local == nil {
			return false
		}
	default:
		if !slices.Contains(families[u.method], key.Type()) {
			return false
		}
	}
	own, _, _, _, err := gossh.ParseAuthorizedKey([]byte(u.key.Text))
	return err == nil && subtle.ConstantTimeCompare(own.Marshal(), key.Marshal()) == 1
}

// verdict is what the proof of one kind is worth.
func (u user) verdict() sshd.Verdict {
	if u.method == "password-publickey" {
		return sshd.Half
	}
	return sshd.Accepted
}

// password judges a password. One is looked at at a time, so that nobody has
// more guesses than the lock-out allows; those who wait are few.
func (a *accounts) password(l sshd.Login, password secret.Octets) sshd.Verdict {
	if !a.queue() {
		a.log(visitorOf(l).sshFailure("too many passwords are being checked"))
		return sshd.Refused
	}
	defer a.unqueue()
	u := a.user(l.User)
	if lock, is := a.lockout.locked(l, a.now()); is {
		a.log(visitorOf(l).sshFailure(a.lockWords(lock)))
		return sshd.Refused
	}
	stored, may := u.stored()
	if matches := matches(stored, password); !matches || !may {
		a.failed(l, u.local != nil)
		return sshd.Refused
	}
	a.lockout.passed(l, a.now())
	return u.verdict()
}

// lockWords says who is locked and until when, in the box's zone.
func (a *accounts) lockWords(l commands.Lock) string {
	who := "the user"
	if l.Source.IsValid() {
		who = "the address"
	}
	until := l.Until.In(a.config.Load().Zone.Location())
	return who + " is locked after wrong passwords until " + until.Format(time.DateTime)
}

// Locks returns who is locked out.
func (a *accounts) Locks() []commands.Lock { return a.lockout.locks(a.now()) }

// UnlockUser lifts the lock of a user, or with "" of all.
func (a *accounts) UnlockUser(name string) bool { return a.lockout.unlockUser(name, a.now()) }

// UnlockSource lifts the lock of an address, or with the zero address of all.
func (a *accounts) UnlockSource(source netip.Addr) bool {
	return a.lockout.unlockSource(source, a.now())
}

// failed notes a wrong password.
func (a *accounts) failed(l sshd.Login, known bool) {
	a.log(visitorOf(l).sshFailure("wrong user or password"))
	user, source := a.lockout.failed(l, known, a.now())
	if user {
		a.log(sshBlock("user "+escaped(l.User), lockFor))
	}
	if source {
		a.log(sshBlock("address "+l.Source.Addr().String(), lockFor))
	}
}

// key judges a public key. It cannot be guessed, so that a locked account takes
// it: whoever types wrong passwords must not keep its owner out.
func (a *accounts) key(l sshd.Login, key gossh.PublicKey) sshd.Verdict {
	u := a.user(l.User)
	if !u.takes(key) {
		a.log(visitorOf(l).sshFailure("the key " + gossh.FingerprintSHA256(key) + " is not taken"))
		return sshd.Refused
	}
	return u.verdict()
}

// level returns what a user may do on a line: by his local user, else by the
// line.
func (a *accounts) level(name, line string) int {
	level := a.config.Load().Line(line).Privilege()
	if local := a.user(name).local; local != nil {
		level = local.Level
	}
	return min(level, managementLevel)
}

// longestName is how many octets of a user's name are shown.
const longestName = 64

// escaped makes a user's name, which a client may have made up, one word of a
// line.
func escaped(name string) string {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7F || r == '"' }
	switch {
	case len(name) > longestName:
		return strconv.QuoteToASCII(name[:longestName]) + "..."
	case name == "", strings.ContainsFunc(name, odd):
		return strconv.QuoteToASCII(name)
	}
	return name
}

// visitorOf names who wants to log in.
func visitorOf(l sshd.Login) visitor {
	return visitor{user: escaped(l.User), source: l.Source.Addr().String()}
}
