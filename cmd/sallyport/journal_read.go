package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// How a journal is read: a record at a time, as far as it makes sense. The last record of a
// process that was killed may be cut off, and whatever is in the file's place must not keep
// a gateway from starting, or make it read more than it judges.

// readAhead is how many octets are taken from the file at once. No more than that are read
// of a file whose header is not ours.
const readAhead = 32 << 10

// Why a file or a record is not read.
var (
	errNoFile        = errors.New("it is no regular file: starting without")
	errForeignFile   = errors.New("it is no journal of this version: starting without")
	errCutRecord     = errors.New("a record is cut off")
	errForeignRecord = errors.New("a record is damaged, or sealed by another box")
	errLargeFile     = errors.New("the file is too large")
)

// held is what records amount to, by key.
type held map[string]*record

// open takes over what a predecessor has left, and goes on in a file that has just that.
func (j *journal) open() (saved, error) {
	if err := j.find(); err != nil {
		return saved{}, err
	}
	h, damage := j.load()
	if damage != nil {
		j.log("%s: %v", j.path, damage)
	}
	var err error
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

// load returns what the file says, if there is one, and what is wrong with it. Only a
// regular file is read: a pipe would be waited for, and a device may have no end.
func (j *journal) load() (held, error) {
	file, err := os.OpenFile(j.path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENXIO): // a link, a socket
		return nil, errNoFile
	case err != nil:
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	return j.read(file)
}

// read returns what records say, up to the first that makes no sense, and what was wrong
// with that. A file of another boot says nothing.
func (j *journal) read(file io.Reader) (held, error) {
	in := bufio.NewReaderSize(file, readAhead)
	if ours, err := j.readHeader(in); !ours {
		return nil, err
	}
	h, moment := held{}, j.now()
	for at := len(j.header); ; {
		if _, err := in.Peek(1); err == io.EOF {
			return h, nil
		}
		r, size, err := j.readRecord(in, moment)
		if err == nil && at+size > maxJournal {
			err = errLargeFile
		}
		if err != nil {
			return h, fmt.Errorf("%w after %d octets: what is behind them is not used", err, at)
		}
		h.apply(r)
		at += size
	}
}

// readHeader reports whether the records are to be read, and if they cannot be, why. Those
// of another boot are good, and of no use any more; a file without an octet is nothing bad.
func (j *journal) readHeader(in *bufio.Reader) (ours bool, err error) {
	head, err := in.Peek(len(j.header))
	switch {
	case err != nil && err != io.EOF:
		return false, err
	case string(head) == j.header:
		_, err := in.Discard(len(head))
		return true, err
	case len(head) == 0, err == nil && strings.HasPrefix(string(head), journalTitle):
		return false, nil
	}
	return false, errForeignFile
}

// readRecord reads the next record, and returns how many octets it has.
func (j *journal) readRecord(in io.Reader, now moment) (r record, size int, err error) {
	var length [lengthLen]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return r, 0, cut(err)
	}
	n := int64(binary.BigEndian.Uint32(length[:]))
	if n > int64(maxRecord+j.box.Overhead()) {
		return r, 0, errForeignRecord
	}
	j.sealed = slices.Grow(j.sealed[:0], int(n))[:n]
	if _, err := io.ReadFull(in, j.sealed); err != nil {
		return r, 0, cut(err)
	}
	r, err = j.openRecord(j.sealed, now)
	return r, lengthLen + int(n), err
}

// cut returns what is wrong with a record that could not be read whole.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCutRecord
	}
	return err
}

// openRecord returns a record that was sealed.
func (j *journal) openRecord(sealed []byte, now moment) (r record, err error) {
	plain, err := j.box.Open(j.plain[:0], nil, sealed, nil)
	if err != nil {
		return r, errForeignRecord
	}
	defer clear(plain)
	c := coder{b: plain, reading: true, moment: now}
	r.code(&c)
	if c.err == nil && len(c.b) > 0 {
		c.err = errRecord
	}
	return r, c.err
}

// apply adds a record to what those before it amount to. The keys of one that is out of
// date are wiped.
func (h held) apply(r record) {
	switch old := h[r.Key]; {
	case r.kind == recordForget:
		old.wipe()
		delete(h, r.Key)
	case r.kind.whole():
		old.wipe()
		h[r.Key] = &r
	case old != nil && old.SA != nil:
		old.SA.Used = append(old.SA.Used, r.Used...)
	}
}

// wipe clears the keys of a record that was read, if it has any.
func (r *record) wipe() {
	if r == nil || r.SA == nil {
		return
	}
	r.SA.SKEYIDd.Wipe()
	r.SA.SKEYIDa.Wipe()
	r.SA.SKEYIDe.Wipe()
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
