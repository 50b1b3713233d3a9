package commands

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/ipsec/secret"
)

// Limits of passwords in octets.
const (
	shortestPassword = 8
	longestPassword  = 128
	longestHash      = 256 // stored form
)

// hashForm is what a password's stored form looks like: PHC's string of Argon2id.
// Its costs are bounded: whoever checks a password spends them.
var hashForm = regexp.MustCompile(`^\$argon2id\$v=19\$m=[1-9]\d{0,5},t=[1-9]\d?,p=[1-9]\d?\$[A-Za-z0-9+/]{8,64}\$[A-Za-z0-9+/]{16,96}$`)

// hashed reports whether the text is a password's stored form.
func hashed(text string) bool { return len(text) <= longestHash && hashForm.MatchString(text) }

// passwordPolicy is the answer to a password that is too easy to guess.
var passwordPolicy = fmt.Sprintf("The password must have %d to %d characters of at least two kinds "+
	"(lower case, upper case, digits, others) and must not be the user name or its reverse.", shortestPassword, longestPassword)

// passwordKind is a password in clear or in its stored form, taken as typed. It
// writes only the stored form.
func passwordKind() grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("STRING<%d-%d>", shortestPassword, longestPassword)}},
		Read: func(words []string) (string, int, bool) {
			ok := words[0] != "" && len(words[0]) <= longestHash && !strings.ContainsFunc(words[0], isControl)
			if !ok {
				return "", 0, false
			}
			return words[0], 1, true
		},
		Write: func(text string) string {
			if text == "" || hashed(text) {
				return text
			}
			return asterisks
		},
	}
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// passwordArg is `irreversible-cipher PASSWORD`, or `cipher`, which means the same.
func passwordArg[T any](field func(*T) *string) grammar.Element[T] {
	kw := grammar.Kw[T]
	return grammar.Sequence(
		grammar.OneOf(kw("irreversible-cipher", helpCipher), kw("cipher", helpCipher)),
		grammar.Arg(passwordKind(), helpPassword, field))
}

// storedPassword returns the stored form of a password that was typed for a user,
// whose name may be empty.
func (e *edit) storedPassword(typed, user string) (string, error) {
	switch {
	case hashed(typed):
		return typed, nil
	case !strongEnough(typed, user):
		return "", refuse("%s", passwordPolicy)
	case e.hash == nil:
		return asterisks, nil
	}
	stored, err := e.hash(secret.Octets(typed))
	if err != nil {
		return "", refuse("The password cannot be stored: %v.", err)
	}
	return stored, nil
}

// strongEnough reports whether a password is as VRP wants it.
func strongEnough(password, user string) bool {
	if len(password) < shortestPassword || len(password) > longestPassword {
		return false
	}
	reverse := []byte(user)
	slices.Reverse(reverse)
	if strings.EqualFold(password, user) || strings.EqualFold(password, string(reverse)) {
		return false
	}
	return kindsOf(password) >= 2
}

// kindsOf counts the kinds of character in a password.
func kindsOf(password string) int {
	var lower, upper, digit, other int
	for _, c := range []byte(password) {
		switch {
		case c >= 'a' && c <= 'z':
			lower = 1
		case c >= 'A' && c <= 'Z':
			upper = 1
		case c >= '0' && c <= '9':
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

// A superPassword is a `super password`.
type superPassword struct {
	Level    int
	Password string
}

// superPasswordRow is `super password`: what gives a session another level.
func superPasswordRow() grammar.Row[Config] {
	kw := grammar.Kw[superPassword]
	path := grammar.Path[superPassword]("super", helpSuper, "password", helpPassword)
	level := grammar.Implied(kw("level", helpLevel), grammar.Arg(levelKind(1), helpLevels, func(p *superPassword) *int { return &p.Level }))
	return grammar.List(grammar.Items[Config, superPassword]{
		All: superPasswords,
		New: func() superPassword { return superPassword{Level: everything} },
		Put: func(x any, c *Config, p superPassword) error {
			stored, err := x.(*edit).storedPassword(p.Password, "")
			if err == nil {
				c.Management.Super[min(p.Level, everything)] = stored
			}
			return err
		},
		Remove: func(_ any, c *Config, p superPassword) error {
			return remove(c.Management.Super, min(p.Level, everything))
		},
		Undo: []grammar.Element[superPassword]{path, level},
	}, path, level, passwordArg(func(p *superPassword) *string { return &p.Password }))
}

func superPasswords(c *Config) []superPassword {
	var all []superPassword
	for level := range everything + 1 {
		if stored := c.Management.Super[level]; stored != "" {
			all = append(all, superPassword{level, stored})
		}
	}
	return all
}

// remove deletes what has to be there.
func remove[K comparable, V any](m map[K]V, k K) error {
	if _, ok := m[k]; !ok {
		return grammar.ErrNotConfigured
	}
	delete(m, k)
	return nil
}
