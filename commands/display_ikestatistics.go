package commands

import "sallyport/ike"

// An ikeStatisticsDisplay is `display ike statistics`.
type ikeStatisticsDisplay struct {
	Phase1  int           `json:"isakmp_sas"` // authenticated
	Phase2  int           `json:"ipsec_sa_pairs"`
	Events  []ikeCount    `json:"events"`
	Failed  []ikeRefusals `json:"failed"` // negotiations
	Refused []ikeRefusals `json:"refused"`
}

// An ikeCount is how often something has happened.
type ikeCount struct {
	What  string `json:"what"`
	Count uint64 `json:"count"`
}

// ikeRefusals are the datagrams refused, or the negotiations that failed, for one reason.
type ikeRefusals struct {
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

// newIKEStatisticsDisplay counts the SAs and lists the reasons in the order given.
func newIKEStatisticsDisplay(all []ike.Status, counted ike.Counts, refused []ike.Refusal) ikeStatisticsDisplay {
	d := ikeStatisticsDisplay{
		Events:  mapped(counted.Events, func(c ike.Count) ikeCount { return ikeCount(c) }),
		Failed:  mapped(counted.Failed, func(c ike.Count) ikeRefusals { return ikeRefusals{c.What, c.Count} }),
		Refused: mapped(refused, func(r ike.Refusal) ikeRefusals { return ikeRefusals(r) }),
	}
	for _, s := range all {
		if s.Ready {
			d.Phase1++
		}
		d.Phase2 += len(s.Children)
	}
	return d
}

// text prints the counts in the manner of `display ipsec statistics`.
func (d ikeStatisticsDisplay) text() string {
	var p page
	p.add(" IKE statistics information:")
	p.addf(" Number of IKE SAs: %d", d.Phase1)
	p.addf(" Number of IPSec SA pairs: %d", d.Phase2)
	for _, c := range d.Events {
		p.addf("   %s: %d", c.What, c.Count)
	}
	p.add("   failed negotiation detail:")
	for _, r := range d.Failed {
		p.addf("     %s: %d", r.Reason, r.Count)
	}
	p.add("   dropped IKE packet detail:")
	for _, r := range d.Refused {
		p.addf("     %s: %d", r.Reason, r.Count)
	}
	return p.text()
}
