package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	tests := []struct {
		args     string
		code     int
		out, err string
	}{
		{"", 2, "", "usage:"},
		{"help", 0, "", "sallyport demo"},
		{"--help", 0, "", "sallyport run"},
		{"fly", 2, "", `there is no "fly"`},
		{"version", 0, "Sallyport " + version, ""},
		{"version now", 2, "", `version: what is "now"?`},
		{"version -h", 0, "", "Usage of version"},
		{"check", 2, "", "which files?"},
		{"check " + none, 1, "", "no such file"},
		{"console --state " + none, 1, "", "no gateway runs there; start it with `sallyport run`"},
		{"console --speed 9600", 2, "", "flag provided but not defined"},
		{"demo --keep --longer", 2, "", "flag provided but not defined"},
		{"run --dataplane kernel", 1, "", "use --dataplane user, or auto"},
		{"run --dataplane fast", 2, "", "want auto, kernel or user"},
		{"run --port eth0", 2, "", "want NAME=DEVICE"},
		{"run --ports " + none, 1, "", "no such file"},
		{"run now", 2, "", `run: what is "now"?`},
	}
	for _, test := range tests {
		var out, errs strings.Builder
		code := commandLine(streams{strings.NewReader(""), &out, &errs}, strings.Fields(test.args))
		if code != test.code || !strings.HasPrefix(out.String(), test.out) || !strings.Contains(errs.String(), test.err) {
			t.Errorf("sallyport %s: exit code %d, %q, %q, want %d, %q, %q",
				test.args, code, &out, &errs, test.code, test.out, test.err)
		}
	}
}

func TestEverySubcommandIsInTheUsage(t *testing.T) {
	var usage strings.Builder
	printUsage(&usage)
	for _, c := range subcommands() {
		if !strings.Contains(usage.String(), "sallyport "+c.name) || !strings.Contains(usage.String(), c.text) {
			t.Errorf("usage\n%s\nwants %s: %s", &usage, c.name, c.text)
		}
	}
}

func TestSettings(t *testing.T) {
	var errs strings.Builder
	read := func(args string) settings {
		t.Helper()
		set, err := readSettings(streams{err: &errs}, strings.Fields(args))
		if err != nil {
			t.Fatalf("readSettings(%q): %v", args, err)
		}
		return set
	}
	if got := read(""); got.startup() != filepath.Join(defaultState, savedFile) || got.dataplane != "auto" || got.trace {
		t.Errorf("settings of nothing: %+v", got)
	}
	got := read("--config a.cfg --state s --port A=eth0 --port B=eth1 --trace --dataplane user")
	if got.startup() != "a.cfg" || got.state != "s" || got.ports.String() != "A=eth0 B=eth1" || !got.trace || got.dataplane != "user" {
		t.Errorf("settings: %+v", got)
	}
}
