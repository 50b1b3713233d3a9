package kernel

import (
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// TestAttributes: there and back is the same, and every cut is refused or leaves whole
// attributes.
func TestAttributes(t *testing.T) {
	m := request(nl.XFRM_MSG_NEWSA, 0, nil).attribute(1, []byte("a"), []byte("bc")).attribute(2).number(3, 7).number(4, 0)
	type pair struct {
		kind  uint16
		value string
	}
	want := []pair{{1, "abc"}, {2, ""}, {3, "\a\x00\x00\x00"}}
	body := m[unix.SizeofNlMsghdr:]
	for n := range len(body) + 1 {
		var got []pair
		err := attributes(body[:n], func(kind uint16, value []byte) { got = append(got, pair{kind, string(value)}) })
		if !slices.Equal(got, want[:len(got)]) || n == len(body) && (err != nil || len(got) != 3) {
			t.Errorf("of %d octets: %v, %v", n, got, err)
		}
		if whole := n == 0 || n >= 7 && n <= 8 || n == 12 || n == len(body); whole != (err == nil) {
			t.Errorf("of %d octets the error is %v", n, err)
		}
	}
	if err := attributes([]byte{3, 0, 1, 0}, func(uint16, []byte) { t.Error("told") }); err == nil {
		t.Error("an attribute shorter than its header is taken")
	}
}

// TestAnswers: one message or many, and what is none of the question's.
func TestAnswers(t *testing.T) {
	message := func(kind, flags uint16, sequence uint32, body ...byte) message {
		m := request(kind, flags, body)
		m.finish(sequence, 0)
		return m
	}
	const multi = unix.NLM_F_MULTI
	refused := message(unix.NLMSG_ERROR, 0, 5, slices.Concat([]byte{0xff, 0xff, 0xff, 0xff}, zeros(16))...)
	words := request(unix.NLMSG_ERROR, unix.NLM_F_ACK_TLVS, slices.Concat([]byte{0xea, 0xff, 0xff, 0xff}, zeros(16))).
		attribute(nl.NLMSGERR_ATTR_MSG, []byte("no such thing\x00"))
	words.finish(5, 0)
	for _, test := range []struct {
		name string
		b    []byte
		want uint16 // type of answers
		told int
		done bool
		err  string
	}{
		{"done", message(unix.NLMSG_ERROR, 0, 5, 0, 0, 0, 0), 0, 0, true, ""},
		{"one answer", message(16, 0, 5, 1), 16, 1, true, ""},
		{"a list that goes on", slices.Concat(message(16, multi, 5, 1), message(16, multi, 5, 2)), 16, 2, false, ""},
		{"the end of a list", slices.Concat(message(16, multi, 5, 1), message(unix.NLMSG_DONE, multi, 5, 0, 0, 0, 0)), 16, 1, true, ""},
		{"an end without a number", message(unix.NLMSG_DONE, multi, 5), 16, 0, true, ""},
		{"a list that has changed", slices.Concat(message(16, multi|unix.NLM_F_DUMP_INTR, 5, 1), message(unix.NLMSG_DONE, multi, 5)), 16, 1, true, "the list keeps changing"},
		{"another question's", message(16, 0, 4, 1), 16, 0, false, ""},
		{"another type", message(17, multi, 5, 1), 16, 0, false, ""},
		{"a refusal", refused, 0, 0, true, "operation not permitted"},
		{"a refusal in words", words, 0, 0, true, "invalid argument (no such thing)"},
		{"an error without a number", message(unix.NLMSG_ERROR, 0, 5), 0, 0, true, "netlink error of 0 octets"},
		{"half a header", zeros(9), 0, 0, true, "netlink message: 9 octets, want a header of 16"},
		{"more than there is", slices.Concat([]byte{99, 0, 0, 0}, zeros(20)), 0, 0, true, "netlink message: its length is 99, there are 24 octets"},
	} {
		told := 0
		a := answer{sequence: 5, want: test.want, each: func([]byte) { told++ }}
		done, err := a.read(test.b)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if told != test.told || done != test.done || text != test.err {
			t.Errorf("%s: told %d, done %v, %q; want %d, %v, %q", test.name, told, done, text, test.told, test.done, test.err)
		}
	}
}

// TestRequestsAreWiped, keys and all, and they do not move while they grow.
func TestRequestsAreWiped(t *testing.T) {
	s := State{
		ID: ipsec.SAID{Destination: probeAddress, Protocol: ipsec.ESP, SPI: 256}, Source: probeAddress,
		Encryption: ipsec.AES256, EncryptionKey: key(32), Integrity: ipsec.SHA512, IntegrityKey: key(64),
		Window: ipsec.MaxWindow, Encapsulation: ipsec.Ports{Local: 1, Remote: 2}, Inbound: true, Offload: 1, OutputMark: 1, IfID: 1,
	}
	m := s.message(nl.XFRM_MSG_NEWSA)
	if cap(m) != room {
		t.Errorf("the longest request has room for %d octets, want %d", cap(m), room)
	}
	if !strings.Contains(string(m), string(key(64))) {
		t.Fatal("the key is not in the request")
	}
	n := newSide(t)
	_ = n.k.requests.do(m, 0, nil) // whatever the kernel says
	if slices.ContainsFunc(m[:cap(m)], func(b byte) bool { return b != 0 }) {
		t.Error("the request is still there")
	}
	if slices.ContainsFunc(n.k.requests.buffer, func(b byte) bool { return b != 0 }) {
		t.Error("the answer is still there")
	}
}
