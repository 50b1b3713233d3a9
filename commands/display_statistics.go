package commands

import "sallyport/ipsec"

// An ipsecStatisticsDisplay is `display ipsec statistics`.
type ipsecStatisticsDisplay struct {
	Tunnels    int           `json:"tunnels"`
	InPackets  uint64        `json:"input_packets"`
	OutPackets uint64        `json:"output_packets"`
	InOctets   uint64        `json:"input_octets"` // of inner packets
	OutOctets  uint64        `json:"output_octets"`
	InDropped  uint64        `json:"input_dropped"`
	OutDropped uint64        `json:"output_dropped"`
	Drops      []dropCount   `json:"drops"`  // every reason, also those never seen
	Faults     []systemFault `json:"faults"` // of the system, as far as there are any
}

// A systemFault is an ipsec.Fault.
type systemFault struct {
	Name    string `json:"name"` // as the system calls it
	Packets uint64 `json:"packets"`
	Meaning string `json:"meaning"`
}

// longestFault bounds the words of a fault, in characters.
const longestFault = 200

// A dropCount says how many packets were dropped for one reason.
type dropCount struct {
	Reason  string `json:"reason"`
	Packets uint64 `json:"packets"`
}

// dropsOutbound are the reasons to drop a packet on its way out. The others are
// met on the way in.
var dropsOutbound = map[ipsec.DropReason]bool{
	ipsec.DropNoSA:      true,
	ipsec.DropTooBig:    true,
	ipsec.DropMalformed: true,
	ipsec.DropExpired:   true,
	ipsec.DropSend:      true,
}

// newIPsecStatisticsDisplay returns the dataplane's sums, the number of pairs of SAs in
// all, and what the system has counted itself.
func newIPsecStatisticsDisplay(s ipsec.Statistics, tunnels int, faults []ipsec.Fault) ipsecStatisticsDisplay {
	d := ipsecStatisticsDisplay{
		Tunnels:   tunnels,
		Faults:    mapped(faults, func(f ipsec.Fault) systemFault { return systemFault(f) }),
		InPackets: s.InPackets, OutPackets: s.OutPackets,
		InOctets: s.InOctets, OutOctets: s.OutOctets,
	}
	for i, n := range s.Drops {
		reason := ipsec.DropReason(i)
		d.Drops = append(d.Drops, dropCount{reason.String(), n})
		if dropsOutbound[reason] {
			d.OutDropped += n
		} else {
			d.InDropped += n
		}
	}
	return d
}

// text prints the short form; the long one counts a crypto card's packets, and
// there is none. No box stands by, so its tunnels are none.
func (d ipsecStatisticsDisplay) text() string {
	var p page
	p.add(" IPSec statistics information:")
	p.addf(" Number of IPSec tunnels: %d", d.Tunnels)
	p.add(" Number of standby IPSec tunnels: 0")
	p.add(" the security packet statistics:")
	p.addf("   input/output security packets: %d/%d", d.InPackets, d.OutPackets)
	p.addf("   input/output security bytes: %d/%d", d.InOctets, d.OutOctets)
	p.addf("   input/output dropped security packets: %d/%d", d.InDropped, d.OutDropped)
	p.add("   dropped security packet detail:")
	for _, drop := range d.Drops {
		p.addf("     %s: %d", drop.Reason, drop.Packets)
	}
	if len(d.Faults) > 0 {
		p.add("   errors that the system has counted:")
	}
	for _, f := range d.Faults {
		p.addf("     %s: %d (%s)", printable(f.Name, longestFault), f.Packets, printable(f.Meaning, longestFault))
	}
	return p.text()
}
