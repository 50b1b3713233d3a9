package commands

import "time"

// Files are the configuration files of a box: those in its folder, which of them
// it starts with, and its rollback points. A name is that of a file in the folder,
// such as vrpcfg.cfg. What Read, Saved and Point return is whole and is text: a
// file that is damaged, or none, is an error of one line.
type Files interface {
	// Save writes a configuration, atomically; an error leaves the file as it was.
	// Without a name it is the file that the next start reads.
	Save(name, text string) error

	Saved() (string, error) // the file that the next start reads; "" if there is none
	Read(name string) (string, error)
	List() ([]File, error) // by name
	Delete(name string) error

	Startup() Startup
	SetStartup(name string) error // of the next start; "": it begins with nothing

	// Keep keeps a rollback point, the latest of PointsKept. It calls text before the
	// next call of a method with Point in its name returns, perhaps not at once, and
	// from any goroutine. A text that is the latest point's is not kept again: if p is
	// named, that point takes its name.
	Keep(p Point, text func() string)
	Kept(id uint64) error     // waits until Keep has kept that point; the error is why not
	Points() ([]Point, error) // newest first
	Point(id uint64) (text string, err error)
}

// PointsKept is how many rollback points a box keeps.
const PointsKept = 20

// A File is a configuration file.
type File struct {
	Name     string    `json:"name"`
	Size     int64     `json:"size_octets"`
	Modified time.Time `json:"modified"`
}

// A Startup is what a box starts with.
type Startup struct {
	Current string // file that this start read; empty: none
	Next    string // file that the next start reads; empty: none
	Fixed   bool   // neither a command nor save changes it: it was given with --config
}

// A Point is a rollback point: the configuration as it was at a time.
type Point struct {
	ID    uint64    `json:"commit_id"` // counts up
	Label string    `json:"label"`
	User  string    `json:"user"`
	Line  string    `json:"line"`
	Time  time.Time `json:"time"`
}

// Named reports whether a user has given the point a name.
func (p Point) Named() bool { return p.Label != "" && p.Label != startLabel }
