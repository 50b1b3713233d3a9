package link

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sallyport/platform"
)

// A fake is a kernel on paper. Like the real one it takes the secondary
// addresses with their primary, and the routes with what they go through.
type fake struct {
	links   []device
	addrs   []markedAddress
	table   []markedRoute
	forward bool
	fail    map[string]error // by what is asked, in the words of ip: "addr add 10.0.0.1/24"
	asked   []string         // the changes asked for
}

var _ kernel = (*fake)(nil)

// change notes what is asked for and returns the error the test wants.
func (f *fake) change(format string, arguments ...any) error {
	text := fmt.Sprintf(format, arguments...)
	f.asked = append(f.asked, text)
	return f.fail[text]
}

func (f *fake) close() error               { return f.fail["close"] }
func (f *fake) devices() ([]device, error) { return slices.Clone(f.links), f.fail["link"] }

// at returns the device of an index, or one that is not there.
func (f *fake) at(index int) *device {
	for i := range f.links {
		if f.links[i].index == index {
			return &f.links[i]
		}
	}
	return &device{name: "none"}
}

func (f *fake) setUp(d device, up bool) error {
	if err := f.change("link set %s %s", d.name, upOrDown(up)); err != nil {
		return err
	}
	f.at(d.index).up = up
	f.expire()
	return nil
}

func (f *fake) setMTU(d device, octets int) error {
	if err := f.change("link set %s mtu %d", d.name, octets); err != nil {
		return err
	}
	f.at(d.index).mtu = octets
	return nil
}

func (f *fake) makeGRE(name string, t platform.GRE) error {
	if err := f.change("link add %s type gre %v", name, t); err != nil {
		return err
	}
	index := 10
	for f.at(index).index != 0 {
		index++
	}
	f.links = append(f.links, device{index: index, name: name, mtu: 1476, gre: &t})
	return nil
}

func (f *fake) removeGRE(d device) error {
	if err := f.change("link del %s", d.name); err != nil {
		return err
	}
	f.links = slices.DeleteFunc(f.links, func(l device) bool { return l.index == d.index })
	f.addrs = slices.DeleteFunc(f.addrs, func(a markedAddress) bool { return a.index == d.index })
	f.expire()
	return nil
}

func (f *fake) addresses() ([]markedAddress, error) {
	return slices.Clone(f.addrs), f.fail["addr"]
}

func (f *fake) addAddress(a markedAddress) error {
	if err := f.change("addr add %v dev %s", a.prefix, f.at(a.index).name); err != nil {
		return err
	}
	f.addrs = append(f.addrs, a)
	return nil
}

func (f *fake) removeAddress(a address) error {
	if err := f.change("addr del %v dev %s", a.prefix, f.at(a.index).name); err != nil {
		return err
	}
	primary := slices.IndexFunc(f.addrs, a.sameNetwork)
	i := slices.IndexFunc(f.addrs, func(m markedAddress) bool { return m.address == a })
	switch {
	case i < 0: // gone already
	case i == primary:
		f.addrs = slices.DeleteFunc(f.addrs, a.sameNetwork)
	default:
		f.addrs = slices.Delete(f.addrs, i, i+1)
	}
	f.expire()
	return nil
}

// sameNetwork reports whether m would be a secondary of a, or a of m.
func (a address) sameNetwork(m markedAddress) bool {
	return m.index == a.index && m.prefix.Masked() == a.prefix.Masked()
}

func (f *fake) routes() ([]markedRoute, error) { return slices.Clone(f.table), f.fail["route"] }

func (f *fake) addRoute(r route) error {
	if err := f.change("route add %s", f.show(r)); err != nil {
		return err
	}
	if r.index == 0 && !r.nowhere {
		r.index = f.towards(r.nextHop)
	}
	switch {
	case r.nowhere:
	case r.index == 0:
		return unix.ENETUNREACH
	case !f.at(r.index).up:
		return unix.ENETDOWN
	}
	f.table = append(f.table, markedRoute{r, true})
	return nil
}

func (f *fake) removeRoute(r route) error {
	if err := f.change("route del %s", f.show(r)); err != nil {
		return err
	}
	f.table = slices.DeleteFunc(f.table, func(m markedRoute) bool { return m.ours && (m.route == r || m.anywhere() == r) })
	return nil
}

// towards returns the index of the interface that has hop in its network.
func (f *fake) towards(hop netip.Addr) int {
	for _, a := range f.addrs {
		if a.prefix.Contains(hop) && f.at(a.index).up {
			return a.index
		}
	}
	return 0
}

// expire takes the routes away that lead nowhere now.
func (f *fake) expire() {
	f.table = slices.DeleteFunc(f.table, func(m markedRoute) bool {
		return !m.nowhere && !f.at(m.index).up || m.nextHop.IsValid() && f.towards(m.nextHop) != m.index
	})
}

func (f *fake) forwarding() (bool, error) { return f.forward, f.fail["forwarding"] }

func (f *fake) setForwarding(on bool) error {
	if err := f.change("sysctl ip_forward %s", onOrOff(on)); err != nil {
		return err
	}
	f.forward = on
	return nil
}

// show writes a route in the style of `ip route`.
func (f *fake) show(r route) string {
	var b strings.Builder
	if r.nowhere {
		b.WriteString("unreachable ")
	}
	b.WriteString(r.destination.String())
	if r.nextHop.IsValid() {
		fmt.Fprintf(&b, " via %v", r.nextHop)
	}
	if r.index != 0 {
		fmt.Fprintf(&b, " dev %s", f.at(r.index).name)
	}
	fmt.Fprintf(&b, " metric %d", r.metric)
	return b.String()
}

// String writes all that the kernel holds, in the style of `ip addr` and `ip
// route`.
func (f *fake) String() string {
	var b strings.Builder
	for _, d := range f.links {
		fmt.Fprintf(&b, "%d: %s: mtu %d %s\n", d.index, d.name, d.mtu, upOrDown(d.up))
		if d.gre != nil {
			fmt.Fprintf(&b, "    gre remote %v local %v key %d %v\n", d.gre.Remote, d.gre.Local, d.gre.Key, d.gre.HasKey)
		}
		for _, a := range f.addrs {
			if a.index == d.index {
				fmt.Fprintf(&b, "    inet %v%s\n", a.prefix, mark(a.ours))
			}
		}
	}
	slices.SortStableFunc(f.table, func(a, b markedRoute) int {
		return cmp.Compare(a.destination.String(), b.destination.String())
	})
	for _, r := range f.table {
		fmt.Fprintf(&b, "%s%s\n", f.show(r.route), mark(r.ours))
	}
	if f.forward {
		b.WriteString("ip_forward\n")
	}
	return b.String()
}

// mark writes whether something carries our mark.
func mark(ours bool) string {
	if ours {
		return " proto 83"
	}
	return ""
}
