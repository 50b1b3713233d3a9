package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// answered types a script into the console, of which no line may be refused.
func (b *bare) answered(t *testing.T, script string) string {
	t.Helper()
	out, err := b.console(t, script)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return out
}

// killed ends the gateway as a pulled plug does.
func (g *gatewayRun) killed(t *testing.T) {
	t.Helper()
	must(t, g.Process.Kill())
	if err := g.Wait(); err == nil {
		t.Error("the gateway ended by itself")
	}
}

// Of what was changed after the save, nothing is left after a kill but the rollback
// points; a trial that was running is over.
func TestConfigurationOutlivesAKill(t *testing.T) {
	b := newBare(t)
	g := b.run(t)
	b.answered(t, "system-view\nsysname Saved\nreturn\nsave\ny\nsystem-view\nsysname Kept\nreturn\n"+
		"configuration commit trial 3600\nsystem-view\nsysname Trial\n")
	g.killed(t)

	g = b.run(t)
	if out := b.answered(t, "display current-configuration\n"); !strings.Contains(out, "sysname Saved\n") {
		t.Errorf("after the kill\n%s", out)
	}
	if out := b.answered(t, "display configuration trial\n"); !strings.Contains(out, "INACTIVE") {
		t.Errorf("after the kill\n%s", out)
	}
	if out := b.answered(t, "compare configuration\n"); !strings.Contains(out, "is the same") {
		t.Errorf("after the kill\n%s", out)
	}
	b.answered(t, "rollback configuration to commit-id 1000000003\ny\n")
	if out := b.answered(t, "display current-configuration\n"); !strings.Contains(out, "sysname Kept\n") {
		t.Errorf("after the rollback\n%s", out)
	}
	g.end(t, syscall.SIGTERM)
}

// A start-up file of which a half is there is not read: its backup is, loudly.
func TestHalfAStartUpFile(t *testing.T) {
	b := newBare(t)
	g := b.run(t)
	b.answered(t, "system-view\nsysname First\nsave\ny\nsysname Second\nsave\ny\n")
	g.killed(t)
	path := filepath.Join(b.state(), "vrpcfg.cfg")
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, whole[:len(whole)*2/3], 0o600))

	g = b.run(t)
	if out := b.answered(t, "display current-configuration\n"); !strings.Contains(out, "sysname First\n") {
		t.Errorf("in force is\n%s", out)
	}
	if out := b.answered(t, "display startup\n"); !strings.Contains(out, "vrpcfg.cfg.bak") {
		t.Errorf("display startup:\n%s", out)
	}
	if !strings.Contains(g.log.String(), "STARTING WITH THE BACKUP") {
		t.Errorf("logged\n%s", g.log)
	}
	g.end(t, syscall.SIGTERM)
}

// A file of commands runs while another console is being served.
func TestExecuteOnTheConsole(t *testing.T) {
	b := newBare(t)
	g := b.run(t)
	must(t, os.WriteFile(filepath.Join(b.state(), "a.bat"), []byte("system-view\nsysname A\nnonsense\nike peer b\n"), 0o600))
	out, err := b.console(t, "execute a.bat\ndisplay this\n")
	if err == nil || !strings.Contains(out, "Line 3:\n[A]nonsense\n   ^\n") || !strings.HasSuffix(out, "#\nike peer b\n#\n") {
		t.Errorf("%v\n%s", err, out)
	}
	g.end(t, syscall.SIGTERM)
}
