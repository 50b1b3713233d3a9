package commands

import (
	"errors"
	"net/netip"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// The rows that display the host and reach out from it.
func hostUserRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{resetCountersRow(), clockDatetimeRow()}
}

func hostSystemRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{clockTimezoneRow()}
}

func hostAnywhereRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		tracertRow(),
		displayInterfaceRow(),
		displayIPInterfaceRow(),
		displayRoutesRow(),
		grammar.Do[Config](1, displayARP{}, grammar.Path[displayARP]("display", helpDisplay, "arp", "Address Resolution Protocol"),
			grammar.Optional(grammar.Kw[displayARP]("all", "All of them"))),
		shows(func(s *Session) Display { return newClockDisplay(s.now(), s.running.config.Zone) },
			"clock", helpClock),
		grammar.Do[Config](1, displayCPU{}, grammar.Path[displayCPU]("display", helpDisplay, "cpu-usage", "Use of the processors")),
		grammar.Do[Config](1, displayMemory{}, grammar.Path[displayMemory]("display", helpDisplay, "memory-usage", "Use of the memory")),
	}
}

// answered is the output of a display whose reading may have failed.
func (s *Session) answered(d Display, err error) Output {
	if err != nil {
		return s.unread(err)
	}
	return Output{Display: d}
}

// unread says why the host could not be read, or what it does not have.
func (s *Session) unread(err error) Output {
	var refusal *grammar.Refusal
	if !errors.As(err, &refusal) {
		err = because(err)
	}
	return s.refused(err)
}

// displayInterface is `display interface` and `display ip interface`.
type displayInterface struct {
	Name  string // empty: all
	Brief bool
	IP    bool
}

// do takes for brief what may be an abbreviation of it and is no interface.
func (d *displayInterface) do(s *Session) Output {
	full, err := newInterfaceDisplay(s, d.Name)
	if err != nil && d.Name != "" && strings.HasPrefix("brief", strings.ToLower(d.Name)) {
		d.Brief = true
		full, err = newInterfaceDisplay(s, "")
	}
	var shown Display = full
	switch {
	case d.IP && d.Brief:
		shown = inBrief{ipInterfaceDisplay{full}}
	case d.IP:
		shown = ipInterfaceDisplay{full}
	case d.Brief:
		shown = inBrief{full}
	}
	return s.answered(shown, err)
}

func displayInterfaceRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayInterface{},
		grammar.Path[displayInterface]("display", helpDisplay, "interface", helpInterface), whichInterface())
}

func displayIPInterfaceRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayInterface{IP: true},
		grammar.Path[displayInterface]("display", helpDisplay, "ip", helpIP, "interface", helpInterface), whichInterface())
}

// whichInterface is brief, or the name of an interface, or nothing for all.
func whichInterface() grammar.Element[displayInterface] {
	return grammar.Optional(grammar.OneOf(
		grammar.Flag("brief", helpBrief, func(d *displayInterface) *bool { return &d.Brief }),
		grammar.Arg(kind.Interface(), "", func(d *displayInterface) *string { return &d.Name }),
	))
}

// resetCounters is `reset counters interface`. Without a name it is all of them.
type resetCounters struct{ Name string }

func (r *resetCounters) do(s *Session) Output {
	device := ""
	if r.Name != "" {
		full, err := newInterfaceDisplay(s, r.Name)
		if err != nil {
			return s.unread(err)
		}
		device = full.Interfaces[0].Device
	}
	if err := s.device.ResetCounters(device); err != nil {
		return s.unread(err)
	}
	return Output{}
}

func resetCountersRow() grammar.Row[Config] {
	return grammar.Do[Config](3, resetCounters{},
		grammar.Path[resetCounters]("reset", helpReset, "counters", "Counts of packets", "interface", helpInterface),
		grammar.Optional(grammar.Arg(kind.Interface(), "", func(r *resetCounters) *string { return &r.Name })))
}

// displayRoutes is `display ip routing-table`.
type displayRoutes struct{ routeFilter }

func (d *displayRoutes) do(s *Session) Output {
	display, err := newRouteDisplay(s, d.routeFilter)
	return s.answered(display, err)
}

func displayRoutesRow() grammar.Row[Config] {
	kw := grammar.Kw[displayRoutes]
	verbose := grammar.Flag("verbose", helpVerbose, func(d *displayRoutes) *bool { return &d.Verbose })
	return grammar.Do[Config](1, displayRoutes{routeFilter{Length: anyLength}},
		grammar.Path[displayRoutes]("display", helpDisplay, "ip", helpIP, "routing-table", "Routes"),
		grammar.Optional(grammar.OneOf(
			verbose,
			grammar.Sequence(
				grammar.Arg(networkKind(), "", func(d *displayRoutes) *netip.Addr { return &d.To }),
				grammar.Optional(grammar.Arg(maskKind(), "", func(d *displayRoutes) *int { return &d.Length })),
				grammar.Optional(verbose)),
			grammar.Sequence(kw("protocol", "Those of one origin"),
				grammar.Arg(kind.Choice(
					grammar.Word[string]{Text: "direct", Help: "Networks of the interfaces", Value: direct},
					grammar.Word[string]{Text: "static", Help: "Static routes", Value: static},
				), "", func(d *displayRoutes) *string { return &d.Protocol })),
		)))
}

// networkKind is the address of a host or a network, also 0.0.0.0.
func networkKind() grammar.Kind[netip.Addr] {
	network := kind.Network()
	return grammar.Kind[netip.Addr]{
		Hints: network.Hints[:1],
		Read: func(words []string) (netip.Addr, int, bool) {
			p, used, ok := network.Read([]string{words[0], "32"})
			return p.Addr(), min(used, 1), ok
		},
		Write: func(netip.Addr) string { return "" }, // it is of no setting
	}
}

// maskKind is a mask, or its length.
func maskKind() grammar.Kind[int] {
	network := kind.Network()
	return grammar.Kind[int]{
		Hints: network.Hints[1:],
		Read: func(words []string) (int, int, bool) {
			p, used, ok := network.Read([]string{"0.0.0.0", words[0]})
			return p.Bits(), used - 1, ok
		},
		Write: func(int) string { return "" }, // it is of no setting
	}
}

// displayARP is `display arp`.
type displayARP struct{}

func (displayARP) do(s *Session) Output {
	display, err := newARPDisplay(s)
	return s.answered(display, err)
}

// displayCPU is `display cpu-usage`.
type displayCPU struct{}

func (displayCPU) do(s *Session) Output {
	status, err := s.device.CPU()
	return s.answered(newCPUDisplay(status, s.localTime()), err)
}

// displayMemory is `display memory-usage`.
type displayMemory struct{}

func (displayMemory) do(s *Session) Output {
	status, err := s.device.Memory()
	return s.answered(newMemoryDisplay(status, s.localTime()), err)
}
