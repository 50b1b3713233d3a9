package link

import (
	"fmt"

	"sallyport/platform"
)

// setTunnels removes the tunnels that we made and that are not wanted so now, makes those
// that are wanted and not there, and returns the devices that there are then. With a
// tunnel its addresses and routes go.
func (l *Link) setTunnels(n platform.Network, devices map[string]device) (map[string]device, error) {
	wanted := make(map[string]platform.GRE)
	for _, i := range n.Interfaces {
		if i.GRE != nil {
			wanted[i.Device] = *i.GRE
		}
	}
	changed := false
	for _, d := range inOrder(devices) {
		if want, stays := wanted[d.name]; d.gre == nil || stays && want == *d.gre {
			continue
		}
		if err := l.removeTunnel(d); err != nil {
			return nil, err
		}
		delete(devices, d.name)
		changed = true
	}
	made, err := l.makeTunnels(n, devices)
	if err != nil || !changed && !made {
		return devices, err
	}
	return l.deviceMap()
}

// makeTunnels makes those that are not there, and reports whether there were any.
func (l *Link) makeTunnels(n platform.Network, devices map[string]device) (made bool, err error) {
	for _, i := range n.Interfaces {
		d, there := devices[i.Device]
		switch {
		case i.GRE == nil, there && d.gre != nil:
			continue
		case there:
			return made, fmt.Errorf("make the GRE tunnel %s: the host has another device of that name: remove it with `ip link delete %s`", i.Device, i.Device)
		}
		if err := l.kernel.makeGRE(i.Device, *i.GRE); err != nil {
			return made, fmt.Errorf("make the GRE tunnel %s: %w%s", i.Device, err, advice(err))
		}
		made = true
	}
	return made, nil
}

// removeTunnel removes a tunnel's device, and forgets what was done to it.
func (l *Link) removeTunnel(d device) error {
	if err := l.kernel.removeGRE(d); err != nil {
		return fmt.Errorf("remove the GRE tunnel %s: %w%s", d.name, err, advice(err))
	}
	delete(l.added.up, d.index)
	delete(l.added.mtu, d.index)
	return nil
}

// dropTunnels removes all tunnels that we made. It goes on after an error and returns the
// first.
func (l *Link) dropTunnels(t target) (first error) {
	for _, d := range inOrder(t.devices) {
		if d.gre == nil {
			continue
		}
		if err := l.removeTunnel(d); first == nil {
			first = err
		}
	}
	return first
}

// checkTunnel refuses what is no tunnel of IPv4.
func checkTunnel(i platform.Interface) error {
	if t := i.GRE; t != nil && (!t.Local.Is4() || !t.Remote.Is4()) {
		return fmt.Errorf("GRE tunnel %s from %v to %v: want two IPv4 addresses", i.Device, t.Local, t.Remote)
	}
	return nil
}
