package commands

import "time"

// A Running is the configuration in force, shared by all sessions of a box, and
// its history: who changed it, its rollback points, the trial. It has no lock:
// whoever owns the sessions serialises their Exec, and Deadline and Expire with it.
type Running struct {
	config  *Config
	kept    *Config // that of the newest rollback point; nil: none since the start
	last    uint64  // number of the newest rollback point; 0: not looked up yet
	trial   *trial  // nil: there is none
	journal journal
	guesses map[string]guesses // at super, of the users who have been wrong lately
}

// NewRunning returns a Running that holds c, which is taken to be in force.
func NewRunning(c *Config) *Running { return &Running{config: c, guesses: make(map[string]guesses)} }

// Config returns the configuration in force. It is not to be changed.
func (r *Running) Config() *Config { return r.config }

// accept makes c the configuration in force, which lines of s have brought about
// and the device has applied.
func (r *Running) accept(s *Session, c *Config, lines ...change) {
	if r.kept == nil {
		r.keep(s.device, Point{Label: startLabel, Time: s.device.About().Started})
	}
	s.changed = true
	for _, line := range lines {
		r.journal.add(line)
	}
	r.config = c
}

// startLabel is the label of the point that is made of the start-up configuration
// before it is first changed.
const startLabel = "start-up"

// firstPoint is the number of a box's first rollback point, as on VRP8.
const firstPoint = 1000000001

// keep makes a rollback point of the configuration in force, unless it is one. Its text
// is asked for when others may be at work already, and therefore of a clone: a
// configuration that is applied once more remembers what was made of it.
func (r *Running) keep(device Device, p Point) {
	if r.kept == r.config && p.Label == "" {
		return
	}
	if r.last == 0 {
		r.last = newestPoint(device)
	}
	r.last++
	p.ID = r.last
	c := r.config.Clone()
	r.kept = r.config
	device.Keep(p, func() string { return c.Render(device.Seal) })
}

// newestPoint returns the number of the newest point that an earlier start has
// left. Points that cannot be read are not worth a refusal: they are counted over.
func newestPoint(device Device) uint64 {
	points, err := device.Points()
	if err != nil || len(points) == 0 {
		return firstPoint - 1
	}
	return points[0].ID
}

// point makes a rollback point in the name of the session's user.
func (s *Session) point(label string) {
	s.changed = false
	s.running.keep(s.device, Point{Label: label, User: s.options.User, Line: s.options.Line, Time: s.now()})
}

// rest makes a rollback point if the session has changed something and is back in
// user view.
func (s *Session) rest() {
	if s.changed && s.burst == nil && !s.place.system && s.place.object == nil {
		s.point("")
	}
}

// Close ends the session, as when its terminal is gone: what it has changed
// becomes a rollback point. It is called under the owner's lock.
func (s *Session) Close() {
	s.ended, s.question = true, nil
	if s.changed {
		s.point("")
	}
}

// now is the box's time.
func (s *Session) now() time.Time { return s.device.About().Now }
