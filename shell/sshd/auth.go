package sshd

import (
	"errors"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"

	"sallyport/ipsec/secret"
)

var errDenied = errors.New("permission denied")

// maxPassword is the longest password, in octets, that is looked at.
const maxPassword = 1024

// An examiner has the user of one connection prove who he is.
//
// The library's own handlers are not used: they name the user that the client
// tried first, not the one that it proves to be.
type examiner struct {
	config  *Config
	guest   *guest
	entered func(*guest)
	half    bool // one of two proofs was given; x/crypto/ssh sees to it that the user stays the same
}

// serverConfig is what x/crypto/ssh is told for one connection. The library
// turns "none" into a method when it has no handlers of its own, so that the
// method has to be refused here.
func (s *Server) serverConfig(ctx ssh.Context) *gossh.ServerConfig {
	g := ctx.Value(guestKey{}).(*guest)
	e := &examiner{config: &s.config, guest: g, entered: s.entered}
	c := &gossh.ServerConfig{
		Config:                    algorithms(),
		PublicKeyAuthAlgorithms:   userKeyAlgorithms,
		MaxAuthTries:              g.limits.Passwords + keyOffers,
		ServerVersion:             "SSH-2.0-Sallyport",
		NoClientAuthCallback:      func(gossh.ConnMetadata) (*gossh.Permissions, error) { return nil, errDenied },
		PasswordCallback:          e.password,
		PublicKeyCallback:         e.offer,
		VerifiedPublicKeyCallback: e.key,
		PreAuthConnCallback:       func(gossh.ServerPreAuthConn) { g.greeted() },
		AuthLogCallback:           e.tried,
	}
	if s.config.Banner != nil {
		c.BannerCallback = func(gossh.ConnMetadata) string { return s.config.Banner() }
	}
	return c
}

// login names the user that a request is about.
func (e *examiner) login(c gossh.ConnMetadata) Login { return Login{c.User(), e.guest.source} }

// judge asks about a password.
func (e *examiner) judge(c gossh.ConnMetadata, password []byte) Verdict {
	if len(password) > maxPassword {
		return Refused
	}
	return e.config.Password(e.login(c), secret.Octets(password))
}

// password is a password, as the only proof or one of two.
func (e *examiner) password(c gossh.ConnMetadata, password []byte) (*gossh.Permissions, error) {
	return nil, e.proven(e.judge(c, password), gossh.ServerAuthCallbacks{PublicKeyCallback: e.offer})
}

// offer answers whether a key would be taken.
func (e *examiner) offer(c gossh.ConnMetadata, key gossh.PublicKey) (*gossh.Permissions, error) {
	if e.config.Key(e.login(c), key) == Refused {
		return nil, errDenied
	}
	return nil, nil
}

// key is a key that the client has proved to hold, as the only proof or one of
// two.
func (e *examiner) key(c gossh.ConnMetadata, key gossh.PublicKey, _ *gossh.Permissions, _ string) (*gossh.Permissions, error) {
	return nil, e.proven(e.config.KeyProven(e.login(c), key), gossh.ServerAuthCallbacks{PasswordCallback: e.password})
}

// proven turns a verdict into what the library understands; other is what is
// still wanted after the first half.
func (e *examiner) proven(v Verdict, other gossh.ServerAuthCallbacks) error {
	switch {
	case v == Accepted, v == Half && e.half:
		return nil
	case v == Half:
		e.half = true
		return &gossh.PartialSuccessError{Next: other}
	}
	return errDenied
}

// tried sees each attempt and what became of it.
func (e *examiner) tried(_ gossh.ConnMetadata, method string, err error) {
	var half *gossh.PartialSuccessError
	switch {
	case err == nil:
		e.entered(e.guest)
	case method == "password" && !errors.As(err, &half):
		e.guest.mistaken()
	}
}
