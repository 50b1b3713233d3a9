package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec/secret"
	"sallyport/platform/radius"
	"sallyport/shell/sshd"
)

// The bounds of extended authentication: a RADIUS server may let us wait for half a minute, and
// passwords of local users are looked at one at a time.
const (
	xauthQueue   = 64 // questions that wait; beyond it users are refused
	xauthWorkers = 8
	xauthTime    = 55 * time.Second // for one question: the engine waits for a minute
)

// xauthUsers know the users of IKE's extended authentication: those of the configuration, and those of
// RADIUS servers.
type xauthUsers struct {
	accounts *accounts
	jobs     chan ike.Authenticate
	answer   func(ike.Input)
}

func newXAUTHUsers(answer func(ike.Input)) *xauthUsers {
	return &xauthUsers{jobs: make(chan ike.Authenticate, xauthQueue), answer: answer}
}

// take is loop.Access.Authenticate: it does not wait. A question that finds no room is answered at
// once, from another goroutine, for the engine's must not wait for itself.
func (x *xauthUsers) take(job ike.Authenticate) {
	select {
	case x.jobs <- job:
	default:
		job.Password.Wipe()
		go x.answer(ike.Authenticated{Job: job.Job, Reason: "too many users log in at the same time"})
	}
}

// run answers questions until ctx ends. It uses the configuration of accounts, which is set by then.
func (x *xauthUsers) run(ctx context.Context) {
	var group sync.WaitGroup
	for range xauthWorkers {
		group.Go(func() {
			for {
				select {
				case job := <-x.jobs:
					x.answer(x.judge(ctx, job))
				case <-ctx.Done():
					return
				}
			}
		})
	}
	group.Wait()
}

// judge answers a question, and wipes the password.
func (x *xauthUsers) judge(ctx context.Context, job ike.Authenticate) ike.Authenticated {
	defer job.Password.Wipe()
	ctx, cancel := context.WithTimeout(ctx, xauthTime)
	defer cancel()
	c := x.accounts.config.Load()
	who := sshd.Login{User: job.User, Source: job.Remote}
	if lock, is := x.accounts.lockout.locked(who, x.accounts.now()); is {
		return ike.Authenticated{Job: job.Job, Reason: x.accounts.lockWords(lock)}
	}
	l := c.Access.Login(job.User)
	answer := x.ask(ctx, c, l, job)
	answer.Job = job.Job
	switch {
	case answer.Granted:
		x.accounts.lockout.passed(who, x.accounts.now())
	case answer.wrong:
		x.failed(who, c.Management.Users[l.Local] != nil)
	}
	return answer.Authenticated
}

// failed notes a wrong password.
func (x *xauthUsers) failed(who sshd.Login, known bool) {
	user, source := x.accounts.lockout.failed(who, known, x.accounts.now())
	if user {
		x.accounts.log(sshBlock("user "+escaped(who.User), lockFor))
	}
	if source {
		x.accounts.log(sshBlock("address "+who.Source.Addr().String(), lockFor))
	}
}

// An xauthVerdict is the answer of one who may know a user.
type xauthVerdict struct {
	ike.Authenticated
	wrong   bool // the password is, or the user
	unknown bool // another may know the user: it is none of his, or he does not answer
}

// ask asks those who may know the user in turn.
func (x *xauthUsers) ask(ctx context.Context, c *commands.Config, l commands.Login, job ike.Authenticate) xauthVerdict {
	var v xauthVerdict
	for _, mode := range l.Modes {
		if mode == commands.RadiusServers {
			v = askRadius(ctx, c, l, job)
		} else {
			v = x.askLocal(c, l.Local, job.Password)
		}
		if !v.unknown {
			break
		}
	}
	return v
}

// askLocal looks at the local users of service-type ike. One at a time is looked at, as for SSH.
func (x *xauthUsers) askLocal(c *commands.Config, name string, password secret.Octets) xauthVerdict {
	u := user{local: c.Management.Users[name]}
	if !x.accounts.queue() {
		return xauthVerdict{Authenticated: ike.Authenticated{Reason: "too many passwords are being checked"}}
	}
	right := matches(u.passwordOf(), password)
	x.accounts.unqueue()
	refused := func(why string) xauthVerdict {
		return xauthVerdict{Authenticated: ike.Authenticated{Reason: why}, wrong: true, unknown: u.local == nil}
	}
	switch {
	case u.local == nil:
		return refused("there is no local-user of that name")
	case !u.local.IKE:
		return refused("the local-user has no service-type ike")
	case u.local.Blocked:
		return refused("the local-user is blocked")
	case u.local.Password == "" || !right:
		return refused("wrong password")
	}
	return xauthVerdict{Authenticated: ike.Authenticated{Granted: true}}
}

// askRadius asks the servers of the user's domain.
func askRadius(ctx context.Context, c *commands.Config, l commands.Login, job ike.Authenticate) xauthVerdict {
	t := l.Radius
	if t == nil || len(t.Servers) == 0 || len(t.Key) == 0 {
		return xauthVerdict{unknown: true, Authenticated: ike.Authenticated{
			Reason: "the domain has no radius-server with an address and a shared-key"}}
	}
	client := radiusClient(c, t)
	request := radius.Request{User: l.User, Password: job.Password, CallingStation: job.Remote.Addr().String()}
	if job.Answers != nil {
		if request.Answers = challengeOf(job.Answers); request.Answers == nil {
			return xauthVerdict{Authenticated: ike.Authenticated{Reason: "the answer is to a challenge that nobody made"}}
		}
	}
	answer, err := client.Ask(ctx, request)
	return radiusVerdict(answer, err)
}

// radiusClient returns a client of a template's servers.
func radiusClient(c *commands.Config, t *commands.RadiusTemplate) *radius.Client {
	client := &radius.Client{Timeout: t.Timeout, Tries: t.Retransmit, Source: t.Source, NASIdentifier: c.Sysname}
	for _, s := range t.Order() {
		client.Servers = append(client.Servers, radius.Server{Address: netip.AddrPortFrom(s.Address, uint16(s.Port)), Secret: t.Key})
	}
	return client
}

// radiusVerdict says what a server's answer means.
func radiusVerdict(answer radius.Answer, err error) xauthVerdict {
	var rejection *radius.Rejection
	switch {
	case errors.As(err, &rejection):
		return xauthVerdict{wrong: true, Authenticated: ike.Authenticated{Reason: rejection.Error()}}
	case err != nil:
		return xauthVerdict{unknown: true, Authenticated: ike.Authenticated{Reason: err.Error()}}
	case answer.Challenged != nil:
		return xauthVerdict{Authenticated: ike.Authenticated{Challenge: &ike.Challenge{
			Prompt: answer.Challenged.Prompt, State: stateOf(answer.Challenged)}}}
	case answer.Accepted != nil:
		return xauthVerdict{Authenticated: ike.Authenticated{Granted: true, Address: answer.Accepted.Address}}
	}
	return xauthVerdict{Authenticated: ike.Authenticated{Reason: "the RADIUS server neither accepts nor refuses"}}
}

// stateOf is a challenge as the engine keeps it: the server that alone can take the answer, and its
// state.
func stateOf(c *radius.Challenge) []byte {
	return append(fmt.Appendf(nil, "%v ", c.Server), c.State...)
}

// challengeOf is the reverse of stateOf; nil: it is none.
func challengeOf(state []byte) *radius.Challenge {
	for i, b := range state {
		if b == ' ' {
			server, err := netip.ParseAddrPort(string(state[:i]))
			if err != nil {
				return nil
			}
			return &radius.Challenge{Server: server, State: state[i+1:]}
		}
	}
	return nil
}
