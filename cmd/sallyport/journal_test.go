package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ike/wire"
)

// TestRecordsComeBack codes a record of each kind with a value in every field, and looks
// at what is read of it and of each of its beginnings.
func TestRecordsComeBack(t *testing.T) {
	for name, want := range map[string]record{
		"ISAKMP SA":   recordOf(testSA(1)),
		"pair":        recordOf(testPair(2)),
		"bare SA":     recordOf(ike.Remember{Key: "a", SA: &ike.SavedSA{}}),
		"bare pair":   recordOf(ike.Remember{Key: "b", Pair: &ike.SavedPair{}}),
		"message IDs": recordOf(ike.Remember{Key: "c", Used: []wire.MessageID{1, 1 << 31}}),
		"forget":      {recordForget, ike.Remember{Key: "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			written := coder{moment: testNow}
			want.code(&written)
			var got record
			read := coder{b: written.b, reading: true, moment: testNow}
			got.code(&read)
			if read.err != nil || len(read.b) != 0 || !reflect.DeepEqual(got, want) {
				t.Errorf("%d octets are read as %+v, %d left, %v; want %+v", len(written.b), got, len(read.b), read.err, want)
			}
			for n := range written.b {
				c := coder{b: written.b[:n], reading: true, moment: testNow}
				new(record).code(&c)
				if c.err == nil {
					t.Errorf("the first %d octets of %d make sense", n, len(written.b))
				}
			}
		})
	}
}

// TestJournalAgainstAModel does what an engine may do in any order, kills the journal now
// and then, and compares what the next one finds.
func TestJournalAgainstAModel(t *testing.T) {
	n := newNotebook(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var sas, pairs []ike.Remember
	for i := range 300 {
		sas, pairs = append(sas, testSA(i)), append(pairs, testPair(i))
	}
	installed, killed := 0, 0
	for i := range 20000 {
		sa, pair := sas[rng.IntN(300)], pairs[rng.IntN(300)]
		moving := n.next != nil
		switch rng.IntN(8) {
		case 0:
			n.remember(sa)
		case 1, 2:
			n.remember(pair)
		case 3:
			n.forget(sa.Key)
		case 4:
			n.forget(pair.Key)
		default:
			n.remember(ike.Remember{Key: sa.Key, Used: []wire.MessageID{wire.MessageID(i)}})
		}
		if moving && n.next == nil {
			installed++
		}
		if rng.IntN(2000) == 0 || n.next != nil && rng.IntN(200) == 0 || moving && n.next == nil && rng.IntN(2) == 0 {
			killed++
			n.mustFind(n.reopen(), n.want.saved())
		}
	}
	if len(n.lines) > 0 || installed < 5 || killed < installed {
		t.Errorf("%d times a new file took its place, %d times it was killed, want more; logged %q", installed, killed, n.lines)
	}
}

// TestJournalCutAnywhere kills a journal at each octet that it writes: what was written
// before counts, in full.
func TestJournalCutAnywhere(t *testing.T) {
	n := newNotebook(t)
	type point struct {
		size int64
		want saved
	}
	points := []point{{int64(len(n.octets())), saved{}}}
	note := func() { points = append(points, point{int64(len(n.octets())), copyOf(n.want).saved()}) }
	for _, step := range []func(){
		func() { n.remember(testSA(1)) },
		func() { n.remember(testPair(2)) },
		func() { n.remember(ike.Remember{Key: testSA(1).Key, Used: []wire.MessageID{5, 6}}) },
		func() { n.remember(testPair(3)) },
		func() { n.forget(testPair(2).Key) },
		func() { n.remember(testSA(1)) },
	} {
		step()
		note()
	}
	whole := n.octets()
	for size := range len(whole) + 1 {
		last := points[0]
		for _, p := range points {
			if p.size <= int64(size) {
				last = p
			}
		}
		found, damage := n.read(whole[:size])
		n.mustFind(found.saved(), last.want)
		if atARecord := size == 0 || last.size == int64(size); (damage == nil) != atARecord {
			t.Fatalf("cut at octet %d of %d, the journal says %v", size, len(whole), damage)
		}
		if size%89 == 0 { // and as a whole, for it takes its time
			n.write(whole[:size])
			n.mustFind(n.reopen(), last.want)
		}
	}
}

func copyOf(h held) held {
	c := held{}
	for key, r := range h {
		made := clone(*r)
		c[key] = &made
	}
	return c
}

// TestJournalDamagedAnywhere changes each octet of a file: never more is found than what
// was before the damage, and it is said.
func TestJournalDamagedAnywhere(t *testing.T) {
	n := newNotebook(t)
	n.remember(testSA(1))
	half := int64(len(n.octets()))
	n.remember(testPair(2))
	whole := n.octets()
	for at := range whole {
		damaged := slices.Clone(whole)
		damaged[at] ^= 0x10
		found, damage := n.read(damaged)
		want := saved{}
		if int64(at) >= half {
			want.sas = []ike.SavedSA{*testSA(1).SA}
		}
		n.mustFind(found.saved(), want)
		if inBoot := at >= len(journalTitle) && at < len(n.header); (damage == nil) != inBoot {
			t.Fatalf("octet %d is wrong, and the journal says %v", at, damage)
		}
	}
}

// TestJournalOfAnother starts where the file is not ours to use.
func TestJournalOfAnother(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*notebook)
		lines  int
	}{
		{"boot", func(n *notebook) { n.boot = "boot-two\n" }, 0},
		{"box", func(n *notebook) {
			n.seal, _ = newSeal("test", bytes.Repeat([]byte{1}, sealKeyLen))
		}, 1},
		{"boot, its name changed", func(n *notebook) {
			n.write(bytes.Replace(n.octets(), []byte("boot-one"), []byte("boot-two"), 1))
			n.boot = "boot-two\n"
		}, 1},
		{"version", func(n *notebook) { n.write([]byte("sallyport negotiations 9 x")) }, 1},
		{"none", func(n *notebook) { os.Remove(n.path) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNotebook(t)
			n.remember(testSA(1))
			test.change(n)
			n.mustFind(n.reopen(), saved{})
			if len(n.lines) != test.lines {
				t.Errorf("the journal says %q, want %d lines", n.lines, test.lines)
			}
			n.remember(testSA(2))
			n.mustFind(n.reopen(), saved{sas: []ike.SavedSA{*testSA(2).SA}})
		})
	}
}

// TestJournalFindsTheNext is killed when the old file has gone and the new one has not
// taken its place.
func TestJournalFindsTheNext(t *testing.T) {
	n := newNotebook(t)
	n.remember(testSA(1))
	if err := os.Rename(n.path, n.path+nextSuffix); err != nil {
		t.Fatal(err)
	}
	n.mustFind(n.reopen(), n.want.saved())
}

// TestJournalTimesGoOn reads times a while later: they are as far away from now as they
// should be, whatever the wall clock says.
func TestJournalTimesGoOn(t *testing.T) {
	n := newNotebook(t)
	r := testPair(1)
	n.remember(r)
	n.now.uptime += time.Minute
	n.now.now = n.now.now.Add(-30 * 24 * time.Hour) // somebody has set the clock back
	got := n.reopen().pairs[0]
	if want := n.now.now.Add(r.Pair.Hard.Sub(testNow.now) - time.Minute); !got.Hard.Equal(want) {
		t.Errorf("the hard deadline is in %v, want in %v", got.Hard.Sub(n.now.now), want.Sub(n.now.now))
	}
}

// TestJournalShowsNothing looks for secrets in the file, and at who may read it.
func TestJournalShowsNothing(t *testing.T) {
	n := newNotebook(t)
	r := testSA(1)
	n.remember(r)
	data := n.octets()
	for _, hidden := range [][]byte{r.SA.SKEYIDd, r.SA.SKEYIDa, r.SA.SKEYIDe, r.SA.Fingerprint, []byte(r.SA.Peer)} {
		if bytes.Contains(data, hidden) || len(hidden) < 8 {
			t.Errorf("the file shows %x", hidden)
		}
	}
	if !bytes.Equal(n.plain[:cap(n.plain)], make([]byte, maxRecord)) {
		t.Error("the scratch still has what was written in plain")
	}
	if info, err := os.Stat(n.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: %v, %v; want 0600", info.Mode(), err)
	}
}

// TestJournalEnds closes a journal in the ways there are.
func TestJournalEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*notebook) error
		left bool
		says int
	}{
		{"kept", func(n *notebook) error { return n.close(true) }, true, 0},
		{"not kept", func(n *notebook) error { return n.close(false) }, false, 0},
		{"not writable", func(n *notebook) error { return n.file.Close() }, false, 1},
		{"too large", func(n *notebook) error { n.file.size = maxJournal; return nil }, false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNotebook(t)
			n.Remember(testSA(1))
			if err := test.end(n); err != nil {
				t.Fatal(err)
			}
			n.Remember(testSA(2))
			n.Forget(testSA(1).Key)
			_, err := os.Stat(n.path)
			if left := !errors.Is(err, fs.ErrNotExist); left != test.left || len(n.lines) != test.says {
				t.Errorf("the file is there: %v, want %v; the journal says %q", left, test.left, n.lines)
			}
			if _, err := os.Stat(n.path + nextSuffix); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the next file: %v, want none", err)
			}
			if err := n.close(false); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// TestJournalWithoutAFolder is a gateway that goes on without a journal.
func TestJournalWithoutAFolder(t *testing.T) {
	log := newLogbook(&strings.Builder{}, false)
	defer log.close()
	s, err := newSeal("test", make([]byte, sealKeyLen))
	if err != nil {
		t.Fatal(err)
	}
	j, found, err := openJournal(t.TempDir()+"/none", s, log)
	if err == nil || len(found.sas) != 0 {
		t.Fatalf("openJournal without a folder: %v, %v", found, err)
	}
	j.Remember(testSA(1))
	j.Forget("x")
	if err := j.close(true); err != nil {
		t.Errorf("close: %v", err)
	}
}
