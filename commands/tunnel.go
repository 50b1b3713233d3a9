package commands

import (
	"net/netip"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// A Tunnel is what `interface Tunnel` has beside what every interface has. It is
// comparable.
type Tunnel struct {
	Protocol    TunnelProtocol
	Source      netip.Addr // our end; zero: SourcePort's address, or that of the profile's peer
	SourcePort  string     // interface whose primary address is our end; empty: none
	Destination netip.Addr // the other end; zero: that of the profile's peer
	Key         GREKey
	Profile     string // name of the ipsec profile that protects it; empty: none
}

// A TunnelProtocol is what packets travel in.
type TunnelProtocol uint8

// The protocols of `tunnel-protocol`.
const (
	NoTunnel    TunnelProtocol = iota // the tunnel is down
	TunnelIPsec                       // an IPsec SA pair for all traffic
	TunnelGRE                         // RFC 2784
)

// A GREKey is the key of RFC 2890, the same both ways. The zero value is none.
type GREKey struct {
	Number uint32
	Set    bool
}

// tunnelSort is the sort of tunnel interfaces; what the configuration shows by sort of
// interface, it shows them too.
const tunnelSort = "tunnel-interface"

// tunnelView is the view of `interface Tunnel`.
func tunnelView() *grammar.View[Interface] {
	rows := append(commonRows(), unnumberedRow(), tunnelProtocolRow(), sourceRow(), destinationRow(), greKeyRow(), tunnelProfileRow(),
		grammar.Edit(refuses[Interface]("A policy cannot be applied to a tunnel interface, ipsec profile can."),
			grammar.Path[struct{}]("ipsec", helpIPsec, "policy", helpPolicy), ignored(kind.Name(longestName, ""), "Name of the group")))
	return &grammar.View[Interface]{
		Tag: func(i *Interface) string { return i.Name }, Sort: tunnelSort,
		New:  func() *Interface { return &Interface{} },
		Rows: rows,
	}
}

func tunnelProtocolRow() grammar.Row[Interface] {
	return grammar.Setting(grammar.Kw[Interface]("tunnel-protocol", "What packets travel in; comes first"),
		grammar.Arg(tunnelProtocols(), "Protocol", func(i *Interface) *TunnelProtocol { return &i.Tunnel.Protocol })).
		Check(checks(checkTunnelProtocol))
}

func tunnelProtocols() grammar.Kind[TunnelProtocol] {
	return kind.Choice(
		grammar.Word[TunnelProtocol]{Text: "ipsec", Help: helpIPsec, Value: TunnelIPsec},
		grammar.Word[TunnelProtocol]{Text: "gre", Help: helpGRE, Value: TunnelGRE},
	)
}

// helpGRE is the help of gre.
const helpGRE = "Generic Routing Encapsulation"

// checkTunnelProtocol has the protocol stay while something is set that needs it.
func checkTunnelProtocol(_ *edit, i *Interface) error {
	rest := i.Tunnel
	rest.Protocol = NoTunnel
	switch {
	case i.Tunnel.Protocol == NoTunnel && rest != Tunnel{}:
		return refuse("The tunnel has a source, destination, key or profile, undo these first.")
	case i.Tunnel.Protocol == TunnelIPsec && i.Tunnel.Key.Set:
		return refuse("The tunnel has a GRE key, undo gre key first.")
	}
	return nil
}

// ofProtocol makes a check of what only a tunnel with a protocol can have.
func ofProtocol(then func(*edit, *Interface) error) func(any, *Interface) error {
	return checks(func(e *edit, i *Interface) error {
		if i.Tunnel.Protocol == NoTunnel {
			return refuse("The tunnel-protocol must be configured first.")
		}
		return then(e, i)
	})
}

func sourceRow() grammar.Row[Interface] {
	return grammar.Setting(grammar.Kw[Interface]("source", "Our end of the tunnel"), grammar.OneOf(
		grammar.Arg(kind.Address(), "Address of the box", func(i *Interface) *netip.Addr { return &i.Tunnel.Source }),
		grammar.Sequence(grammar.Optional(grammar.Kw[Interface]("interface", helpInterface)),
			grammar.Arg(kind.Port(), "", func(i *Interface) *string { return &i.Tunnel.SourcePort }))),
	).Check(ofProtocol(func(e *edit, i *Interface) error { return e.interfaceExists(i.Tunnel.SourcePort) }))
}

// interfaceExists refuses an interface that is not configured. An empty name is none.
func (e *edit) interfaceExists(name string) error {
	if name != "" && e.config.Interfaces[name] == nil {
		return refuse("The interface %s does not exist.", name)
	}
	return nil
}

func destinationRow() grammar.Row[Interface] {
	return grammar.Setting(grammar.Kw[Interface]("destination", "Other end of the tunnel"),
		grammar.Arg(kind.Address(), "Address of the other end", func(i *Interface) *netip.Addr { return &i.Tunnel.Destination })).
		Check(ofProtocol(func(*edit, *Interface) error { return nil }))
}

func greKeyRow() grammar.Row[Interface] {
	return grammar.Setting(grammar.Path[Interface]("gre", helpGRE, "key", "Number that both ends must agree on"),
		grammar.Arg(greKeys(), "Key", func(i *Interface) *GREKey { return &i.Tunnel.Key })).
		Check(ofProtocol(func(_ *edit, i *Interface) error {
			if i.Tunnel.Key.Set && i.Tunnel.Protocol != TunnelGRE {
				return refuse("Only a tunnel with tunnel-protocol gre has a key.")
			}
			return nil
		}))
}

// greKeys are the keys: any number of 32 bits.
func greKeys() grammar.Kind[GREKey] {
	numbers := kind.Integer[uint32](0, 1<<32-1)
	return grammar.Kind[GREKey]{
		Hints: numbers.Hints,
		Read: func(words []string) (GREKey, int, bool) {
			n, used, ok := numbers.Read(words)
			return GREKey{n, ok}, used, ok
		},
		Write: func(k GREKey) string {
			if !k.Set {
				return ""
			}
			return numbers.Write(k.Number)
		},
	}
}

func tunnelProfileRow() grammar.Row[Interface] {
	return grammar.Setting(grammar.Path[Interface]("ipsec", helpIPsec, "profile", helpProfile),
		grammar.Arg(kind.Name(longestName, "ipsec profile"), "Name of the profile", func(i *Interface) *string { return &i.Tunnel.Profile })).
		Check(ofProtocol(checkTunnelProfile))
}

// checkTunnelProfile lets a tunnel have a profile of its own. The model has it so: the SAs
// of two tunnels to the same peer could not be told apart.
func checkTunnelProfile(e *edit, i *Interface) error {
	name := i.Tunnel.Profile
	if name == "" {
		return nil
	}
	if e.config.Profiles[name] == nil {
		return refuse("The IPSec profile does not exist.")
	}
	for _, user := range e.config.profileUsers(name) {
		if user != i.Name {
			return refuse("The IPSec profile is being used by interface %s.", user)
		}
	}
	return nil
}

// unnumberedRow borrows the address of a port.
func unnumberedRow() grammar.Row[Interface] {
	return grammar.Setting(grammar.Path[Interface]("ip", helpIP, "address", helpAddress,
		"unnumbered", "Borrow the address of an interface"),
		grammar.Sequence(grammar.Kw[Interface]("interface", helpInterface),
			grammar.Arg(kind.Port(), "", func(i *Interface) *string { return &i.Unnumbered }))).
		Check(checks(func(e *edit, i *Interface) error {
			if i.Unnumbered != "" && len(i.Addresses) > 0 {
				return refuse("The interface has an address of its own, undo ip address first.")
			}
			return e.interfaceExists(i.Unnumbered)
		}))
}

// tunnelRow opens tunnel interfaces. They need no Linux device: what they come to is made
// when they are complete.
func tunnelRow() grammar.Row[Config] {
	objects := interfaceObjects(tunnelView())
	objects.Mine = func(i *Interface) bool { return kind.IsTunnel(i.Name) }
	return grammar.Enter(objects, grammar.Kw[string]("interface", helpInterface), grammar.Arg(kind.Tunnel(), "", itself[string]))
}

// borrowed returns the tunnel that has its source or its address from a port, or "".
func (c *Config) borrowed(port string) string {
	for _, i := range values(c.Interfaces, strings.Compare) {
		if i.Unnumbered == port || i.Tunnel.SourcePort == port {
			return i.Name
		}
	}
	return ""
}
