package kernel

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// snapshotOf returns what the kernel would tell of a state that has done something, with
// the attributes that it adds.
func snapshotOf(s State) snapshot {
	m := s.message(nl.XFRM_MSG_NEWSA)
	body := snapshot(m[unix.SizeofNlMsghdr:])
	for i := range nl.SizeofXfrmLifetimeCur {
		body[infoCurrent+i] = byte(i)
	}
	body[infoFlags-1] = 32
	more := message(slices.Clone(body)).attribute(nl.XFRMA_ALG_AUTH, make([]byte, 100)).attribute(nl.XFRMA_LASTUSED, make([]byte, 8))
	return snapshot(more)
}

// TestSnapshotComesBack: a state is made anew of what the kernel tells.
func TestSnapshotComesBack(t *testing.T) {
	want := full()
	s := snapshotOf(want)
	if err := s.setPort(want.Inbound, 40001); err != nil {
		t.Fatal(err)
	}
	m := s.message(nl.XFRM_MSG_NEWSA)
	got, ok := readState(m[unix.SizeofNlMsghdr:])
	kinds := make(map[uint16][]byte)
	if err := attributes(m[unix.SizeofNlMsghdr+nl.SizeofXfrmUsersaInfo:], func(kind uint16, value []byte) { kinds[kind] = value }); err != nil {
		t.Fatal(err)
	}
	if !ok || got.Encryption != want.Encryption || got.Integrity != want.Integrity || got.Window != want.Window || got.ReqID != want.ReqID ||
		got.OutputMark != want.OutputMark || !reflect.DeepEqual(got.Selector, want.Selector) || got.Hard != want.Hard {
		t.Errorf("read back is %+v, want %+v", got.State, want)
	}
	if v := kinds[nl.XFRMA_LTIME_VAL]; len(v) != nl.SizeofXfrmLifetimeCur || v[9] != 9 {
		t.Errorf("counters are % x, want those of the state", v)
	}
	if kinds[nl.XFRMA_ALG_AUTH] != nil || kinds[nl.XFRMA_LASTUSED] != nil {
		t.Error("what the kernel adds is said to it")
	}
	if v := kinds[nl.XFRMA_ENCAP]; len(v) < 6 || binary.BigEndian.Uint16(v[4:]) != 40001 {
		t.Errorf("encapsulation is % x, want the peer's port 40001", v)
	}
	if got.Window != want.Window || m[unix.SizeofNlMsghdr+infoFlags-1] != 0 {
		t.Errorf("window is %d, and %d of its own, want %d and 0", got.Window, m[unix.SizeofNlMsghdr+infoFlags-1], want.Window)
	}
}

func TestAdvance(t *testing.T) {
	for _, test := range []struct {
		name        string
		low, high   uint32
		long        bool
		more        uint64
		wantLow     uint32
		wantHigh    uint32
		unavailable bool
	}{
		{"short", 5, 0, false, 16, 21, 0, false},
		{"long", 5, 7, true, 16, 21, 7, false},
		{"over the edge of 32 bits", math.MaxUint32, 7, true, 16, 15, 8, false},
		{"short, at the end", math.MaxUint32 - 5, 0, false, 16, math.MaxUint32 - 5, 0, true},
		{"short, in the last tenth", math.MaxUint32/10*9 + 10, 0, false, 0, math.MaxUint32/10*9 + 10, 0, true},
		{"short, too many more", 5, 0, false, math.MaxUint32 / 2, 5, 0, true},
		{"long, at the end", 0, math.MaxUint32, true, 0, 0, math.MaxUint32, true},
	} {
		low, high := native32(test.low), native32(test.high)
		var err error
		if test.long {
			err = advance(low, high, test.more)
		} else {
			err = advance(low, nil, test.more)
		}
		if read32(low) != test.wantLow || read32(high) != test.wantHigh || (err != nil) != test.unavailable {
			t.Errorf("%s: %#x %#x, %v, want %#x %#x", test.name, read32(high), read32(low), err, test.wantHigh, test.wantLow)
		}
	}
}

// TestMoveState moves states in the kernel: keys, limits and all else stay.
func TestMoveState(t *testing.T) {
	s := newSide(t)
	needESP(t, s.k)
	left, right, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")
	for name, change := range map[string]func(*State){
		"ESN": func(s *State) { s.ESN, s.Window = true, 1024 }, "no window": func(s *State) { s.Window = 0 }, "window": func(*State) {},
		"SHA2-256 of 96 bits": func(s *State) {
			s.Encryption, s.Integrity = ipsec.AES256, ipsec.SHA256Short
			s.EncryptionKey, s.IntegrityKey = key(32), key(32)
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := State{
				ID: ipsec.SAID{Destination: right, Protocol: ipsec.ESP, SPI: 0x1000}, Source: left, ReqID: Ours | 9, OutputMark: 0x53414c50,
				Encryption: ipsec.AES128GCM, EncryptionKey: key(20), Window: 64, Encapsulation: ipsec.Ports{Local: 4500, Remote: 4500},
				Hard: ipsec.Lifetime{Duration: time.Hour, Octets: 1 << 40},
			}
			change(&out)
			in := out
			in.Inbound, in.ID.Destination, in.Source = true, left, right
			must(t, s.k.AddState(out))
			must(t, s.k.AddState(in))
			must(t, s.k.MoveState(in.ID, true, netip.AddrPortFrom(other, 40001)))
			must(t, s.k.MoveState(out.ID, false, netip.AddrPortFrom(right, 40002)))
			in.Encapsulation.Remote, out.Encapsulation.Remote = 40001, 40002
			check(t, s.k, in, out)
			must(t, s.k.MoveState(out.ID, false, netip.AddrPortFrom(other, 40003)))
			if _, found, err := s.k.State(out.ID); found || err != nil {
				t.Errorf("the state is at its old address, too: %v, %v", found, err)
			}
			old := out.ID
			out.ID.Destination, out.Encapsulation.Remote = other, 40003
			check(t, s.k, in, out)
			if err := s.k.MoveState(old, false, netip.AddrPortFrom(other, 1)); !errors.Is(err, unix.ESRCH) {
				t.Errorf("MoveState of nothing = %v, want %v", err, unix.ESRCH)
			}
			must(t, s.k.DeleteState(in.ID))
			must(t, s.k.DeleteState(out.ID))
		})
	}
}

// check compares states in the kernel with what they are to be, keys too.
func check(t *testing.T, k *Kernel, want ...State) {
	t.Helper()
	for _, w := range want {
		got, found, err := k.State(w.ID)
		must(t, err)
		w.EncryptionKey, w.IntegrityKey = slices.Clone(w.EncryptionKey), slices.Clone(w.IntegrityKey)
		same, err := k.Same(w)
		must(t, err)
		ports := w.Encapsulation
		if w.Inbound {
			ports = ipsec.Ports{Local: ports.Remote, Remote: ports.Local} // as packets have them
		}
		if !found || !same || got.ReqID != w.ReqID || got.OutputMark != w.OutputMark || got.Hard != w.Hard || got.ESN != w.ESN ||
			got.Window != w.Window || got.Encapsulation != ports {
			t.Errorf("%v: found %v, keys are the same %v: %+v, want %+v", w.ID, found, same, got.State, w)
		}
	}
}

// BenchmarkMoveState measures moves: by a change in place, and to another address.
func BenchmarkMoveState(b *testing.B) {
	s := newSide(b)
	needESP(b, s.k)
	here, there := netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")
	for name, to := range map[string]netip.Addr{"port": here, "address": there} {
		b.Run(name, func(b *testing.B) {
			id := ipsec.SAID{Destination: here, Protocol: ipsec.ESP, SPI: 0x1000}
			must(b, s.k.AddState(State{
				ID: id, Source: netip.MustParseAddr("192.0.2.1"), ReqID: Ours | 9, Encryption: ipsec.AES128GCM, EncryptionKey: key(20),
				Window: 64, Encapsulation: ipsec.Ports{Local: 4500, Remote: 4500},
			}))
			next, port := to, uint16(0)
			for b.Loop() {
				port++
				must(b, s.k.MoveState(id, false, netip.AddrPortFrom(next, port|1)))
				if id.Destination, next = next, id.Destination; to == here {
					next = here
				}
			}
			must(b, s.k.DeleteState(id))
		})
	}
}
