package commands

import "context"

// A burst is lines that follow each other and whose changes are put in force
// together: the device is told once, of what all of them make.
type burst struct {
	before  *Config
	edit    *edit // of all the lines; nil: none has come
	changes []change
	stopped bool // a line acts: it is not run, and wants the burst to be over
}

// continued returns the edit of the lines before, or e if there were none. What it
// holds belongs to the burst alone, so that a line costs what it changes.
func (b *burst) continued(e *edit) *edit {
	if b.edit == nil {
		b.edit = e
		e.indexPeers()
	}
	b.edit.touched = false
	return b.edit
}

// add has a line wait that has changed something.
func (b *burst) add(s *Session, text string) {
	b.changes = append(b.changes, s.changeOf(text))
	s.running.config = b.edit.config
}

// A Result is what one line of several brought about.
type Result struct {
	Prompt string // before the line
	Output
}

// longestBurst bounds for how long the owner's lock is held.
const longestBurst = 2048

// ExecAll runs lines one after the other, as Exec does, but puts what they change in
// force once, which is much quicker. It returns what came of the first of them, of
// one at least: it stops before a line that acts, which wants the changes before
// it in force, and behind one that asks or ends the session. If the device refuses
// the whole, the lines are run one by one: so the one that it refuses is named.
func (s *Session) ExecAll(ctx context.Context, lines []string) []Result {
	if len(lines) > 1 && s.question == nil && !s.ended {
		if results := s.together(ctx, lines[:min(len(lines), longestBurst)]); len(results) > 0 {
			return results
		}
	}
	return []Result{s.result(ctx, lines[0])}
}

func (s *Session) result(ctx context.Context, line string) Result {
	prompt := s.Prompt()
	return Result{prompt, s.Exec(ctx, line)}
}

// together runs lines as a burst, as far as none acts.
func (s *Session) together(ctx context.Context, lines []string) []Result {
	place := s.place
	s.burst = &burst{before: s.running.config}
	results := s.collect(ctx, lines)
	b, after := s.burst, s.running.config
	s.burst = nil
	s.running.config = b.before
	if after != b.before {
		if err := s.device.Apply(after); err != nil {
			s.place, s.ended = place, false
			return s.collect(ctx, lines[:len(results)])
		}
	}
	if len(b.changes) > 0 {
		s.running.accept(s, after, b.changes...)
	}
	s.rest()
	return results
}

// collect runs lines up to one that acts in a burst, and to one that asks or ends
// the session.
func (s *Session) collect(ctx context.Context, lines []string) []Result {
	results := make([]Result, 0, len(lines))
	for _, line := range lines {
		place := s.place
		r := s.result(ctx, line)
		if s.burst != nil && s.burst.stopped {
			s.place = place
			break
		}
		results = append(results, r)
		if s.question != nil || s.ended {
			break
		}
	}
	return results
}

// act does what a line asks for. In a burst nothing is done but to go to another
// view.
func (s *Session) act(d doer) Output {
	if _, moves := d.(mover); s.burst != nil && !moves {
		s.burst.stopped = true
		return Output{}
	}
	return d.do(s)
}
