package esp

import "io"

// ivBatch is how many IVs are drawn at once. Every SA keeps room for them, so they are few:
// where entropy costs a system call its source had better draw more.
const ivBatch = 2

// ivSource hands out random IVs, each once: RFC 3602 §3 wants them unpredictable.
type ivSource struct {
	entropy  io.Reader
	size     uint8              // octets of an IV
	from, to uint8              // what was not handed out of the last batch
	drawn    [ivBatch * 16]byte // the last batch; the longest IVs are AES's
}

func newIVSource(entropy io.Reader, size int) ivSource {
	return ivSource{entropy: entropy, size: uint8(size)}
}

// next returns an IV, valid until the next call. If the entropy ends in the middle
// of a batch, the IVs that it gave are used before its error comes back.
func (s *ivSource) next() ([]byte, error) {
	size := int(s.size)
	if s.to-s.from < s.size {
		n, err := io.ReadAtLeast(s.entropy, s.drawn[:ivBatch*size], size)
		if err != nil {
			return nil, err
		}
		s.from, s.to = 0, uint8(n)
	}
	iv := s.drawn[s.from:][:size]
	s.from += s.size
	return iv, nil
}
