package commands

import (
	"strings"
	"time"

	"sallyport/commands/grammar"
)

// startupRows are about the file of the next start, in user view.
func startupRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		grammar.Do[Config](3, startup{}, grammar.Path[startup]("startup", "Choose what the box starts with", "saved-configuration", helpSaved),
			grammar.Arg(configurationFile(), helpFile, func(a *startup) *string { return &a.File })),
		grammar.Do[Config](3, resetSaved{}, grammar.Path[resetSaved]("reset", helpReset, "saved-configuration", helpSaved)),
	}
}

// startupDisplayRows display what the box has started with and will.
func startupDisplayRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		shows(func(s *Session) Display { return newStartupDisplay(s.device.About(), s.device.Startup()) },
			"startup", "What the box starts with"),
		shows(func(s *Session) Display { return savedLast(s, textOfFile) },
			"saved-configuration", helpSaved, "last", helpLast),
		shows(func(s *Session) Display { return savedLast(s, timeOfFile) },
			"saved-configuration", helpSaved, "time", "When a configuration was saved last"),
	}
}

// startup is `startup saved-configuration FILE`.
type startup struct{ File string }

func (a *startup) do(s *Session) Output {
	if _, err := s.device.Read(a.File); err != nil {
		return s.refused(because(err))
	}
	return s.nextStartup(a.File, "Info: Succeeded in setting the configuration for booting system.\n")
}

// nextStartup sets the file of the next start.
func (s *Session) nextStartup(name, done string) Output {
	if s.device.Startup().Fixed {
		return s.refused(refuse("The start-up file was given with --config when the box was started."))
	}
	if err := s.device.SetStartup(name); err != nil {
		return s.refused(because(err))
	}
	return Output{Text: done}
}

// resetSaved is `reset saved-configuration`: the next start begins with nothing.
// The file itself stays; `startup` takes it back, `delete` deletes it.
type resetSaved struct{}

func (*resetSaved) do(s *Session) Output {
	s.question = &question{text: "Are you sure?[Y/N]:", unended: errUnanswered, yes: func(s *Session) Output {
		return s.nextStartup("", "Info: Succeeded in resetting the saved configuration. The next start begins with nothing unless you save.\n")
	}}
	return Output{Text: "Warning: The saved configuration will not be used any more: the next start begins with nothing.\n"}
}

// A startupDisplay is `display startup`.
type startupDisplay struct {
	Version string `json:"version"`
	Current string `json:"current_file"` // empty: none
	Next    string `json:"next_file"`    // empty: none
}

func newStartupDisplay(a About, u Startup) startupDisplay {
	return startupDisplay{a.Version, u.Current, u.Next}
}

func (d startupDisplay) text() string {
	var p page
	rows := columns{0, 45}
	p.add("MainBoard:")
	p.add(rows.row("  Startup system software:", "sallyport "+d.Version))
	p.add(rows.row("  Next startup system software:", "sallyport "+d.Version))
	p.add(rows.row("  Startup saved-configuration file:", null(d.Current)))
	p.add(rows.row("  Next startup saved-configuration file:", null(d.Next)))
	return p.text()
}

// null stands for a file that there is not.
func null(name string) string {
	if name == "" {
		return "null"
	}
	return printable(name, longestFileLine)
}

// savedLast displays something of the file that was saved last.
func savedLast(s *Session, what func(*Session, File) Display) Display {
	all, err := s.device.List()
	if err != nil {
		return linesOf(because(err).Error() + "\n")
	}
	var last File
	for _, f := range all {
		if strings.HasSuffix(f.Name, ".cfg") && f.Modified.After(last.Modified) {
			last = f
		}
	}
	if last.Name == "" {
		return linesOf("Info: There is no saved configuration.\n")
	}
	return what(s, last)
}

func textOfFile(s *Session, f File) Display {
	text, err := s.device.Read(f.Name)
	if err != nil {
		return linesOf(because(err).Error() + "\n")
	}
	return layout(func() string { return withoutSecrets(text) })
}

// A savedTimeDisplay is `display saved-configuration time`.
type savedTimeDisplay struct {
	File string    `json:"file"`
	Time time.Time `json:"time"`
}

func timeOfFile(s *Session, f File) Display { return savedTimeDisplay{f.Name, f.Modified.In(s.zone())} }

func (d savedTimeDisplay) text() string {
	return "The configuration was saved to " + d.File + " at " + d.Time.Format(timeLayout+"-07:00") + ".\n"
}
