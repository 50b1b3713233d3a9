package kernel

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// offers returns combinations with every algorithm that the kernel says it has.
func offers(c ipsec.Capabilities) (all []ipsec.Offer) {
	strong := c.AH[len(c.AH)-1]
	for _, i := range c.AH {
		all = append(all, ipsec.Offer{AH: i})
	}
	for _, i := range c.Integrities {
		all = append(all, ipsec.Offer{Encryption: ipsec.AES128, Integrity: i})
	}
	for _, e := range c.Encryptions {
		o := ipsec.Offer{Encryption: e}
		if !e.AEAD() {
			o.Integrity = ipsec.SHA256
		}
		all = append(all, o)
	}
	return append(all, ipsec.Offer{Encryption: ipsec.AES256, Integrity: ipsec.SHA1, AH: strong},
		ipsec.Offer{Encryption: ipsec.AES256GCM, AH: strong}, ipsec.Offer{Encryption: ipsec.AES192, AH: strong})
}

// TestEveryTransformPasses: protected datagrams go both ways, and what is read back is
// what was said.
func TestEveryTransformPasses(t *testing.T) {
	first := newSide(t)
	needESP(t, first.k)
	c, err := first.k.Capabilities()
	must(t, err)
	if all := ipsec.Everything("this kernel"); os.Getenv("SALLYPORT_DATAPLANE") == "kernel" {
		if all.Advice, all.Offload = withoutKernel, true; !reflect.DeepEqual(c, all) {
			t.Errorf("the kernel can do %+v, want %+v", c, all)
		}
	}
	for _, o := range offers(c) {
		for _, m := range []ipsec.Mode{ipsec.Tunnel, ipsec.Transport} {
			t.Run(o.String()+" "+m.String(), func(t *testing.T) { passes(t, association{Offer: o, mode: m}) })
		}
	}
}

// passes sends 5 datagrams of 100 octets each way.
func passes(t *testing.T, a association) {
	left, right := newPair(t)
	a.establish(t, left, right)
	for _, way := range [][2]*side{{left, right}, {right, left}} {
		from, to := way[0], way[1]
		f, g := a.ends(from, to)
		if n := send(t, from, to, f, g, volley{5, 100, 5}); n != 5 {
			t.Errorf("%d of 5 arrived; errors %v and %v", n, from.errors(t), to.errors(t))
		}
		for _, s := range a.states(from, to) {
			for _, k := range []*Kernel{from.k, to.k} {
				got, ok, err := k.State(s.ID)
				must(t, err)
				if !ok || got.Counters.Packets != 5 || got.Counters.Sequence != 5 || got.Larval {
					t.Errorf("%v: %+v, found %v, want 5 packets", s.ID, got, ok)
				}
				if got.Encryption != s.Encryption || got.Integrity != s.Integrity || got.Mode != s.Mode || got.Window != s.Window || got.ReqID != s.ReqID {
					t.Errorf("%v: read back is %+v, want %+v", s.ID, got.State, s)
				}
			}
		}
	}
}

// TestLongNumbersAndWideWindows are read back, with selector, mark and limits.
func TestLongNumbersAndWideWindows(t *testing.T) {
	narrow := selection.Selection{From: selection.Anywhere, To: selection.Anywhere, Protocol: 17}
	left, right := established(t, with(func(s *State) {
		s.ESN, s.Window, s.OutputMark, s.Selector = true, 1024, 0x53414c50, &narrow
		s.Hard = ipsec.Lifetime{Duration: time.Hour, Octets: 1 << 40}
	}))
	if n := send(t, left, right, left.inner, right.inner, volley{40, 100, 40}); n != 40 {
		t.Errorf("%d of 40 arrived; errors %v and %v", n, left.errors(t), right.errors(t))
	}
	for _, k := range []*Kernel{left.k, right.k} {
		all, err := k.States()
		must(t, err)
		for _, got := range all {
			if !got.ESN || got.Window != 1024 || got.OutputMark != 0x53414c50 || *got.Selector != narrow ||
				got.Hard != (ipsec.Lifetime{Duration: time.Hour, Octets: 1 << 40}) || got.Soft != (ipsec.Lifetime{}) {
				t.Errorf("read back is %+v", got)
			}
		}
		if got, _, err := k.State(plain.states(left, right)[0].ID); got.Counters.Sequence != 40 || got.Counters.Octets != 40*128 || err != nil {
			t.Errorf("%+v, %v: want 40 packets of 128 octets", got.Counters, err)
		}
	}
}

// TestNoWindow: a state without replay check, and one with long numbers that needs it.
func TestNoWindow(t *testing.T) {
	left, right := newPair(t)
	needESP(t, left.k)
	for _, test := range []struct{ esn, window int }{{0, 0}, {1, ipsec.MinWindow}} {
		s := plain.states(left, right)[0]
		s.Window, s.ESN = 0, test.esn == 1
		must(t, left.k.AddState(s))
		got, _, err := left.k.State(s.ID)
		must(t, err)
		if got.Window != test.window || got.ESN != s.ESN {
			t.Errorf("window of %+v is %d, want %d", s, got.Window, test.window)
		}
		must(t, left.k.DeleteState(s.ID))
	}
}

// TestSelectorOfAState refuses what was encrypted and is none of its.
func TestSelectorOfAState(t *testing.T) {
	other := selection.Selection{From: selection.Anywhere, To: selection.Anywhere, Protocol: 6}
	left, right := newPair(t)
	needESP(t, left.k)
	a := plain
	a.establish(t, left, right)
	s := a.states(left, right)[0]
	s.Inbound, s.Selector = true, &other
	must(t, right.k.DeleteState(s.ID))
	must(t, right.k.AddState(s))
	if n := send(t, left, right, left.inner, right.inner, volley{3, 100, 0}); n != 0 {
		t.Errorf("%d arrived", n)
	}
	eventually(t, "3 are counted as none of its", func() bool {
		return slices.Equal(right.errors(t), []string{"XfrmInStateMismatch 3"})
	})
}

// TestNamesAndRefusals: a name is one state's, and what is wrong is said in a line.
func TestNamesAndRefusals(t *testing.T) {
	left, right := newPair(t)
	needESP(t, left.k)
	s := plain.states(left, right)[0]
	must(t, left.k.AddState(s))
	if err := left.k.AddState(s); !errors.Is(err, unix.EEXIST) || !strings.HasPrefix(err.Error(), "XFRM state ESP 0x1001 to 192.0.2.2: ") {
		t.Errorf("a second of its name: %v", err)
	}
	s.ID.SPI++
	if err := left.k.UpdateState(s); !errors.Is(err, unix.ESRCH) {
		t.Errorf("an update of none: %v", err)
	}
	s.EncryptionKey = s.EncryptionKey[:3]
	if err := left.k.AddState(s); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a short key: %v", err)
	}
	if _, found, err := left.k.State(s.ID); found || err != nil {
		t.Errorf("it is found: %v, %v", found, err)
	}
}

// TestReservedBecomesAState, once.
func TestReservedBecomesAState(t *testing.T) {
	left, right := newPair(t)
	needESP(t, left.k)
	s := plain.states(right, left)[0]
	spi, err := left.k.ReserveSPI(s.Source, s.ID.Destination, s.ID.Protocol, s.Mode, s.ReqID)
	must(t, err)
	s.ID.SPI = spi
	must(t, left.k.UpdateState(s))
	all, err := left.k.States()
	must(t, err)
	if len(all) != 1 || all[0].Larval || all[0].ID != s.ID || all[0].Encryption != s.Encryption || all[0].EncryptionKey != nil {
		t.Errorf("there are %+v, want one of %v, without its key", all, s.ID)
	}
}

// TestOffloadNowhere: a device without the hardware leaves the work to the kernel.
func TestOffloadNowhere(t *testing.T) {
	left, right := established(t, plain)
	index := left.index(t, "left")
	s := plain.states(left, right)[0]
	must(t, left.k.DeleteState(s.ID))
	s.Offload = index
	must(t, left.k.AddState(s))
	if got, ok, err := left.k.State(s.ID); got.Offload != 0 || !ok || err != nil {
		t.Errorf("%+v, %v, %v: a cable encrypts", got, ok, err)
	}
	if n := send(t, left, right, left.inner, right.inner, volley{3, 100, 3}); n != 3 {
		t.Errorf("%d of 3 arrived", n)
	}
}

// TestSame: a state is the same that has the same ends, algorithms and keys.
func TestSame(t *testing.T) {
	left, right := newPair(t)
	needESP(t, left.k)
	for _, o := range []ipsec.Offer{
		{Encryption: ipsec.AES256GCM}, {Encryption: ipsec.Null, Integrity: ipsec.SHA256}, {Encryption: ipsec.DES, AH: ipsec.SHA1}, {AH: ipsec.MD5},
	} {
		for _, s := range (association{Offer: o}).states(left, right) {
			must(t, left.k.AddState(s))
			cipher, digest, ends := s, s, s
			cipher.EncryptionKey, digest.IntegrityKey = other(s.EncryptionKey), other(s.IntegrityKey)
			ends.Source = ends.Source.Next()
			for name, test := range map[string]struct {
				State
				want bool
			}{
				"itself": {s, true}, "another cipher's key": {cipher, len(s.EncryptionKey) == 0},
				"another authenticator's key": {digest, len(s.IntegrityKey) == 0}, "other ends": {ends, false},
			} {
				if same, err := left.k.Same(test.State); same != test.want || err != nil {
					t.Errorf("%v, %v, %s: same is %v, %v, want %v", o, s.ID, name, same, err, test.want)
				}
			}
			must(t, left.k.DeleteState(s.ID))
			if same, err := left.k.Same(s); same || err != nil {
				t.Errorf("%v: a state that has gone is the same: %v, %v", s.ID, same, err)
			}
		}
	}
}

// other returns another key of that length.
func other(key []byte) []byte {
	changed := slices.Clone(key)
	for i := range changed {
		changed[i] ^= 1
	}
	return changed
}
