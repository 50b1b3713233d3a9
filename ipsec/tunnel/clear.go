package tunnel

import (
	"fmt"

	"sallyport/acl"
	"sallyport/ipsec"
)

// passesClear reports whether a policy's packets may go in clear.
func (s *instances) passesClear(id ipsec.PolicyID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.open[id]
}

// close says that a policy's packets may not go in clear, and opened the opposite.
func (s *instances) close(id ipsec.PolicyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

func (s *instances) opened(id ipsec.PolicyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = true
}

// PassClear says whether what has no SA of a policy's goes in clear, and what comes in clear
// is let in.
func (d *Dataplane) PassClear(id ipsec.PolicyID, whether bool) error {
	d.stating.Lock()
	defer d.stating.Unlock()
	if p := d.spd.Load().policy(id); p == nil || p.Routed || p.Template {
		return fmt.Errorf("there is no policy %v whose packets could go in clear", id)
	}
	if d.instances.passesClear(id) == whether {
		return nil
	}
	if whether {
		d.instances.opened(id)
	} else {
		d.instances.close(id)
	}
	d.epoch.Add(1)
	if whether {
		d.release(id)
	}
	return d.router.PassClear(id, whether)
}

// release sends what waits for an SA of a policy in clear.
func (d *Dataplane) release(id ipsec.PolicyID) {
	d.mu.Lock()
	waiting := d.held.take(id, func(acl.Tuple) bool { return true })
	d.mu.Unlock()
	for _, h := range waiting {
		d.clear(h.packet)
	}
}
