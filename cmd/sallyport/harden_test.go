package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// setUmask sets the umask and returns what restores it.
func setUmask(mask int) (restore func()) {
	old := unix.Umask(mask)
	return func() { unix.Umask(old) }
}

func TestHarden(t *testing.T) {
	t.Cleanup(setUmask(0o022))
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) })
	if err := harden(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := ownerOnly(path); err != nil {
		t.Errorf("a file written after harden: %v", err)
	}
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("core files may have %+v octets, %v, want none", limit, err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable is %d, %v, want 0", dumpable, err)
	}
}

func TestOwnerOnly(t *testing.T) {
	tests := []struct {
		mode os.FileMode
		want string
	}{
		{0o700, ""},
		{0o600, ""},
		{0o400, ""},
		{0o640, "can be read by others (mode 0640): chmod go="},
		{0o604, "can be read by others (mode 0604)"},
		{0o620, "can be read by others"},
		{0o755, "can be read by others"},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "folder")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		if err := ownerOnly(path); !says(err, test.want) {
			t.Errorf("ownerOnly(mode %#o) = %v, want %q", test.mode, err, test.want)
		}
	}
	if err := ownerOnly(filepath.Join(t.TempDir(), "none")); !says(err, "no such file") {
		t.Errorf("ownerOnly(nothing) = %v, want no such file", err)
	}
}

func TestOwnerOnlyRefusesAnotherUsersFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give a file away")
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if err := ownerOnly(path); !says(err, "belongs to user 12345") {
		t.Errorf("ownerOnly() = %v, want the owner named", err)
	}
}
