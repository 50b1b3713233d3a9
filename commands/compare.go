package commands

import (
	"strings"

	"sallyport/commands/grammar"
	"sallyport/ipsec/secret"
)

// compareConfiguration is `compare configuration [FILE]`: the configuration in
// force with a file, or with the one of the next start.
type compareConfiguration struct{ File string }

func compareRow() grammar.Row[Config] {
	kw := grammar.Kw[compareConfiguration]
	return grammar.Do[Config](1, compareConfiguration{}, kw("compare", "Compare with a file"), kw("configuration", helpConfiguration),
		grammar.Optional(grammar.Arg(configurationFile(), helpFile, func(a *compareConfiguration) *string { return &a.File })))
}

func (a *compareConfiguration) do(s *Session) Output {
	text, err := a.read(s)
	if err != nil {
		return s.refused(because(err))
	}
	return Output{Display: comparison{s.running.config, s.device.Seal, a.File, text}}
}

// read returns the text to compare with.
func (a *compareConfiguration) read(s *Session) (string, error) {
	if a.File == "" {
		return s.device.Saved()
	}
	return s.device.Read(a.File)
}

// A comparison is a compareDisplay that is made when it is shown: of a large
// configuration it takes its time.
type comparison struct {
	config *Config
	seal   func(secret.Octets) string
	name   string // empty: the file of the next start
	file   string // its text
}

// made compares. The file may have been written by hand, with keys in clear.
func (c comparison) made() compareDisplay {
	differences := compareTexts(c.config.Render(c.seal), c.file)
	for _, d := range differences {
		hideSecrets(d.Current.Lines)
		hideSecrets(d.Saved.Lines)
	}
	return compareDisplay{c.name, len(differences) == 0, differences}
}

func (c comparison) text() string { return c.made().text() }

func (c comparison) value() any { return c.made() }

// A compareDisplay is `compare configuration`.
type compareDisplay struct {
	File        string       `json:"file"` // empty: the file of the next start
	Same        bool         `json:"same"`
	Differences []difference `json:"differences"`
}

// A difference is what a section of the configuration in force has and the file
// has not, and the other way round.
type difference struct {
	Section string `json:"section"` // its first line
	Current side   `json:"current"`
	Saved   side   `json:"saved"`
}

// A side is lines of one of the two texts.
type side struct {
	Line  int      `json:"line"` // number of the first; 0: there is none
	Lines []string `json:"lines"`
}

func (d compareDisplay) text() string {
	file := "next startup configuration file"
	if d.File != "" {
		file = "configuration file " + d.File
	}
	var p page
	if d.Same {
		p.add("The current configuration is the same as the " + file + ".")
		return p.text()
	}
	p.add("The current configuration is not the same as the " + file + ".")
	for _, diff := range d.Differences {
		diff.Current.add(&p, "Current configuration", diff.Section)
		diff.Saved.add(&p, "Configuration file", diff.Section)
	}
	return p.text()
}

// add shows the lines, under that of their section.
func (t side) add(p *page, of, section string) {
	if len(t.Lines) == 0 {
		p.addf(" ====== %s: nothing of this ======", of)
		return
	}
	p.addf(" ====== %s line %d ======", of, t.Line)
	if t.Lines[0] != section && strings.HasPrefix(t.Lines[0], " ") {
		p.add(shown(section))
	}
	for _, line := range t.Lines {
		p.add(shown(line))
	}
}

// shown is a line of a file as a terminal may see it.
func shown(line string) string { return printable(line, longestFileLine) }

// hideSecrets hides what may be secret in lines.
func hideSecrets(lines []string) {
	for i, line := range lines {
		lines[i] = WithoutSecret(line)
	}
}
