package xfrm

import (
	"fmt"

	"sallyport/ipsec"
)

// PassClear says whether what has no SA of a policy's goes in clear, and what comes in clear
// is let in.
func (d *Dataplane) PassClear(id ipsec.PolicyID, whether bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.prepare(); err != nil {
		return err
	}
	e := d.byID[id]
	if e == nil || e.policy.Routed || e.policy.Template {
		return fmt.Errorf("there is no policy %v whose packets could go in clear", id)
	}
	if e.clear == whether {
		return nil
	}
	e.clear = whether
	for way := range e.claims {
		for i := range e.claims[way] {
			if err := d.refresh(&e.claims[way][i]); err != nil {
				d.known = false
				return err
			}
		}
	}
	for _, f := range e.flows {
		f.shown = f.shape()
	}
	return nil
}

// refresh puts what a claim wants now, if it has its place.
func (d *Dataplane) refresh(c *claim) error {
	at := c.place
	if at.claim != c || at.have.index == 0 {
		return nil
	}
	want := at.want(at.have.priority)
	if at.has(&want) {
		return nil
	}
	return d.put(placed{at, want})
}
