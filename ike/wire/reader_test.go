package wire

import (
	"bytes"
	"testing"
)

// over returns a reader of octets that stand at octet 100 of a message.
func over(b ...byte) *reader {
	return &reader{progress: &progress{}, b: b, offset: 100, payload: PayloadHash}
}

func TestReaderReads(t *testing.T) {
	r := over(1, 2, 3, 4, 5, 6, 7, 8, 9)
	if got := r.uint8(); got != 1 {
		t.Errorf("uint8() = %#x, want 0x1", got)
	}
	if got := r.uint16(); got != 0x0203 {
		t.Errorf("uint16() = %#x, want 0x203", got)
	}
	if got := r.uint32(); got != 0x04050607 {
		t.Errorf("uint32() = %#x, want 0x4050607", got)
	}
	if got := r.rest(); !bytes.Equal(got, []byte{8, 9}) {
		t.Errorf("rest() = %x, want 0809", got)
	}
	if got := r.rest(); got != nil {
		t.Errorf("rest() at the end = %x, want nil", got)
	}
	r.end()
	if r.err != nil || r.offset != 109 {
		t.Errorf("after all octets: octet %d, %v; want 109 and no error", r.offset, r.err)
	}
}

// TestReaderSticks checks that after the first misfit only zeros come, and that
// a later one does not replace it.
func TestReaderSticks(t *testing.T) {
	for name, read := range map[string]func(*reader) any{
		"uint8":  func(r *reader) any { return int(r.uint8()) },
		"uint16": func(r *reader) any { return int(r.uint16()) },
		"uint32": func(r *reader) any { return int(r.uint32()) },
		"bytes":  func(r *reader) any { return len(r.bytes(1)) },
		"rest":   func(r *reader) any { return len(r.rest()) },
		"each":   func(r *reader) any { return r.each(1, 1) },
		"sub": func(r *reader) any {
			next, body := r.sub(PayloadKE)
			return int(next) + len(body.b)
		},
		"end":  func(r *reader) any { r.end(); return 0 },
		"skip": func(r *reader) any { r.skip(1); return r.reserved },
	} {
		r := over(9, 9, 9)
		if got := r.bytes(4); got != nil {
			t.Errorf("bytes(4) of 3 = %x, want nil", got)
		}
		first := *r.err
		if got := read(r); got != 0 {
			t.Errorf("%s after a misfit = %v, want 0", name, got)
		}
		if *r.err != first || first.Offset != 100 || first.Payload != PayloadHash {
			t.Errorf("%s after a misfit: %v, want the first one, %v", name, r.err, &first)
		}
	}
}

func TestReaderEach(t *testing.T) {
	for _, test := range []struct {
		name              string
		have, count, size int
		want              int
		ok                bool
	}{
		{"just what is left", 8, 2, 4, 2, true},
		{"nothing of something", 0, 0, 4, 0, true},
		{"nothing of nothing", 0, 0, 0, 0, true},
		{"items without octets", 0, 65535, 0, 0, false},
		{"one too many", 8, 3, 4, 0, false},
		{"one too few", 8, 1, 4, 0, false},
		{"the largest numbers", 8, 65535, 255, 0, false},
	} {
		r := over(make([]byte, test.have)...)
		if got := r.each(test.count, test.size); got != test.want || (r.err == nil) != test.ok {
			t.Errorf("%s: each(%d, %d) of %d octets = %d, %v; want %d", test.name, test.count, test.size, test.have, got, r.err, test.want)
		}
	}
}

func TestReaderSub(t *testing.T) {
	r := over(10, 0, 0, 6, 0xaa, 0xbb, 0xcc)
	next, body := r.sub(PayloadKE)
	if next != PayloadNonce || !bytes.Equal(body.b, []byte{0xaa, 0xbb}) || body.offset != 104 || body.payload != PayloadKE {
		t.Errorf("sub() = %v, %x at octet %d of %v; want NONCE, aabb at octet 104 of KE", next, body.b, body.offset, body.payload)
	}
	if !bytes.Equal(r.b, []byte{0xcc}) || r.offset != 106 {
		t.Errorf("behind it: %x at octet %d, want cc at octet 106", r.b, r.offset)
	}
	body.bytes(3)
	if r.err == nil || r.err.Offset != 104 {
		t.Errorf("the body's misfit is %v for the whole message, want one at octet 104", r.err)
	}
}

func TestReaderSkip(t *testing.T) {
	r := over(0, 0, 7, 0, 1, 1, 0)
	for i, want := range []int{0, 1, 2, 2} {
		r.skip([]int{2, 2, 2, 1}[i])
		if r.reserved != want || r.err != nil {
			t.Errorf("skip %d: %d fields that are not zero, %v; want %d", i, r.reserved, r.err, want)
		}
	}
}
