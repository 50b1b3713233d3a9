package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The test of this file has Debian's netmiko drive an appliance.

// Who may come in, and where.
const (
	clientUser     = "admin"
	clientPassword = "Huawei@123"
	clientPort     = "2222"
)

// accountScript lets the clients in.
const accountScript = `system-view
sysname H
aaa
local-user ` + clientUser + ` password irreversible-cipher ` + clientPassword + `
local-user ` + clientUser + ` privilege level 15
local-user ` + clientUser + ` service-type ssh
quit
ssh server port ` + clientPort + `
stelnet server enable
`

// longConfiguration takes several pages.
func longConfiguration() string {
	var text strings.Builder
	fmt.Fprintln(&text, "acl 3000")
	for i := range 100 {
		fmt.Fprintf(&text, "rule permit ip source 10.%d.0.0 0.0.255.255\n", i)
	}
	return text.String()
}

// reachable runs a gateway that clients may come in to.
func reachable(t *testing.T) *gatewayRun {
	t.Helper()
	g := newBare(t).run(t)
	if out, err := g.console(t, accountScript+longConfiguration()); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return g
}

// said is what the script of testdata/netmiko prints, step by step.
type said map[string]any

func TestNetmiko(t *testing.T) {
	requireProgram(t, "/usr/bin/python3")
	g := reachable(t)
	log := filepath.Join(g.folder, "session")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", "testdata/netmiko/huawei.py", clientPort, clientUser, clientPassword, log)
	out, errs := &transcript{}, &transcript{}
	cmd.Stdout, cmd.Stderr = out, errs
	must(t, g.bare.Start(cmd))
	if err := cmd.Wait(); err != nil {
		if strings.Contains(errs.String(), "No module named 'netmiko'") {
			unavailable(t, "python3-netmiko is missing: run .ci/install-peers")
		}
		t.Fatalf("netmiko: %v\n%s\n%s", err, errs, g.log)
	}
	var got said
	must(t, json.Unmarshal([]byte(out.String()), &got))
	got.check(t)
	got.checkConfiguration(t)
	session, err := os.ReadFile(log)
	must(t, err)
	checkSession(t, "netmiko's session", string(session))
	g.checkSaved(t)
}

// check compares what each step must bring.
func (s said) check(t *testing.T) {
	t.Helper()
	for step, want := range map[string]string{
		"prompt":      `^<H>$`,
		"version":     `VRP \(R\) software, Version .*\n(.*\n)*.*uptime is`,
		"set":         `\[H-ike-proposal-10\]dh group14\n\[H-ike-proposal-10\]quit\n(.*\n)*.*rule permit ip source 192.0.2.0 0.0.0.255\n\[H-acl-adv-3001\]return\n<H>$`,
		"refused":     `^ +\^\nError: Unrecognized command found at '\^' position\.$`,
		"refused set": `Error: Wrong parameter found at '\^' position\.\n(.*\n)*.*Error:Incomplete command found at '\^' position\.`,
		"configuring": `^false$`,
		"changed":     `^ rule 5 permit ip source 192.0.2.0 0.0.0.255\nike proposal 10$`,
		"saved":       `\[Y/N\]:(.*\n)*  Configuration file had been saved successfully`,
		"question":    `Are you sure to continue\?\[Y/N\]:$`,
		"answer":      `^$`,
		"expected":    `^Enter system view, return user view with Ctrl\+Z\.`,
		"last":        `Time Zone\(`,
	} {
		if got := fmt.Sprint(s[step]); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: netmiko read %q, want it like %s", step, got, want)
		}
	}
}

// checkConfiguration sees that the configuration that netmiko read is whole.
func (s said) checkConfiguration(t *testing.T) {
	t.Helper()
	got := fmt.Sprint(s["configuration"])
	for i := range 100 {
		want := fmt.Sprintf("\n rule %d permit ip source 10.%d.0.0 0.0.255.255\n", 5*(i+1), i)
		if !strings.Contains(got, want) {
			t.Fatalf("the configuration that netmiko read has no line %q:\n%s", want, got)
		}
	}
	if !strings.HasSuffix(got, "return") || strings.Contains(got, "More") {
		t.Errorf("the configuration that netmiko read is not whole:\n%s", got)
	}
}

// checkSaved looks at the file that the next start reads.
func (g *gatewayRun) checkSaved(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(g.state(), "vrpcfg.cfg"))
	if err != nil || !strings.Contains(string(text), "rule 5 permit ip source 192.0.2.0 0.0.0.255") {
		t.Errorf("saved: %v\n%s", err, text)
	}
}
