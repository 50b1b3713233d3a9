package ike

import (
	"strings"
	"testing"

	"sallyport/acl"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// TestQuickModeRefused looks for the lines of ours that a peer's refusal is about.
func TestQuickModeRefused(t *testing.T) {
	id := func(name string, sequence, instance uint32) ipsec.Policy {
		return ipsec.Policy{ID: ipsec.PolicyID{Interface: "wan", Name: name, Sequence: sequence, Instance: instance}, ACL: &acl.ACL{Number: 3000}}
	}
	two := []*ipsec.Proposal{{Name: "a"}, {Name: "b"}}
	for _, test := range []struct {
		name   string
		policy Policy
		notify wire.NotifyType
		sorted Category
		want   string
	}{
		{"proposal", Policy{Policy: id("p", 1, 0), Proposals: two, PFS: 14}, wire.NoProposalChosen, Phase2Mismatch,
			"; compare with the peer's: ipsec proposal a, ipsec proposal b, `pfs dh-group14` in ipsec policy p 1"},
		{"no PFS", Policy{Policy: id("p", 2, 0), Proposals: two[:1]}, wire.NoProposalChosen, Phase2Mismatch,
			"; compare with the peer's: ipsec proposal a, no `pfs` in ipsec policy p 2"},
		{"profile", Policy{Policy: id("tunnel", 0, 0), Proposals: two[:1]}, wire.NoProposalChosen, Phase2Mismatch,
			"; compare with the peer's: ipsec proposal a, no `pfs` in ipsec profile tunnel"},
		{"flow", Policy{Policy: id("p", 1, 0)}, wire.InvalidIDInformation, FlowMismatch,
			"; compare with the peer's, which needs its mirror: rule 7 of acl 3000 in ipsec policy p 1"},
		{"flow of a template", Policy{Policy: id("t", 1, 3), who: "anna"}, wire.InvalidIDInformation, FlowMismatch,
			"; compare with the peer's, which needs its mirror: `security acl` in ipsec policy-template t 1"},
		{"flow of a tunnel", Policy{Policy: id("tunnel", 0, 0)}, wire.InvalidIDInformation, FlowMismatch,
			"; compare with the peer's, which needs its mirror: ipsec profile tunnel"},
		{"another word", Policy{Policy: id("p", 1, 0)}, wire.InvalidSPI, PeerRefused, ""},
	} {
		q := &quickMode{policy: &test.policy, flow: &flow{key: flowKey{test.policy.ID, 7}}}
		if got := q.advice(test.notify); got != test.want {
			t.Errorf("%s: advice(%v) = %q, want %q", test.name, test.notify, got, test.want)
		}
		if got := refusalCategory(test.notify); got != test.sorted {
			t.Errorf("%s: refusalCategory(%v) = %v, want %v", test.name, test.notify, got, test.sorted)
		}
	}
}

// TestPhase1Refused looks for the proposals that a refused message 1 was made of.
func TestPhase1Refused(t *testing.T) {
	e, p := phase1Kit()
	other := *e.config.Proposals[0]
	other.Number, other.Group = 77, wire.Group19
	e.config.Proposals = append(e.config.Proposals[:1:1], &other)
	s := &sa{engine: e, peer: p, suite: keymat.Suite{Group: other.Group}}
	names := e.config.Proposals[0].String() + ", " + other.String() + " of ike peer " + p.Name
	for _, test := range []struct {
		kind wire.ExchangeType
		want string
	}{
		{wire.MainMode, ": " + names},
		{wire.Aggressive, ": " + other.String() + " of ike peer " + p.Name + ". Aggressive mode offers one group, 19 here; left out: "},
	} {
		x := &handshake{exchange: exchange{engine: e, sa: s, kind: test.kind}}
		if got := x.compare(); !strings.Contains(got, test.want) {
			t.Errorf("%v: compare() = %q, want it to say %q", test.kind, got, test.want)
		}
	}
}
