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

// faultLine is what `sallyport check` prints for each fault, and for each warning.
var faultLine = regexp.MustCompile(`^x\.cfg:(\d+):(\d+): (warning: |).+\n$`)

func TestCheck(t *testing.T) {
	tests := []struct {
		name, text string
		at         []string // line and column of each fault; of a warning with a w before
	}{
		{"nothing", "", nil},
		{"a warning", "sysname H\nike proposal 5\n dh group2\n", []string{"w3:2"}},
		{"faults and warnings, by line", "x\nike proposal 5\n dh group2\nike peer b\n version 1\n frobnicate\n", []string{"1:1", "w3:2", "6:2"}},
		{"a line that is refused warns of nothing", "ike proposal 5\n dh group2 x\n", []string{"2:12"}},
		{"comments", "#\n! old\n// new\nreturn\n", nil},
		{"the seed's FW_A, with weak algorithms", seed.FWA, []string{"w13:2", "w14:2"}},
		{"the seed's FW_B, likewise", seed.FWB, []string{"w9:2", "w10:2"}},
		{"with system-view", "system-view\nsysname H\nreturn\n", nil},
		{"an unknown command", "sysname H\nfrobnicate\n", []string{"2:1"}},
		{"a bad value", "ike proposal 70000\n", []string{"1:14"}},
		{"two faults", "x\nsysname H\ny\n", []string{"1:1", "3:1"}},
	}
	for _, test := range tests {
		var out strings.Builder
		faults := 0
		for _, at := range test.at {
			if at[0] != 'w' {
				faults++
			}
		}
		if got := check(&out, "x.cfg", test.text); got != faults {
			t.Errorf("%s: check() = %d, want %d:\n%s", test.name, got, faults, &out)
		}
		i := 0
		for line := range strings.Lines(out.String()) {
			at := faultLine.FindStringSubmatch(line)
			if at == nil || i >= len(test.at) || strings.TrimSuffix(at[3], "arning: ")+at[1]+":"+at[2] != test.at[i] {
				t.Errorf("%s: fault %q, want one at %v", test.name, line, test.at)
			}
			i++
		}
		if i != len(test.at) {
			t.Errorf("%s: %d lines, want %d:\n%s", test.name, i, len(test.at), &out)
		}
	}
}

func TestRunCheck(t *testing.T) {
	folder := t.TempDir()
	good, bad := filepath.Join(folder, "good.cfg"), filepath.Join(folder, "bad.cfg")
	weak := filepath.Join(folder, "weak.cfg")
	for path, text := range map[string]string{good: "sysname H\n", bad: "frobnicate\n", weak: "ike proposal 5\n dh group2\n"} {
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
		{"a weak file", []string{weak}, 0, weak + ":2:2: warning: The Diffie-Hellman group 2 is weak."},
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
