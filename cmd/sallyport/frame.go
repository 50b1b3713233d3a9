package main

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The console and the gateway talk over a Unix socket in frames: one octet that
// says what it is, two of length, and so many octets. This tells the size of the
// window from what is typed, and brings the exit code back.
type frameKind byte

const (
	frameHello  frameKind = 'h' // console: "terminal" or "script", first of all
	frameWindow frameKind = 'w' // console: columns and rows of the terminal, two octets each
	frameInput  frameKind = 'i' // console: octets as typed or read
	frameEnd    frameKind = 'e' // console: no more input
	frameOutput frameKind = 'o' // gateway: octets to show
	frameExit   frameKind = 'x' // gateway: the exit code, one octet, last of all
)

const (
	helloTerminal = "terminal"
	helloScript   = "script"
	frameHeader   = 3
	frameMax      = 32 << 10 // octets in a frame that we write; one that we read may have 65535
)

// writeFrames writes p in as many frames as it takes; one if p is empty.
func writeFrames(w io.Writer, kind frameKind, p []byte) error {
	for {
		n := min(len(p), frameMax)
		frame := append([]byte{byte(kind), 0, 0}, p[:n]...)
		binary.BigEndian.PutUint16(frame[1:], uint16(n))
		if _, err := w.Write(frame); err != nil {
			return err
		}
		if p = p[n:]; len(p) == 0 {
			return nil
		}
	}
}

// readFrame reads one frame. The error is io.EOF only between frames.
func readFrame(r io.Reader) (frameKind, []byte, error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	p := make([]byte, binary.BigEndian.Uint16(header[1:]))
	if _, err := io.ReadFull(r, p); err != nil {
		return 0, nil, fmt.Errorf("frame %q cut short: %w", header[0], io.ErrUnexpectedEOF)
	}
	return frameKind(header[0]), p, nil
}
