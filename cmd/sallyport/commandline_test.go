package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/platform/store"
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
		{"check " + none, 1, "", "no such file or directory: name configuration files that can be read"},
		{"console --state " + none, 1, "", "no gateway runs there; start it with `sallyport run`"},
		{"console --speed 9600", 2, "", "flag provided but not defined: -speed: see `sallyport console --help`"},
		{"demo --keep --longer", 2, "", "flag provided but not defined: -longer: see `sallyport demo --help`"},
		{"run --bogus", 2, "", "flag provided but not defined: -bogus: see `sallyport run --help`"},
		{"run --config", 2, "", "flag needs an argument: -config: see"},
		{"run --help", 0, "", "Usage of run"},
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

// TestWhatIsWrongIsOneLine asks for what cannot be, and counts the lines of the answer.
func TestWhatIsWrongIsOneLine(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range []string{
		"run --bogus", "run --port eth0", "run --config", "run --trace=perhaps", "run now", "run --dataplane fast",
		"check " + none, "check --fast", "version now", "demo --longer", "console --speed 9600", "console --state " + none,
	} {
		var errs strings.Builder
		code := commandLine(streams{strings.NewReader(""), &errs, &errs}, strings.Fields(args))
		if code == 0 || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("sallyport %s: exit code %d, %q, want a refusal in one line", args, code, &errs)
		}
	}
}

func TestStateAdvice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, notAFolder := store.Lock(file)
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"permission", fmt.Errorf("state folder: %w", &fs.PathError{Op: "mkdir", Path: "/s", Err: unix.EACCES}), "another folder with --state"},
		{"no root", &fs.PathError{Op: "mkdir", Path: "/s", Err: unix.EPERM}, "be its owner (or root)"},
		{"a file", notAFolder, ": take another folder with --state"},
		{"taken", errors.New("process 7 uses it; stop that one or take another folder"), ""},
	}
	for _, test := range tests {
		if got := stateAdvice(test.err); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: stateAdvice(%v) = %q, want %q", test.name, test.err, got, test.want)
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
	if got := read(""); got.config != "" || got.state != defaultState || got.dataplane != "auto" || got.trace {
		t.Errorf("settings of nothing: %+v", got)
	}
	got := read("--config a.cfg --state s --port A=eth0 --port B=eth1 --trace --dataplane user")
	if got.config != "a.cfg" || got.state != "s" || got.ports.String() != "A=eth0 B=eth1" || !got.trace || got.dataplane != "user" {
		t.Errorf("settings: %+v", got)
	}
}
