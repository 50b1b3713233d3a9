package commands

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/kind"
)

// nullInterface is where routes that drop packets lead. Every box has it, and no
// Linux device is it.
const nullInterface = "NULL0"

// An interfaceDisplay is `display interface`.
type interfaceDisplay struct {
	Interfaces []interfaceEntry `json:"interfaces"`
}

// An interfaceEntry is one interface.
type interfaceEntry struct {
	Name        string `json:"name"`
	Device      string `json:"device"`   // Linux name; empty: none
	Physical    string `json:"physical"` // up, down, *down
	Protocol    string `json:"protocol"` // up, down, up(s)
	Description string `json:"description"`

	MTU       int            `json:"mtu_octets"` // 0: none
	Addresses []netip.Prefix `json:"addresses"`
	Hardware  string         `json:"hardware_address"`
	Speed     uint64         `json:"speed_bits_per_second"` // 0: not known

	Period     int               `json:"rate_period_seconds"`
	InBits     uint64            `json:"input_bits_per_second"`
	InPackets  uint64            `json:"input_packets_per_second"`
	OutBits    uint64            `json:"output_bits_per_second"`
	OutPackets uint64            `json:"output_packets_per_second"`
	Counters   InterfaceCounters `json:"counters"`

	Tunnel *tunnelEntry `json:"tunnel"` // null: it is none
}

// newInterfaceDisplay shows the interface of a name, or with "" all.
func newInterfaceDisplay(s *Session, name string) (interfaceDisplay, error) {
	all, err := s.device.Interfaces()
	if err != nil {
		return interfaceDisplay{}, err
	}
	names := s.interfaceNames(all)
	d := interfaceDisplay{Interfaces: []interfaceEntry{}}
	for _, i := range all {
		d.Interfaces = append(d.Interfaces, newInterfaceEntry(i, names[i.Device], s.running.config))
	}
	d.Interfaces = append(d.Interfaces, nullEntry())
	d.withTunnels(s.running.config)
	slices.SortStableFunc(d.Interfaces, func(a, b interfaceEntry) int { return compareInterfaces(a.Name, b.Name) })
	if name == "" {
		return d, nil
	}
	d.Interfaces = slices.DeleteFunc(d.Interfaces, func(i interfaceEntry) bool { return !i.is(s, name) })
	if len(d.Interfaces) == 0 {
		return d, refuse("The interface %s does not exist.", name)
	}
	return d, nil
}

// is reports whether a name means the interface: its own, in letters of any case,
// or another that its device has.
func (i interfaceEntry) is(s *Session, name string) bool {
	if strings.EqualFold(i.Name, name) {
		return true
	}
	device, err := s.device.Port(name)
	return err == nil && device == i.Device
}

// interfaceNames returns the names of Linux devices: the one that is configured, or
// the one that the host suggests.
func (s *Session) interfaceNames(all []InterfaceStatus) map[string]string {
	names := make(map[string]string, len(all))
	for _, i := range all {
		names[i.Device] = printable(i.Name, peerTextLimit)
	}
	for _, name := range sortedKeys(s.running.config.Interfaces, strings.Compare) {
		if device, err := s.device.Port(name); err == nil {
			names[device] = name
		}
	}
	return names
}

// compareInterfaces puts GigabitEthernet first, in the order of its numbers, the tunnels
// behind the other devices, and NULL0 last.
func compareInterfaces(a, b string) int {
	class := func(name string) (int, [3]int) {
		var n [3]int
		switch _, err := fmt.Sscanf(name, "GigabitEthernet%d/%d/%d", &n[0], &n[1], &n[2]); {
		case err == nil:
			return 0, n
		case kind.IsTunnel(name):
			fmt.Sscanf(name, "Tunnel%d/%d/%d", &n[0], &n[1], &n[2]) // or as many numbers as there are
			return 2, n
		case name == nullInterface:
			return 3, n
		}
		return 1, [3]int{}
	}
	classA, numberA := class(a)
	classB, numberB := class(b)
	return cmp.Or(cmp.Compare(classA, classB), slices.Compare(numberA[:], numberB[:]))
}

func newInterfaceEntry(i InterfaceStatus, name string, c *Config) interfaceEntry {
	e := interfaceEntry{
		Name: name, Device: printable(i.Device, peerTextLimit), Physical: physical(i), Protocol: "down",
		MTU: i.MTU, Addresses: append([]netip.Prefix{}, i.Addresses...), Hardware: i.Address, Speed: i.Speed,
		Period: wholeSeconds(i.Rate.Period),
		InBits: uint64(8 * i.Rate.InOctets), InPackets: uint64(i.Rate.InPackets),
		OutBits: uint64(8 * i.Rate.OutOctets), OutPackets: uint64(i.Rate.OutPackets),
		Counters: i.Counters,
	}
	if configured := c.Interfaces[name]; configured != nil {
		e.Description = configured.Description
	}
	switch {
	case e.Physical == "up" && i.Loopback:
		e.Protocol = "up(s)"
	case e.Physical == "up" && len(i.Addresses) > 0:
		e.Protocol = "up"
	}
	return e
}

// physical returns the state of the device itself.
func physical(i InterfaceStatus) string {
	switch {
	case !i.Up:
		return "*down"
	case !i.Running:
		return "down"
	}
	return "up"
}

// nullEntry is NULL0, which is always up.
func nullEntry() interfaceEntry {
	return interfaceEntry{Name: nullInterface, Physical: "up", Protocol: "up(s)", MTU: 1500, Addresses: []netip.Prefix{}}
}

// brief lists one line for each interface.
func (d interfaceDisplay) brief() string {
	var p page
	for _, line := range []string{
		"PHY: Physical", "*down: administratively down", "(l): loopback", "(s): spoofing",
		"InUti/OutUti: input utility/output utility",
		"Interface                   PHY   Protocol  InUti OutUti   inErrors  outErrors",
	} {
		p.add(line)
	}
	for _, i := range d.Interfaces {
		p.addf("%-27s %-5s %-8s%7s%7s%11d%11d", i.Name, i.Physical, i.Protocol,
			i.utility(i.InBits), i.utility(i.OutBits), i.Counters.InErrors, i.Counters.OutErrors)
	}
	return p.text()
}

// utility returns the part of the interface's speed that a rate takes: "--" if the
// speed is not known.
func (i interfaceEntry) utility(bits uint64) string {
	share := float64(bits) / float64(max(i.Speed, 1))
	switch {
	case i.Speed == 0 && i.Name == nullInterface, i.Speed > 0 && share < 0.00005:
		return "0%"
	case i.Speed == 0:
		return "--"
	}
	return fmt.Sprintf("%.2f%%", 100*min(share, 1))
}

func (d interfaceDisplay) text() string {
	var p page
	for n, i := range d.Interfaces {
		if n > 0 {
			p.add("")
		}
		i.states(&p)
		p.add(strings.TrimRight("Description:"+i.Description, " "))
		p.addf("Route Port,The Maximum Transmit Unit is %d", i.MTU)
		i.addresses(&p)
		if i.Tunnel != nil {
			i.Tunnel.addTo(&p)
		}
		if i.Hardware != "" {
			p.addf("IP Sending Frames' Format is PKTFMT_ETHNT_2, Hardware address is %s", vrpHardware(i.Hardware))
		}
		if i.Speed > 0 {
			p.addf("Speed : %d", i.Speed/1_000_000)
		}
		i.rates(&p)
		i.counters(&p)
	}
	return p.text()
}

// states writes the two lines that begin an interface.
func (i interfaceEntry) states(p *page) {
	state := strings.ToUpper(i.Physical)
	if i.Physical == "*down" {
		state = "Administratively DOWN"
	}
	protocol, spoofed := strings.CutSuffix(i.Protocol, "(s)")
	protocol = strings.ToUpper(protocol)
	if spoofed {
		protocol += " (spoofing)"
	}
	p.addf("%s current state : %s", i.Name, state)
	p.addf("Line protocol current state : %s", protocol)
}

func (i interfaceEntry) addresses(p *page) {
	if len(i.Addresses) == 0 {
		p.add("Internet protocol processing : disabled")
	}
	for n, a := range i.Addresses {
		suffix := ""
		if n > 0 {
			suffix = " Sub"
		}
		p.addf("Internet Address is %v%s", a, suffix)
	}
}

// rates writes the averages of the period, of which there is none at first.
func (i interfaceEntry) rates(p *page) {
	p.addf("Last %d seconds input rate %d bits/sec, %d packets/sec", i.Period, i.InBits, i.InPackets)
	p.addf("Last %d seconds output rate %d bits/sec, %d packets/sec", i.Period, i.OutBits, i.OutPackets)
}

func (i interfaceEntry) counters(p *page) {
	c := i.Counters
	p.addf("Input:  %d packets, %d bytes", c.InPackets, c.InOctets)
	p.addf("  Multicast:  %d, Discard:  %d, Total Error:  %d", c.InMulticast, c.InDrops, c.InErrors)
	p.addf("Output:  %d packets, %d bytes", c.OutPackets, c.OutOctets)
	p.addf("  Discard:  %d, Total Error:  %d", c.OutDrops, c.OutErrors)
	p.addf("    Input bandwidth utilization  : %s", i.utility(i.InBits))
	p.addf("    Output bandwidth utilization : %s", i.utility(i.OutBits))
}

// vrpHardware writes a hardware address as VRP does: 0200-5e00-5301. One that is not of
// six octets stays as it is.
func vrpHardware(address string) string {
	digits := strings.ReplaceAll(address, ":", "")
	if len(digits) != 12 {
		return address
	}
	return digits[:4] + "-" + digits[4:8] + "-" + digits[8:]
}
