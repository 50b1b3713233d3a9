package commands

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// A keyFamily is a sort of public key that has a command of its own.
type keyFamily struct {
	name       string
	algorithms []string // words that a key begins with
}

var keyFamilies = []keyFamily{
	{"rsa", []string{"ssh-rsa"}},
	{"ecc", []string{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"}},
	{"ed25519", []string{"ssh-ed25519"}},
}

// Bounds of an RSA modulus in bits. More than a line of the largest cannot be
// typed.
const (
	leastRSA = 2048
	mostRSA  = 8192
)

// A keyName is what is typed to open a public key.
type keyName struct{ Family, Name string }

// keyRows are `rsa peer-public-key` and its like.
func keyRows() []grammar.Row[Config] {
	tables := map[string]*grammar.Table{}
	for _, f := range keyFamilies {
		tables[f.name] = keyView(f).Compile()
	}
	rows := make([]grammar.Row[Config], len(keyFamilies))
	for i, f := range keyFamilies {
		rows[i] = keyRow(f, func(k *PublicKey) *grammar.Table { return tables[k.Family] })
	}
	return management(rows...)
}

func keyRow(f keyFamily, table func(*PublicKey) *grammar.Table) grammar.Row[Config] {
	kw := grammar.Kw[keyName]
	typed := grammar.Typed[Config, string, PublicKey, keyName]{
		Key:   func(_ *Config, k keyName) string { return k.Name },
		Name:  func(p *PublicKey, k keyName) { p.Name, p.Family = k.Name, f.name },
		Of:    func(name string, p *PublicKey) keyName { return keyName{p.Family, name} },
		Table: table,
		Admit: func(_ any, _ *Config, old *PublicKey, _ keyName) error {
			if old != nil && old.Family != f.name {
				return refuse("The name is already used by a public key of %s.", old.Family)
			}
			return nil
		},
	}
	return grammar.EnterTyped(grammar.Objects[Config, string, PublicKey]{
		View:    keyView(f),
		Of:      func(c *Config) map[string]*PublicKey { return c.Management.Keys },
		Compare: strings.Compare,
		Mine:    func(p *PublicKey) bool { return p.Family == f.name },
		Delete: allows(func(e *edit, name string) error {
			if e.config.Management.Keys[name].Family != f.name {
				return grammar.ErrNotConfigured
			}
			return e.keyUnused(name)
		}),
	}, typed, kw(f.name, helpOfKeys(f.name)), kw("peer-public-key", "Public key of a user"),
		grammar.Arg(keyNameKind(), "Name of the key", func(k *keyName) *string { return &k.Name }),
		grammar.Optional(kw("encoding-type", "Form of the key"), kw("openssh", "As OpenSSH writes it")))
}

// helpOfKeys is the help of the keyword that names a family.
func helpOfKeys(family string) string { return "Keys of " + strings.ToUpper(family) }

func keyNameKind() grammar.Kind[string] { return kind.Name(longestKeyName, "peer-public-key") }

// longestKeyName is VRP's limit in octets.
const longestKeyName = 30

// keyView is the view of a public key. The lines around the key are VRP's, and
// may be left off.
func keyView(f keyFamily) *grammar.View[PublicKey] {
	var rows []grammar.Row[PublicKey]
	for _, algorithm := range f.algorithms {
		rows = append(rows, grammar.Setting(grammar.Kw[PublicKey](algorithm, "Key of this algorithm"),
			grammar.Arg(keyText(algorithm), "Key in base 64, and a comment", func(p *PublicKey) *string { return &p.Text })).
			Check(checks(checkPublicKey)))
	}
	code := "Key itself"
	rows = append(rows,
		grammar.Do[PublicKey](managementLevel, keyCode{}, grammar.Path[keyCode]("public-key-code", code, "begin", "The key follows")),
		grammar.Do[PublicKey](managementLevel, keyCode{}, grammar.Path[keyCode]("public-key-code", code, "end", "The key is over")),
		grammar.Do[PublicKey](managementLevel, keyEnd{}, grammar.Path[keyEnd]("peer-public-key", "Public key of a user", "end", "The key is over")))
	return &grammar.View[PublicKey]{
		Tag:  func(*PublicKey) string { return f.name + "-public-key" },
		New:  func() *PublicKey { return &PublicKey{} },
		Rows: management(rows...),
	}
}

// keyCode is a line around a key, which changes nothing.
type keyCode struct{}

func (keyCode) move(*place) (string, bool) { return "", false }

func (k *keyCode) do(s *Session) Output { return moved(s, k) }

// keyEnd leaves the view of a key.
type keyEnd struct{}

func (keyEnd) move(p *place) (string, bool) {
	p.object = nil
	return "", false
}

func (k *keyEnd) do(s *Session) Output { return moved(s, k) }

// keyBegin is what every key begins with in base 64: the length of the algorithm's
// name has three octets of zero. So `ssh server` is not taken for a key.
const keyBegin = "AAAA"

// keyText is what follows the algorithm of a key.
func keyText(algorithm string) grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: "TEXT<1-1000>"}},
		Read: func(words []string) (string, int, bool) {
			fields := strings.Fields(words[0])
			if len(fields) == 0 || !strings.HasPrefix(fields[0], keyBegin) || strings.ContainsFunc(words[0], func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }) {
				return "", 0, false
			}
			return algorithm + " " + strings.Join(fields, " "), 1, true
		},
		Write: func(text string) string {
			rest, _ := strings.CutPrefix(text, algorithm+" ")
			if rest == text {
				return ""
			}
			return rest
		},
		Rest: true,
	}
}

// checkPublicKey refuses a key that is damaged, or too weak.
func checkPublicKey(_ *edit, p *PublicKey) error {
	if p.Text == "" {
		return nil
	}
	fields := strings.Fields(p.Text)
	blob, err := base64.StdEncoding.Strict().DecodeString(fields[1])
	if err != nil {
		return refuse("The key is not in base 64.")
	}
	r := &keyReader{rest: blob}
	if inner := string(r.next()); r.bad || inner != fields[0] {
		return refuse("The key is not one of %s.", fields[0])
	}
	return r.check(fields[0])
}

// A keyReader reads the fields of a public key: RFC 4251 §5.
type keyReader struct {
	rest []byte
	bad  bool // a field does not fit
}

// next returns the next field.
func (r *keyReader) next() []byte {
	if r.bad || len(r.rest) < 4 {
		r.bad = true
		return nil
	}
	size := binary.BigEndian.Uint32(r.rest)
	if uint64(size) > uint64(len(r.rest)-4) {
		r.bad = true
		return nil
	}
	field := r.rest[4 : 4+size]
	r.rest = r.rest[4+size:]
	return field
}

// check looks at what follows the algorithm's name.
func (r *keyReader) check(algorithm string) error {
	var good bool
	switch curve, isECC := strings.CutPrefix(algorithm, "ecdsa-sha2-"); {
	case isECC:
		good = string(r.next()) == curve && onCurve(curve, r.next())
	case algorithm == "ssh-ed25519":
		good = len(r.next()) == 32
	default:
		exponent, modulus := new(big.Int).SetBytes(r.next()), new(big.Int).SetBytes(r.next())
		if bits := modulus.BitLen(); !r.bad && bits < leastRSA {
			return refuse("The key has %d bits, at least %d are needed.", bits, leastRSA)
		}
		good = modulus.BitLen() <= mostRSA && modulus.Bit(0) == 1 && exponent.Bit(0) == 1 && exponent.BitLen() > 1 && exponent.BitLen() < 32
	}
	if r.bad || len(r.rest) > 0 || !good {
		return refuse("The key is damaged.")
	}
	return nil
}

// onCurve reports whether octets are a point of a NIST curve: SEC 1 §2.3.4.
func onCurve(curve string, point []byte) bool {
	curves := map[string]ecdh.Curve{"nistp256": ecdh.P256(), "nistp384": ecdh.P384(), "nistp521": ecdh.P521()}
	_, err := curves[curve].NewPublicKey(point)
	return err == nil
}

// keyUnused refuses a key that a user has.
func (e *edit) keyUnused(name string) error {
	for _, u := range sortedSSHUsers(e.config) {
		if u.Key == name {
			return refuse("The public key is being used by SSH user %s.", u.Name)
		}
	}
	return nil
}
