package esp

import "io"

// ivBatch is how many IVs are drawn at once, so that entropy costs a system call
// for one packet in so many. Every SA keeps room for them.
const ivBatch = 8

// ivSource hands out random IVs, each once: RFC 3602 §3 wants them unpredictable.
type ivSource struct {
	entropy io.Reader
	size    int    // octets of an IV
	drawn   []byte // all of the last batch
	left    []byte // the end of drawn that was not handed out
}

func newIVSource(entropy io.Reader, size int) *ivSource {
	return &ivSource{entropy: entropy, size: size, drawn: make([]byte, ivBatch*size)}
}

// next returns an IV, valid until the next call. If the entropy ends in the middle
// of a batch, the IVs that it gave are used before its error comes back.
func (s *ivSource) next() ([]byte, error) {
	if len(s.left) < s.size {
		n, err := io.ReadAtLeast(s.entropy, s.drawn, s.size)
		if err != nil {
			return nil, err
		}
		s.left = s.drawn[:n]
	}
	iv := s.left[:s.size]
	s.left = s.left[s.size:]
	return iv, nil
}
