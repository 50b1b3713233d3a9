package tunnel

import (
	"errors"
	"io"

	"sallyport/ipsec"
	"sallyport/platform/tun"
)

// deviceName is what the devices are called: the lowest numbers that are free.
const deviceName = "sallyport%d"

// Open makes a dataplane without policies, in the calling thread's network
// namespace. It needs CAP_NET_ADMIN and CAP_NET_RAW, /dev/net/tun, and a kernel
// with policy routing; the error says in one line what is missing.
func Open(c Config) (*Dataplane, error) {
	c = c.withDefaults()
	s, err := openSystem(c)
	if err != nil {
		return nil, err
	}
	d := newDataplane(c, s)
	d.start()
	return d, nil
}

// opened is what is open so far, and has to be closed again if the rest cannot be opened.
type opened []io.Closer

// close closes everything, the last first.
func (o opened) close() error {
	var errs []error
	for i := len(o) - 1; i >= 0; i-- {
		errs = append(errs, o[i].Close())
	}
	return errors.Join(errs...)
}

// openSystem opens devices, sockets and routing. What is open when an error comes is
// closed again.
func openSystem(c Config) (s system, err error) {
	var o opened
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	inside, err := tun.Open(deviceName)
	if err != nil {
		return s, err
	}
	o = append(o, inside)
	guard, err := tun.Open(deviceName)
	if err != nil {
		return s, err
	}
	o = append(o, guard)
	s.inside, s.guard = inside, guard
	if err := s.openSockets(&o, c.Mark); err != nil {
		return s, err
	}
	routes, err := openRouting(c, inside, guard)
	if err != nil {
		return s, err
	}
	o = append(o, routes)
	s.router = routes
	s.tunnels, err = openHome(routes.devices)
	return s, err
}

// openSockets opens the raw sockets: one sends, and for ESP and AH one receives.
func (s *system) openSockets(o *opened, mark uint32) error {
	out, err := openSender(mark)
	if err != nil {
		return err
	}
	*o, s.outside = append(*o, out), out
	for _, p := range []ipsec.Protocol{ipsec.ESP, ipsec.AH} {
		in, err := openReceiver(p, mark)
		if err != nil {
			return err
		}
		*o, s.arrived = append(*o, in), append(s.arrived, in)
	}
	return nil
}
