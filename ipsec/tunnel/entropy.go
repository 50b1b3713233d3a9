package tunnel

import (
	"io"
	"sync"
)

// A pool draws entropy for the IVs of all SAs, so much at once that a system call does for
// many packets, and an SA has to keep little of it.
type pool struct {
	from io.Reader

	mu    sync.Mutex // for what follows
	drawn [1024]byte
	left  []byte // the end of drawn that was not handed out
}

// Read hands out octets, each once, one at least. The error is the source's, which gave none.
func (p *pool) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.left) == 0 {
		n, err := p.from.Read(p.drawn[:])
		if n == 0 {
			return 0, err
		}
		p.left = p.drawn[:n]
	}
	n := copy(b, p.left)
	clear(p.left[:n])
	p.left = p.left[n:]
	return n, nil
}
