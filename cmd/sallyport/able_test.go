package main

import (
	"strings"
	"testing"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
)

// poor is a dataplane that lacks most.
type poor struct{ ipsec.Dataplane }

func (poor) Capabilities() ipsec.Capabilities {
	return ipsec.Capabilities{
		Name: "this kernel", Advice: "run with --dataplane user",
		Encryptions: []ipsec.Encryption{ipsec.AES128, ipsec.AES256}, Integrities: []ipsec.Integrity{ipsec.SHA256},
	}
}

// TestAble: what cannot be is refused with what is missing, what can be in part is said.
func TestAble(t *testing.T) {
	proposal := func(change func(*ipsec.Proposal)) []*ipsec.Proposal {
		p := ipsec.NewProposal()
		change(p)
		return []*ipsec.Proposal{p}
	}
	for _, test := range []struct {
		name      string
		proposals []*ipsec.Proposal
		offload   bool
		manual    []*ipsec.SA
		refused   string // part of the error; empty: none
		said      string // part of the warning; empty: none
	}{
		{"all is there", proposal(func(*ipsec.Proposal) {}), false, nil, "", ""},
		{"nothing is", proposal(func(p *ipsec.Proposal) { p.Encryptions = []ipsec.Encryption{ipsec.DES} }), false, nil,
			"map1-10: this kernel has no des: choose another algorithm in its ipsec proposal, or run with --dataplane user", ""},
		{"no AH", proposal(func(p *ipsec.Proposal) { p.Transform = ipsec.TransformAH }), false, nil, "this kernel has no ah:", ""},
		{"no transport mode", proposal(func(p *ipsec.Proposal) { p.Mode = ipsec.Transport }), false, nil, "this kernel has no transport mode:", ""},
		{"some is", proposal(func(p *ipsec.Proposal) { p.Integrities = []ipsec.Integrity{ipsec.MD5, ipsec.SHA256, ipsec.SHA512} }), false, nil,
			"", "this kernel has no sha2-512, md5: choose another algorithm in its ipsec proposal, or run with --dataplane user; it is not offered"},
		{"no hardware is used", proposal(func(*ipsec.Proposal) {}), true, nil, "", "ipsec offload: this kernel uses no hardware"},
		{"configured SAs", nil, false, manualSAs(20, 0x1000), "map1-20: this kernel has no sha1:", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := newStage()
			d.parts.dataplane = poor{}
			var said []string
			d.warn = func(line string) { said = append(said, line) }
			p := &commands.Protection{IKE: &ike.Config{}, Manual: test.manual}
			if test.proposals != nil {
				policy := &ike.Policy{Policy: ipsec.Policy{ID: ipsec.PolicyID{Name: "map1", Sequence: 10}, Offload: test.offload}, Proposals: test.proposals}
				p.IKE.Policies = []*ike.Policy{policy}
			}
			err := d.able(p)
			if (err == nil) != (test.refused == "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("able = %v, want %q", err, test.refused)
			}
			if got := strings.Join(said, "\n"); (got == "") != (test.said == "") || !strings.Contains(got, test.said) {
				t.Errorf("said %q, want %q", got, test.said)
			}
			d.protection, said = p, nil
			if err := d.able(p); err != nil || len(said) > 0 {
				t.Errorf("what did not change is looked at again: %v, %q", err, said)
			}
		})
	}
}
