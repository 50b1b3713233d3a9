package main

import (
	"cmp"
	"container/list"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/ike"
)

// saved is what a journal held when it was opened.
type saved struct {
	sas   []ike.SavedSA
	pairs []ike.SavedPair
}

// A journal keeps the engine's memory in a file of the state folder, so that a successor
// can go on after a crash: [loop.Memory]. The file is a header and records, each with its
// length in front and sealed with the box's key. It only grows; when more than half of it
// is out of date the rest moves to a new file, a few records with each change.
//
// Nothing is synced to the disk: the SAs that the journal is about do not survive a loss
// of power either, and the file of another boot counts for nothing.
//
// A journal that cannot be written, or grows too large, is given up and removed: half of
// the truth is worse than none. Its methods are called by one goroutine at a time.
type journal struct {
	path   string
	header string
	box    cipher.AEAD
	now    func() moment
	log    func(format string, args ...any)

	file   *segment // nil: given up, or closed
	next   *segment // that is taking its place; nil: none
	cursor *list.Element
	memos  map[string]*memo
	order  *list.List // of *memo; those in next are behind those in file
	live   int64      // octets of records that still say something

	plain, sealed []byte // scratch
}

// A segment is a file that is appended to.
type segment struct {
	*os.File
	size int64
}

// A memo is what is kept under a key.
type memo struct {
	key   string
	at    *segment
	parts []extent // its records, oldest first
	size  int64    // of all
	place *list.Element
}

// An extent is a record's place in a segment, its length included.
type extent struct{ offset, size int64 }

// withoutWords are in the log line that says that there is no journal.
const withoutWords = "after a crash the tunnels will be negotiated anew"

const (
	journalFile  = "negotiations"             // in the state folder
	journalTitle = "sallyport negotiations 4" // the file begins with it; the number is the version
	bootFile     = "/proc/sys/kernel/random/boot_id"

	maxRecord   = 1 << 17        // octets before sealing; an ISAKMP SA that has used up its message IDs needs 33 KiB
	maxJournal  = roomFor * 2048 // octets; the largest that ten thousand tunnels were seen to need is 18 MB, 1.8 kB each
	roomFor     = 32 << 10       // tunnels: three times as many as that
	minJournal  = 256 << 10      // octets below which nothing is moved
	movedAtOnce = 4              // memos with each change; more than one, so that it comes to an end
	lengthLen   = 4              // octets of a record's length
)

// openJournal reads the journal of a predecessor in the state folder, if there is
// one, and goes on with it. After an error the journal keeps nothing and may be
// used all the same.
func openJournal(state string, s *seal, log *logbook) (*journal, saved, error) {
	j := newJournal(state, log)
	boot, err := os.ReadFile(bootFile)
	if err == nil {
		err = j.prepare(string(boot), s)
	}
	var found saved
	if err == nil {
		found, err = j.open()
	}
	if err != nil {
		err = j.giveUp(err)
	}
	return j, found, err
}

// newJournal returns the journal of a state folder, which keeps nothing yet.
func newJournal(state string, log *logbook) *journal {
	return &journal{path: filepath.Join(state, journalFile), now: uptime, log: log.say}
}

// uptime is the clock of journals.
func uptime() moment {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		panic(err) // Linux has had it since 2.6.39
	}
	return moment{time.Now(), time.Duration(t.Nano())}
}

// prepare makes the journal one of a boot.
func (j *journal) prepare(boot string, s *seal) (err error) {
	j.header = fmt.Sprintf("%s %s", journalTitle, boot)
	j.box, err = s.records(j.header)
	j.memos, j.order = map[string]*memo{}, list.New()
	j.plain = make([]byte, 0, maxRecord) // growing would leave copies of secrets
	return err
}

// Remember keeps a record.
func (j *journal) Remember(r ike.Remember) { j.put(recordOf(r)) }

// Forget drops what is kept under a key.
func (j *journal) Forget(key string) {
	if j.memos[key] != nil {
		j.put(record{recordForget, ike.Remember{Key: key}})
	}
}

// put appends a record and moves a few others, if it is time to.
func (j *journal) put(r record) {
	if j.file == nil {
		return
	}
	err := j.append(r)
	if err == nil {
		err = j.move()
	}
	if err != nil {
		j.log("%v: %s", j.giveUp(fmt.Errorf("%s: %w", j.path, err)), withoutWords)
	}
}

// append writes a record, and enters it in place of what was kept under its key, or
// behind it. What the next file has already of a key, or is to have, is written there too.
func (j *journal) append(r record) error {
	e := j.memos[r.Key]
	if e == nil && r.kind == recordUsed {
		return nil // the ISAKMP SA is not kept
	}
	sealed, err := j.sealRecord(r)
	if err != nil {
		return err
	}
	part, err := j.file.append(sealed)
	if err == nil && j.next != nil && (e == nil || r.kind.whole() || e.at == j.next) {
		part, err = j.next.append(sealed)
	}
	if err != nil {
		return err
	}
	if r.kind == recordUsed {
		j.extend(e, part)
		return nil
	}
	if e != nil {
		j.drop(e)
	}
	if r.kind.whole() {
		j.enter(r.Key, part)
	}
	return nil
}

// enter begins what is kept under a key, in the newest file.
func (j *journal) enter(key string, part extent) {
	e := &memo{key: key, at: j.file}
	if j.next != nil {
		e.at = j.next
	}
	e.place = j.order.PushBack(e)
	j.memos[key] = e
	j.extend(e, part)
}

// extend adds a record to a memo.
func (j *journal) extend(e *memo, part extent) {
	e.parts = append(e.parts, part)
	e.size += part.size
	j.live += part.size
}

// drop takes a memo out.
func (j *journal) drop(e *memo) {
	if j.cursor == e.place {
		j.cursor = e.place.Next()
	}
	j.order.Remove(e.place)
	delete(j.memos, e.key)
	j.live -= e.size
}

// sealRecord returns a record as it is written; it is good until the next call.
func (j *journal) sealRecord(r record) ([]byte, error) {
	c := coder{b: j.plain[:0], moment: j.now()}
	r.code(&c)
	defer clear(c.b)
	if len(c.b) > maxRecord {
		return nil, fmt.Errorf("a record of %d octets is larger than %d", len(c.b), maxRecord)
	}
	b := binary.BigEndian.AppendUint32(j.sealed[:0], uint32(len(c.b)+j.box.Overhead()))
	j.sealed = j.box.Seal(b, nil, c.b, nil)
	return j.sealed, nil
}

// close ends the journal. Unless the SAs are left to a successor, it is removed. One that
// was given up has gone already, as far as it could be.
func (j *journal) close(keep bool) error {
	switch {
	case j.file == nil:
		return nil
	case !keep:
		return j.remove()
	}
	err := j.file.Close()
	j.file = nil
	if j.next != nil {
		err = errors.Join(err, j.next.Close(), unlink(j.path+nextSuffix))
		j.next = nil
	}
	return err
}

// giveUp ends the journal because of an error, and returns that and what could not be
// removed, in one line. A folder in the journal's place is such an error, and stays.
func (j *journal) giveUp(reason error) error {
	if left := j.remove(); left != nil && !errors.Is(reason, unix.EISDIR) {
		return fmt.Errorf("%w; %w", reason, left)
	}
	return reason
}

// remove ends the journal and leaves nothing of it: both files are tried, and the first error is returned.
func (j *journal) remove() error {
	for _, s := range []*segment{j.file, j.next} {
		if s != nil {
			_ = s.Close() // nothing of it is kept
		}
	}
	j.file, j.next, j.memos = nil, nil, nil
	return cmp.Or(unlink(j.path), unlink(j.path+nextSuffix))
}
