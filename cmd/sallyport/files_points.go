package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sallyport/commands"
	"sallyport/platform/store"
)

// A rollback point is two files of its number: its text, and what is listed of it.
// It is one once it has both, so the text is written first and deleted last.
const (
	pointText = ".cfg"
	pointList = ".json"
)

// trimLine cuts off the line end of a file of one line.
func trimLine(data []byte) []byte { return bytes.TrimRight(data, "\r\n") }

// pointPath is the path of one of a point's files.
func (f *files) pointPath(id uint64, suffix string) string {
	return filepath.Join(f.folder, pointFolder, strconv.FormatUint(id, 10)+suffix)
}

// A writing is a rollback point on its way into its files.
type writing struct {
	before int           // how many had to be waited for when it began
	done   chan struct{} // closed when it is there
}

// wait returns when the point, and all that came before it, are there.
func (w *writing) wait() {
	if w != nil {
		<-w.done
	}
}

// ended reports whether wait would return at once.
func (w *writing) ended() bool {
	if w == nil {
		return true
	}
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// Keep keeps a rollback point. Text and file take their time, so that a goroutine
// makes them, after those of the point before; whoever asks for a point waits until
// they are there. Keep itself waits only if the disk is far behind.
func (f *files) Keep(p commands.Point, text func() string) {
	before, now := f.follow()
	if now.before >= commands.PointsKept {
		before.wait()
	}
	go func() {
		defer close(now.done)
		before.wait()
		f.points.Lock()
		defer f.points.Unlock()
		if err := f.keep(p, text()); err != nil {
			f.log.note(configFault, "rollback point %d was not kept: %v", p.ID, err)
			f.unkept, f.unkeptWhy = p.ID, err
		}
	}()
}

// Kept waits until a point is written, and returns why it is not. Only the last that
// is not is remembered.
func (f *files) Kept(id uint64) error {
	f.settle()
	defer f.points.Unlock()
	if f.unkept == id {
		return f.unkeptWhy
	}
	return nil
}

// follow begins the writing of a point, and returns that of the one before.
func (f *files) follow() (before, now *writing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, now = f.latest, &writing{done: make(chan struct{})}
	if !before.ended() {
		now.before = before.before + 1
	}
	f.latest = now
	return before, now
}

// settle waits until all points are written, and takes the lock of their folder.
func (f *files) settle() {
	f.mu.Lock()
	latest := f.latest
	f.mu.Unlock()
	latest.wait()
	f.points.Lock()
}

// written returns when the points that were made before it are there: a session that
// has ended leaves nothing that a loss of power would take.
func (f *files) written() {
	f.settle()
	f.points.Unlock()
}

// close waits until the last point is written.
func (f *files) close() error {
	f.written()
	return nil
}

func (f *files) keep(p commands.Point, text string) error {
	if err := os.MkdirAll(filepath.Join(f.folder, pointFolder), 0o700); err != nil {
		return err
	}
	ids, err := f.pointIDs()
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		if last, err := f.readPoint(ids[0]); err == nil && last == text {
			return f.name(ids[0], p)
		}
	}
	if err := store.Save(f.pointPath(p.ID, pointText), []byte(text)); err != nil {
		return err
	}
	if err := f.describe(p); err != nil {
		return err
	}
	return f.prune(ids)
}

// name gives the point of a number the name of p, if it has one.
func (f *files) name(id uint64, p commands.Point) error {
	if !p.Named() {
		return nil
	}
	p.ID = id
	return f.describe(p)
}

// describe writes what is listed of a point.
func (f *files) describe(p commands.Point) error {
	about, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return store.Save(f.pointPath(p.ID, pointList), about)
}

// prune removes the oldest points, after a new one has come to those of ids.
func (f *files) prune(ids []uint64) error {
	var errs []error
	for _, id := range ids[min(len(ids), commands.PointsKept-1):] {
		for _, suffix := range []string{pointList, pointText} {
			if err := store.Remove(f.pointPath(id, suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// pointIDs returns the numbers of the points, newest first. The caller holds the
// lock, as of all that follows.
func (f *files) pointIDs() ([]uint64, error) {
	entries, err := os.ReadDir(filepath.Join(f.folder, pointFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var ids []uint64
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), pointList)
		if id, err := strconv.ParseUint(name, 10, 64); is && err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

func (f *files) readPoint(id uint64) (string, error) {
	text, err := store.Load(f.pointPath(id, pointText), isScript)
	return string(text.Data), err
}

// Points returns the points, newest first. One whose description is damaged is
// told to the log and left out.
func (f *files) Points() ([]commands.Point, error) {
	f.settle()
	defer f.points.Unlock()
	ids, err := f.pointIDs()
	if err != nil {
		return nil, err
	}
	var all []commands.Point
	for _, id := range ids[:min(len(ids), commands.PointsKept)] {
		var p commands.Point
		text, err := store.Load(f.pointPath(id, pointList), nil)
		if err == nil {
			err = json.Unmarshal(text.Data, &p)
		}
		if err != nil || p.ID != id {
			f.log.note(configFault, "rollback point %d is left out: %v", id, err)
			continue
		}
		all = append(all, p)
	}
	return all, nil
}

// Point returns the text of a point.
func (f *files) Point(id uint64) (string, error) {
	f.settle()
	defer f.points.Unlock()
	text, err := f.readPoint(id)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no rollback point %d", id)
	}
	return text, err
}
