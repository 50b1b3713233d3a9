package main

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// inputChunks bounds what a console may send ahead of the command that runs:
// this many frames, some 128 KiB. More waits in the socket.
const inputChunks = 4

// A remote is the shell's terminal at the other end of a console's connection.
type remote struct {
	ctx         context.Context // the session's
	hangUp      context.CancelFunc
	conn        net.Conn
	interactive bool
	input       chan []byte // closed after the last
	lost        bool        // input ended because the console went; read after input is closed
	rest        []byte      // of the chunk that Read has begun

	resized chan struct{} // one place

	mu            sync.Mutex
	columns, rows int // of the window; 0: not told
}

// windowLength is that of a frame that tells the window's size.
const windowLength = 4

// newRemote makes the terminal of a session that lasts as long as ctx at most.
func newRemote(ctx context.Context, conn net.Conn, interactive bool) *remote {
	ctx, hangUp := context.WithCancel(ctx)
	return &remote{
		ctx: ctx, hangUp: hangUp, conn: conn, interactive: interactive,
		input: make(chan []byte, inputChunks), resized: make(chan struct{}, 1),
	}
}

// Interactive reports whether somebody types.
func (r *remote) Interactive() bool { return r.interactive }

// receive takes frames until the console ends its input or goes.
func (r *remote) receive() {
	defer close(r.input)
	for {
		kind, p, err := readFrame(r.conn)
		switch {
		case err != nil:
			r.lost = true
			r.hangUp()
			return
		case kind == frameInput:
			r.typed(p)
		case kind == frameWindow:
			r.window(p)
		case kind == frameEnd:
			return
		}
	}
}

// typed queues a chunk of input. A session that is over takes no more.
func (r *remote) typed(p []byte) {
	select {
	case r.input <- p:
	case <-r.ctx.Done():
	}
}

// window keeps the size that a frame tells; one of another length tells nothing.
func (r *remote) window(p []byte) {
	if len(p) != windowLength {
		return
	}
	r.mu.Lock()
	r.columns, r.rows = int(binary.BigEndian.Uint16(p)), int(binary.BigEndian.Uint16(p[2:]))
	r.mu.Unlock()
	select {
	case r.resized <- struct{}{}:
	default: // one change that nobody has looked at yet is as good as two
	}
}

// Size is the window's, as the console last told.
func (r *remote) Size() (columns, rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.columns, r.rows
}

// Resized tells of changes of the window.
func (r *remote) Resized() <-chan struct{} { return r.resized }

// Read returns what was typed. The error is io.EOF after the end of input, and
// io.ErrUnexpectedEOF if the console went without ending it: what it has begun to
// send is not whole then.
func (r *remote) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		chunk, more := <-r.input
		if !more && r.lost {
			return 0, io.ErrUnexpectedEOF
		}
		if !more {
			return 0, io.EOF
		}
		r.rest = chunk
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Write shows p. A console that does not take it for long is given up.
func (r *remote) Write(p []byte) (int, error) {
	if err := r.conn.SetWriteDeadline(time.Now().Add(showPatience)); err != nil {
		return 0, err
	}
	if err := writeFrames(r.conn, frameOutput, p); err != nil {
		return 0, err
	}
	return len(p), nil
}
