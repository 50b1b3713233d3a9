package xfrm

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// look takes note of all that the kernel has of ours: policies and tunnel interfaces.
func (d *Dataplane) look() error {
	policies, err := d.system.Policies()
	if err != nil {
		return err
	}
	tunnels, err := d.system.Tunnels()
	if err != nil {
		return err
	}
	d.table.learn(policies)
	d.stated.bind(d.table)
	clear(d.tunnels)
	for _, t := range tunnels {
		d.tunnels[t.Name] = t
	}
	d.known = true
	return nil
}

// restore makes the kernel have what is in force, by a look at all of it.
func (d *Dataplane) restore() error {
	if err := d.look(); err != nil {
		return err
	}
	return d.enact()
}

// enact makes the kernel's policies what is claimed, in short steps: those that differ are
// changed in place, those that are right are not touched, those of others never. After
// an error it is not known what the kernel has.
func (d *Dataplane) enact() error {
	lists := d.stated.lists()
	for _, list := range lists {
		if len(list) > selection.MaxClauses {
			return fmt.Errorf("XFRM policies: %d are needed in one direction, the most is %d", len(list), selection.MaxClauses)
		}
	}
	d.reassemble()
	c := d.table.difference(lists)
	d.known = false
	for _, p := range c.replaced {
		if err := d.put(p); err != nil {
			return err
		}
	}
	for _, p := range c.added {
		if err := d.add(p); err != nil {
			return err
		}
	}
	d.table.strays = nil
	for _, p := range c.gone {
		if err := d.system.DeletePolicy(p.index, p.ifID); err != nil {
			return err
		}
		d.table.giveBack(p.index)
	}
	d.known = true
	return nil
}

// put changes a policy that is there.
func (d *Dataplane) put(p placed) error {
	if err := d.system.AddPolicy(p.want, true); err != nil {
		return err
	}
	p.place.have, p.place.right = heldOf(&p.want), true
	return nil
}

// add adds a policy, unless somebody else has one for the very same packets: then that one
// decides.
func (d *Dataplane) add(p placed) error {
	err := d.system.AddPolicy(p.want, false)
	if errors.Is(err, unix.EEXIST) {
		d.table.giveBack(p.want.Index)
		d.warnOnce(fmt.Sprintf("another program's XFRM policy decides instead of ours: %v", p.want.Selection))
		return nil
	}
	if err == nil {
		p.place.have, p.place.right = heldOf(&p.want), true
	}
	return err
}

// reassemble has fragments be put together as long as some rule asks for ports. Without
// that they are dropped; all else is right.
func (d *Dataplane) reassemble() {
	if d.reassembles != nil && *d.reassembles == d.stated.ports {
		return
	}
	if err := d.system.Reassemble(d.stated.ports); err != nil {
		d.warnOnce("fragments that a rule with ports may be for are dropped: " + err.Error())
	}
	wanted := d.stated.ports
	d.reassembles = &wanted
}

// reshape brings the policies of a flow up to date with its SAs. With again, those of what
// leaves are put there once more, even if they are right: the kernel then sends at once what
// waits for an SA, and looks for the newest SA, where one of 6.13 keeps to the last (its
// state_cache_list). It is not done without need: among ten thousand policies it takes the
// kernel a millisecond.
func (d *Dataplane) reshape(f *flow, again bool) error {
	if f.entry == nil || !again && f.shown == f.shape() {
		return nil
	}
	for _, at := range f.entry.placesOf(f) {
		want := at.want(at.have.priority)
		if at.have.index == 0 || at.has(&want) && !(again && at.direction == kernel.Out) {
			continue // another program's policy decides, or it is right
		}
		if err := d.put(placed{at, want}); err != nil {
			d.known, f.shown = false, unknown
			return err
		}
	}
	f.shown, f.asked = f.shape(), f.asked && !again
	return nil
}
