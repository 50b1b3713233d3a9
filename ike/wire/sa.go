package wire

import (
	"encoding/binary"
	"fmt"
	"strings"
)

const (
	doiIPsec         = 1 // RFC 2407 §4.2
	sitIdentityOnly  = 1 // RFC 2407 §4.2.1
	maxProposals     = 32
	maxTransforms    = 128 // in all proposals: Cisco's and Windows' longest offers have under forty
	wordBetween      = " | "
	proposalsBetween = " / "
)

// An SA is a negotiation's proposals: RFC 2408 §3.4, RFC 2407 §4.6.1. DOI and
// Situation are 1 in every SA that was parsed.
type SA struct {
	DOI       uint32 // 1
	Situation uint32 // 1
	Proposals []Proposal
}

// NewSA returns an SA of the IPsec DOI with those proposals.
func NewSA(proposals ...Proposal) SA {
	return SA{DOI: doiIPsec, Situation: sitIdentityOnly, Proposals: proposals}
}

// Type returns PayloadSA.
func (SA) Type() PayloadType { return PayloadSA }

// String returns, for example, "SA[1 aes-cbc-256 sha2-256 psk modp2048 86400s]",
// cut where it gets very long.
func (s SA) String() string {
	words := make([]string, len(s.Proposals))
	for i, p := range s.Proposals {
		words[i] = p.String()
	}
	return "SA[" + shortened(strings.Join(words, proposalsBetween)) + "]"
}

// parseSA reads nothing after a DOI or situation of others: their proposals
// have another form.
func parseSA(r *reader) Payload {
	s := SA{}
	at := r.offset
	if s.DOI = r.uint32(); s.DOI != doiIPsec {
		r.failAt(at, fmt.Sprintf("DOI %d", s.DOI), "1")
	}
	at = r.offset
	if s.Situation = r.uint32(); s.Situation != sitIdentityOnly {
		r.failAt(at, fmt.Sprintf("situation %d", s.Situation), "1, identity only")
	}
	for next := PayloadProposal; next != PayloadNone && r.err == nil; {
		if len(s.Proposals) == maxProposals {
			r.fail("another proposal", "at most 32")
		}
		var body *reader
		next, body = r.sub(PayloadProposal)
		r.checkNext(next, PayloadProposal)
		s.Proposals = append(s.Proposals, parseProposal(body))
	}
	return s
}

// checkNext checks the next payload of a proposal or transform: another one of
// its own kind, or none and then nothing follows.
func (r *reader) checkNext(next, own PayloadType) {
	switch {
	case next != PayloadNone && next != own:
		r.fail("next payload "+next.String(), own.String()+" or none")
	case next == PayloadNone && len(r.b) != 0:
		r.fail(octets(len(r.b)), "nothing after the last one")
	}
}

func (s SA) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, s.DOI)
	b = binary.BigEndian.AppendUint32(b, s.Situation)
	for i, p := range s.Proposals {
		b = appendGeneric(b, nextOf(PayloadProposal, i, len(s.Proposals)), p.appendTo)
	}
	return b
}

// nextOf returns the next payload of item i of n.
func nextOf(t PayloadType, i, n int) PayloadType {
	if i == n-1 {
		return PayloadNone
	}
	return t
}
