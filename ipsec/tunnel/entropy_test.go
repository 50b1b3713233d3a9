package tunnel

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// TestPool: what is read is what the source gives, in order and once, and then its error.
func TestPool(t *testing.T) {
	var source []byte
	for i := range 5000 {
		source = append(source, byte(i), byte(i>>8))
	}
	for _, test := range []struct {
		name string
		from io.Reader
	}{{"whole", bytes.NewReader(source)}, {"in halves", iotest.HalfReader(bytes.NewReader(source))}} {
		p, b := &pool{from: test.from}, make([]byte, 48)
		var got []byte
		for n, err := io.ReadFull(p, b); n > 0; n, err = io.ReadFull(p, b) {
			got = append(got, b[:n]...)
			if err != nil {
				break
			}
		}
		if !bytes.Equal(got, source) {
			t.Errorf("%s: %d octets were read, want the %d of the source", test.name, len(got), len(source))
		}
		if n, err := p.Read(b); n != 0 || err != io.EOF {
			t.Errorf("%s: Read at the end = %d, %v, want EOF", test.name, n, err)
		}
	}
}
