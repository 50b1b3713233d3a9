package commands

import (
	"fmt"
	"strings"
	"time"
)

// An ikeProposalDisplay is `display ike proposal`.
type ikeProposalDisplay struct {
	Proposals []ikeProposalLine `json:"proposals"`
}

// An ikeProposalLine is one ike proposal.
type ikeProposalLine struct {
	Number      uint32   `json:"number"` // 0: the built-in one
	Method      string   `json:"authentication_method"`
	Hashes      []string `json:"authentication_algorithms"`
	Encryptions []string `json:"encryption_algorithms"`
	Group       string   `json:"dh_group"`
	Duration    int64    `json:"sa_duration_seconds"`
	Kilobytes   uint64   `json:"sa_duration_kilobytes"` // 0: any number
	Integrity   []string `json:"integrity_algorithms"`  // IKEv2's only
	PRF         []string `json:"prf_algorithms"`        // IKEv2's only
}

// newIKEProposalDisplay returns the proposals in the order given.
func newIKEProposalDisplay(all []*IKEProposal) ikeProposalDisplay {
	return ikeProposalDisplay{mapped(all, newIKEProposalLine)}
}

func newIKEProposalLine(p *IKEProposal) ikeProposalLine {
	return ikeProposalLine{
		Number:      p.Number,
		Method:      nameOf(methodNames, p.Method),
		Hashes:      mapped(p.Hashes, hashName),
		Encryptions: mapped(p.Encryptions, cipherName),
		Group:       nameOf(groupNames, p.Group),
		Duration:    int64(p.Lifetime / time.Second),
		Kilobytes:   p.Octets / 1024,
		Integrity:   mapped(p.Integrity, strings.ToUpper),
		PRF:         mapped(p.PRF, strings.ToUpper),
	}
}

var ikeProposalForm = form{indent: 3, width: 27}

const ikeRule = 43 // width of the rules of `display ike proposal` and `peer`

// text prints a block for each proposal.
func (d ikeProposalDisplay) text() string {
	var p page
	p.addf("Number of IKE Proposals: %d", len(d.Proposals))
	p.add("")
	p.add(dashes(ikeRule))
	for _, r := range d.Proposals {
		p.addf(" IKE Proposal: %s", r.name())
		r.addTo(&p)
		p.add(dashes(ikeRule))
	}
	return p.text()
}

func (r ikeProposalLine) name() string {
	if r.Number == 0 {
		return "Default"
	}
	return utoa(r.Number)
}

// kilobytesLabel is of what few proposals have: it is left out of the others.
const kilobytesLabel = "SA Duration(Kilobytes)"

func (r ikeProposalLine) addTo(p *page) {
	for _, f := range [][2]string{
		{"Authentication Method", r.Method},
		{"Authentication Algorithm", spaced(r.Hashes)},
		{"Encryption Algorithm", spaced(r.Encryptions)},
		{"Diffie-Hellman Group", r.Group},
		{"SA Duration(Seconds)", fmt.Sprint(r.Duration)},
		{kilobytesLabel, onlyIf(r.Kilobytes != 0, fmt.Sprint(r.Kilobytes))},
		{"Integrity Algorithm", spaced(r.Integrity)},
		{"Prf Algorithm", spaced(r.PRF)},
	} {
		if f[0] != kilobytesLabel || f[1] != "" {
			p.add(ikeProposalForm.line(f[0], f[1]))
		}
	}
}
