package main

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/acl"
	"sallyport/commands"
)

// With the server disabled nothing listens; a new port is served beside those who
// are in; a port that cannot be had changes nothing.
func TestSSHConfigure(t *testing.T) {
	b := newSSHBox(t)
	inside, err := b.dial(22, "anna", "right")
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	old := b.opened[22]
	b.apply(func(c *commands.Config) { c.Management.SSH.Port = 2222 })
	if conn, err := net.Dial("tcp", old.Addr().String()); err == nil {
		conn.Close()
		t.Error("the old port is still served")
	}
	client, err := b.dial(2222, "anna", "right")
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if s, err := inside.NewSession(); err != nil {
		t.Errorf("who was in before: %v", err)
	} else if out, err := s.Output("who"); err != nil {
		t.Errorf("who was in before: %s, %v", out, err)
	}

	refused := b.config.Clone()
	refused.Management.SSH.Port = 1
	if err := b.service.Configure(refused); err == nil || err.Error() != "ssh server port 1: address already in use" {
		t.Errorf("Configure = %v, want one line that names the port", err)
	}
	if b.accounts.config.Load() != b.config {
		t.Error("the refused configuration is in force")
	}

	listener := b.opened[2222]
	b.apply(nil)
	if b.opened[2222] != listener {
		t.Error("a configuration that changes nothing listens anew")
	}
	b.apply(func(c *commands.Config) { c.Management.SSH.Enabled = false })
	if conn, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("a disabled server listens")
	}
	b.apply(func(c *commands.Config) { c.Management.SSH.Enabled = true })
	if client, err := b.dial(2222, "anna", "right"); err != nil {
		t.Errorf("enabled again: %v", err)
	} else {
		client.Close()
	}
}

// The list of the lines decides at once, also about a port that is served already.
func TestSSHAccessList(t *testing.T) {
	b := newSSHBox(t)
	list := acl.New(2001)
	list.Put(acl.Rule{ID: 5, Action: acl.Permit, Source: acl.Host(netip.MustParseAddr("192.0.2.1"))})
	lines := commands.LineRange{VTY: true, First: 0, Last: 4}
	b.apply(func(c *commands.Config) {
		c.ACLs["2001"] = list
		c.Management.Lines[lines] = &commands.UserInterface{LineRange: lines, ACL: "2001"}
	})
	if _, err := b.dial(22, "anna", "right"); err == nil {
		t.Error("127.0.0.1 is in though only 192.0.2.1 is permitted")
	}
	if log := b.log(); !strings.Contains(log, "not permitted") {
		t.Errorf("log\n%s, want the refusal", log)
	}
	here := list.Clone()
	here.Put(acl.Rule{ID: 10, Action: acl.Permit, Source: acl.Host(netip.MustParseAddr("127.0.0.1"))})
	b.apply(func(c *commands.Config) { c.ACLs["2001"] = here })
	if out, err := b.enter().Output("who"); err != nil {
		t.Errorf("127.0.0.1 is permitted now: %s, %v", out, err)
	}
}

// A source that has guessed three times is not let in by its right password until the
// lock is over. It may connect: its users may have keys.
func TestSSHLockout(t *testing.T) {
	b := newSSHBox(t)
	for range lockAfter {
		if _, err := b.dial(22, "anna", "wrong"); err == nil {
			t.Fatal("in with a wrong password")
		}
	}
	if _, err := b.dial(22, "anna", "right"); err == nil {
		t.Error("in though locked")
	}
	if !b.service.permit(netip.MustParseAddr("127.0.0.1")) {
		t.Error("a key cannot be shown from there either")
	}
	b.wait(lockFor)
	client, err := b.dial(22, "anna", "right")
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}

// The configured number of tries ends a connection.
func TestSSHRetries(t *testing.T) {
	b := newSSHBox(t)
	b.apply(func(c *commands.Config) { c.Management.SSH.Retries = 1 })
	tries := 0
	_, err := gossh.Dial("tcp", b.opened[22].Addr().String(), &gossh.ClientConfig{
		User: "anna", HostKeyCallback: gossh.InsecureIgnoreHostKey(),
		Auth: []gossh.AuthMethod{gossh.RetryableAuthMethod(gossh.PasswordCallback(func() (string, error) {
			tries++
			return "wrong", nil
		}), 5)},
	})
	if got := strings.Count(b.log(), "wrong user or password"); err == nil || got != 1 {
		t.Errorf("%d passwords were looked at (%v), want 1", got, err)
	}
}

// A box that was never configured listens nowhere and makes no keys.
func TestSSHOff(t *testing.T) {
	p := newPorter(t)
	s := newSSHService(t.TempDir(), p.accounts, saying, p.write)
	s.listen = func(int) (net.Listener, error) { t.Error("it listens"); return nil, errors.New("no") }
	if err := s.Configure(commands.New()); err != nil {
		t.Error(err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}
