package main

import (
	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
)

// An inheritance is what a gateway that was killed, or left its SAs on purpose, has for
// its successor: negotiations in the journal, SAs in the kernel.
type inheritance struct {
	saved
	kept  []*ipsec.SA         // that the dataplane has taken over
	names map[ipsec.SAID]bool // theirs
}

// take has the dataplane take over the SAs that are in the journal or configured, and
// remove all others of ours.
func (i *inheritance) take(dataplane ipsec.Dataplane, p *commands.Protection) error {
	wanted := ike.Installed(i.pairs)
	for _, sa := range p.Manual {
		wanted = append(wanted, sa.Clone())
	}
	kept, err := dataplane.Adopt(wanted)
	i.kept, i.names = kept, make(map[ipsec.SAID]bool, len(kept))
	for _, sa := range kept {
		i.names[sa.ID] = true
	}
	return err
}

// input is how the engine is told its first configuration.
func (i *inheritance) input(c *ike.Config) ike.Input {
	if i == nil {
		return ike.SetConfig{Config: c}
	}
	return ike.Resume{Config: c, SAs: i.sas, Pairs: i.pairs, Kept: i.kept}
}

// has reports whether the dataplane had an SA already.
func (i *inheritance) has(id ipsec.SAID) bool { return i.names[id] }

// catchUp tells the engine of the limits that SAs reached while nobody listened.
func (i *inheritance) catchUp(dataplane ipsec.Dataplane, tell func(ike.Input)) {
	if i == nil {
		return
	}
	for _, sa := range i.kept {
		if sa.Soft.Octets == 0 {
			continue
		}
		if c, ok := dataplane.Counters(sa.ID); ok && c.Octets >= sa.Soft.Octets {
			tell(ike.Expire{SA: sa.ID})
		}
	}
}
