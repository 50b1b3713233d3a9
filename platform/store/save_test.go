package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSaveAndLoad(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a text", "#\nsysname A\n#\nreturn\n", "#\nsysname A\n#\nreturn\n"},
		{"no line feed at the end", "sysname A", "sysname A\n"},
		{"no text", "", ""},
		{"a text that looks like a checksum", checkedTail + "00\n", checkedTail + "00\n"},
		{"a text with a checksum", string(checked([]byte("x\n"))), string(checked([]byte("x\n")))},
	} {
		path := filepath.Join(t.TempDir(), "a.cfg")
		if err := Save(path, []byte(test.text)); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path, nil)
		if err != nil || string(got.Data) != test.want || got.Path != path || got.Damage != nil {
			t.Errorf("%s: Load = %q of %s, damage %v, %v", test.name, got.Data, got.Path, got.Damage, err)
		}
	}
}

func TestBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.cfg")
	for _, text := range []string{"first\n", "second\n", "third\n"} {
		if err := Save(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, filepath.Dir(path)); got != "a.cfg a.cfg.bak" {
		t.Errorf("folder holds %q", got)
	}
	checkFile(t, path+".bak", string(checked([]byte("second\n"))))

	spoil(t, path)
	got, err := Load(path, nil)
	if err != nil || string(got.Data) != "second\n" || got.Path != path+".bak" || !errors.Is(got.Damage, errChecksum) {
		t.Errorf("Load of a damaged file = %q of %s, damage %v, %v", got.Data, got.Path, got.Damage, err)
	}
	if err := Save(path, []byte("fourth\n")); err != nil { // the damaged file is no backup
		t.Fatal(err)
	}
	checkFile(t, path+".bak", string(checked([]byte("second\n"))))

	spoil(t, path)
	spoil(t, path+".bak")
	if got, err := Load(path, nil); err == nil || got.Data != nil || strings.Contains(err.Error(), "\n") ||
		!strings.Contains(err.Error(), path+" is") || !strings.Contains(err.Error(), path+".bak is") {
		t.Errorf("Load of two damaged files = %q, %v, want one line about both", got.Data, err)
	}
}

// spoil turns one bit of the text of a file.
func spoil(t *testing.T, path string) {
	t.Helper()
	data, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(checkedHead)] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Of a file of ours, no part and no other octet is taken for the whole.
func TestHalfWritten(t *testing.T) {
	whole := checked([]byte("#\nsysname A\n#\nreturn\n"))
	for n := range whole {
		if text, err := verified(whole[:n]); err == nil && n >= len(checkedHead) {
			t.Errorf("the first %d of %d octets are taken: %q", n, len(whole), text)
		}
		other := bytes.Clone(whole)
		other[n] ^= 0x20
		if text, err := verified(other); err == nil && n >= len(checkedHead) && n < bytes.LastIndexByte(whole[:len(whole)-1], '\n') {
			t.Errorf("with another octet %d it is taken: %q", n, text)
		}
	}
}

func TestWrittenByHand(t *testing.T) {
	bad := errors.New("not for me")
	for _, test := range []struct {
		name, data string
		want       error
	}{
		{"no checksum", "sysname A\n", nil},
		{"no line feed", "sysname A", nil},
		{"empty", "", errEmpty},
		{"edited, and the checksum left", checkedHead + "sysname B\n" + checkedTail + "00\n", errChecksum},
		{"edited, and the checksum alone deleted", checkedHead + "sysname B\n", errCut},
		{"edited, and both lines deleted", "sysname B\n", nil},
		{"not valid", "nonsense", bad},
	} {
		path := filepath.Join(t.TempDir(), "a.cfg")
		if err := os.WriteFile(path, []byte(test.data), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path, func(data []byte) error {
			if string(data) == "nonsense" {
				return bad
			}
			return nil
		})
		if !errors.Is(err, test.want) || err == nil && string(got.Data) != test.data {
			t.Errorf("%s: %q, %v, want %v", test.name, got.Data, err, test.want)
		}
	}
}

func TestLoadOfNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.cfg")
	if _, err := Load(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of no file: %v", err)
	}
	if err := Save(dir, nil); err == nil {
		t.Error("a folder was replaced")
	}
	if err := Remove(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Remove of no file: %v", err)
	}
}

func TestRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.cfg")
	for range 2 {
		if err := Save(path, []byte("x\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Dir(path)); got != "" {
		t.Errorf("folder holds %q", got)
	}
}

func FuzzVerified(f *testing.F) {
	f.Add([]byte("sysname A\n"))
	f.Add(checked([]byte("#\nreturn\n")))
	f.Add([]byte(checkedHead))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := verified(data)
		if err == nil && !bytes.Contains(data, text) {
			t.Fatalf("%q became %q", data, text)
		}
		again, err := verified(checked(text))
		if err != nil || string(bytes.TrimSuffix(again, []byte("\n"))) != string(bytes.TrimSuffix(text, []byte("\n"))) {
			t.Fatalf("%q came back as %q, %v", text, again, err)
		}
	})
}
