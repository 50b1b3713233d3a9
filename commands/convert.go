package commands

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/ios"
	"sallyport/ipsec/secret"
)

// Convert returns the configuration that a configuration of Cisco's IOS stands
// for, and every line that could not be taken. name returns our name of an
// interface that has none of its own, or ""; hash is as for a [Script].
func Convert(file, text string, name func(string) string, hash func(secret.Octets) (string, error)) (*Config, []*LineError) {
	r := newReplay(New(), Script{File: file, Text: text, Hash: hash})
	r.foreign = name
	blocks := blocksOf(text)
	slices.SortStableFunc(blocks, func(a, b block) int { return ios.Rank(a.lines[0]) - ios.Rank(b.lines[0]) })
	for _, b := range blocks {
		r.line = b.line - 1
		r.place = place{system: true}
		r.some(slices.Values(b.lines))
	}
	r.validate()
	slices.SortStableFunc(r.errors, func(a, b *LineError) int { return a.Line - b.Line })
	return r.edit.config, r.errors
}

// A block is a line and those that are indented under it.
type block struct {
	line  int // number of the first
	lines []string
}

func blocksOf(text string) (blocks []block) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if n > 1 && strings.HasPrefix(line, " ") {
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, line)
			continue
		}
		blocks = append(blocks, block{n, []string{line}})
	}
	return blocks
}

// RenderClear is Render with its keys in clear, for a box that is
// not this one.
func (c *Config) RenderClear() string {
	var words []string
	text := c.Render(func(key secret.Octets) string {
		stored := fmt.Sprintf("%%^%%#%d%%^%%#", len(words))
		words = append(words, stored, grammar.Quote(string(key)))
		return stored
	})
	return strings.NewReplacer(words...).Replace(text)
}

// translate runs the lines that stand for a line of IOS: all of them or none.
// cause is why it is no line of ours.
func (r *replay) translate(text string, cause error) error {
	var unknown *grammar.Error
	if !errors.As(cause, &unknown) {
		return cause
	}
	context := r.place.foreign(r.edit.config)
	context.Interface = r.foreign
	lines, ok, err := ios.Translate(text, context)
	if !ok {
		return cause
	}
	if err != nil {
		return err
	}
	place, config := r.place, r.edit.config
	r.edit.config = config.Clone()
	for _, l := range lines {
		if err := r.step(l); err != nil {
			r.place, r.edit.config = place, config
			r.edit.indexPeers()
			return err
		}
	}
	return nil
}

// step runs one of the lines that stand for another.
func (r *replay) step(line string) error {
	action, err := r.place.run(r.edit, grammar.Split(line), everything)
	var bad *grammar.Error
	switch m := action.(type) {
	case mover:
		m.move(&r.place)
	case doer:
		return refuse("The command is not a configuration command.")
	}
	if errors.As(err, &bad) {
		return refuse("It would be %q, which is not accepted: %s", WithoutSecret(line), bad.Error())
	}
	return err
}
