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

// openSystem opens devices, sockets and routing. What is open when an error comes is
// closed again, the last first.
func openSystem(c Config) (s system, err error) {
	var opened []io.Closer
	defer func() {
		if err != nil {
			for i := len(opened) - 1; i >= 0; i-- {
				err = errors.Join(err, opened[i].Close())
			}
		}
	}()
	inside, err := tun.Open(deviceName)
	if err != nil {
		return s, err
	}
	opened = append(opened, inside)
	guard, err := tun.Open(deviceName)
	if err != nil {
		return s, err
	}
	opened = append(opened, guard)
	out, err := openSender(c.Mark)
	if err != nil {
		return s, err
	}
	opened = append(opened, out)
	for _, p := range []ipsec.Protocol{ipsec.ESP, ipsec.AH} {
		in, err := openReceiver(p, c.Mark)
		if err != nil {
			return s, err
		}
		opened, s.arrived = append(opened, in), append(s.arrived, in)
	}
	routes, err := openRouting(c, inside, guard)
	if err != nil {
		return s, err
	}
	opened = append(opened, routes)
	tunnels, err := openHome(routes.devices)
	if err != nil {
		return s, err
	}
	s.inside, s.guard, s.outside, s.router, s.tunnels = inside, guard, out, routes, tunnels
	return s, nil
}
