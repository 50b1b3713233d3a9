package commands

import "strings"

// An ipInterfaceDisplay is `display ip interface`: the same interfaces, as IP sees
// them.
type ipInterfaceDisplay struct {
	interfaceDisplay
}

// brief counts the states and lists one line for each interface.
func (d ipInterfaceDisplay) brief() string {
	var p page
	for _, line := range []string{"*down: administratively down", "^down: standby", "(l): loopback", "(s): spoofing"} {
		p.add(line)
	}
	for _, count := range []struct {
		layer string
		state func(interfaceEntry) string
	}{
		{"Physical", func(i interfaceEntry) string { return i.Physical }},
		{"Protocol", func(i interfaceEntry) string { return i.Protocol }},
	} {
		up := 0
		for _, i := range d.Interfaces {
			if strings.HasPrefix(count.state(i), "up") {
				up++
			}
		}
		p.addf("The number of interface that is UP in %s is %d", count.layer, up)
		p.addf("The number of interface that is DOWN in %s is %d", count.layer, len(d.Interfaces)-up)
	}
	p.add("")
	c := columns{0, 34, 55, 66}
	p.add(c.row("Interface", "IP Address/Mask", "Physical", "Protocol"))
	for _, i := range d.Interfaces {
		address := "unassigned"
		if len(i.Addresses) > 0 {
			address = i.Addresses[0].String()
		}
		p.add(c.row(i.Name, address, i.Physical, i.Protocol))
	}
	return p.text()
}

func (d ipInterfaceDisplay) text() string {
	var p page
	for n, i := range d.Interfaces {
		if n > 0 {
			p.add("")
		}
		i.states(&p)
		p.addf("The Maximum Transmit Unit : %d bytes", i.MTU)
		p.addf("input packets : %d, bytes : %d, multicasts : %d", i.Counters.InPackets, i.Counters.InOctets, i.Counters.InMulticast)
		p.addf("output packets : %d, bytes : %d", i.Counters.OutPackets, i.Counters.OutOctets)
		i.addresses(&p)
	}
	return p.text()
}
