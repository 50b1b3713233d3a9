package commands

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// Bounds of an interface's MTU in octets: RFC 791's least, and a jumbo frame.
const (
	smallestMTU = 68
	largestMTU  = 9600
)

// interfaceView is the view of `interface` for ports.
func interfaceView() *grammar.View[Interface] {
	ipsec := grammar.Kw[Interface]("ipsec", helpIPsec)
	return &grammar.View[Interface]{
		Tag: func(i *Interface) string { return i.Name }, Sort: interfaceSort,
		New: func() *Interface { return &Interface{} },
		Rows: append(commonRows(),
			grammar.Setting(ipsec, grammar.Kw[Interface]("policy", helpPolicy),
				grammar.Arg(kind.Name(longestName, "ipsec policy"), "Name of the group", func(i *Interface) *string { return &i.Policy }),
				grammar.Optional(grammar.Flag("auto-neg", "Bring the SAs up without traffic", func(i *Interface) *bool { return &i.AutoNeg }))).
				Check(checks(checkApplied)),
			grammar.Setting(ipsec, grammar.Flag("offload", "Have the hardware encrypt, where it can", func(i *Interface) *bool { return &i.Offload })),
		),
	}
}

// commonRows are those of ports and tunnels.
func commonRows() []grammar.Row[Interface] {
	kw := grammar.Kw[Interface]
	return []grammar.Row[Interface]{
		grammar.Setting(kw("description", "Description"),
			grammar.Arg(kind.Text(longestDescription), "Text", func(i *Interface) *string { return &i.Description })),
		grammar.Setting(kw("mtu", "Maximum transmit unit"),
			grammar.Arg(kind.Integer(smallestMTU, largestMTU), "Octets", func(i *Interface) *int { return &i.MTU })),
		grammar.Setting(grammar.Flag("shutdown", "Shut the interface down", func(i *Interface) *bool { return &i.Shutdown })),
		addressRow(),
	}
}

// checkApplied lets an interface have one policy group that exists.
func checkApplied(e *edit, i *Interface) error {
	old := e.before.(*Interface).Policy
	switch {
	case i.Policy == "":
		return nil
	case !e.config.hasGroup(i.Policy):
		return refuse("The IPSec policy does not exist.")
	case old != "" && old != i.Policy:
		return refuse("The interface already has IPSec policy %s, undo ipsec policy first.", old)
	}
	if other := e.config.manualElsewhere(i); other != "" {
		return refuse("The IPSec policy has a manual entry and is already applied to interface %s.", other)
	}
	return nil
}

// An interfaceAddress is an address of an interface as it is typed.
type interfaceAddress struct {
	Prefix netip.Prefix
	Sub    bool // any but the primary
}

// helpAddress is the help of address in the view of an interface.
const helpAddress = "Address of the interface"

func addressRow() grammar.Row[Interface] {
	return grammar.List(grammar.Items[Interface, interfaceAddress]{
		All:    interfaceAddresses,
		New:    func() interfaceAddress { return interfaceAddress{} },
		Put:    func(x any, i *Interface, a interfaceAddress) error { return x.(*edit).addAddress(i, a) },
		Remove: func(_ any, i *Interface, a interfaceAddress) error { return removeAddress(i, a) },
		Bare:   true,
	}, grammar.Path[interfaceAddress]("ip", helpIP, "address", helpAddress),
		grammar.Arg(kind.HostPrefix(), "", func(a *interfaceAddress) *netip.Prefix { return &a.Prefix }),
		grammar.Optional(grammar.Flag("sub", "A further address", func(a *interfaceAddress) *bool { return &a.Sub })))
}

func interfaceAddresses(i *Interface) []interfaceAddress {
	all := make([]interfaceAddress, len(i.Addresses))
	for n, p := range i.Addresses {
		all[n] = interfaceAddress{p, n > 0}
	}
	return all
}

// addAddress adds a further address, or puts the primary one in the place of
// the old.
func (e *edit) addAddress(i *Interface, a interfaceAddress) error {
	if !forHost(a.Prefix) {
		return refuse("The specified IP address is invalid.")
	}
	if i.Unnumbered != "" {
		return refuse("The interface is unnumbered, undo ip address unnumbered first.")
	}
	if other := e.overlapping(i, a); other != "" {
		return refuse("The address conflicts with that of interface %s.", other)
	}
	addresses := slices.Clone(i.Addresses)
	switch at := slices.Index(addresses, a.Prefix); {
	case a.Sub && len(addresses) == 0:
		return refuse("The interface has no primary address yet.")
	case a.Sub && at < 0:
		addresses = append(addresses, a.Prefix)
	case !a.Sub && len(addresses) == 0:
		addresses = []netip.Prefix{a.Prefix}
	case !a.Sub:
		addresses[0] = a.Prefix
	}
	i.Addresses = addresses
	return nil
}

// forHost reports whether the address is neither the host's own loopback, nor its
// network's own, nor its broadcast address. A network of one or two addresses has neither: RFC 3021.
func forHost(p netip.Prefix) bool {
	if p.Addr().IsLoopback() {
		return false
	}
	if p.Bits() >= 31 {
		return true
	}
	address := p.Addr().As4()
	host := binary.BigEndian.Uint32(address[:]) << p.Bits() >> p.Bits()
	return host != 0 && host != ^uint32(0)>>p.Bits()
}

// overlapping returns the interface with an address in the same network, or "".
// On the same interface only the address itself must differ.
func (e *edit) overlapping(i *Interface, a interfaceAddress) string {
	for n, p := range i.Addresses {
		if p.Addr() == a.Prefix.Addr() && (n == 0) == a.Sub {
			return i.Name
		}
	}
	found := ""
	for name, other := range e.config.Interfaces {
		if name != i.Name && slices.ContainsFunc(other.Addresses, a.Prefix.Overlaps) && (found == "" || name < found) {
			found = name
		}
	}
	return found
}

// removeAddress removes one address, or all if none is named. The primary one
// goes last.
func removeAddress(i *Interface, a interfaceAddress) error {
	if !a.Prefix.IsValid() {
		i.Addresses = nil
		return nil
	}
	at := slices.Index(i.Addresses, a.Prefix)
	switch {
	case at < 0 || (at > 0) != a.Sub:
		return grammar.ErrNotConfigured
	case at == 0 && len(i.Addresses) > 1:
		return refuse("The other addresses of the interface must be deleted first.")
	}
	i.Addresses = slices.Delete(slices.Clone(i.Addresses), at, at+1)
	return nil
}

// interfaceRow opens ports. tunnelRow shows the tunnels, behind what they refer to.
func interfaceRow() grammar.Row[Config] {
	objects := interfaceObjects(interfaceView())
	objects.Mine = func(i *Interface) bool { return !kind.IsTunnel(i.Name) }
	objects.Create = allows(func(e *edit, name string) error {
		if e.port == nil {
			return nil
		}
		if err := e.port(name); err != nil {
			return because(err)
		}
		return nil
	})
	return grammar.Enter(objects, grammar.Kw[string]("interface", helpInterface), grammar.Arg(kind.Port(), "Interface", itself[string]))
}

// interfaceObjects are the interfaces in a view.
func interfaceObjects(view *grammar.View[Interface]) grammar.Objects[Config, string, Interface] {
	return grammar.Objects[Config, string, Interface]{
		View:    view,
		Of:      func(c *Config) map[string]*Interface { return c.Interfaces },
		Own:     func(c *Config) map[string]*Interface { return own(c, partInterfaces, &c.Interfaces) },
		Name:    func(i *Interface, name string) { i.Name = name },
		Compare: strings.Compare,
		Delete:  allows((*edit).interfaceUnused),
	}
}

// interfaceUnused refuses what a route goes through, or a tunnel has its address from.
func (e *edit) interfaceUnused(name string) error {
	for k := range e.config.Routes {
		if k.Interface == name {
			return refuse("The interface is being used by static route %v.", k.Destination)
		}
	}
	if user := e.config.borrowed(name); user != "" {
		return refuse("The interface is being used by interface %s.", user)
	}
	return nil
}
