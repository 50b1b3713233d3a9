package commands

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/ios"
	"sallyport/ike"
)

// foreign runs a line that no row understands if it is one of Cisco's IOS, and
// reports whether it is. cause is why the line was not understood: it stands if the
// line begins as one of ours does and is no good one of theirs either.
func (s *Session) foreign(text string, cause error) (Output, bool) {
	var unknown *grammar.Error
	if !errors.As(cause, &unknown) {
		return Output{}, false
	}
	lines, ok, err := ios.Translate(text, s.place.foreign(s.running.config))
	if !ok || len(lines) == 1 && lines[0] == text { // VRP has the same words, and does not take them
		return Output{}, false
	}
	theirs := (unknown.Problem == grammar.Unrecognized || unknown.Problem == grammar.Ambiguous) && unknown.Offset == grammar.Split(text).Begin()
	var out Output
	switch {
	case err != nil:
		out = s.refused(err)
	case len(lines) == 0 && !theirs: // ours, but for one word
		return Output{}, false
	case len(lines) == 0:
		out.Text = "Info: There is nothing to do for this line of Cisco's IOS.\n"
	case len(lines) == 1:
		out = s.instead(lines[0])
	default:
		out = s.batch(text, lines)
	}
	return out, out.Err == nil || theirs
}

// foreign returns what the translation of a line typed here depends on.
func (p *place) foreign(c *Config) ios.Context {
	context := ios.Context{View: "user", Exists: c.exists, PeerAt: c.peerAt, Aggressive: c.aggressive, Has: func(string) bool { return false }}
	switch {
	case p.object != nil:
		object := p.object.Find(c)
		context.View = p.object.Table.Tag(object)
		context.Has = func(begin string) bool { return p.has(c, begin) }
	case p.system:
		context.View = "system"
	}
	return context
}

// has reports whether the view's object has a line that begins so.
func (p *place) has(c *Config, begin string) bool {
	for _, line := range p.object.Render(c, p.object.Find(c)).Lines {
		if strings.HasPrefix(strings.TrimSpace(line), begin+" ") {
			return true
		}
	}
	return false
}

// exists reports whether an object is there. of is as for names.
func (c *Config) exists(of, name string) bool { return slices.Contains(c.names(of), name) }

// aggressive returns the names of the peers that may take aggressive mode.
func (c *Config) aggressive() []string {
	return c.peersWith(func(p *ike.Peer) bool { return p.Mode != ike.MainMode })
}

// peerAt returns the name of the peer with that remote address or host name, or "".
func (c *Config) peerAt(where string) string {
	place := remotePlace{host: strings.ToLower(where)}
	if a, err := netip.ParseAddr(where); err == nil {
		place = remotePlace{address: a}
	}
	return (&edit{config: c}).peerAt(place)
}

// instead runs a line in the place of one that was typed.
func (s *Session) instead(line string) Output {
	out := s.native(line)
	if out.Err != nil {
		return refusedInstead(line, out.Err)
	}
	return out
}

// batch runs the lines that stand for text: all of them or none.
func (s *Session) batch(text string, lines []string) Output {
	before := s.place
	var said strings.Builder
	e := s.newEdit(&said)
	whole := e.config
	if s.burst != nil {
		e.config = whole.Clone()
	}
	var actions []doer
	for _, line := range lines {
		action, err := s.place.run(e, grammar.Split(line), s.level())
		if err != nil {
			s.place, e.config = before, whole
			e.indexPeers()
			return refusedInstead(line, err)
		}
		switch a := action.(type) {
		case mover:
			a.move(&s.place)
		case doer:
			actions = append(actions, a)
		}
	}
	if err := s.enforce(text, e); err != nil {
		s.place = before
		return s.refused(err)
	}
	out := Output{Text: said.String()}
	for _, a := range actions {
		out.Text += s.act(a).Text
	}
	return out
}

// refusedInstead says why a line that stands for the one that was typed is not
// accepted, and which line that is. If the fault has a caret, it stands under it.
func refusedInstead(line string, err error) Output {
	text := err.Error() + "\n"
	var bad *grammar.Error
	if errors.As(err, &bad) {
		text = WithoutSecret(line) + "\n" + bad.Text("")
	}
	return Output{Text: text, Err: err}
}
