package main

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// inputChunks bounds what a console may send ahead of the command that runs:
// this many frames, some 64 KiB. More waits in the socket.
const inputChunks = 64

// A remote is the shell's terminal at the other end of a console's connection.
type remote struct {
	ctx         context.Context // the session's
	hangUp      context.CancelFunc
	conn        net.Conn
	interactive bool
	input       chan []byte // closed after the last
	rest        []byte      // of the chunk that Read has begun

	mu        sync.Mutex
	interrupt context.CancelFunc // of the command that runs; nil: none
}

// newRemote makes the terminal of a session that lasts as long as ctx at most.
func newRemote(ctx context.Context, conn net.Conn, interactive bool) *remote {
	ctx, hangUp := context.WithCancel(ctx)
	return &remote{ctx: ctx, hangUp: hangUp, conn: conn, interactive: interactive, input: make(chan []byte, inputChunks)}
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
			r.hangUp()
			return
		case kind == frameInput:
			r.typed(p)
		case kind == frameInterrupt:
			r.interrupted()
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

// interrupted stops the command that runs. If none does, the terminal's driver
// has thrown away what was typed, so that an empty line brings the prompt back.
func (r *remote) interrupted() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.interrupt != nil {
		r.interrupt()
		return
	}
	select {
	case r.input <- []byte("\n"):
	default: // enough is typed ahead to bring many prompts
	}
}

// Interruptible returns a context that Ctrl-C ends.
func (r *remote) Interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.interrupt = cancel
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.interrupt = nil
		cancel()
	}
}

// Size is not known.
func (r *remote) Size() (columns, rows int) { return 0, 0 }

// Resized tells nothing.
func (r *remote) Resized() <-chan struct{} { return nil }

// Read returns what was typed. The error is io.EOF after the end of input.
func (r *remote) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		chunk, more := <-r.input
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
