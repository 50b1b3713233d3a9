package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// The files of a journal: how one takes the place of another, and how one is read.

// nextSuffix is what the name of a file ends with that is to become the journal.
const nextSuffix = ".next"

// append writes octets at the end, and returns where.
func (s *segment) append(b []byte) (extent, error) {
	if s.size+int64(len(b)) > maxJournal {
		return extent{}, fmt.Errorf("it is larger than %d octets", maxJournal)
	}
	at := extent{s.size, int64(len(b))}
	if _, err := s.WriteAt(b, s.size); err != nil {
		return extent{}, err
	}
	s.size += at.size
	return at, nil
}

// begin opens a file that is to become the journal. What a crash has left of another one
// is in nobody's way.
func (j *journal) begin() (*segment, error) {
	path := j.path + nextSuffix
	if err := unlink(path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{File: file}
	if _, err := s.append([]byte(j.header)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// move begins to move what is up to date to a new file when more than half is not, goes on
// with it by a few memos, and ends it. The work of a change does not grow with the file.
func (j *journal) move() (err error) {
	if j.next == nil {
		if j.file.size < minJournal || j.file.size < 2*j.live {
			return nil
		}
		j.cursor = j.order.Front()
		if j.next, err = j.begin(); err != nil {
			return err
		}
	}
	for range movedAtOnce {
		if j.cursor == nil || j.cursor.Value.(*memo).at == j.next {
			return j.install(j.next)
		}
		if err := j.moveMemo(j.cursor.Value.(*memo)); err != nil {
			return err
		}
		j.cursor = j.cursor.Next()
	}
	return nil
}

// moveMemo copies the records of a memo as they are.
func (j *journal) moveMemo(e *memo) error {
	j.sealed = slices.Grow(j.sealed[:0], int(e.size))[:e.size]
	var n int64
	for _, p := range e.parts {
		if _, err := j.file.ReadAt(j.sealed[n:n+p.size], p.offset); err != nil {
			return err
		}
		n += p.size
	}
	whole, err := j.next.append(j.sealed)
	if err != nil {
		return err
	}
	e.at, e.parts = j.next, append(e.parts[:0], whole)
	return nil
}

// install makes a file the journal. The old one goes first: to rename a file onto another
// makes some file systems write all of it to the disk, which we would wait for.
func (j *journal) install(s *segment) error {
	if err := unlink(j.path); err != nil {
		return err
	}
	if err := os.Rename(j.path+nextSuffix, j.path); err != nil {
		return err
	}
	if j.file != s {
		_ = j.file.Close() // it is nobody's any more
	}
	j.file, j.next, j.cursor = s, nil, nil
	return nil
}

// find brings a file in its place whose predecessor was killed before it could. A folder
// that is there is somebody else's: it is left alone, and there is no journal.
func (j *journal) find() error {
	info, err := os.Lstat(j.path)
	switch {
	case err == nil && info.IsDir():
		return &fs.PathError{Op: "journal", Path: j.path, Err: unix.EISDIR}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if next, err := os.Lstat(j.path + nextSuffix); err != nil || !next.Mode().IsRegular() {
		return nil // it is no journal; begin removes it, or says why not
	}
	return os.Rename(j.path+nextSuffix, j.path)
}

// unlink removes a file of any type, if there is one. A folder stays, and is an error.
func unlink(path string) error {
	if err := unix.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "remove", Path: path, Err: err}
	}
	return nil
}
