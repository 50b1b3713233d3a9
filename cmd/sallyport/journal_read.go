package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// How a journal is read: as far as it makes sense. The last record of a process that was
// killed may be cut off, and a file that is damaged must not keep a gateway from starting.

// Why a record is not read.
var (
	errCutRecord     = errors.New("a record is cut off")
	errForeignRecord = errors.New("a record is damaged, or sealed by another box")
)

// held is what records amount to, by key.
type held map[string]*record

// open takes over what a predecessor has left, and goes on in a file that has just that.
func (j *journal) open() (saved, error) {
	data, err := j.load()
	if err != nil {
		return saved{}, err
	}
	h, damage := j.read(data)
	if damage != nil {
		j.log("%s: %v", j.path, damage)
	}
	if j.file, err = j.begin(); err != nil {
		return h.saved(), err
	}
	for _, key := range slices.Sorted(maps.Keys(h)) {
		if err := j.append(*h[key]); err != nil {
			return h.saved(), err
		}
	}
	return h.saved(), j.install(j.file)
}

// load returns the octets of the file; none if there is no file.
func (j *journal) load() ([]byte, error) {
	if err := j.find(); err != nil {
		return nil, err
	}
	file, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxJournal))
}

// read returns what records say, up to the first that makes no sense, and what was wrong
// with that. A file of another boot says nothing.
func (j *journal) read(data []byte) (held, error) {
	h := held{}
	rest, ours := bytes.CutPrefix(data, []byte(j.header))
	switch {
	case len(data) == 0:
		return h, nil
	case !ours && len(data) >= len(j.header) && bytes.HasPrefix(data, []byte(journalTitle)):
		return h, nil
	case !ours:
		return h, errors.New("it is no journal of this version: starting without")
	}
	moment := j.now()
	for len(rest) > 0 {
		r, size, err := j.readRecord(rest, moment)
		if err != nil {
			return h, fmt.Errorf("%w after %d octets: the %d behind it are not used", err, len(data)-len(rest), len(rest))
		}
		h.apply(r)
		rest = rest[size:]
	}
	return h, nil
}

// readRecord reads the first record of octets, and returns how many of them it has.
func (j *journal) readRecord(b []byte, now moment) (r record, size int, err error) {
	if len(b) < lengthLen {
		return r, 0, errCutRecord
	}
	n := int(binary.BigEndian.Uint32(b))
	if n > maxRecord+j.box.Overhead() || n > len(b)-lengthLen {
		return r, 0, errCutRecord
	}
	size = lengthLen + n
	plain, err := j.box.Open(j.plain[:0], nil, b[lengthLen:size], nil)
	if err != nil {
		return r, 0, errForeignRecord
	}
	defer clear(plain)
	c := coder{b: plain, reading: true, moment: now}
	r.code(&c)
	if c.err == nil && len(c.b) > 0 {
		c.err = errRecord
	}
	return r, size, c.err
}

// apply adds a record to what those before it amount to.
func (h held) apply(r record) {
	switch old := h[r.Key]; {
	case r.kind == recordForget:
		delete(h, r.Key)
	case r.kind.whole():
		h[r.Key] = &r
	case old != nil && old.SA != nil:
		old.SA.Used = append(old.SA.Used, r.Used...)
	}
}

// saved returns what is held as an engine takes it.
func (h held) saved() (s saved) {
	for _, key := range slices.Sorted(maps.Keys(h)) {
		switch r := h[key]; r.kind {
		case recordSA:
			s.sas = append(s.sas, *r.SA)
		case recordPair:
			s.pairs = append(s.pairs, *r.Pair)
		}
	}
	return s
}
