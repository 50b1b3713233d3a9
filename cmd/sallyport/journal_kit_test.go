package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ike/wire"
)

// A notebook is a journal in a folder of its own, and what should be in it.
type notebook struct {
	t     testing.TB
	path  string
	boot  string
	seal  *seal
	now   moment
	lines []string // that it logged
	*journal
	want held
}

// testNow is a moment of the tests; its times have no monotonic part, so that they compare.
var testNow = moment{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1000 * time.Second}

func newNotebook(t testing.TB) *notebook {
	s, err := newSeal("test", make([]byte, sealKeyLen))
	if err != nil {
		t.Fatal(err)
	}
	n := &notebook{t: t, path: filepath.Join(t.TempDir(), journalFile), boot: "boot-one\n", seal: s, now: testNow, want: held{}}
	n.reopen()
	return n
}

// reopen begins a journal where a killed one may have been, and returns what it found.
func (n *notebook) reopen() saved {
	n.t.Helper()
	n.lines = nil
	n.journal = &journal{path: n.path, now: func() moment { return n.now }, log: func(format string, args ...any) {
		n.lines = append(n.lines, fmt.Sprintf(format, args...))
	}}
	if err := n.prepare(n.boot, n.seal); err != nil {
		n.t.Fatal(err)
	}
	found, err := n.open()
	if err != nil {
		n.t.Fatal(err)
	}
	return found
}

// remember has the journal keep something, and notes what it should have then.
func (n *notebook) remember(r ike.Remember) {
	n.Remember(r)
	if old := n.want[r.Key]; r.SA == nil && r.Pair == nil {
		if old != nil {
			old.SA.Used = append(old.SA.Used, r.Used...)
		}
		return
	}
	made := clone(recordOf(r))
	n.want[r.Key] = &made
}

func (n *notebook) forget(key string) {
	delete(n.want, key)
	n.Forget(key)
}

// clone is a record that shares nothing that changes.
func clone(r record) record {
	if r.SA != nil {
		sa := *r.SA
		sa.Used = slices.Clone(sa.Used)
		r.SA = &sa
	}
	return r
}

// mustFind checks what a journal found.
func (n *notebook) mustFind(found, want saved) {
	n.t.Helper()
	if !reflect.DeepEqual(found, want) {
		n.t.Fatalf("the journal has %d ISAKMP SAs and %d pairs, want %d and %d, or they differ",
			len(found.sas), len(found.pairs), len(want.sas), len(want.pairs))
	}
}

// read reads octets as if they were the file's.
func (n *notebook) read(data []byte) (held, error) { return n.journal.read(bytes.NewReader(data)) }

// octets are those of the file.
func (n *notebook) octets() []byte {
	n.t.Helper()
	data, err := os.ReadFile(n.path)
	if err != nil {
		n.t.Fatal(err)
	}
	return data
}

// write makes the file one with these octets.
func (n *notebook) write(data []byte) {
	n.t.Helper()
	if err := os.WriteFile(n.path, data, 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// testSA is an ISAKMP SA as a tunnel of the given number has it.
func testSA(i int) ike.Remember {
	v := &ike.SavedSA{}
	fill(reflect.ValueOf(v).Elem(), i)
	v.Used = []wire.MessageID{wire.MessageID(i), 7}
	v.Answer = bytes.Repeat([]byte{byte(i)}, 100)
	return ike.Remember{Key: fmt.Sprint("isakmp ", i), SA: v}
}

func testPair(i int) ike.Remember {
	v := &ike.SavedPair{}
	fill(reflect.ValueOf(v).Elem(), i)
	return ike.Remember{Key: fmt.Sprint("ipsec ", i), Pair: v}
}

// fill gives every field below v a value of its own, so that one which is not coded is
// missed. Keys of IPsec SAs stay empty: they are never kept.
func fill(v reflect.Value, seed int) {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	fillWith(v, rng)
}

func fillWith(v reflect.Value, rng *rand.Rand) {
	switch at := v.Addr().Interface().(type) {
	case *netip.Addr:
		*at = netip.AddrFrom4([4]byte{10, byte(rng.Uint32()), byte(rng.Uint32()), 1})
		return
	case *netip.Prefix:
		*at = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(rng.Uint32()), byte(rng.Uint32()), 0}), 24)
		return
	case *netip.AddrPort:
		*at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(rng.Uint32()), 2, 3}), uint16(rng.Uint32()|1))
		return
	case *time.Time:
		*at = testNow.now.Add(time.Duration(rng.Int64N(int64(time.Hour)) - int64(30*time.Minute)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; !strings.HasSuffix(name, "Key") {
				fillWith(v.Field(i), rng)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillWith(v.Elem(), rng)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 20, 20))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fillWith(v.Index(i), rng)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", rng.Uint32()))
	case reflect.Int, reflect.Int64:
		v.SetInt(rng.Int64N(1<<40) + 1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(rng.Uint32())&(1<<min(v.Type().Bits(), 40)-1) | 1)
	default:
		panic("no value for " + v.Type().String())
	}
}
