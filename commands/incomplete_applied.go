package commands

import (
	"fmt"
	"strings"

	"sallyport/ipsec"
)

// An IncompletePolicy is an entry of a policy group that an interface which is up has, and that is not
// used there, for it is not complete.
type IncompletePolicy struct {
	ID     ipsec.PolicyID
	config *Config
	entry  *Policy
	on     *Interface
}

// String says what there is not and what becomes of the traffic, without a full stop.
func (p IncompletePolicy) String() string {
	return fmt.Sprintf("policy %s %d on %s is incomplete (no %s): its traffic is %s", p.ID.Name, p.ID.Sequence, p.ID.Interface,
		strings.Join(p.config.lacks(p.entry, p.on), ", no "), p.config.fate(p.entry))
}

// Incomplete returns the entries of which Protection, which is to be called before, has made no SAs, in
// the order of interfaces and numbers.
func (c *Config) Incomplete() []IncompletePolicy {
	if c.compiled == nil {
		return nil
	}
	var all []IncompletePolicy
	for _, name := range sortedKeys(c.compiled.applied, strings.Compare) {
		a := c.compiled.applied[name]
		for n, entry := range a.group {
			if !a.built[n].used() {
				all = append(all, IncompletePolicy{ipsec.PolicyID{Interface: name, Name: entry.Name, Sequence: entry.Sequence}, c, entry, a.to})
			}
		}
	}
	return all
}

// used reports whether there is a policy whose SAs protect.
func (b *builtPolicy) used() bool {
	return b.policy != nil || b.manual != nil && b.manual.inbound != nil
}
