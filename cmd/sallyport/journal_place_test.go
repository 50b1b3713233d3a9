package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/ike"
)

// Where something else is in the journal's place, or more than a journal.

// hugeFile is how large a file is that must not be read to its end.
const hugeFile = 300 << 20

// A readMeter counts the octets that are read of something.
type readMeter struct {
	io.Reader
	octets int
}

func (c *readMeter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.octets += n
	return n, err
}

// must ends a test that cannot be set up.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// grow makes the file as large as hugeFile; what is new are holes.
func (n *notebook) grow() {
	n.t.Helper()
	if err := os.Truncate(n.path, hugeFile); err != nil {
		n.t.Fatal(err)
	}
}

// badPlaces are what may be where the journal should be, after one with an SA was there;
// what is found then, and the end of the line that says what is wrong.
var badPlaces = []struct {
	name string
	make func(*testing.T, *notebook)
	want saved
	line string
}{
	{"pipe", func(t *testing.T, n *notebook) {
		must(t, os.Remove(n.path))
		must(t, unix.Mkfifo(n.path, 0o600))
	}, saved{}, "it is no regular file: starting without"},
	{"socket", func(t *testing.T, n *notebook) {
		must(t, os.Remove(n.path))
		must(t, unix.Mknod(n.path, unix.S_IFSOCK|0o600, 0))
	}, saved{}, "it is no regular file: starting without"},
	{"link to a device", func(t *testing.T, n *notebook) {
		must(t, os.Remove(n.path))
		must(t, os.Symlink("/dev/zero", n.path))
	}, saved{}, "it is no regular file: starting without"},
	{"link to a journal", func(t *testing.T, n *notebook) {
		must(t, os.Rename(n.path, n.path+".old"))
		must(t, os.Symlink(n.path+".old", n.path))
	}, saved{}, "it is no regular file: starting without"},
	{"holes only", func(t *testing.T, n *notebook) {
		must(t, os.Truncate(n.path, 0))
		n.grow()
	}, saved{}, "it is no journal of this version: starting without"},
	{"holes behind it", func(_ *testing.T, n *notebook) { n.grow() },
		saved{sas: []ike.SavedSA{*testSA(1).SA}}, "what is behind them is not used"},
	{"foreign and large", func(_ *testing.T, n *notebook) {
		n.write(bytes.Repeat([]byte("foreign "), 100))
		n.grow()
	}, saved{}, "it is no journal of this version: starting without"},
	{"damaged in the middle", func(_ *testing.T, n *notebook) {
		half := len(n.octets())
		n.Remember(testSA(2))
		n.Remember(testPair(3))
		data := n.octets()
		data[half+100] ^= 1
		n.write(data)
	}, saved{sas: []ike.SavedSA{*testSA(1).SA}}, "what is behind them is not used"},
	{"pipe of a killed one", func(t *testing.T, n *notebook) {
		must(t, os.Remove(n.path))
		must(t, unix.Mkfifo(n.path+nextSuffix, 0o600))
	}, saved{}, ""},
}

// TestJournalInABadPlace starts with what is no journal, or more than one: it says so in a
// line, takes little time, and goes on with a journal of its own.
func TestJournalInABadPlace(t *testing.T) {
	for _, test := range badPlaces {
		t.Run(test.name, func(t *testing.T) {
			n := newNotebook(t)
			n.Remember(testSA(1))
			test.make(t, n)
			began := processorTime(t)
			n.mustFind(n.reopen(), test.want)
			if took := processorTime(t) - began; took > time.Second {
				t.Errorf("it took %v of the processor", took)
			}
			wants := min(1, len(test.line))
			if len(n.lines) != wants || wants > 0 && !strings.HasSuffix(n.lines[0], test.line) {
				t.Errorf("the journal says %q, want %q", n.lines, test.line)
			}
			if info, err := os.Lstat(n.path); err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
				t.Errorf("the journal is %v, %v; want a small file", info, err)
			}
			n.Remember(testSA(4))
			if found := n.reopen(); len(found.sas) != len(test.want.sas)+1 {
				t.Errorf("the next one finds %d SAs, want one more than before", len(found.sas))
			}
		})
	}
}

// TestJournalReadsLittle counts what is read of files that are judged soon.
func TestJournalReadsLittle(t *testing.T) {
	n := newNotebook(t)
	n.Remember(testSA(1))
	good := n.octets()
	damaged := slices.Clone(good)
	damaged[len(n.header)+10] ^= 1
	long := append([]byte(n.header), 0xff, 0xff, 0xff, 0xff) // the length of a record
	for _, test := range []struct {
		name  string
		begin []byte
		want  error
	}{
		{"foreign", []byte("foreign"), errForeignFile},
		{"another boot's", bytes.Replace(good, []byte("one"), []byte("two"), 1), nil},
		{"damaged", damaged, errForeignRecord},
		{"a large record", long, errForeignRecord},
		{"padded", good, errForeignRecord},
	} {
		c := &readMeter{Reader: io.MultiReader(bytes.NewReader(test.begin), &again{b: make([]byte, readAhead)})}
		if _, err := n.journal.read(c); !errors.Is(err, test.want) || c.octets > 2*readAhead {
			t.Errorf("%s: %d octets are read: %v; want at most %d: %v", test.name, c.octets, err, 2*readAhead, test.want)
		}
	}
}

// TestJournalReadsNoMoreThanItWrites repeats a good record without end: what is read has a
// limit, and what is out of date is not kept, its keys least of all.
func TestJournalReadsNoMoreThanItWrites(t *testing.T) {
	n := newNotebook(t)
	sa := testSA(1)
	sa.SA.Answer = make([]byte, maxRecord-4096) // so that they are few
	n.Remember(sa)
	sealed := n.octets()[len(n.header):]
	c := &readMeter{Reader: io.MultiReader(strings.NewReader(n.header), &again{b: sealed})}
	h, err := n.journal.read(c)
	if !errors.Is(err, errLargeFile) || len(h) != 1 || c.octets > maxJournal+maxRecord+2*readAhead {
		t.Errorf("%d octets are read, %d records kept: %v; want the limit of %d", c.octets, len(h), err, maxJournal)
	}
}

// again repeats octets without end.
type again struct {
	b  []byte
	at int
}

func (a *again) Read(b []byte) (int, error) {
	n := copy(b, a.b[a.at:])
	a.at = (a.at + n) % len(a.b)
	return n, nil
}

// TestJournalWipesTheDead looks at the keys of SAs that a later record replaces or drops.
func TestJournalWipesTheDead(t *testing.T) {
	for name, last := range map[string]record{
		"replaced":  recordOf(testSA(1)),
		"forgotten": {recordForget, ike.Remember{Key: testSA(1).Key}},
	} {
		h, first := held{}, recordOf(testSA(1))
		h.apply(first)
		h.apply(last)
		for _, key := range [][]byte{first.SA.SKEYIDd, first.SA.SKEYIDa, first.SA.SKEYIDe} {
			if len(key) == 0 || !bytes.Equal(key, make([]byte, len(key))) {
				t.Errorf("%s: a key is still there", name)
			}
		}
	}
}

// placeGateway is a gateway with a state folder and no more than its journal needs.
func placeGateway(t *testing.T, outlives bool) (*gateway, *strings.Builder) {
	var out strings.Builder
	return &gateway{settings: settings{state: t.TempDir()}, seal: testSeal(t, 1), log: newLogbook(&out, false), plane: &plane{outlives: outlives}}, &out
}

// TestGatewayStartsWithoutAJournal has a folder in the journal's place, on a dataplane of
// either kind: the gateway starts, says so in one line, and leaves the folder alone.
func TestGatewayStartsWithoutAJournal(t *testing.T) {
	for _, outlives := range []bool{false, true} {
		for _, name := range []string{journalFile, journalFile + nextSuffix} {
			for _, inside := range []string{"", "file"} {
				g, out := placeGateway(t, outlives)
				path := filepath.Join(g.state, name, inside)
				must(t, os.MkdirAll(path, 0o700))
				if err := g.openJournal(); err != nil {
					t.Errorf("openJournal() = %v", err)
				}
				g.journal.Remember(testSA(1))
				if err := g.close(); err != nil {
					t.Errorf("close() = %v", err)
				}
				g.log.close()
				if line := out.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, name+": is a directory") || strings.Contains(line, `\n`) {
					t.Errorf("SAs outlive the process: %v; the log has %q, want one line on %s", outlives, line, name)
				}
				if _, err := os.Stat(path); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestUserspaceReadsNoJournal: where no SA outlives the process, whatever is there is
// removed unread.
func TestUserspaceReadsNoJournal(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"none":    func(string) error { return nil },
		"foreign": func(path string) error { return os.WriteFile(path, []byte("foreign"), 0o600) },
		"pipe":    func(path string) error { return unix.Mkfifo(path, 0o600) },
		"link":    func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		g, out := placeGateway(t, false)
		path := filepath.Join(g.state, journalFile)
		must(t, make(path))
		if err := g.openJournal(); err != nil {
			t.Errorf("%s: openJournal() = %v", name, err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: it is still there: %v", name, err)
		}
		err := g.close()
		if g.log.close(); err != nil || out.Len() > 0 {
			t.Errorf("%s: close() = %v, the log has %q", name, err, out)
		}
	}
}
