package tunnel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// reporting is a network whose first read fails because of reports, and that is then
// closed.
type reporting struct {
	reports []tooBigReport
	reads   int
}

func (r *reporting) Close() error { return nil }
func (r *reporting) Read([]byte) (int, error) {
	if r.reads++; r.reads == 1 {
		return 0, unix.EMSGSIZE
	}
	return 0, os.ErrClosed
}

func (r *reporting) TooBig() (tooBigReport, bool) {
	if len(r.reports) == 0 {
		return tooBigReport{}, false
	}
	next := r.reports[0]
	r.reports = r.reports[1:]
	return next, true
}

// extendedError is a control message as the error queue has it.
func extendedError(number unix.Errno, origin byte, mtu uint32) []byte {
	b := make([]byte, unix.CmsgSpace(extendedErrorLen))
	binary.NativeEndian.PutUint64(b, uint64(unix.CmsgLen(extendedErrorLen)))
	binary.NativeEndian.PutUint32(b[8:], unix.IPPROTO_IP)
	binary.NativeEndian.PutUint32(b[12:], unix.IP_RECVERR)
	binary.NativeEndian.PutUint32(b[16:], uint32(number))
	b[20] = origin
	binary.NativeEndian.PutUint32(b[24:], mtu)
	return b
}

func TestParseReport(t *testing.T) {
	quote := []byte{0, 0, 0x10, 0, 0, 0, 0, 1}
	to := &unix.SockaddrInet4{Addr: peer.As4()}
	right := extendedError(unix.EMSGSIZE, unix.SO_EE_ORIGIN_ICMP, 1300)
	for _, test := range []struct {
		name     string
		protocol ipsec.Protocol
		quote    []byte
		control  []byte
		to       unix.Sockaddr
		want     tooBigReport // zero: none
	}{
		{"needs fragmentation", ipsec.ESP, quote, right, to, report(peer, ipsec.ESP, 0x1000, 1300)},
		{"of AH", ipsec.AH, []byte{50, 4, 0, 0, 0, 0, 0x20, 0}, right, to, report(peer, ipsec.AH, 0x2000, 1300)},
		{"behind another message", ipsec.ESP, quote, append(make([]byte, 0), append(extendedError(unix.EHOSTUNREACH, 2, 0), right...)...), to, report(peer, ipsec.ESP, 0x1000, 1300)},
		{"host unreachable", ipsec.ESP, quote, extendedError(unix.EHOSTUNREACH, unix.SO_EE_ORIGIN_ICMP, 0), to, tooBigReport{}},
		{"our own system's", ipsec.ESP, quote, extendedError(unix.EMSGSIZE, unix.SO_EE_ORIGIN_LOCAL, 1300), to, tooBigReport{}},
		{"quotes no SPI", ipsec.ESP, quote[:7], right, to, tooBigReport{}},
		{"of IPv6", ipsec.ESP, quote, right, &unix.SockaddrInet6{}, tooBigReport{}},
		{"nothing said", ipsec.ESP, quote, nil, to, tooBigReport{}},
		{"cut off", ipsec.ESP, quote, right[:20], to, tooBigReport{}},
		{"wrong length", ipsec.ESP, quote, []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, to, tooBigReport{}},
	} {
		got, ok := parseReport(test.protocol, test.quote, test.control, test.to)
		if got != test.want || ok != (test.want != tooBigReport{}) {
			t.Errorf("%s: parseReport = %+v, %v, want %+v", test.name, got, ok, test.want)
		}
	}
}

func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("socket: %w", unix.EPERM), "CAP_NET_ADMIN"},
		{unix.EACCES, "CAP_NET_RAW"},
		{unix.EINVAL, ""},
	} {
		if got := advice(test.err); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("advice(%v) = %q, want %q in it", test.err, got, test.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	if err := describe(nil, "x"); err != nil {
		t.Errorf("describe(nil) = %v", err)
	}
	err := describe(unix.EPERM, "routing rule %d", 4500)
	if want := "routing rule 4500: operation not permitted: run as root"; !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("describe = %q, want %q…", err, want)
	}
	if err := describe(unix.EOPNOTSUPP, "x"); !strings.Contains(err.Error(), "CONFIG_IP_MULTIPLE_TABLES") {
		t.Errorf("describe = %q, want the kernel option named", err)
	}
}
