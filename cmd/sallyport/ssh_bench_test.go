package main_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// sshSessions is how many operators are there at the same time.
const sshSessions = 100

// keyScript lets a hundred in by a key.
const keyScript = accountScript + `user-interface maximum-vty 100
ed25519 peer-public-key bench
%speer-public-key end
ssh user ` + clientUser + ` assign ed25519-key bench
ssh user ` + clientUser + ` authentication-type ed25519
`

// BenchmarkSSHSessions has a hundred SSH sessions on an appliance, logged in by
// key and all at once, from one address. One operation is a display in all of them
// at once. login-ms is what a login took, KiB/session how the appliance grew by each.
func BenchmarkSSHSessions(b *testing.B) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(b, err)
	signer, err := gossh.NewSignerFromKey(private)
	must(b, err)
	g := newBare(b).run(b)
	out, err := g.console(b, fmt.Sprintf(keyScript, gossh.MarshalAuthorizedKey(signer.PublicKey())))
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	before, start := g.resident(b), time.Now()
	operators := g.operators(b, signer)
	login := time.Since(start)
	for b.Loop() {
		var all sync.WaitGroup
		for _, o := range operators {
			all.Go(func() { o.display(b) })
		}
		all.Wait()
	}
	b.ReportMetric(float64(login.Milliseconds())/sshSessions, "login-ms")
	b.ReportMetric(float64(g.resident(b)-before)/sshSessions, "KiB/session")
}

// An operator is a session that takes its lines from a pipe.
type operator struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// operators lets all operators in at once, until the end.
func (g *gatewayRun) operators(b *testing.B, key gossh.Signer) []*operator {
	b.Helper()
	all := make([]*operator, sshSessions)
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() { all[i] = g.operator(b, key) })
	}
	group.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return all
}

// operator lets one operator in; an error is the benchmark's.
func (g *gatewayRun) operator(b *testing.B, key gossh.Signer) *operator {
	var conn net.Conn
	err := g.Do(func() (err error) {
		conn, err = net.DialTimeout("tcp4", "127.0.0.1:"+clientPort, patience)
		return err
	})
	if err != nil {
		b.Error(err)
		return nil
	}
	c, channels, requests, err := gossh.NewClientConn(conn, "", &gossh.ClientConfig{
		User: clientUser, Auth: []gossh.AuthMethod{gossh.PublicKeys(key)}, HostKeyCallback: gossh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		b.Error(err)
		return nil
	}
	client := gossh.NewClient(c, channels, requests)
	b.Cleanup(func() { client.Close() })
	o, err := newOperator(client)
	if err != nil {
		b.Error(err)
	}
	return o
}

func newOperator(client *gossh.Client) (*operator, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := session.RequestPty("xterm", 24, 80, nil); err != nil {
		return nil, err
	}
	return &operator{in, bufio.NewReader(out)}, session.Shell()
}

// display has the clock displayed.
func (o *operator) display(b *testing.B) {
	if _, err := io.WriteString(o.in, "display clock\n"); err != nil {
		b.Error(err)
		return
	}
	for {
		line, err := o.out.ReadString('\n')
		if err != nil {
			b.Error(err)
			return
		}
		if strings.HasPrefix(line, "Time Zone") {
			return
		}
	}
}

// resident is the gateway's memory in KiB.
func (g *gatewayRun) resident(b *testing.B) (kib int) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.Process.Pid))
	must(b, err)
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	_, err = fmt.Sscan(string(rest), &kib)
	must(b, err)
	return kib
}
