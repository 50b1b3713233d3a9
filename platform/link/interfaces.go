package link

import (
	"fmt"

	"sallyport/platform"
)

// restoreDevices puts back what we changed of devices that are no longer named.
func (l *Link) restoreDevices(t target) (first error) {
	for _, d := range inOrder(t.devices) {
		if _, named := t.interfaces[d.index]; named {
			continue
		}
		before := platform.Interface{Down: !d.up}
		if up, changed := l.added.up[d.index]; changed {
			before.Down = !up
		}
		if err := l.setDevice(d, before); err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		delete(l.added.up, d.index)
	}
	return first
}

// setDevices makes the named devices what is wanted.
func (l *Link) setDevices(t target) error {
	for _, d := range inOrder(t.devices) {
		i, named := t.interfaces[d.index]
		if !named {
			continue
		}
		if err := l.setDevice(d, i); err != nil {
			return err
		}
	}
	return nil
}

// setDevice makes one device what is wanted, and remembers what it was before.
func (l *Link) setDevice(d device, i platform.Interface) error {
	if err := l.setMTU(d, i.MTU); err != nil {
		return err
	}
	if d.up == !i.Down {
		return nil
	}
	if err := l.kernel.setUp(d, !i.Down); err != nil {
		return fmt.Errorf("bring %s %s: %w%s", d.name, upOrDown(!i.Down), err, advice(err))
	}
	if _, known := l.added.up[d.index]; !known {
		l.added.up[d.index] = d.up
	}
	return nil
}

// setMTU sets an MTU; zero means the one that the device had before us.
func (l *Link) setMTU(d device, octets int) error {
	before, changed := l.added.mtu[d.index]
	want := octets
	if octets == 0 {
		want = d.mtu
		if changed {
			want = before
		}
	}
	if want != d.mtu {
		if err := l.kernel.setMTU(d, want); err != nil {
			return fmt.Errorf("set the MTU of %s to %d: %w%s", d.name, want, err, advice(err))
		}
	}
	switch {
	case octets == 0:
		delete(l.added.mtu, d.index)
	case !changed && want != d.mtu:
		l.added.mtu[d.index] = d.mtu
	}
	return nil
}
