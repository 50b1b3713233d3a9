package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// openSSH runs OpenSSH's client in the gateway's namespace with a password, and
// returns what it shows and its exit code.
func (b *bare) openSSH(t *testing.T, password, hostKey string, words ...string) (shown string, code int) {
	t.Helper()
	requireProgram(t, "ssh")
	askPass := filepath.Join(b.folder, "askpass")
	must(t, os.WriteFile(askPass, []byte("#!/bin/sh\necho '"+password+"'\n"), 0o700))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	arguments := []string{"-F", "none", "-p", clientPort, "-l", clientUser,
		"-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1", "-o", "StrictHostKeyChecking=" + hostKey,
		"-o", "UserKnownHostsFile=" + filepath.Join(b.folder, "known_hosts"), "-o", "GlobalKnownHostsFile=none", "127.0.0.1"}
	cmd := exec.CommandContext(ctx, "ssh", append(arguments, words...)...)
	cmd.Env = append(os.Environ(), "SSH_ASKPASS="+askPass, "SSH_ASKPASS_REQUIRE=force")
	out := &transcript{}
	cmd.Stdout, cmd.Stderr = out, out
	must(t, b.Start(cmd))
	_ = cmd.Wait() // the exit code says it
	return out.String(), cmd.ProcessState.ExitCode()
}

// The appliance as OpenSSH's client sees it, before and after a restart: the same
// host keys, the same users.
func TestOpenSSHAppliance(t *testing.T) {
	g := reachable(t)
	if out, err := g.console(t, "system-view\nheader login information \"Keep out.\"\nreturn\nsave\ny\n"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	shown, code := g.openSSH(t, clientPassword, "accept-new", "display", "version")
	if code != 0 || !strings.Contains(shown, "Keep out.") || !strings.Contains(shown, "VRP (R) software") {
		t.Errorf("ssh ends with %d:\n%s", code, shown)
	}
	g.end(t, syscall.SIGTERM)
	again := g.run(t)
	if shown, code := again.openSSH(t, clientPassword, "yes", "display", "users"); code != 0 || !strings.Contains(shown, clientUser) {
		t.Errorf("after a restart ssh ends with %d:\n%s", code, shown)
	}
	if shown, code := again.openSSH(t, "wrong", "yes", "display", "version"); code != 255 || strings.Contains(shown, "VRP") {
		t.Errorf("with a wrong password ssh ends with %d:\n%s", code, shown)
	}
	eventually(t, "the failure is logged", func() bool { return strings.Contains(again.log.String(), "wrong user or password") })
	if strings.Contains(again.log.String(), clientPassword) {
		t.Error("the password is in the log")
	}
}

// Three wrong passwords shut the address and the account out; the console stays
// open, from where they are let in again.
func TestOpenSSHLockout(t *testing.T) {
	g := reachable(t)
	for range 3 {
		if shown, code := g.openSSH(t, "wrong", "accept-new", "display", "version"); code != 255 {
			t.Fatalf("with a wrong password ssh ends with %d:\n%s", code, shown)
		}
	}
	if shown, code := g.openSSH(t, clientPassword, "accept-new", "display", "version"); code != 255 {
		t.Errorf("after three wrong passwords ssh ends with %d:\n%s", code, shown)
	}
	eventually(t, "the lock is logged", func() bool { return strings.Contains(g.log.String(), "is locked after wrong passwords until") })
	out, err := g.console(t, "display local-user\nreset local-user lock "+clientUser+"\nreset ssh lock\n")
	if err != nil || !strings.Contains(out, "Total 2 lock(s)") {
		t.Errorf("the console is shut too, or shows no lock: %v, %s", err, out)
	}
	shown, code := g.openSSH(t, clientPassword, "accept-new", "display", "nonsense")
	if code != 1 || !strings.Contains(shown, "display nonsense\n") || strings.Contains(shown, "Line 1") {
		t.Errorf("let in again, a wrong command ends with %d:\n%s", code, shown)
	}
}
