package commands

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// fakeFiles are the files of a fakeDevice: a folder in memory. The next start is
// that of vrpcfg.cfg until another is chosen.
type fakeFiles struct {
	saved  map[string]string
	broken error // of what writes or reads a file
	fixed  bool
	next   *string // nil: vrpcfg.cfg
	points []fakePoint

	elapsed time.Duration // since the box's clock began: see fakeDevice.About
}

type fakePoint struct {
	Point
	text string
}

func (d *fakeFiles) Save(name, text string) error {
	if d.broken != nil {
		return d.broken
	}
	if name == "" && d.Startup().Next == "" {
		d.next = nil
	}
	if name == "" {
		name = d.Startup().Next
	}
	d.put(name, text)
	return nil
}

func (d *fakeFiles) put(name, text string) {
	if d.saved == nil {
		d.saved = map[string]string{}
	}
	d.saved[name] = text
}

func (d *fakeFiles) Saved() (string, error) { return d.saved[d.Startup().Next], d.broken }

func (d *fakeFiles) Read(name string) (string, error) {
	text, is := d.saved[name]
	if !is {
		return "", errors.New(name + ": " + fs.ErrNotExist.Error())
	}
	if err := CheckScript(text); err != nil {
		return "", errors.New(name + ": " + err.Error())
	}
	return text, d.broken
}

func (d *fakeFiles) List() ([]File, error) {
	var all []File
	for _, name := range sortedKeys(d.saved, strings.Compare) {
		all = append(all, File{name, int64(len(d.saved[name])), time.Date(2026, 5, 7, 11, 1, len(all), 0, time.UTC)})
	}
	return all, d.broken
}

func (d *fakeFiles) Delete(name string) error {
	if _, err := d.Read(name); err != nil {
		return err
	}
	delete(d.saved, name)
	return nil
}

func (d *fakeFiles) Startup() Startup {
	u := Startup{Current: "vrpcfg.cfg", Next: "vrpcfg.cfg", Fixed: d.fixed}
	if d.next != nil {
		u.Next = *d.next
	}
	return u
}

func (d *fakeFiles) SetStartup(name string) error {
	d.next = &name
	return d.broken
}

func (d *fakeFiles) Keep(p Point, text func() string) {
	now := text()
	if len(d.points) > 0 && d.points[0].text == now {
		if p.Named() {
			d.points[0].Label = p.Label
		}
		return
	}
	d.points = slices.Insert(d.points, 0, fakePoint{p, now})
	d.points = d.points[:min(len(d.points), PointsKept)]
}

func (d *fakeFiles) Kept(uint64) error { return d.broken }

func (d *fakeFiles) Points() ([]Point, error) {
	var all []Point
	for _, p := range d.points {
		all = append(all, p.Point)
	}
	return all, d.broken
}

func (d *fakeFiles) Point(id uint64) (string, error) {
	for _, p := range d.points {
		if p.ID == id {
			return p.text, nil
		}
	}
	return "", errors.New("there is no such rollback point")
}
