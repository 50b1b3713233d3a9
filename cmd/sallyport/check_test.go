package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport/testdata/seed"
)

// faultLine is what `sallyport check` prints for each fault.
var faultLine = regexp.MustCompile(`^x\.cfg:(\d+):(\d+): .+\n$`)

func TestCheck(t *testing.T) {
	tests := []struct {
		name, text string
		at         []string // line and column of each fault
	}{
		{"nothing", "", nil},
		{"comments", "#\n! old\n// new\nreturn\n", nil},
		{"the seed's FW_A", seed.FWA, nil},
		{"the seed's FW_B", seed.FWB, nil},
		{"with system-view", "system-view\nsysname H\nreturn\n", nil},
		{"an unknown command", "sysname H\nfrobnicate\n", []string{"2:1"}},
		{"a bad value", "ike proposal 70000\n", []string{"1:14"}},
		{"two faults", "x\nsysname H\ny\n", []string{"1:1", "3:1"}},
	}
	for _, test := range tests {
		var out strings.Builder
		if got := check(&out, "x.cfg", test.text); got != len(test.at) {
			t.Errorf("%s: check() = %d, want %d:\n%s", test.name, got, len(test.at), &out)
		}
		i := 0
		for line := range strings.Lines(out.String()) {
			at := faultLine.FindStringSubmatch(line)
			if at == nil || i >= len(test.at) || at[1]+":"+at[2] != test.at[i] {
				t.Errorf("%s: fault %q, want one at %v", test.name, line, test.at)
			}
			i++
		}
	}
}

func TestRunCheck(t *testing.T) {
	folder := t.TempDir()
	good, bad := filepath.Join(folder, "good.cfg"), filepath.Join(folder, "bad.cfg")
	for path, text := range map[string]string{good: "sysname H\n", bad: "frobnicate\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		args []string
		code int
		out  string
	}{
		{"a good file", []string{good}, 0, ""},
		{"a bad file", []string{bad}, 1, bad + ":1:1: "},
		{"both", []string{good, bad}, 1, bad + ":1:1: "},
		{"no file", nil, 2, ""},
		{"a file that is not there", []string{filepath.Join(folder, "none")}, 1, ""},
		{"a folder", []string{folder}, 1, ""},
		{"a wrong flag", []string{"-x"}, 2, ""},
	}
	for _, test := range tests {
		var out strings.Builder
		code := commandLine(streams{strings.NewReader(""), &out, io.Discard}, append([]string{"check"}, test.args...))
		if code != test.code || !strings.HasPrefix(out.String(), test.out) || (test.out == "") != (out.Len() == 0) {
			t.Errorf("%s: exit code %d, printed %q, want %d, %q", test.name, code, &out, test.code, test.out)
		}
	}
}
