package main

import (
	"fmt"
	"strings"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
)

// able refuses policies whose SAs the dataplane cannot have. Of a proposal that it can
// keep only in part the rest is not offered, which is said once for each policy. Only
// what changed is looked at.
func (d *device) able(p *commands.Protection) error {
	can := d.parts.dataplane.Capabilities()
	_, changed, _ := middle(p.IKE.Policies, d.protection.IKE.Policies, func(a, b *ike.Policy) bool { return a == b })
	var less []string
	for _, policy := range changed {
		missing, offers := lacking(&can, policy.Proposals)
		switch {
		case offers == 0 && missing != "":
			return fmt.Errorf("ipsec policy %v: %s", policy.ID, unable(can, missing))
		case missing != "":
			less = append(less, fmt.Sprintf("ipsec policy %v: %s; it is not offered", policy.ID, unable(can, missing)))
		}
		if policy.Offload && !can.Offload {
			less = append(less, fmt.Sprintf("ipsec policy %v: ipsec offload: %s uses no hardware", policy.ID, can.Name))
		}
	}
	_, sas, _ := middle(p.Manual, d.protection.Manual, func(a, b *ipsec.SA) bool { return a == b })
	for _, sa := range sas {
		if missing := can.Lacks(sa.Offer(), sa.Mode); missing != "" {
			return fmt.Errorf("ipsec policy %v: %s", sa.Policy, unable(can, missing))
		}
	}
	for _, line := range less {
		d.warn(line)
	}
	return nil
}

// lacking returns what proposals want and is not there, and how many offers remain.
func lacking(can *ipsec.Capabilities, proposals []*ipsec.Proposal) (missing string, offers int) {
	var words []string
	seen := map[string]bool{}
	for _, p := range proposals {
		for _, o := range p.Offers() {
			what := can.Lacks(o, p.Mode)
			if what == "" {
				offers++
			} else if !seen[what] {
				seen[what] = true
				words = append(words, what)
			}
		}
	}
	return strings.Join(words, ", "), offers
}

// unable says what the dataplane has not, and the setting that does without.
func unable(can ipsec.Capabilities, missing string) string {
	text := fmt.Sprintf("%s has no %s: choose another algorithm in its ipsec proposal", can.Name, missing)
	if can.Advice != "" {
		text += ", or " + can.Advice
	}
	return text
}
