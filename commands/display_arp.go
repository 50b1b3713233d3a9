package commands

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// An arpDisplay is `display arp`: the box's own addresses, and its neighbours'.
type arpDisplay struct {
	Entries []arpEntry `json:"entries"`
}

// An arpEntry is an address of a network that the box is on.
type arpEntry struct {
	Address   netip.Addr `json:"ip_address"`
	Hardware  string     `json:"mac_address"` // empty: nobody has answered
	Type      string     `json:"type"`        // interface, dynamic, static
	Interface string     `json:"interface"`
}

// The types of entries, and how the table shows them.
const (
	arpInterface = "interface"
	arpDynamic   = "dynamic"
	arpStatic    = "static"
)

var arpTypes = map[string]string{arpInterface: "I -", arpDynamic: "D-0", arpStatic: "S--"}

// newARPDisplay shows the table of the host.
func newARPDisplay(s *Session) (arpDisplay, error) {
	all, err := s.device.Interfaces()
	if err != nil {
		return arpDisplay{}, err
	}
	neighbours, err := s.device.Neighbours()
	if err != nil {
		return arpDisplay{}, err
	}
	names := s.interfaceNames(all)
	d := arpDisplay{Entries: []arpEntry{}}
	for _, i := range all {
		for _, a := range i.Addresses {
			if i.Address != "" && !i.Loopback {
				d.Entries = append(d.Entries, arpEntry{a.Addr(), i.Address, arpInterface, names[i.Device]})
			}
		}
	}
	for _, n := range neighbours {
		e := arpEntry{n.Addr, n.Address, arpDynamic, names[n.Device]}
		if n.Static {
			e.Type = arpStatic
		}
		d.Entries = append(d.Entries, e)
	}
	slices.SortStableFunc(d.Entries, func(a, b arpEntry) int { return compareInterfaces(a.Interface, b.Interface) })
	return d, nil
}

// text leaves the column EXPIRE empty: the kernel asks again when it needs an entry,
// and forgets it when it likes.
func (d arpDisplay) text() string {
	c := columns{0, 16, 32, 42, 54, 66}
	var p page
	p.add(c.row("IP ADDRESS", "MAC ADDRESS", "EXPIRE(M)", "TYPE", "INTERFACE", "VPN-INSTANCE"))
	p.add(dashes(78))
	counts := make(map[string]int)
	for _, e := range d.Entries {
		hardware := "Incomplete"
		if e.Hardware != "" {
			hardware = vrpHardware(e.Hardware)
		}
		p.add(c.row(e.Address.String(), hardware, "", arpTypes[e.Type], shortInterface(e.Interface)))
		counts[e.Type]++
	}
	p.add(dashes(78))
	sums := columns{0, 16, 32, 45}
	sum := func(label string, n int) string { return fmt.Sprintf("%s:%d", label, n) }
	p.add(sums.row(sum("Total", len(d.Entries)), sum("Dynamic", counts[arpDynamic]),
		sum("Static", counts[arpStatic]), sum("Interface", counts[arpInterface])))
	return p.text()
}

// shortInterface writes GE0/0/2 for GigabitEthernet0/0/2.
func shortInterface(name string) string {
	if number, ok := strings.CutPrefix(name, "GigabitEthernet"); ok {
		return "GE" + number
	}
	return name
}
