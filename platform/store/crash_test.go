package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"testing"
)

// A crashDisk is a disk in memory that fails at one of its calls, and that can
// lose power: what was written and not synced is then there, half there or gone,
// and of the changes to the folder that were not synced any number of the first.
type crashDisk struct {
	now    map[string]*crashFile // by path, as a program sees it
	synced map[string]*crashFile // the folder as of the last sync
	since  []map[string]*crashFile
	calls  int
	failAt int   // the call that fails; 0: none
	err    error // of the call that fails
	dead   bool  // if the power went with it: all later calls fail too
}

// A crashFile is a file's contents.
type crashFile struct {
	name   string
	data   []byte
	synced int // octets that are on the disk for sure
	disk   *crashDisk
}

var (
	errPower = errors.New("the power is gone")
	errFull  = errors.New("no space left on device")
)

func newCrashDisk() *crashDisk { return &crashDisk{now: map[string]*crashFile{}} }

// call counts a call and reports whether it fails.
func (d *crashDisk) call() error {
	d.calls++
	if d.calls == d.failAt || d.dead && d.calls > d.failAt {
		return d.err
	}
	return nil
}

// changed notes a change of the folder.
func (d *crashDisk) changed() { d.since = append(d.since, maps.Clone(d.now)) }

func (d *crashDisk) create(dir, pattern string) (handle, error) {
	if err := d.call(); err != nil {
		return nil, err
	}
	f := &crashFile{name: filepath.Join(dir, fmt.Sprint(pattern, d.calls)), disk: d}
	d.now[f.name] = f
	d.changed()
	return f, nil
}

func (d *crashDisk) open(path string) (io.ReadCloser, error) {
	if err := d.call(); err != nil {
		return nil, err
	}
	f := d.now[path]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(f.data)), nil
}

func (d *crashDisk) rename(from, to string) error {
	if err := d.call(); err != nil {
		return err
	}
	d.now[to] = d.now[from]
	delete(d.now, from)
	d.changed()
	return nil
}

func (d *crashDisk) remove(path string) error {
	if err := d.call(); err != nil {
		return err
	}
	if d.now[path] == nil {
		return fs.ErrNotExist
	}
	delete(d.now, path)
	d.changed()
	return nil
}

func (d *crashDisk) sync(string) error {
	if err := d.call(); err != nil {
		return err
	}
	d.synced, d.since = maps.Clone(d.now), nil
	return nil
}

func (f *crashFile) Name() string { return f.name }
func (f *crashFile) Close() error { return f.disk.call() }

// Write writes half of p if it fails, as a disk that is full.
func (f *crashFile) Write(p []byte) (int, error) {
	if err := f.disk.call(); err != nil {
		f.data = append(f.data, p[:len(p)/2]...)
		return len(p) / 2, err
	}
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *crashFile) Sync() error {
	if err := f.disk.call(); err != nil {
		return err
	}
	f.synced = len(f.data)
	return nil
}

// afterwards are the disks that a loss of power may leave.
func (d *crashDisk) afterwards() []*crashDisk {
	var all []*crashDisk
	for _, folder := range append([]map[string]*crashFile{d.synced}, d.since...) {
		for _, lost := range []int{0, 1, 2} { // nothing, half, all of what was not synced
			next := newCrashDisk()
			for path, f := range folder {
				kept := f.synced + (len(f.data)-f.synced)*(2-lost)/2
				next.now[path] = &crashFile{name: path, data: f.data[:kept], synced: kept, disk: next}
			}
			next.synced = maps.Clone(next.now)
			all = append(all, next)
		}
	}
	return all
}

const crashPath = "state/vrpcfg.cfg"

// saved returns a disk on which the texts were saved, one after the other.
func saved(t *testing.T, texts ...string) *crashDisk {
	t.Helper()
	d := newCrashDisk()
	for _, text := range texts {
		if err := save(d, crashPath, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	d.calls = 0
	return d
}

// callsOf counts the calls of the save that the other tests break.
func callsOf(t *testing.T) int {
	d := saved(t, "first\n", "old\n")
	if err := save(d, crashPath, []byte("new\n")); err != nil {
		t.Fatal(err)
	}
	return d.calls
}

// TestPowerFails pulls the plug at every call of a save, and looks at every disk
// that this may leave.
func TestPowerFails(t *testing.T) {
	seen := map[string]int{}
	calls := callsOf(t)
	for at := 1; at <= calls+1; at++ {
		d := saved(t, "first\n", "old\n")
		d.failAt, d.err, d.dead = at, errPower, true
		err := save(d, crashPath, []byte("new\n"))
		if (err != nil) != (at <= calls) {
			t.Fatalf("call %d: %v", at, err)
		}
		for i, after := range d.afterwards() {
			got, loadErr := load(after, crashPath, nil)
			text := string(got.Data)
			if loadErr != nil || got.Damage != nil || text != "old\n" && text != "new\n" || err == nil && text != "new\n" {
				t.Errorf("the plug pulled at call %d, disk %d: %q, damage %v, %v", at, i, text, got.Damage, loadErr)
			}
			seen[text]++
			backup, backupErr := loadOne(after, crashPath+backupSuffix, nil)
			if b := string(backup); backupErr != nil || b != "first\n" && b != "old\n" {
				t.Errorf("the plug pulled at call %d, disk %d: backup %q, %v", at, i, b, backupErr)
			}
		}
	}
	if seen["old\n"] == 0 || seen["new\n"] == 0 {
		t.Errorf("seen %v, want both texts", seen)
	}
}

// TestDiskFull has every call of a save fail once: the error is told, the old
// text is there, and what was begun is removed.
func TestDiskFull(t *testing.T) {
	calls := callsOf(t)
	for at := 1; at <= calls; at++ {
		d := saved(t, "first\n", "old\n")
		d.failAt, d.err = at, errFull
		if err := save(d, crashPath, []byte("new\n")); !errors.Is(err, errFull) {
			t.Errorf("call %d fails: %v", at, err)
		}
		d.failAt = 0
		got, err := load(d, crashPath, nil)
		want := "old\n"
		if at == calls { // the sync of the folder: it is there, though perhaps not for good
			want = "new\n"
		}
		if string(got.Data) != want || got.Damage != nil || err != nil {
			t.Errorf("call %d failed: %q, damage %v, %v", at, got.Data, got.Damage, err)
		}
		if len(d.now) != 2 {
			t.Errorf("call %d failed: %d files, want the file and its backup", at, len(d.now))
		}
	}
}

// Power that fails while a file is deleted leaves it whole, or gone.
func TestPowerFailsInRemove(t *testing.T) {
	for at := 1; at <= 4; at++ {
		d := saved(t, "first\n", "old\n")
		d.failAt, d.err, d.dead = at, errPower, true
		if err := remove(d, crashPath); (err != nil) != (at < 4) {
			t.Errorf("call %d fails: %v", at, err)
		}
		for _, after := range d.afterwards() {
			got, err := load(after, crashPath, nil)
			if string(got.Data) != "old\n" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the plug pulled at call %d: %q, %v", at, got.Data, err)
			}
		}
	}
}
