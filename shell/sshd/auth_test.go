package sshd

import (
	"errors"
	"slices"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

func TestAuthentication(t *testing.T) {
	h := newHouse(t, nil)
	right, wrong := gossh.Password("right"), gossh.Password("wrong")
	key, other := gossh.PublicKeys(h.key), gossh.PublicKeys(newKey(t))
	for _, test := range []struct {
		name, user string
		auth       []gossh.AuthMethod
		in         bool
	}{
		{"nothing", "anna", nil, false},
		{"a password", "anna", []gossh.AuthMethod{right}, true},
		{"a wrong password", "anna", []gossh.AuthMethod{wrong}, false},
		{"a password that is too long", "anna", []gossh.AuthMethod{gossh.Password(strings.Repeat("right", maxPassword))}, false},
		{"nobody", "zoe", []gossh.AuthMethod{right}, false},
		{"a key", "carl", []gossh.AuthMethod{key}, true},
		{"another key", "carl", []gossh.AuthMethod{other}, false},
		{"the key of another", "anna", []gossh.AuthMethod{key}, false},
		{"a wrong key, a right password", "anna", []gossh.AuthMethod{other, right}, true},
		{"a password where a key is wanted", "carl", []gossh.AuthMethod{right}, false},
		{"both are wanted: a password", "bert", []gossh.AuthMethod{right}, false},
		{"both are wanted: a key", "bert", []gossh.AuthMethod{key}, false},
		{"both are wanted: key, password", "bert", []gossh.AuthMethod{key, right}, true},
		{"both are wanted: password, key", "bert", []gossh.AuthMethod{right, key}, true},
		{"both are wanted: key, wrong password", "bert", []gossh.AuthMethod{key, wrong}, false},
		{"both are wanted: password, wrong key", "bert", []gossh.AuthMethod{right, other}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := h.dial(test.user, test.auth...)
			if err == nil {
				client.Close()
			}
			if in := err == nil; in != test.in {
				t.Errorf("%s is in: %v (%v), want %v", test.user, in, err, test.in)
			}
		})
	}
}

func TestBanner(t *testing.T) {
	h := newHouse(t, nil)
	var banner string
	_, err := h.dialWith(&gossh.ClientConfig{User: "anna", BannerCallback: func(text string) error { banner = text; return nil }})
	if err == nil || banner != "Keep out.\n" {
		t.Errorf("banner %q, %v, want the house's before anybody is in", banner, err)
	}
}

func TestAlgorithms(t *testing.T) {
	h := newHouse(t, nil)
	old := gossh.InsecureAlgorithms()
	ours := algorithms()
	for _, test := range []struct {
		name   string
		config gossh.Config
		keys   []string // of the host
		in     bool
	}{
		{"each key exchange", gossh.Config{KeyExchanges: ours.KeyExchanges[1:2]}, nil, true},
		{"group 14", gossh.Config{KeyExchanges: []string{gossh.KeyExchangeDH14SHA256}}, nil, true},
		{"group 16", gossh.Config{KeyExchanges: []string{gossh.KeyExchangeDH16SHA512}}, nil, false},
		{"post-quantum", gossh.Config{KeyExchanges: []string{gossh.KeyExchangeMLKEM768X25519}}, nil, true},
		{"CTR with encrypt-then-MAC", gossh.Config{Ciphers: []string{gossh.CipherAES128CTR}, MACs: []string{gossh.HMACSHA512ETM}}, nil, true},
		{"ChaCha20", gossh.Config{Ciphers: []string{gossh.CipherChaCha20Poly1305}}, nil, true},
		{"key exchanges with SHA-1", gossh.Config{KeyExchanges: old.KeyExchanges}, nil, false},
		{"CBC and RC4", gossh.Config{Ciphers: old.Ciphers}, nil, false},
		{"MAC before encryption", gossh.Config{Ciphers: []string{gossh.CipherAES128CTR}, MACs: []string{gossh.HMACSHA256}}, nil, false},
		{"MAC with SHA-1", gossh.Config{Ciphers: []string{gossh.CipherAES128CTR}, MACs: []string{gossh.HMACSHA1}}, nil, false},
		{"RSA or DSA with SHA-1", gossh.Config{}, old.HostKeys, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := h.dialWith(&gossh.ClientConfig{
				Config: test.config, User: "anna", Auth: []gossh.AuthMethod{gossh.Password("right")}, HostKeyAlgorithms: test.keys,
			})
			if err == nil {
				client.Close()
			}
			var none *gossh.AlgorithmNegotiationError
			if test.in != (err == nil) || !test.in && !errors.As(err, &none) {
				t.Errorf("dial = %v, want it to work: %v", err, test.in)
			}
		})
	}
}

// Whatever x/crypto/ssh calls insecure is not offered.
func TestAlgorithmsAreCurrent(t *testing.T) {
	ours, old := algorithms(), gossh.InsecureAlgorithms()
	known := gossh.SupportedAlgorithms()
	for _, test := range []struct {
		name             string
		ours, old, known []string
	}{
		{"key exchange", ours.KeyExchanges, old.KeyExchanges, known.KeyExchanges},
		{"cipher", ours.Ciphers, old.Ciphers, known.Ciphers},
		{"MAC", ours.MACs, append(old.MACs, gossh.HMACSHA1), known.MACs},
		{"user key", userKeyAlgorithms, old.PublicKeyAuths, known.PublicKeyAuths},
	} {
		for _, name := range test.ours {
			if slices.Contains(test.old, name) || !slices.Contains(test.known, name) {
				t.Errorf("%s %s is offered", test.name, name)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a server without anything is made")
	}
}
