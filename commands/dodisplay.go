package commands

import "sallyport/commands/grammar"

// A show is a display that takes no arguments: a function of the session.
type show struct {
	display func(*Session) Display
}

func (d *show) do(s *Session) Output { return Output{Display: d.display(s)} }

// shows is the row of a show.
func shows(display func(*Session) Display, texts ...string) grammar.Row[Config] {
	return grammar.Do[Config](1, show{display}, grammar.Path[show](append([]string{"display", helpDisplay}, texts...)...))
}

// configurationRows display the configuration and the box.
func configurationRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		displayConfigurationRow(),
		grammar.Do[Config](1, displaySaved{},
			grammar.Path[displaySaved]("display", helpDisplay, "saved-configuration", "Configuration that the next start uses")),
		shows(displayThis, "this", "Configuration of the current view"),
		shows(func(s *Session) Display { return newVersionDisplay(s.device.About()) },
			"version", "Version of the program"),
		shows(func(s *Session) Display { return newACLsDisplay(sortedACLs(s.running.config)) },
			"acl", helpACL, "all", "All of them"),
		displayACLRow(),
	}
}

// displaySaved is `display saved-configuration`. The start-up file may have been
// written by hand: keys in clear are hidden.
type displaySaved struct{}

func (*displaySaved) do(s *Session) Output {
	text, err := s.device.Saved()
	switch {
	case err != nil:
		return s.refused(because(err))
	case text == "":
		return Output{Display: nothingSaved{}}
	}
	return Output{Display: layout(func() string { return withoutSecrets(text) })}
}

// nothingSaved is `display saved-configuration` before anything was saved.
type nothingSaved struct{}

func (nothingSaved) text() string { return "Info: There is no saved configuration.\n" }

func (nothingSaved) value() any { return linesOf("") }

// displayThis renders the object of the view, or the lines of the system view.
func displayThis(s *Session) Display {
	c, seal := s.running.config, s.device.Seal
	switch object := s.place.object; {
	case object != nil:
		return layout(func() string { return renderObject(object, c, seal) })
	case !s.place.system:
		return linesOf("#\n")
	}
	return layout(func() string {
		return framed(c.part(seal, func(b *grammar.Block) bool { return !b.Object }), "#\n")
	})
}

// values returns the values of m in the order of the keys.
func values[K comparable, V any](m map[K]V, compare func(a, b K) int) []V {
	all := make([]V, 0, len(m))
	for _, k := range sortedKeys(m, compare) {
		all = append(all, m[k])
	}
	return all
}
