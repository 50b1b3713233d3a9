package commands

import (
	"context"
	"fmt"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// A trial is a time in which the configuration is on trial: all that is changed
// in it, by whomever, is undone at the deadline unless it is confirmed before.
type trial struct {
	before   *Config // what comes back
	began    change  // who and when
	by       *Session
	deadline time.Time
}

// retryTrial is when the undoing of a trial is tried again after the device has
// refused it.
const retryTrial = 10 * time.Second

// Deadline reports when Expire is to be called.
func (r *Running) Deadline() (t time.Time, ok bool) {
	if r.trial == nil {
		return time.Time{}, false
	}
	return r.trial.deadline, true
}

// Expire undoes the trial if its time is over, and reports whether it did. After an
// error all is as it was, and Deadline is a little later. It is called under the
// owner's lock.
func (r *Running) Expire(now time.Time, device Device) (undone bool, err error) {
	if r.trial == nil || now.Before(r.trial.deadline) {
		return false, nil
	}
	if err := r.endTrial(device, change{Time: now, Text: "the trial of the configuration was not confirmed in time and is undone"}); err != nil {
		r.trial.deadline = now.Add(retryTrial)
		return false, err
	}
	return true, nil
}

// endTrial puts back what was in force before the trial, and notes why.
func (r *Running) endTrial(device Device, why change) error {
	if r.config == r.trial.before {
		r.trial = nil
		return nil
	}
	back := r.trial.before.Clone() // the device notes in it what it made of it
	if err := device.Apply(back); err != nil {
		return err
	}
	if r.kept == r.trial.before {
		r.kept = back
	}
	r.config, r.trial = back, nil
	r.journal.add(why)
	return nil
}

// shortestTrial and longestTrial are its seconds.
const (
	shortestTrial = 10
	longestTrial  = 65535
)

// beginTrial is `configuration commit trial SECONDS`.
type beginTrial struct{ Time time.Duration }

// commit is `configuration commit [label LABEL]`: it confirms a trial, and makes a
// rollback point.
type commit struct{ Label string }

// abortTrial is `abort trial`.
type abortTrial struct{}

// trialRows are for managers: what a trial undoes may be the change of any other user.
func trialRows() []grammar.Row[Config] {
	words := []string{"configuration", helpConfiguration, "commit", helpCommit, "trial", helpTrial}
	return []grammar.Row[Config]{
		grammar.Do[Config](managementLevel, beginTrial{}, grammar.Path[beginTrial](words...),
			grammar.Arg(kind.Seconds(shortestTrial, longestTrial), "Seconds until it is undone", func(a *beginTrial) *time.Duration { return &a.Time })),
		grammar.Do[Config](managementLevel, commit{}, grammar.Path[commit](words[:4]...), grammar.Optional(grammar.Kw[commit]("label", "Name of the rollback point"),
			grammar.Arg(kind.Name(longestName, ""), "Label", func(a *commit) *string { return &a.Label }))),
		grammar.Do[Config](managementLevel, abortTrial{}, grammar.Path[abortTrial](append([]string{"undo", helpUndo}, words...)...)),
		grammar.Do[Config](managementLevel, abortTrial{}, grammar.Path[abortTrial]("abort", "End at once", "trial", helpTrial)),
		shows(func(s *Session) Display { return newTrialDisplay(s.running.trial, s.localTime()) },
			"configuration", helpConfiguration, "trial", helpTrial),
	}
}

func (a *beginTrial) do(s *Session) Output {
	if s.running.trial != nil {
		return s.refused(refuse("A trial of the configuration is running already."))
	}
	s.point("")
	now := s.now()
	s.running.trial = &trial{s.running.config, s.changeOf(""), s, now.Add(a.Time)}
	return Output{Text: "Info: What is changed from now on, by any user, is undone in " + secondsText(a.Time) +
		" unless it is confirmed with configuration commit.\n"}
}

func (a *commit) do(s *Session) Output {
	text := "Info: The configuration in force becomes a rollback point.\n"
	if s.running.trial != nil {
		s.running.trial = nil
		text = "Info: The trial is confirmed. The configuration is not saved yet.\n"
	}
	s.point(a.Label)
	device, id := s.device, s.running.last
	return Output{Text: text, Long: func(context.Context, func(string)) error {
		if err := device.Kept(id); err != nil {
			return refuse("The rollback point was not kept: %v.", err)
		}
		return nil
	}}
}

func (*abortTrial) do(s *Session) Output {
	if s.running.trial == nil {
		return s.refused(refuse("There is no trial of the configuration."))
	}
	if err := s.running.endTrial(s.device, s.changeOf("abort trial")); err != nil {
		return s.refused(because(err))
	}
	s.place.settle(s.running.config)
	return Output{Text: "Info: The trial is undone.\n"}
}

// warnOfTrial tells who has changed something that it is part of the trial of
// another session.
func (s *Session) warnOfTrial(e *edit) {
	t := s.running.trial
	if t == nil || t.by == s {
		return
	}
	e.warn("A trial%s is running; what is changed now is undone in %s unless it is confirmed.", t.began.by(), secondsText(t.left(s.now())))
}

// by says who made a change and where, as far as it is known.
func (c change) by() string {
	text := ""
	if c.User != "" {
		text += " of " + printable(c.User, peerTextLimit)
	}
	if c.Line != "" {
		text += " on " + c.Line
	}
	return text
}

// left is the time until the trial is undone, in whole seconds, rounded up.
func (t *trial) left(now time.Time) time.Duration {
	left := max(t.deadline.Sub(now), 0)
	return (left + time.Second - 1).Truncate(time.Second)
}

// A trialDisplay is `display configuration trial`.
type trialDisplay struct {
	Active  bool      `json:"active"`
	User    string    `json:"user"`
	Line    string    `json:"line"`
	Source  string    `json:"source"`
	Begun   time.Time `json:"begun"`
	Seconds int64     `json:"remaining_seconds"`
}

// newTrialDisplay shows times in the zone of now.
func newTrialDisplay(t *trial, now time.Time) trialDisplay {
	if t == nil {
		return trialDisplay{}
	}
	return trialDisplay{true, t.began.User, t.began.Line, t.began.Source, t.began.Time.In(now.Location()), int64(t.left(now) / time.Second)}
}

func (d trialDisplay) text() string {
	var p page
	rows := form{0, 18}
	if !d.Active {
		p.add(rows.line("Trial status", "INACTIVE"))
		return p.text()
	}
	p.add(rows.line("Trial status", "ACTIVE"))
	p.add(rows.line("User name", dash(d.User)))
	p.add(rows.line("User interface", dash(d.Line)))
	p.add(rows.line("Source", dash(d.Source)))
	p.add(rows.line("Trial begun", d.Begun.Format(timeLayout)))
	p.add(rows.line("Trial time left", secondsText(time.Duration(d.Seconds)*time.Second)))
	return p.text()
}

// secondsText writes a time in seconds.
func secondsText(d time.Duration) string { return fmt.Sprintf("%d seconds", d/time.Second) }
