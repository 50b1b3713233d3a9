package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/commands"
	"sallyport/platform/store"
)

// A boxFolder is the state folder of a box that is not there, and its log.
type boxFolder struct {
	*gateway
	t    *testing.T
	text *sharedText
}

// sharedText is a text that a goroutine writes and another reads.
type sharedText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sharedText) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func newBoxFolder(t *testing.T) *boxFolder {
	t.Helper()
	f := &boxFolder{&gateway{}, t, &sharedText{}}
	f.state, f.gateway.seal = t.TempDir(), testSeal(t, 1)
	f.log = newLogbook(f.text, false)
	f.again()
	return f
}

// again is another start of the box.
func (f *boxFolder) again() {
	f.device = &device{files: newFiles(f.gateway), accounts: newAccounts(f.gateway), seal: f.gateway.seal, ports: &ports{}}
}

// logged ends the log and returns it.
func (f *boxFolder) logged() string {
	f.log.close()
	f.text.mu.Lock()
	defer f.text.mu.Unlock()
	return f.text.b.String()
}

// put writes a file by hand.
func (f *boxFolder) put(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.state, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *boxFolder) save(name, text string) {
	f.t.Helper()
	if err := f.device.Save(name, text); err != nil {
		f.t.Fatal(err)
	}
}

// started returns the name of the box that a start makes of the folder.
func (f *boxFolder) started() string {
	f.t.Helper()
	f.again()
	c, err := f.startUp()
	if err != nil {
		f.t.Fatal(err)
	}
	return c.Sysname
}

func TestStartUp(t *testing.T) {
	spoil := func(f *boxFolder, name string) {
		f.put(name, "!The last line is a checksum: …\nsysname Spoilt\n!checksum sha256 00\n")
	}
	for _, test := range []struct {
		name    string
		prepare func(*boxFolder)
		sysname string
		log     string // a part of it; "": nothing is logged
		current string
	}{
		{"never saved", func(*boxFolder) {}, commands.DefaultSysname, "no saved configuration in", ""},
		{"saved", func(f *boxFolder) { f.save("", "sysname A\n") }, "A", "", "vrpcfg.cfg"},
		{"written by hand", func(f *boxFolder) { f.put("vrpcfg.cfg", "sysname A") }, "A", "", "vrpcfg.cfg"},
		{"weak choices are named, each once", func(f *boxFolder) {
			f.save("", "sysname A\nike proposal 5\n dh group2\nike proposal 6\n dh group2\n")
		}, "A", "vrpcfg.cfg:3:2: warning: The Diffie-Hellman group 2 is weak. (lines like it: 1 more)", "vrpcfg.cfg"},
		{"a bad line is named", func(f *boxFolder) { f.save("", "nonsense\nsysname A\n") }, "A", "vrpcfg.cfg:1:1: Error: Unrecognized", "vrpcfg.cfg"},
		{"half-written, with a backup", func(f *boxFolder) { f.save("", "sysname A\n"); f.save("", "sysname B\n"); spoil(f, "vrpcfg.cfg") },
			"A", "STARTING WITH THE BACKUP", "vrpcfg.cfg.bak"},
		{"half-written", func(f *boxFolder) { f.save("", "sysname A\n"); spoil(f, "vrpcfg.cfg") }, commands.DefaultSysname, "STARTING WITH AN EMPTY CONFIGURATION", ""},
		{"both half-written", func(f *boxFolder) { spoil(f, "vrpcfg.cfg"); spoil(f, "vrpcfg.cfg.bak") }, commands.DefaultSysname, "STARTING WITH AN EMPTY CONFIGURATION", ""},
		{"no octets", func(f *boxFolder) { f.put("vrpcfg.cfg", "") }, commands.DefaultSysname, "it is empty", ""},
		{"not text", func(f *boxFolder) { f.put("vrpcfg.cfg", "sysname A\n\x00\n") }, commands.DefaultSysname, "it is not text", ""},
		{"not UTF-8", func(f *boxFolder) {
			f.save("", "sysname A\n")
			f.save("", "x\n")
			f.put("vrpcfg.cfg", "sysname \xff\n")
		}, "A", "it is not text", "vrpcfg.cfg.bak"},
		{"a line of a megabyte", func(f *boxFolder) { f.put("vrpcfg.cfg", strings.Repeat("x", 1<<20)) }, commands.DefaultSysname, "line 1 is longer", ""},
		{"a part of a file left", func(f *boxFolder) { f.save("", "sysname A\n"); f.put(".vrpcfg.cfg.tmp123", "sysn") }, "A", "", "vrpcfg.cfg"},
		{"another file chosen", func(f *boxFolder) { f.save("", "sysname A\n"); f.save("b.cfg", "sysname B\n"); f.choose("b.cfg") }, "B", "", "b.cfg"},
		{"none chosen", func(f *boxFolder) { f.save("", "sysname A\n"); f.choose("") }, commands.DefaultSysname, "no start-up file is chosen", ""},
		{"none chosen, then saved", func(f *boxFolder) { f.choose(""); f.save("", "sysname A\n") }, "A", "", "vrpcfg.cfg"},
		{"the choice half-written", func(f *boxFolder) { f.save("", "sysname A\n"); f.choose("b.cfg"); spoil(f, "startup") }, "A", "starting from vrpcfg.cfg", "vrpcfg.cfg"},
		{"a choice that leads out", func(f *boxFolder) { f.save("", "sysname A\n"); f.put("startup", "../a.cfg\n") }, "A", "names no file", "vrpcfg.cfg"},
	} {
		f := newBoxFolder(t)
		test.prepare(f)
		if got := f.started(); got != test.sysname {
			t.Errorf("%s: started as %s, want %s", test.name, got, test.sysname)
		}
		if got := f.device.Startup().Current; got != test.current {
			t.Errorf("%s: display startup names %q, want %q", test.name, got, test.current)
		}
		if left, err := filepath.Glob(filepath.Join(f.state, ".*")); len(left) > 0 || err != nil {
			t.Errorf("%s: %q are left", test.name, left)
		}
		if log := f.logged(); !strings.Contains(log, test.log) || test.log == "" && log != "" {
			t.Errorf("%s: logged %q, want %q", test.name, log, test.log)
		}
	}
}

func (f *boxFolder) choose(name string) {
	f.t.Helper()
	if err := f.device.SetStartup(name); err != nil {
		f.t.Fatal(err)
	}
}

// A file that was asked for with --config wins over what was chosen, and is
// written by save.
func TestStartUpWithConfig(t *testing.T) {
	f := newBoxFolder(t)
	f.choose("")
	f.config = filepath.Join(t.TempDir(), "given")
	f.again()
	if _, err := f.startUp(); err == nil || !strings.Contains(err.Error(), "say another with --config") {
		t.Errorf("a file that is not there: %v", err)
	}
	f.save("", "sysname A\n")
	if got := f.started(); got != "A" {
		t.Errorf("started as %s", got)
	}
	if u := f.device.Startup(); u != (commands.Startup{Current: f.config, Next: f.config, Fixed: true}) {
		t.Errorf("Startup() = %+v", u)
	}
	if err := os.WriteFile(f.config, []byte("\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.again()
	if _, err := f.startUp(); err == nil || !strings.Contains(err.Error(), "it is not text") {
		t.Errorf("a file that is not text and has no backup: %v", err)
	}
	f.log.close()
}

func TestReadRefuses(t *testing.T) {
	f := newBoxFolder(t)
	defer f.log.close()
	f.save("a.cfg", "sysname A\n")
	f.save("a.cfg", "sysname B\n")
	f.put("nul.cfg", "\x00")
	if got, err := f.device.Read("a.cfg"); got != "sysname B\n" || err != nil {
		t.Errorf("Read = %q, %v", got, err)
	}
	f.put("a.cfg", "sysname C\n!checksum sha256 00\n")
	for _, name := range []string{"a.cfg", "nul.cfg", "none.cfg"} { // a.cfg has a backup, which is not what was asked for
		if got, err := f.device.Read(name); got != "" || err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("Read(%s) = %q, %v, want an error of one line", name, got, err)
		}
	}
}

// TestReadOfAPipe does not wait for who would write into it.
func TestReadOfAPipe(t *testing.T) {
	f := newBoxFolder(t)
	if err := unix.Mkfifo(filepath.Join(f.state, "pipe.cfg"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := f.device.Read("pipe.cfg"); err == nil {
		t.Errorf("Read of a pipe returns %q", text)
	}
}

func TestListAndDelete(t *testing.T) {
	f := newBoxFolder(t)
	defer f.log.close()
	f.save("b.cfg", "sysname B\n")
	f.save("b.cfg", "sysname B\n")
	f.put("a.bat", "sysname A\n")
	f.put("seal.key", "secret")
	f.put(".hidden.cfg", "x")
	if err := os.Mkdir(filepath.Join(f.state, "folder.cfg"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := f.device.List()
	if err != nil || len(all) != 2 || all[0].Name != "a.bat" || all[0].Size != 10 || all[1].Name != "b.cfg" {
		t.Errorf("List() = %+v, %v", all, err)
	}
	if err := f.device.Delete("b.cfg"); err != nil {
		t.Fatal(err)
	}
	if err := f.device.Delete("b.cfg"); err == nil || err.Error() != "the file b.cfg does not exist" {
		t.Errorf("deleted again: %v", err)
	}
	if _, err := os.Stat(filepath.Join(f.state, "b.cfg.bak")); !os.IsNotExist(err) {
		t.Errorf("the backup stays: %v", err)
	}
}

func TestPointsOutliveTheProcess(t *testing.T) {
	f := newBoxFolder(t)
	const first = 1000000001
	made := time.Date(2026, 5, 7, 11, 0, 0, 0, time.UTC)
	for n := range uint64(25) {
		f.device.close()
		f.again()
		f.device.Keep(commands.Point{ID: first + n, User: "admin", Line: "vty0", Time: made}, func() string { return fmt.Sprint("sysname H", n, "\n") })
	}
	if err := f.device.close(); err != nil {
		t.Fatal(err)
	}
	points, err := f.device.Points()
	if err != nil || len(points) != commands.PointsKept {
		t.Fatalf("%d points, %v", len(points), err)
	}
	if want := (commands.Point{ID: first + 24, User: "admin", Line: "vty0", Time: made}); points[0] != want {
		t.Errorf("the newest is %+v, want %+v", points[0], want)
	}
	for _, p := range points {
		if text, err := f.device.Point(p.ID); err != nil || text != fmt.Sprint("sysname H", p.ID-first, "\n") {
			t.Errorf("point %d is %q, %v", p.ID, text, err)
		}
	}
	if _, err := f.device.Point(first + 4); err == nil || err.Error() != "there is no rollback point 1000000005" {
		t.Errorf("an old point: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(f.state, pointFolder)); err != nil || len(entries) != 2*commands.PointsKept {
		t.Errorf("%d files, %v, want %d", len(entries), err, 2*commands.PointsKept)
	}
	if log := f.logged(); log != "" {
		t.Errorf("logged %s", log)
	}
}

func TestPointsOfTheSameText(t *testing.T) {
	f := newBoxFolder(t)
	keep := func(id uint64, label string) {
		f.device.Keep(commands.Point{ID: id, Label: label}, func() string { return "sysname A\n" })
	}
	keep(1, "")
	keep(2, "")
	keep(3, "golden")
	keep(4, "")
	points, err := f.device.Points()
	if err != nil || len(points) != 1 || points[0].ID != 1 || points[0].Label != "golden" {
		t.Errorf("points %+v, %v", points, err)
	}
	if log := f.logged(); log != "" {
		t.Errorf("logged %s", log)
	}
}

// A line that makes a point does not wait for the text of the one before; who asks
// for points does.
func TestPointsAreMadeMeanwhile(t *testing.T) {
	f := newBoxFolder(t)
	slow := make(chan struct{})
	f.device.Keep(commands.Point{ID: 1}, func() string { <-slow; return "sysname A\n" })
	f.device.Keep(commands.Point{ID: 2}, func() string { return "sysname B\n" })
	close(slow)
	points, err := f.device.Points()
	if err != nil || len(points) != 2 || points[0].ID != 2 {
		t.Errorf("points %+v, %v", points, err)
	}
}

// What is damaged is told and left out; what cannot be written is told.
func TestPointsThatAreDamaged(t *testing.T) {
	f := newBoxFolder(t)
	for id := range uint64(3) {
		f.device.Keep(commands.Point{ID: id + 1}, func() string { return fmt.Sprint(id, "\n") })
	}
	f.device.close()
	for name, text := range map[string]string{"1.json": "{}", "2.json": "no JSON", "3.cfg": "cut\n!checksum sha256 00\n", "x.json": "{}"} {
		f.put(filepath.Join(pointFolder, name), text)
	}
	points, err := f.device.Points()
	if err != nil || len(points) != 1 || points[0].ID != 3 {
		t.Errorf("points %+v, %v", points, err)
	}
	if text, err := f.device.Point(3); text != "" || err == nil {
		t.Errorf("a damaged point is %q, %v", text, err)
	}
	log := f.logged()
	for _, want := range []string{"rollback point 1 is left out", "rollback point 2 is left out"} {
		if !strings.Contains(log, want) {
			t.Errorf("logged %q, want %q", log, want)
		}
	}
}

func TestPointThatCannotBeWritten(t *testing.T) {
	f := newBoxFolder(t)
	f.put(pointFolder, "a file for a folder")
	f.device.Keep(commands.Point{ID: 7}, func() string { return "x\n" })
	if err := f.device.Kept(7); err == nil {
		t.Error("the point is said to be kept")
	}
	if err := f.device.Kept(6); err != nil {
		t.Errorf("another point: %v", err)
	}
	f.device.close()
	if log := f.logged(); !strings.Contains(log, "rollback point 7 was not kept") {
		t.Errorf("logged %q", log)
	}
}

// FuzzStartUp reads any octets as the start-up file: it never panics, and what is
// not text is not applied.
func FuzzStartUp(f *testing.F) {
	f.Add([]byte("sysname A\n"))
	f.Add([]byte("sysname A\n\x00"))
	f.Add([]byte("!The last line is a checksum: after editing this file by hand, delete both\nsysname A\n"))
	dir := f.TempDir()
	log := newLogbook(&sharedText{}, false)
	f.Cleanup(log.close)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, savedFile)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		g := &gateway{log: log, seal: testSeal(t, 1)}
		g.state = dir
		g.device = &device{files: newFiles(g), accounts: newAccounts(g), seal: g.seal, ports: &ports{}}
		c, err := g.startUp()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := store.Load(path, isScript); err != nil && c.Sysname != commands.DefaultSysname {
			t.Fatalf("%q is refused (%v) and applied: %s", text.Data, err, c.Sysname)
		}
	})
}
