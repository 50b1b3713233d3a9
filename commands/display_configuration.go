package commands

import (
	"regexp"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec/secret"
)

// displayConfiguration is `display current-configuration`, whole or in part.
type displayConfiguration struct {
	Simple     bool
	Sort       string // of objects, or systemSort; empty: all
	Name       string // of the object, as the prompt says it behind the sort; empty: all of the sort
	Interfaces bool   // only those, or the one of the name
}

// Sorts that are not those of views that a row opens, or have a keyword of their own.
const (
	systemSort    = "system"
	interfaceSort = "interface"
)

func displayConfigurationRow() grammar.Row[Config] {
	kw := grammar.Kw[displayConfiguration]
	name := func(d *displayConfiguration) *string { return &d.Name }
	return grammar.Do[Config](1, displayConfiguration{},
		grammar.Path[displayConfiguration]("display", helpDisplay, "current-configuration", "Configuration in force"),
		grammar.Optional(grammar.OneOf(
			grammar.Sequence(kw("configuration", helpConfiguration),
				grammar.Arg(objectSorts(), "Sort", func(d *displayConfiguration) *string { return &d.Sort }),
				grammar.Optional(grammar.Arg(kind.Name(longestObject, ""), "Name of the object", name))),
			grammar.Sequence(
				grammar.Flag("interface", helpInterface, func(d *displayConfiguration) *bool { return &d.Interfaces }),
				grammar.Optional(grammar.Arg(kind.Interface(), "Interface", name))),
			grammar.Flag("simple", "Without the lines between", func(d *displayConfiguration) *bool { return &d.Simple }),
		)))
}

// longestObject is enough for the names and numbers of every object.
const longestObject = 64

// objectSorts are the sorts that the system view has views for.
func objectSorts() grammar.Kind[string] {
	words := []grammar.Word[string]{{Text: systemSort, Help: "Of the system view", Value: systemSort}}
	seen := map[string]bool{interfaceSort: true, tunnelSort: true}
	for _, u := range systemTable.Usages() {
		if u.Opens == nil || seen[u.Opens.Sort()] {
			continue
		}
		sort := u.Opens.Sort()
		words = append(words, grammar.Word[string]{Text: sort, Help: sortHelp(u, sort), Value: sort})
		seen[sort] = true
	}
	return kind.Choice(words...)
}

// sortHelp is the help that a keyword of the row has, if the sort is called so.
func sortHelp(u grammar.Usage, sort string) string {
	for _, w := range u.Words {
		if w.Text == sort {
			return w.Help
		}
	}
	return "Of the " + sort + " view"
}

func (d *displayConfiguration) do(s *Session) Output {
	c, seal := s.running.config, s.device.Seal
	return Output{Display: layout(func() string { return d.lines(c, seal) })}
}

// helpInterface is the help of interface in displays.
const helpInterface = "Interface of the device"

// betweenBlocks is the line between two blocks.
var betweenBlocks = regexp.MustCompile(`^#$`)

// lines lays out the part of the configuration that is wanted.
func (d *displayConfiguration) lines(c *Config, seal func(secret.Octets) string) string {
	switch {
	case d.Simple:
		return excluding(c.Render(seal), betweenBlocks)
	case d.Sort == "" && !d.Interfaces:
		return c.Render(seal)
	}
	part := c.part(seal, d.wants)
	if len(part) == 0 {
		return ""
	}
	return framed(part, "#\nreturn\n")
}

// wants reports whether a block is of the part.
func (d *displayConfiguration) wants(b *grammar.Block) bool {
	switch {
	case d.Sort == systemSort:
		return !b.Object
	case d.Interfaces && b.Sort != interfaceSort && b.Sort != tunnelSort, !d.Interfaces && b.Sort != d.Sort:
		return false
	}
	name := strings.TrimPrefix(strings.TrimPrefix(b.Tag, b.Sort), "-")
	return d.Name == "" || d.Name == name || d.Name == b.Tag
}

// part renders the blocks of a configuration that are wanted.
func (c *Config) part(seal func(secret.Octets) string, wants func(*grammar.Block) bool) []grammar.Block {
	var part []grammar.Block
	for _, b := range systemTable.Blocks(c.sealed(seal)) {
		if wants(&b) {
			part = append(part, b)
		}
	}
	return joined(part)
}

// framed writes blocks and what comes after them.
func framed(blocks []grammar.Block, end string) string {
	var b strings.Builder
	for _, block := range blocks {
		writeBlock(&b, block)
	}
	b.WriteString(end)
	return b.String()
}
