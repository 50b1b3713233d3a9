package main

import (
	"errors"
	"os"

	"sallyport/platform/systemd"
	"sallyport/platform/udp"
)

// The names that the service manager keeps our sockets under. They stay, as another
// version of the program may have to find them.
const (
	keptIKE  = "ike"
	keptNATT = "natt"
)

// A service is the gateway as the service manager sees it that started it, if one did.
// Nothing that goes wrong with that keeps the gateway from its work: it is one line in the log.
type service struct {
	manager systemd.Manager
	kept    map[string]*os.File // of a predecessor, and not yet taken
	adopted bool                // one of them was taken
	log     *logbook
}

// newService finds out who started us, and what it has kept of a predecessor.
func newService(log *logbook) *service {
	manager, kept, err := systemd.Started()
	s := &service{manager: manager, kept: make(map[string]*os.File), log: log}
	s.note(err)
	for _, d := range kept {
		if d.Name != keptIKE && d.Name != keptNATT || s.kept[d.Name] != nil {
			d.File.Close()
			s.refuse(d.Name, errors.New("it is not one of ours"))
			continue
		}
		s.kept[d.Name] = d.File
	}
	return s
}

// listen takes the socket that was kept under a name, or opens one.
func (s *service) listen(name string, c udp.Config) (*udp.Socket, error) {
	file := s.kept[name]
	if file == nil {
		return c.Listen()
	}
	delete(s.kept, name)
	socket, err := c.Adopt(file)
	if err != nil {
		s.refuse(name, err)
		return c.Listen()
	}
	s.adopted = true
	s.log.say("UDP port %d: was kept open by the service manager", c.Port)
	return socket, nil
}

// refuse says why a descriptor is not taken. The manager closes its copy too, as that
// may hold the port.
func (s *service) refuse(name string, reason error) {
	s.log.say("the service manager's descriptor %q is not used: %v", name, reason)
	s.note(s.manager.Forget(name))
}

// keep has the manager hold the sockets open for a successor.
func (s *service) keep(ike, natt *udp.Socket) {
	s.note(s.manager.Keep(keptIKE, ike))
	s.note(s.manager.Keep(keptNATT, natt))
}

// forget has the manager let go of them.
func (s *service) forget() { s.note(s.manager.Forget(keptIKE, keptNATT)) }

// ready tells the manager that the gateway works.
func (s *service) ready() { s.note(s.manager.Ready()) }

// note logs what went wrong.
func (s *service) note(err error) {
	if err != nil {
		s.log.say("%v", err)
	}
}

// keepSockets leaves the sockets with the service manager while the kernel encrypts: it
// takes the ESP out of port 4500 only as long as somebody has that open. The userspace
// dataplane, whose SAs end with the process, leaves nothing.
func (g *gateway) keepSockets() error {
	if !g.plane.outlives {
		if g.service.adopted {
			g.service.forget()
		}
		return nil
	}
	g.service.keep(g.ike, g.natt)
	g.unwind = append(g.unwind, func() error {
		if !g.keepSAs {
			g.service.forget()
		}
		return nil
	})
	return nil
}
