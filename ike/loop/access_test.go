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
			b.loop.config.Access.Authenticate = func(a ike.Authenticate) {
				b.add("authenticate %s", a.User)
				go b.loop.Input(ike.Authenticated{Job: a.Job, Granted: true})
			}
		},
		configure,
		"step ike.SetConfig", "authenticate ann", "step ike.Authenticated")
}

func TestWithoutAccessNobodyIsLetIn(t *testing.T) {
	password := secret.Octets("sesame")
	var got []ike.Authenticated
	conversation(t,
		func(b *bench) {
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
	if len(got) != 1 || got[0].Granted || got[0].Job != 3 || got[0].Reason == "" {
		t.Errorf("the engine hears %+v, want a refusal of job 3", got)
	}
	if !password.Equal(make(secret.Octets, 6)) {
		t.Error("the password was left in memory")
	}
}
