package commands

import (
	"cmp"
	"strings"

	"sallyport/acl"
	"sallyport/commands/grammar"
)

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
		shows(func(s *Session) Display { return linesOf(s.running.config.Render(s.device.Seal)) },
			"current-configuration", "Configuration in force"),
		shows(displaySaved, "saved-configuration", "Configuration that the next start uses"),
		shows(displayThis, "this", "Configuration of the current view"),
		shows(func(s *Session) Display { return newVersionDisplay(s.device.About()) },
			"version", "Version of the program"),
		shows(func(s *Session) Display { return newACLsDisplay(sortedACLs(s.running.config)) },
			"acl", helpACL, "all", "All lists"),
		grammar.Do[Config](1, displayACL{}, grammar.Path[displayACL]("display", helpDisplay, "acl", helpACL),
			grammar.Arg(numberOf("acl", 2000, 3999), helpNumber, func(d *displayACL) *uint32 { return &d.Number })),
	}
}

// displaySaved shows the start-up file, which may have been written by hand: keys
// in clear are hidden.
func displaySaved(s *Session) Display {
	text, err := s.device.Saved()
	switch {
	case err != nil:
		return linesOf(refuse("%v.", err).Error() + "\n")
	case text == "":
		return linesOf("Info: There is no saved configuration.\n")
	}
	return linesOf(withoutSecrets(text))
}

// displayThis renders the object of the view, or the lines of the system view.
func displayThis(s *Session) Display {
	c := s.running.config
	switch {
	case s.place.object != nil:
		return linesOf(renderObject(s.place.object, c, s.device.Seal))
	case !s.place.system:
		return linesOf("#\n")
	}
	var b strings.Builder
	for _, block := range joined(systemTable.Blocks(c)) {
		if !block.Object {
			writeBlock(&b, block)
		}
	}
	b.WriteString("#\n")
	return linesOf(b.String())
}

// displayACL is `display acl N`.
type displayACL struct{ Number uint32 }

func (d *displayACL) do(s *Session) Output {
	list := s.running.config.ACLs[d.Number]
	if list == nil {
		return s.refused(refuse("The specified ACL does not exist."))
	}
	return Output{Display: newACLDisplay(list)}
}

func sortedACLs(c *Config) []*acl.ACL {
	return values(c.ACLs, cmp.Compare[uint32])
}

// values returns the values of m in the order of the keys.
func values[K comparable, V any](m map[K]V, compare func(a, b K) int) []V {
	all := make([]V, 0, len(m))
	for _, k := range sortedKeys(m, compare) {
		all = append(all, m[k])
	}
	return all
}
