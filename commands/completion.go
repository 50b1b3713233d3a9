package commands

import (
	"maps"
	"slices"
	"strconv"

	"sallyport/commands/grammar"
)

// Help returns what may be typed after text where the session stands, as `?`
// shows it.
func (s *Session) Help(text string) []grammar.Hint {
	s.place.settle(s.running.config)
	return grammar.Help(text, s.options.Level, s.place.groups()...)
}

// Complete returns the words that Tab offers for the last word of text, which
// may be empty: keywords, and names that the configuration has.
func (s *Session) Complete(text string) []string {
	s.place.settle(s.running.config)
	return grammar.Complete(text, s.options.Level, s.running.config.names, s.place.groups()...)
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
