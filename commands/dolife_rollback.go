package commands

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// rollback is `rollback configuration to …`: back to a point, or to what a file
// says.
type rollback struct {
	ID   uint64
	Last int
	File string
}

func rollbackRows() []grammar.Row[Config] {
	kw := grammar.Kw[rollback]
	last := grammar.Sequence(kw("last", helpLast),
		grammar.Arg(kind.Integer(1, PointsKept-1), "Number of changes to undo", func(a *rollback) *int { return &a.Last }))
	path := grammar.Path[rollback]("rollback", "Go back to an earlier state", "configuration", helpConfiguration)
	return []grammar.Row[Config]{
		grammar.Do[Config](3, rollback{}, path, last),
		grammar.Do[Config](3, rollback{}, path, kw("to", "State to go back to"), grammar.OneOf(last,
			grammar.Sequence(kw("commit-id", "Rollback point of a number"),
				grammar.Arg(kind.Integer[uint64](firstPoint, 4294967295), "Number of the point", func(a *rollback) *uint64 { return &a.ID })),
			grammar.Sequence(kw("file", "Configuration file"),
				grammar.Arg(configurationFile(), helpFile, func(a *rollback) *string { return &a.File })))),
	}
}

func (a *rollback) do(s *Session) Output {
	s.question = &question{text: "Are you sure to continue?[Y/N]:", yes: a.roll, unended: errUnanswered}
	return Output{Text: "Warning: The configuration will be replaced by that of " + a.name() + ".\n"}
}

// name is how the operator named the state.
func (a *rollback) name() string {
	switch {
	case a.File != "":
		return "file " + a.File
	case a.ID != 0:
		return "commit-id " + strconv.FormatUint(a.ID, 10)
	}
	return "last " + strconv.Itoa(a.Last)
}

// roll goes back, all or nothing. What was in force becomes a point first, and
// what comes out too: a rollback can be rolled back.
func (a *rollback) roll(s *Session) Output {
	text, err := a.text(s)
	if err != nil {
		return s.refused(because(err))
	}
	s.point("")
	if err := s.replace(a.name(), text); err != nil {
		return s.refused(err)
	}
	s.point("")
	var warnings strings.Builder
	s.warnOfTrial(s.newEdit(&warnings))
	return Output{Text: warnings.String() + "Info: The configuration has been rolled back.\n"}
}

// text returns the configuration to go back to.
func (a *rollback) text(s *Session) (string, error) {
	switch {
	case a.File != "":
		return s.device.Read(a.File)
	case a.ID != 0:
		return s.device.Point(a.ID)
	}
	s.point("") // so that the newest point is what is in force
	points, err := s.device.Points()
	if err != nil {
		return "", err
	}
	if a.Last >= len(points) {
		return "", fmt.Errorf("there are only %d rollback points before the configuration in force", max(0, len(points)-1))
	}
	return s.device.Point(points[a.Last].ID)
}

// faultsShown is how many of a file's refused lines are named.
const faultsShown = 10

// replace puts the configuration that a text describes in force, or leaves all as
// it is.
func (s *Session) replace(name, text string) error {
	if err := CheckScript(text); err != nil {
		return refuse("The configuration of %s cannot be used: %v.", name, err)
	}
	config, refused := Replay(New(), Script{File: name, Text: text, Open: s.device.Open, Hash: s.device.Hash, Port: s.device.Port})
	if len(refused) > 0 {
		return refuse("%d line(s) of the configuration are refused, nothing was changed:\n%s", len(refused), named(refused))
	}
	if err := s.device.Apply(config); err != nil {
		return because(err)
	}
	s.place.settle(config)
	s.running.accept(s, config, s.changeOf("rollback configuration to "+name))
	return nil
}

// named lists the first refused lines.
func named(refused []*LineError) string {
	var lines []string
	for _, err := range refused[:min(len(refused), faultsShown)] {
		lines = append(lines, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return strings.Join(lines, "\n")
}

// displayPoints is `display configuration commit list [N]`.
type displayPoints struct{ Count int }

func displayPointsRow() grammar.Row[Config] {
	path := grammar.Path[displayPoints]("display", helpDisplay, "configuration", helpConfiguration, "commit", helpCommit, "list", "Rollback points, newest first")
	return grammar.Do[Config](1, displayPoints{PointsKept}, path, grammar.Optional(
		grammar.Arg(kind.Integer(1, PointsKept), "Number of points", func(d *displayPoints) *int { return &d.Count })))
}

func (d *displayPoints) do(s *Session) Output {
	points, err := s.device.Points()
	if err != nil {
		return s.refused(because(err))
	}
	return Output{Display: pointsDisplay{inZone(s, points[:min(len(points), d.Count)], func(p *Point) *time.Time { return &p.Time })}}
}

// A pointsDisplay is `display configuration commit list`.
type pointsDisplay struct {
	Points []Point `json:"points"`
}

func (d pointsDisplay) text() string {
	var p page
	rows := columns{0, 5, 17, 38, 50}
	p.add(dashes(79))
	p.add(rows.row("No.", "CommitId", "Label", "User", "TimeStamp"))
	p.add(dashes(79))
	for i, point := range d.Points {
		user := point.User
		if user == "" {
			user = point.Line
		}
		p.add(rows.row(strconv.Itoa(i+1), strconv.FormatUint(point.ID, 10), dash(point.Label), dash(user), point.Time.Format(timeLayout)))
	}
	p.add(dashes(79))
	return p.text()
}
