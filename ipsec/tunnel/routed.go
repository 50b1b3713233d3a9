package tunnel

import (
	"errors"
	"io"

	"sallyport/acl"
	"sallyport/ipsec"
)

// A tunnel is a routed policy and the device that it has made: what the system routes
// there is protected, and what the policy's SAs decrypt comes out of it.
type tunnel struct {
	policy *ipsec.Policy
	device *tunnelDevice
}

// A tunnelDevice is a routed policy's device. It stays the same, and keeps its interface
// index, while there is a policy for its name.
type tunnelDevice struct {
	io.ReadWriteCloser
	ended chan struct{} // closed when nobody reads it any more
}

// close removes the device and waits for its reader.
func (t *tunnelDevice) close() error {
	err := t.Close()
	<-t.ended
	return err
}

// openTunnels gives next the devices of its routed policies: those that before has, and
// new ones. On error there are none but before's.
func (d *Dataplane) openTunnels(next, before *spd) error {
	for name, t := range next.tunnels {
		if t.device = before.tunnels[name].device; t.device == nil {
			device, err := d.openTunnel(name)
			if err != nil {
				return errors.Join(err, closeTunnels(next, before))
			}
			t.device = device
		}
		next.tunnels[name] = t
	}
	return nil
}

// openTunnel makes a device and reads it from then on.
func (d *Dataplane) openTunnel(name string) (*tunnelDevice, error) {
	opened, err := d.tunnels.Open(name)
	if err != nil {
		return nil, err
	}
	t := &tunnelDevice{ReadWriteCloser: opened, ended: make(chan struct{})}
	d.workers.Go(func() {
		defer close(t.ended)
		(&leaving{d: d, tunnel: name}).run(t)
	})
	return t, nil
}

// closeTunnels removes the devices that one database has and the other has not.
func closeTunnels(of, but *spd) error {
	var errs []error
	for name, t := range of.tunnels {
		if t.device != nil && but.tunnels[name].device != t.device {
			errs = append(errs, t.device.close())
		}
	}
	return errors.Join(errs...)
}

// deviceOf returns the device of a routed policy, and nil for any other.
func (s *spd) deviceOf(id ipsec.PolicyID) *tunnelDevice {
	if p := s.byID[id]; p != nil && p.Routed {
		return s.tunnels[p.Device].device
	}
	return nil
}

// decideRouted asks the SAD for the SA of a packet that was routed into a tunnel: the
// policy protects all of them. A packet that is the tunnel's own, since the way to the
// peer leads into it, is dropped: it would come here for ever.
func (d *Dataplane) decideRouted(name string, t acl.Tuple) flow {
	p := d.spd.Load().tunnels[name].policy
	if p == nil {
		return flow{drop: true, reason: ipsec.DropNoSA}
	}
	f := flow{policy: p}
	if v := p.ACL.Match(t); v.Matched {
		f.rule = p.ACL.Rules[v.Rule].ID
	}
	d.mu.RLock()
	f.sa = d.sad.choose(p.ID, t)
	d.mu.RUnlock()
	if f.sa != nil && f.sa.outer.sends(t) {
		return flow{drop: true, reason: ipsec.DropSend}
	}
	return f
}
