package commands

import (
	"sallyport/ike"
	"sallyport/ipsec"
)

// An ipsecStatisticsDisplay is `display ipsec statistics`.
type ipsecStatisticsDisplay struct {
	Tunnels    int         `json:"tunnels"`
	InPackets  uint64      `json:"input_packets"`
	OutPackets uint64      `json:"output_packets"`
	InOctets   uint64      `json:"input_octets"` // of inner packets
	OutOctets  uint64      `json:"output_octets"`
	InDropped  uint64      `json:"input_dropped"`
	OutDropped uint64      `json:"output_dropped"`
	Drops      []dropCount `json:"drops"` // every reason, also those never seen
}

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

// newIPsecStatisticsDisplay returns the dataplane's sums and the number of pairs
// of SAs in all.
func newIPsecStatisticsDisplay(s ipsec.Statistics, all []ike.Status) ipsecStatisticsDisplay {
	d := ipsecStatisticsDisplay{
		Tunnels:   len(childEntries(all, saFilter{})),
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
	return p.text()
}
