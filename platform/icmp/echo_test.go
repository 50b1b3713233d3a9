package icmp

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The checksums are worked out by hand: the sum of the 16-bit words, carries
// added, inverted.
func TestEchoOctets(t *testing.T) {
	for _, test := range []struct {
		name string
		echo echo
		want string
	}{
		{"no data", echo{kind: echoRequest, id: 1, sequence: 2}, "0800f7fc00010002"},
		{"even data", echo{kind: echoReply, id: 0x1234, sequence: 0xffff, data: []byte{1, 2}}, "0000ecc91234ffff0102"},
		{"odd data", echo{kind: echoReply, data: []byte{0xab}}, "000054ff00000000ab"},
	} {
		b := test.echo.append(nil)
		if got := hex.EncodeToString(b); got != test.want {
			t.Errorf("%s: append = %s, want %s", test.name, got, test.want)
		}
		if got, ok := parse(b); !ok || !got.equal(test.echo) {
			t.Errorf("%s: parse(append) = %+v, %v, want %+v", test.name, got, ok, test.echo)
		}
		after := test.echo.append([]byte{9, 9, 9})
		if !bytes.Equal(after[3:], b) {
			t.Errorf("%s: append after three octets = %x, want %x", test.name, after[3:], b)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	whole := echo{kind: echoReply, id: 7, sequence: 8, data: pattern(20)}.append(nil)
	for n := range whole {
		if e, ok := parse(whole[:n]); ok {
			t.Errorf("parse of %d octets of %d = %+v", n, len(whole), e)
		}
		bad := bytes.Clone(whole)
		bad[n] ^= 0x40
		if e, ok := parse(bad); ok {
			t.Errorf("parse with octet %d changed = %+v", n, e)
		}
	}
	unreachable := echo{kind: 3, data: whole}.append(nil)
	if e, ok := parse(unreachable); ok {
		t.Errorf("parse of destination unreachable = %+v", e)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{})
	f.Add(echo{kind: echoRequest, id: 1, sequence: 2, data: []byte("odd")}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, ok := parse(b)
		if !ok {
			return
		}
		again, ok := parse(e.append(nil))
		if !ok || !again.equal(e) {
			t.Errorf("parse(%x) = %+v, written and read again %+v, %v", b, e, again, ok)
		}
	})
}
