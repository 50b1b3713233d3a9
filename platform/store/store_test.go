package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// names lists a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

// checkFile compares a file's text and mode with what is wanted.
func checkFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := Read(path)
	if err != nil || string(got) != want {
		t.Errorf("Read(%s) = %q, %v, want %q", path, got, err, want)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode of %s is %v, want 0600", path, info.Mode())
	}
}

func TestWrite(t *testing.T) {
	for _, test := range []struct {
		name string
		old  string // "": no file; made readable by everybody
		data string
	}{
		{"new file", "", "sysname A\n"},
		{"longer text over shorter", "x", "sysname A\n"},
		{"shorter text over longer", strings.Repeat("old ", 5000), "new"},
		{"no text", "old", ""},
		{"a megabyte", "", strings.Repeat("0123456789abcdef", 1<<16)},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "saved.cfg")
			if test.old != "" {
				if err := os.WriteFile(path, []byte(test.old), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := Write(path, []byte(test.data)); err != nil {
				t.Fatal(err)
			}
			checkFile(t, path, test.data)
			if got := names(t, dir); got != "saved.cfg" {
				t.Errorf("folder holds %q, want only saved.cfg", got)
			}
		})
	}
}

// A crash in the middle of Write leaves a part of a temporary file behind.
func TestWriteAfterCrash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "saved.cfg")
	if err := Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	temp, err := fill(files{}, dir, "saved.cfg", []byte("half of the ne"))
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, path, "old")
	if err := Write(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path, "new")
	checkFile(t, temp, "half of the ne") // not ours to judge: another Write may be at work on it
	if err := Tidy(dir); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "saved.cfg" {
		t.Errorf("tidied folder holds %q, want only saved.cfg", got)
	}
}

func TestWriteRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		path string // below the test's folder
		data []byte
		want error // nil: any
	}{
		{"no folder", "none/saved.cfg", []byte("new"), fs.ErrNotExist},
		{"a file for a folder", "file/saved.cfg", []byte("new"), nil},
		{"the target is a folder", "folder", []byte("new"), nil},
		{"too long", "file", make([]byte, maxSize+1), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := Write(filepath.Join(dir, "file"), []byte("old")); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
				t.Fatal(err)
			}
			err := Write(filepath.Join(dir, test.path), test.data)
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("Write(%s) = %v, want an error like %v", test.path, err, test.want)
			}
			checkFile(t, filepath.Join(dir, "file"), "old")
			if got := names(t, dir); got != "file folder" {
				t.Errorf("folder holds %q, want file and folder alone", got)
			}
		})
	}
}

// TestWriteReadOnly writes as a user who may not make files in the folder.
func TestWriteReadOnly(t *testing.T) {
	dir, err := os.MkdirTemp("", "store") // not t.TempDir, which only its owner can enter
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "saved.cfg")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	err = asNobody(func() error { return Write(path, []byte("new")) })
	if errors.Is(err, errNobody) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Write to a read-only folder = %v, want %v in one line", err, fs.ErrPermission)
	}
	if got, err := Read(path); err != nil || string(got) != "old" {
		t.Errorf("Read = %q, %v, want the old text", got, err)
	}
	if got := names(t, dir); got != "saved.cfg" {
		t.Errorf("folder holds %q, want only saved.cfg", got)
	}
}

// errNobody says that we are root, and of a user namespace that has no others.
var errNobody = errors.New("needs a user without rights")

// asNobody calls f without root's right to pass over file modes, which only
// the calling thread gives up, and which ends with the thread.
func asNobody(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			unix.SetfsuidRetUid(nobody)
			if now, err := unix.SetfsuidRetUid(-1); now != nobody { // says what it is
				done <- errors.Join(errNobody, err)
				return
			}
		}
		done <- f()
	}()
	return <-done
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read of no file = %v, want %v", err, fs.ErrNotExist)
	}
	if _, err := Read(dir); err == nil {
		t.Error("Read of a folder gave no error")
	}
	path := filepath.Join(dir, "full")
	full := bytes.Repeat([]byte{'#'}, maxSize)
	if err := Write(path, full); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err != nil || len(got) != maxSize {
		t.Errorf("Read of a full file = %d octets, %v, want %d", len(got), err, maxSize)
	}
	if err := os.Truncate(path, maxSize+1); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err == nil {
		t.Errorf("Read of one octet too many = %d octets, no error", len(got))
	}
}
