package commands

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// Render returns the text of `display current-configuration`. It replays from
// nothing to the same configuration. seal turns a secret into its stored form;
// without it secrets show as asterisks.
func (c *Config) Render(seal func(secret.Octets) string) string {
	if seal != nil {
		c = c.sealed(seal)
	}
	var b strings.Builder
	for _, block := range joined(systemTable.Blocks(c)) {
		writeBlock(&b, block)
	}
	b.WriteString("#\nreturn\n")
	return b.String()
}

// sealed returns c with its keys in their stored form.
func (c *Config) sealed(seal func(secret.Octets) string) *Config {
	d := *c
	d.IKEPeers = maps.Clone(c.IKEPeers)
	for name, p := range d.IKEPeers {
		d.IKEPeers[name] = sealedPeer(p, seal)
	}
	d.Policies = maps.Clone(c.Policies)
	for k, p := range d.Policies {
		d.Policies[k] = sealedPolicy(p, seal)
	}
	d.Access = c.Access.sealed(seal)
	return &d
}

// sealedPolicy returns a policy with its keys in their stored form.
func sealedPolicy(p *Policy, seal func(secret.Octets) string) *Policy {
	if len(p.Keys) == 0 {
		return p
	}
	q := *p
	q.Keys = slices.Clone(p.Keys)
	for i, k := range q.Keys {
		if !kind.Stored(string(k.Key)) {
			q.Keys[i].Key = secret.Octets(seal(k.Key))
		}
	}
	return &q
}

// sealedPeer returns a peer with its secrets in their stored form.
func sealedPeer(p *ike.Peer, seal func(secret.Octets) string) *ike.Peer {
	if len(p.Key) == 0 && len(p.Password) == 0 {
		return p
	}
	q := *p
	for _, s := range []*secret.Octets{&q.Key, &q.Password} {
		if len(*s) > 0 {
			*s = secret.Octets(seal(*s))
		}
	}
	return &q
}

// renderObject returns the lines of one object.
func renderObject(o *grammar.Entry, c *Config, seal func(secret.Octets) string) string {
	object := o.Find(c)
	switch o := object.(type) {
	case *ike.Peer:
		object = sealedPeer(o, seal)
	case *Policy:
		object = sealedPolicy(o, seal)
	default:
		object = sealedAccess(object, seal)
	}
	var b strings.Builder
	writeBlock(&b, o.Render(c, object))
	b.WriteString("#\n")
	return b.String()
}

// joined puts the lines of the system view that begin with the same word into
// one block.
func joined(blocks []grammar.Block) []grammar.Block {
	var all []grammar.Block
	for _, b := range blocks {
		if n := len(all); n > 0 && !b.Object && !all[n-1].Object && firstWord(all[n-1]) == firstWord(b) {
			all[n-1].Lines = append(all[n-1].Lines, b.Lines...)
			continue
		}
		all = append(all, b)
	}
	return all
}

// sealedKey is the stored form of a key, wherever it stands in a line.
var sealedKey = regexp.MustCompile(`%\^%#.*?%\^%#`)

// withoutStored returns a text without the stored forms of keys and passwords: the
// box that has made them takes them in any configuration, and hashes can be guessed at.
func withoutStored(text string) string {
	return sealedKey.ReplaceAllLiteralString(withoutHashes(text), asterisks)
}

func firstWord(b grammar.Block) string {
	word, _, _ := strings.Cut(b.Lines[0], " ")
	return word
}

func writeBlock(b *strings.Builder, block grammar.Block) {
	b.WriteString("#\n")
	for _, line := range block.Lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
}
