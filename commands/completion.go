package commands

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sallyport/commands/grammar"
)

// Help returns what may be typed after text where the session stands, as `?`
// shows it.
func (s *Session) Help(text string) string { return helpText(s.hints(text)) }

// helpText lays help out as VRP does: two blanks, the word, two blanks more than
// the longest needs, what it means.
func helpText(hints []grammar.Hint) string {
	longest := 0
	for _, h := range hints {
		longest = max(longest, len(h.Text))
	}
	var b strings.Builder
	for _, h := range hints {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-*s  %s", longest, h.Text, h.Help), " ") + "\n")
	}
	return b.String()
}

func (s *Session) hints(text string) []grammar.Hint {
	s.place.settle(s.running.config)
	return grammar.Help(text, s.level(), s.place.groups()...)
}

// Complete returns the words that Tab offers for the last word of text, which
// may be empty: keywords, and names that the configuration has.
func (s *Session) Complete(text string) []string {
	s.place.settle(s.running.config)
	return grammar.Complete(text, s.level(), s.running.config.names, s.place.groups()...)
}

// names returns the names of all objects of a sort, in no order.
func (c *Config) names(of string) []string {
	switch of {
	case "ike peer":
		return slices.Collect(maps.Keys(c.IKEPeers))
	case "ike proposal":
		return numbers(c.IKEProposals)
	case "acl":
		return numbers(c.ACLs)
	case "ipsec proposal":
		return slices.Collect(maps.Keys(c.IPsecProposals))
	case "interface":
		return slices.Collect(maps.Keys(c.Interfaces))
	case "ipsec policy":
		var names []string
		for k := range c.Policies {
			names = append(names, k.Name)
		}
		return names
	}
	return nil
}

func numbers[V any](m map[uint32]V) []string {
	var texts []string
	for n := range m {
		texts = append(texts, strconv.FormatUint(uint64(n), 10))
	}
	return texts
}
