package loop

import (
	"errors"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// gives answers a SetConfig with an address and an SA behind it, and Failed with its removal.
func gives(b *bench) {
	b.engine.answer = func(in ike.Input) []ike.Output {
		switch in.(type) {
		case ike.SetConfig:
			return []ike.Output{ike.Configured{Peer: "gw"}, install(1)}
		case ike.Failed:
			return []ike.Output{ike.Unconfigured{Peer: "gw"}}
		}
		return nil
	}
}

func TestAnAddressIsPutToUseBeforeTheSAs(t *testing.T) {
	conversation(t,
		func(b *bench) {
			gives(b)
			b.loop.config.Access.Configured = func(c ike.Configured) error { b.add("configured %s", c.Peer); return nil }
		},
		configure,
		"step ike.SetConfig", "configured gw", "add 1")
}

func TestAnAddressThatIsRefusedEndsItsBatch(t *testing.T) {
	conversation(t,
		func(b *bench) {
			gives(b)
			b.loop.config.Access = Access{
				Configured:   func(ike.Configured) error { return errors.New("no such interface") },
				Unconfigured: func(u ike.Unconfigured) { b.add("unconfigured %s", u.Peer) },
			}
		},
		configure,
		"step ike.SetConfig", "step failed ike.Configured: no such interface", "unconfigured gw")
}

func TestWithoutAccessAnAddressIsPassedOver(t *testing.T) {
	conversation(t, gives, configure, "step ike.SetConfig", "add 1")
}

func TestUsersAreLookedAt(t *testing.T) {
	conversation(t,
		func(b *bench) {
			toConfig(ike.Authenticate{Job: 3, User: "ann"})(b)
			b.loop.config.Access.Authenticate = func(a ike.Authenticate) error {
				b.add("authenticate %s", a.User)
				go b.loop.Input(ike.Authenticated{Job: a.Job, Granted: true})
				return nil
			}
		},
		configure,
		"step ike.SetConfig", "authenticate ann", "step ike.Authenticated")
}

func TestWhoIsNotLookedAtIsNotLetIn(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		authenticate func(ike.Authenticate) error
	}{
		{"nobody to ask", "there is nobody to ask about users", nil},
		{"no room", "too many", func(ike.Authenticate) error { return errors.New("too many") }},
	} {
		t.Run(test.name, func(t *testing.T) { notLetIn(t, test.authenticate, test.reason) })
	}
}

// notLetIn has the engine hear at once that a user is refused.
func notLetIn(t *testing.T, authenticate func(ike.Authenticate) error, reason string) {
	password := secret.Octets("sesame")
	var got []ike.Authenticated
	conversation(t,
		func(b *bench) {
			b.loop.config.Access.Authenticate = authenticate
			b.engine.answer = func(in ike.Input) []ike.Output {
				switch in := in.(type) {
				case ike.SetConfig:
					return []ike.Output{ike.Authenticate{Job: 3, User: "ann", Password: password}}
				case ike.Authenticated:
					got = append(got, in)
				}
				return nil
			}
		},
		configure,
		"step ike.SetConfig", "step ike.Authenticated")
	if want := (ike.Authenticated{Job: 3, Reason: reason}); len(got) != 1 || got[0] != want {
		t.Errorf("the engine hears %+v, want %+v", got, want)
	}
	if !password.Equal(make(secret.Octets, 6)) {
		t.Error("the password was left in memory")
	}
}
