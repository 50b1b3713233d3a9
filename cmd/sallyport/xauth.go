package main

import (
	"context"
	"errors"
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

// errLoginsWait answers a question that finds no room. It is no wrong guess: the lock-out does not
// hear of it.
var errLoginsWait = errors.New("too many users log in at the same time")

// take is loop.Access.Authenticate: it does not wait.
func (x *xauthUsers) take(job ike.Authenticate) error {
	select {
	case x.jobs <- job:
		return nil
	default:
		return errLoginsWait
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
	answer := l.Judge(func(mode commands.AuthenticationMode) commands.Verdict {
		if mode == commands.RadiusServers {
			return askRadius(ctx, c, l, job)
		}
		return x.askLocal(c.Management.Users[l.Local], job.Password)
	})
	answer.Job = job.Job
	switch {
	case answer.Granted:
		x.accounts.lockout.passed(who, x.accounts.now())
	case answer.Wrong:
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

// askLocal looks at a local user's password; nil: there is none of that name. One at a time is looked
// at, as for SSH, and nobody's as well, so that the time does not tell who exists.
func (x *xauthUsers) askLocal(local *commands.LocalUser, password secret.Octets) commands.Verdict {
	if !x.accounts.queue() {
		return commands.Refused("too many passwords are being checked")
	}
	defer x.accounts.unqueue()
	return local.Judge(matches(user{local: local}.passwordOf(), password))
}

// askRadius asks the servers of the user's domain.
func askRadius(ctx context.Context, c *commands.Config, l commands.Login, job ike.Authenticate) commands.Verdict {
	t := l.Radius
	if t == nil || len(t.Servers) == 0 || len(t.Key) == 0 {
		v := commands.Refused("the domain has no radius-server with an address and a shared-key")
		v.Unknown = true
		return v
	}
	request := radius.Request{User: l.User, Password: job.Password, CallingStation: job.Remote.Addr().String()}
	if job.Answers != nil {
		var err error
		if request.Answers, err = radius.ParseChallenge(job.Answers); err != nil {
			return commands.Refused("the answer is to a challenge that nobody made: " + err.Error())
		}
	}
	return radiusVerdict(radiusClient(c, t).Ask(ctx, request))
}

// radiusClient returns a client of a template's servers.
func radiusClient(c *commands.Config, t *commands.RadiusTemplate) *radius.Client {
	client := &radius.Client{Timeout: t.Timeout, Tries: t.Retransmit, Source: t.Source, NASIdentifier: c.Sysname}
	for _, s := range t.Order() {
		client.Servers = append(client.Servers, radius.Server{Address: netip.AddrPortFrom(s.Address, uint16(s.Port)), Secret: t.Key})
	}
	return client
}

// radiusVerdict says what a server's answer means to the engine. The two speak of the same and know
// nothing of each other.
func radiusVerdict(answer radius.Answer, err error) (v commands.Verdict) {
	var rejection *radius.Rejection
	switch {
	case err != nil:
		v.Wrong = errors.As(err, &rejection)
		v.Unknown, v.Reason = !v.Wrong, err.Error()
	case answer.Challenged != nil:
		v.Challenge = &ike.Challenge{Prompt: answer.Challenged.Prompt, State: answer.Challenged.Octets()}
	case answer.Accepted != nil:
		v.Granted, v.Address = true, answer.Accepted.Address
	}
	return v
}
