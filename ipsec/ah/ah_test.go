package ah

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
	"sallyport/ipsec/secret"
)

// counted returns the octets 1, 2, 3 …
func counted(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i + 1)
	}
	return b
}

// octets returns n octets that are the same in each run.
func octets(n int) []byte {
	b := make([]byte, n)
	io.ReadFull(rand.NewChaCha8([32]byte{1}), b)
	return b
}

// newSA returns an SA of AH in transport mode with the key 1, 2, 3 …
func newSA(i ipsec.Integrity) *ipsec.SA {
	return &ipsec.SA{
		ID:        ipsec.SAID{Destination: netip.MustParseAddr("192.0.2.2"), Protocol: ipsec.AH, SPI: 0xabcd},
		Mode:      ipsec.Transport,
		Integrity: i, IntegrityKey: secret.Octets(counted(i.KeyLen())),
		Window: 64,
	}
}

// newBundle returns an SA whose AH is that of newSA.
func newBundle(i ipsec.Integrity) *ipsec.SA {
	return &ipsec.SA{
		ID:         ipsec.SAID{Destination: netip.MustParseAddr("192.0.2.2"), Protocol: ipsec.ESP, SPI: 0x1000},
		Encryption: ipsec.AES128, EncryptionKey: secret.Octets(counted(16)),
		AH: &ipsec.AHPart{SPI: 0xabcd, Integrity: i, Key: secret.Octets(counted(i.KeyLen()))}, Window: 64,
	}
}

// newPair returns the two ends of one SA.
func newPair(t testing.TB, sa *ipsec.SA) (*Outbound, *Inbound) {
	t.Helper()
	out, err := NewOutbound(sa)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInbound(sa)
	if err != nil {
		t.Fatal(err)
	}
	return out, in
}

func eachAlgorithm(t *testing.T, do func(*testing.T, *ipsec.SA)) {
	for _, i := range ipsec.Integrities() {
		t.Run(i.String(), func(t *testing.T) { do(t, newSA(i)) })
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// frame returns an IPv4 packet with options and with room for AH before the payload. The
// parts of the header that AH does not cover are set.
func frame(room int, options, payload []byte) []byte {
	n := ipv4Len + len(options)
	p := make([]byte, n+room, n+room+len(payload))
	p[0], p[ipTOS], p[ipTTL], p[9] = 0x40|byte(n/4), 0xb8, 63, 51
	binary.BigEndian.PutUint16(p[ipTotal:], uint16(n+room+len(payload)))
	copy(p[4:], []byte{0x12, 0x34, 0x40, 0, 63, 51, 0xaa, 0x55, 192, 0, 2, 1, 192, 0, 2, 2})
	copy(p[ipv4Len:], options)
	return append(p, payload...)
}

// datagram is UDP, as the vectors have it.
var datagram = []byte{0x1f, 0x40, 0, 0x35, 0, 12, 0, 0, 'a', 'b', 'c', 'd'}

// seal returns a packet that must be sealed.
func seal(t testing.TB, out *Outbound, payload []byte, next byte) []byte {
	t.Helper()
	p := frame(out.HeaderLen(), nil, payload)
	if err := out.Seal(p, next); err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return p
}

// TestVectors compares ICVs with those of openssl over what RFC 4302 §3.3.3 covers,
// written out by hand: header without TOS, flags, TTL and checksum, AH without its ICV,
// payload, and the high half of an extended number.
func TestVectors(t *testing.T) {
	for _, test := range []struct {
		name    string
		i       ipsec.Integrity
		high    uint64 // half of the sequence number; not 0: extended
		options string
		want    string
	}{
		{"MD5", ipsec.MD5, 0, "", "b00b80e3d68ad94ce850d3ad"},
		{"SHA1", ipsec.SHA1, 0, "", "85b8208a7e70e1088ed8733b"},
		{"SHA2-256", ipsec.SHA256, 0, "", "20d8f83e5646eab577380656ee0a6c79"},
		{"SHA2-384", ipsec.SHA384, 0, "", "c412d031c9ba054e89774f31617640677f6ce29ffe44338b"},
		{"SHA2-512", ipsec.SHA512, 0, "", "33013f2eac59aab7d0804d6faf924f628dce80e94fe5671bd84484f8a10635f5"},
		{"extended", ipsec.SHA1, 5, "", "a4f5f57e8008f69a22a3523b"},
		{"router alert and record route", ipsec.SHA1, 0, "94040000 070704c0000203 01", "faa4556e334c7e0de7f17ac9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			sa := newSA(test.i)
			sa.ESN = test.high != 0
			out, in := newPair(t, sa)
			out.sequence = test.high << 32
			in.window.Accept(test.high << 32)
			options := unhex(t, test.options)
			p := frame(out.HeaderLen(), options, datagram)
			if err := out.Seal(p, 17); err != nil {
				t.Fatal(err)
			}
			header := p[ipv4Len+len(options):]
			fixed := append([]byte{17, byte(out.HeaderLen()/4 - 2), 0, 0}, 0, 0, 0xab, 0xcd, 0, 0, 0, 1)
			if got := header[:fixedLen]; !bytes.Equal(got, fixed) {
				t.Errorf("AH = %x, want %x", got, fixed)
			}
			if got, want := header[fixedLen:out.HeaderLen()], unhex(t, test.want); !bytes.Equal(got, want) {
				t.Errorf("ICV = %x, want %x", got, want)
			}
			if got, next, err := in.Open(p); err != nil || next != 17 || !bytes.Equal(got, datagram) {
				t.Errorf("Open = %x, %d, %v, want %x", got, next, err, datagram)
			}
		})
	}
}

// TestPaddedICV takes what Linux sends without XFRM_STATE_ALIGN4: the padding, whatever
// it is, is covered.
func TestPaddedICV(t *testing.T) {
	packet := func() []byte {
		p := frame(32, nil, datagram)
		copy(p[ipv4Len:], unhex(t, "11060000 0000abcd 00000001 fe41c488d9bb0409f75dfbeea682b974 a5a5a5a5"))
		return p
	}
	_, in := newPair(t, newSA(ipsec.SHA256))
	bad := packet()
	bad[ipv4Len+28]++
	if _, _, err := in.Open(bad); err != esp.DropError(ipsec.DropAuthentication) {
		t.Errorf("Open with other padding: %v, want DropAuthentication", err)
	}
	if got, next, err := in.Open(packet()); err != nil || next != 17 || !bytes.Equal(got, datagram) {
		t.Errorf("Open = %x, %d, %v, want %x", got, next, err, datagram)
	}
}

// TestFlippedBits: any bit but those that routers change is covered.
func TestFlippedBits(t *testing.T) {
	mutable := map[int]bool{ipTOS: true, ipTTL: true, ipChecksum: true, ipChecksum + 1: true}
	eachAlgorithm(t, func(t *testing.T, sa *ipsec.SA) {
		out, _ := newPair(t, sa)
		sealed := seal(t, out, octets(33), 17)
		for bit := range len(sealed) * 8 {
			forged := bytes.Clone(sealed)
			forged[bit/8] ^= 1 << (bit % 8)
			_, in := newPair(t, sa)
			_, _, err := in.Open(forged)
			passes := mutable[bit/8] || bit/8 == ipFragment && bit%8 > 5 // DF and the bit that means nothing
			if (err == nil) != passes {
				t.Errorf("Open with bit %d of octet %d flipped: %v, want success: %v", bit%8, bit/8, err, passes)
			}
			if err != nil && in.Sequence() != 0 {
				t.Errorf("a forged packet moved the window to %d", in.Sequence())
			}
		}
	})
}

// TestTruncated: every prefix of a packet is refused, whatever its header says.
func TestTruncated(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := newPair(t, sa)
		sealed := seal(t, out, octets(33), 17)
		for n := range sealed {
			if _, _, err := in.Open(bytes.Clone(sealed[:n])); err != esp.DropError(ipsec.DropShort) {
				t.Errorf("Open of the first %d of %d octets: %v, want DropShort", n, len(sealed), err)
			}
			if n < ipv4Len {
				continue
			}
			said := bytes.Clone(sealed[:n])
			binary.BigEndian.PutUint16(said[ipTotal:], uint16(n))
			if _, _, err := in.Open(said); err == nil {
				t.Errorf("Open of %d octets that say so is taken", n)
			}
		}
	})
}

// TestOpenOrder gives packets that are wrong in several ways: the earlier check of RFC
// 4302 §3.4 decides.
func TestOpenOrder(t *testing.T) {
	sa := newSA(ipsec.SHA1)
	out, in := newPair(t, sa)
	first := seal(t, out, datagram, 17)
	if _, _, err := in.Open(bytes.Clone(first)); err != nil {
		t.Fatal(err)
	}
	ahead := seal(t, out, datagram, 17)
	for _, test := range []struct {
		name   string
		packet []byte
		change func([]byte)
		want   ipsec.DropReason
	}{
		{"repeated", first, func([]byte) {}, ipsec.DropReplay},
		{"repeated and forged", first, func(p []byte) { p[50]++ }, ipsec.DropReplay},
		{"repeated fragment", first, func(p []byte) { p[ipFragment] = 0x20 }, ipsec.DropMalformed},
		{"later fragment", ahead, func(p []byte) { p[ipFragment+1] = 3 }, ipsec.DropMalformed},
		{"fragment of a wrong length", ahead, func(p []byte) { p[ipFragment], p[ipv4Len+atLength] = 0x20, 9 }, ipsec.DropShort},
		{"header longer than the packet", ahead, func(p []byte) { p[ipv4Len+atLength] = 255 }, ipsec.DropShort},
		{"ICV of another algorithm", ahead, func(p []byte) { p[ipv4Len+atLength] = 5 }, ipsec.DropShort},
		{"IPv6", ahead, func(p []byte) { p[0] = 0x65 }, ipsec.DropShort},
		{"header of four words", ahead, func(p []byte) { p[0] = 0x44 }, ipsec.DropShort},
		{"forged", ahead, func(p []byte) { p[50]++ }, ipsec.DropAuthentication},
	} {
		p := bytes.Clone(test.packet)
		test.change(p)
		if _, _, err := in.Open(p); err != esp.DropError(test.want) {
			t.Errorf("%s: Open = %v, want %v", test.name, err, test.want)
		}
	}
	if in.Sequence() != 1 {
		t.Errorf("window is at %d, want 1", in.Sequence())
	}
}

// TestNextHeader: a tunnel carries IPv4, a bundle ESP, transport mode anything.
func TestNextHeader(t *testing.T) {
	tunnel := newSA(ipsec.SHA1)
	tunnel.Mode = ipsec.Tunnel
	for _, test := range []struct {
		name string
		sa   *ipsec.SA
		next byte
		ok   bool
	}{
		{"IPv4 in a tunnel", tunnel, 4, true},
		{"UDP in a tunnel", tunnel, 17, false},
		{"ESP in a bundle", newBundle(ipsec.SHA1), 50, true},
		{"IPv4 in a bundle", newBundle(ipsec.SHA1), 4, false},
		{"IPv4 in transport mode", newSA(ipsec.SHA1), 4, true},
	} {
		out, in := newPair(t, test.sa)
		_, next, err := in.Open(seal(t, out, datagram, test.next))
		if test.ok && (err != nil || next != test.next) || !test.ok && err != esp.DropError(ipsec.DropPadding) {
			t.Errorf("%s: Open = %d, %v, want success: %v", test.name, next, err, test.ok)
		}
		if in.Sequence() != 1 {
			t.Errorf("%s: window is at %d: an authentic packet moves it to 1", test.name, in.Sequence())
		}
	}
}

// TestExtended sends packets across 2^32, reordered and repeated.
func TestExtended(t *testing.T) {
	sa := newSA(ipsec.SHA256)
	sa.ESN = true
	out, in := newPair(t, sa)
	out.sequence = 1<<32 - 3
	in.window.Accept(out.sequence)
	var packets [][]byte
	for range 6 {
		packets = append(packets, seal(t, out, datagram, 17))
	}
	for _, i := range []int{1, 3, 2, 0, 5, 4} { // the third is number 2^32
		if _, _, err := in.Open(bytes.Clone(packets[i])); err != nil {
			t.Errorf("Open of packet %d: %v", i, err)
		}
		if _, _, err := in.Open(bytes.Clone(packets[i])); err != esp.DropError(ipsec.DropReplay) {
			t.Errorf("Open of packet %d again: %v, want DropReplay", i, err)
		}
	}
	if in.Sequence() != 1<<32+3 || out.Sequence() != 1<<32+3 {
		t.Errorf("sequence numbers are %#x and %#x", out.Sequence(), in.Sequence())
	}
}

// TestSealRefuses: what AH cannot cover uses up no number.
func TestSealRefuses(t *testing.T) {
	out, _ := newPair(t, newSA(ipsec.SHA1))
	room := out.HeaderLen()
	fragment := frame(room, nil, datagram)
	fragment[ipFragment] = 0x20
	short := frame(room-1, nil, nil)
	for name, p := range map[string][]byte{
		"fragment":           fragment,
		"no room":            short,
		"loose source route": frame(room, unhex(t, "830704c0000203 01"), datagram),
		"strict":             frame(room, unhex(t, "890704c0000203 01"), datagram),
		"option of no octet": frame(room, unhex(t, "07000000"), datagram),
		"option too long":    frame(room, unhex(t, "07050000"), datagram),
		"option without end": frame(room, unhex(t, "01010107"), datagram),
		"no packet":          {0x45},
	} {
		if err := out.Seal(p, 17); err != esp.DropError(ipsec.DropMalformed) {
			t.Errorf("%s: Seal = %v, want DropMalformed", name, err)
		}
	}
	if out.Sequence() != 0 {
		t.Errorf("sequence number is %d, want 0", out.Sequence())
	}
	out.sequence = 1<<32 - 1
	if err := out.Seal(frame(room, nil, datagram), 17); err != esp.DropError(ipsec.DropExpired) {
		t.Errorf("Seal after the last number = %v, want DropExpired", err)
	}
}

// TestOptions: RFC 4302 appendix A1. Nothing is covered behind the end of the list but
// as it is.
func TestOptions(t *testing.T) {
	for _, test := range []struct{ name, options, want string }{
		{"none", "", ""},
		{"no-operations", "01010100", "01010100"},
		{"security, extended, commercial", "82040102 85040304 86040506", "82040102 85040304 86040506"},
		{"router alert, directed", "94040000 95040102", "94040000 95040102"},
		{"record route, timestamp", "0703ff 44050102 03", "000000 00000000 00"},
		{"unknown", "de04aabb", "00000000"},
		{"behind the end", "00de04aa", "00de04aa"},
	} {
		options := unhex(t, test.options)
		if ok := zeroMutable(options); !ok || !bytes.Equal(options, unhex(t, test.want)) {
			t.Errorf("%s: %x, %v, want %s", test.name, options, ok, test.want)
		}
	}
}

func TestRefusedSA(t *testing.T) {
	bare := newSA(ipsec.SHA1)
	bare.ID.Protocol, bare.Encryption, bare.EncryptionKey = ipsec.ESP, ipsec.AES128, counted(16)
	short := newSA(ipsec.SHA1)
	short.IntegrityKey = counted(19)
	for name, sa := range map[string]*ipsec.SA{"ESP alone": bare, "short key": short} {
		_, out := NewOutbound(sa)
		_, in := NewInbound(sa)
		var invalid *ipsec.InvalidSA
		if !errors.As(out, &invalid) || !errors.As(in, &invalid) {
			t.Errorf("%s: %v and %v, want *ipsec.InvalidSA", name, out, in)
		}
	}
}

func TestSPIOf(t *testing.T) {
	header := unhex(t, "11040000 0000abcd 00000001")
	if got, ok := SPIOf(header); !ok || got != 0xabcd {
		t.Errorf("SPIOf = %#x, %v, want 0xabcd", got, ok)
	}
	if _, ok := SPIOf(header[:11]); ok {
		t.Error("SPIOf of 11 octets has an SPI")
	}
}

// TestHeaderLen: package esp counts with the same lengths.
func TestHeaderLen(t *testing.T) {
	longest := 0
	eachAlgorithm(t, func(t *testing.T, sa *ipsec.SA) {
		out, _ := newPair(t, sa)
		if got := out.HeaderLen(); got != esp.AHLen(sa.Integrity) || got%4 != 0 {
			t.Errorf("HeaderLen = %d, AHLen = %d", got, esp.AHLen(sa.Integrity))
		}
		longest = max(longest, out.HeaderLen())
	})
	if longest != MaxHeader {
		t.Errorf("longest header has %d octets, MaxHeader is %d", longest, MaxHeader)
	}
}
