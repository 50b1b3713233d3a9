package main

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestFramesThereAndBack(t *testing.T) {
	for _, n := range []int{0, 1, frameMax - 1, frameMax, frameMax + 1, 5 * frameMax} {
		want := bytes.Repeat([]byte("x"), n)
		var stream bytes.Buffer
		if err := writeFrames(&stream, frameOutput, want); err != nil {
			t.Fatal(err)
		}
		var got []byte
		for frames := 0; ; frames++ {
			kind, p, err := readFrame(&stream)
			if errors.Is(err, io.EOF) && frames > 0 {
				break
			}
			if err != nil || kind != frameOutput || len(p) > frameMax {
				t.Fatalf("%d octets: frame %q of %d octets, %v", n, kind, len(p), err)
			}
			got = append(got, p...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d octets came back as %d", n, len(got))
		}
	}
}

func TestFramesCutShort(t *testing.T) {
	var stream bytes.Buffer
	if err := writeFrames(&stream, frameInput, []byte("display version\n")); err != nil {
		t.Fatal(err)
	}
	for n := range stream.Len() {
		_, _, err := readFrame(bytes.NewReader(stream.Bytes()[:n]))
		if n == 0 && err != io.EOF || n > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d octets: error %v, want EOF, unexpected unless there is nothing", n, stream.Len(), err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{'i', 0, 1, 'x'})
	f.Add([]byte{'i', 0xFF, 0xFF, 'x'})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		for {
			kind, p, err := readFrame(r)
			if err != nil {
				return
			}
			if len(p) > len(stream) || byte(kind) != stream[len(stream)-r.Len()-len(p)-frameHeader] {
				t.Fatalf("frame %q of %d octets is not in %x", kind, len(p), stream)
			}
		}
	})
}
