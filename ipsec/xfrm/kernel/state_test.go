package kernel

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// full is a state that says everything.
func full() State {
	sel := selection.Selection{From: netip.MustParsePrefix("10.1.0.0/16"), To: netip.MustParsePrefix("10.2.0.0/16"), Protocol: 17, ToPort: selection.OnePort(53)}
	return State{
		ID: ipsec.SAID{Destination: netip.MustParseAddr("192.0.2.2"), Protocol: ipsec.ESP, SPI: 0x12345678}, Source: netip.MustParseAddr("192.0.2.1"),
		Mode: ipsec.Tunnel, ReqID: Ours | 2, IfID: Ours | 3, OutputMark: 0x53414c50, Encryption: ipsec.AES192, Integrity: ipsec.SHA384,
		Encapsulation: ipsec.Ports{Local: 4500, Remote: 40000}, Window: 1000, ESN: true, Offload: 4, Selector: &sel,
		Soft: ipsec.Lifetime{Duration: time.Minute, Octets: 1000}, Hard: ipsec.Lifetime{Duration: time.Hour, Octets: 2000},
	}
}

// TestStateCodec: there and back is the same, without keys, for every algorithm; what is
// too short is none.
func TestStateCodec(t *testing.T) {
	var all []State
	for _, e := range ipsec.Encryptions() {
		s := full()
		s.Encryption, s.Integrity = e, ipsec.NoIntegrity
		all = append(all, s)
	}
	for _, i := range ipsec.Integrities() {
		s, ah := full(), full()
		s.Integrity, ah.Integrity = i, i
		ah.ID.Protocol, ah.Encryption, ah.Mode, ah.ESN = ipsec.AH, ipsec.NoEncryption, ipsec.Transport, false
		all = append(all, s, ah)
	}
	for _, s := range all {
		s.EncryptionKey, s.IntegrityKey = key(s.Encryption.KeyLen()), key(s.Integrity.KeyLen())
		body := s.message(nl.XFRM_MSG_NEWSA)[unix.SizeofNlMsghdr:]
		got, ok := readState(body)
		s.EncryptionKey, s.IntegrityKey = nil, nil
		if !sameState(got.State, s) || !ok || got.Larval {
			t.Errorf("%+v comes back as %+v", s, got)
		}
		for n := range body {
			if _, ok := readState(body[:n]); ok != (n >= nl.SizeofXfrmUsersaInfo) {
				t.Fatalf("%d octets are a state: %v", n, ok)
			}
		}
	}
}

// sameState compares states without their keys, and selectors by what they say.
func sameState(a, b State) bool {
	x, y := *a.Selector, *b.Selector
	a.Selector, b.Selector = nil, nil
	if a.EncryptionKey != nil || b.EncryptionKey != nil || a.IntegrityKey != nil || b.IntegrityKey != nil || x != y {
		return false
	}
	type plainly struct {
		ID                      ipsec.SAID
		Source                  netip.Addr
		Mode                    ipsec.Mode
		ReqID, IfID, OutputMark uint32
		Encryption              ipsec.Encryption
		Integrity               ipsec.Integrity
		Encapsulation           ipsec.Ports
		Window, Offload         int
		ESN, Inbound            bool
		Soft, Hard              ipsec.Lifetime
	}
	of := func(s State) plainly {
		return plainly{s.ID, s.Source, s.Mode, s.ReqID, s.IfID, s.OutputMark, s.Encryption, s.Integrity, s.Encapsulation, s.Window, s.Offload, s.ESN, s.Inbound, s.Soft, s.Hard}
	}
	return of(a) == of(b)
}

// TestStateOctets: the message of an inbound GCM state in UDP, octet for octet.
func TestStateOctets(t *testing.T) {
	s := full()
	s.Encryption, s.Integrity, s.EncryptionKey, s.Inbound = ipsec.AES128GCM, ipsec.NoIntegrity, key(20), true
	s.Window, s.Selector = 33, nil
	m := s.message(nl.XFRM_MSG_UPDSA)
	m.finish(2, 3)
	name := append([]byte("rfc4106(gcm(aes))"), zeros(64-17)...)
	b := slices.Concat(
		[]byte{0, 0, 0, 0, 0x1a, 0, 5, 0, 2, 0, 0, 0, 3, 0, 0, 0}, // header
		zeros(40), []byte{2, 0, 0, 0}, zeros(12), // selector: any IPv4
		[]byte{192, 0, 2, 2}, zeros(12), []byte{0x12, 0x34, 0x56, 0x78, 50, 0, 0, 0}, []byte{192, 0, 2, 1}, zeros(12), // name, source
		[]byte{0xe8, 3, 0, 0, 0, 0, 0, 0, 0xd0, 7, 0, 0, 0, 0, 0, 0}, slices.Repeat([]byte{0xff}, 16), // octets, packets
		[]byte{60, 0, 0, 0, 0, 0, 0, 0, 0x10, 14, 0, 0, 0, 0, 0, 0}, zeros(16), // seconds
		zeros(32+12+4), []byte{2, 0, 0, 0x53, 2, 0, 1, 0, 128}, zeros(7), // request id, family, mode, flags
		[]byte{96, 0, 18, 0}, name, []byte{160, 0, 0, 0, 128, 0, 0, 0}, key(20), // AEAD
		[]byte{36, 0, 23, 0, 2, 0, 0, 0}, zeros(16), []byte{33, 0, 0, 0}, zeros(8), // window
		[]byte{8, 0, 32, 0, 1, 0, 0, 0},                                 // pause between mappings
		[]byte{28, 0, 4, 0, 2, 0, 0x9c, 0x40, 17, 148, 0, 0}, zeros(16), // in UDP
		[]byte{12, 0, 28, 0, 4, 0, 0, 0, 2, 0, 0, 0},                            // hardware, inbound
		[]byte{8, 0, 29, 0, 0x50, 0x4c, 0x41, 0x53, 8, 0, 31, 0, 3, 0, 0, 0x53}, // mark, identifier
	)
	b[0], b[1] = byte(len(b)), byte(len(b)>>8)
	if !slices.Equal([]byte(m), b) {
		t.Errorf("message is\n% x\nwant\n% x", []byte(m), b)
	}
}

// TestFlags: AH under IPv4 is a multiple of 4 octets (RFC 4302 §3.3.3.2.1), where Linux
// would take 8, and nobody else's fits.
func TestFlags(t *testing.T) {
	ah, short := full(), full()
	ah.ID.Protocol, ah.ESN, short.ESN = ipsec.AH, false, false
	for _, test := range []struct {
		s    State
		want uint8
	}{{full(), nl.XFRM_STATE_ESN}, {ah, nl.XFRM_STATE_ALIGN4}, {short, 0}} {
		if got := test.s.info().Flags; got != test.want {
			t.Errorf("flags of %+v are %d, want %d", test.s, got, test.want)
		}
	}
}

// TestSeconds rounds up, so that a short limit does not become none.
func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]uint64{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, time.Hour: 3600} {
		if got := seconds(d); got != want {
			t.Errorf("seconds(%v) = %d, want %d", d, got, want)
		}
	}
	if got := lifetime(^uint64(0), nl.XFRM_INF); got.Duration <= 0 || got.Octets != 0 {
		t.Errorf("a limit beyond all time is %+v", got)
	}
}

// TestCountersAreRead, from both kinds of replay state.
func TestCountersAreRead(t *testing.T) {
	s := full()
	info := s.info()
	info.Curlft = nl.XfrmLifetimeCur{Packets: 5, Bytes: 500}
	long := nl.XfrmReplayStateEsn{BmpLen: 1, OSeq: 9, OSeqHi: 1, Seq: 3, ReplayWindow: 32}
	short := nl.XfrmReplayState{OSeq: 3, Seq: 8}
	for _, test := range []struct {
		name string
		m    message
		want uint64
	}{
		{"a window", request(nl.XFRM_MSG_NEWSA, 0, info.Serialize()).attribute(nl.XFRMA_REPLAY_ESN_VAL, long.Serialize(), zeros(4)), 1<<32 | 9},
		{"none", request(nl.XFRM_MSG_NEWSA, 0, info.Serialize()).attribute(nl.XFRMA_REPLAY_VAL, short.Serialize()), 8},
		{"cut off", request(nl.XFRM_MSG_NEWSA, 0, info.Serialize()).attribute(nl.XFRMA_REPLAY_ESN_VAL, zeros(8)), 0},
	} {
		got, _ := readState(test.m[unix.SizeofNlMsghdr:])
		if want := (ipsec.Counters{Packets: 5, Octets: 500, Sequence: test.want}); got.Counters != want || !got.Larval {
			t.Errorf("%s: %+v, want %+v", test.name, got.Counters, want)
		}
	}
}

// TestNumbersMayWrap: without a replay check the sequence numbers begin anew; with one
// the SA ends.
func TestNumbersMayWrap(t *testing.T) {
	flag := []byte{8, 0, nl.XFRMA_SA_EXTRA_FLAGS, 0, 2, 0, 0, 0}
	for _, test := range []struct {
		window int
		esn    bool
		want   bool
	}{{0, false, true}, {0, true, false}, {64, false, false}} {
		s := full()
		s.Window, s.ESN = test.window, test.esn
		if got := bytes.Contains(s.message(nl.XFRM_MSG_NEWSA), flag); got != test.want {
			t.Errorf("window %d, ESN %v: the numbers may wrap: %v, want %v", test.window, test.esn, got, test.want)
		}
	}
}
