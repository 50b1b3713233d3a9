package commands

import "sallyport/ike"

// An ikeStatisticsDisplay is `display ike statistics`.
type ikeStatisticsDisplay struct {
	Phase1  int           `json:"isakmp_sas"` // authenticated
	Phase2  int           `json:"ipsec_sa_pairs"`
	Refused []ikeRefusals `json:"refused"`
}

// ikeRefusals are the datagrams refused for one reason.
type ikeRefusals struct {
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

// newIKEStatisticsDisplay counts the SAs and lists the reasons in the order given.
func newIKEStatisticsDisplay(all []ike.Status, refused []ike.Refusal) ikeStatisticsDisplay {
	d := ikeStatisticsDisplay{Refused: []ikeRefusals{}}
	for _, s := range all {
		if s.Ready {
			d.Phase1++
		}
		d.Phase2 += len(s.Children)
	}
	for _, r := range refused {
		d.Refused = append(d.Refused, ikeRefusals(r))
	}
	return d
}

// text prints the counts in the manner of `display ipsec statistics`.
func (d ikeStatisticsDisplay) text() string {
	var p page
	p.add(" IKE statistics information:")
	p.addf(" Number of IKE SAs: %d", d.Phase1)
	p.addf(" Number of IPSec SA pairs: %d", d.Phase2)
	p.add("   dropped IKE packet detail:")
	for _, r := range d.Refused {
		p.addf("     %s: %d", r.Reason, r.Count)
	}
	return p.text()
}
