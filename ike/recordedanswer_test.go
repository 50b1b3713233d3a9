package ike

import (
	"bytes"
	"slices"
	"testing"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/wire"
)

// TestRecordedInitiator holds what strongSwan answered as responder against what was
// offered to it, as our initiator would.
func TestRecordedInitiator(t *testing.T) {
	seen := 0
	for _, c := range recorded.All(t) {
		for _, q := range c.SAs[0].QuickModes {
			offer, answer := recordedSA(t, c, q, "i->r"), recordedSA(t, c, q, "r->i")
			if q.InitiatedBy != "i" {
				offer, answer = answer, offer
			}
			got, err := chosenPhase2(answer, offer.Proposals)
			if unserved := c.Name == "ipcomp" || c.Name == "gmac"; unserved != (err != nil) {
				t.Errorf("%s: chosenPhase2(%v, %v) = %+v, %v", c.Name, answer, offer, got, err)
			}
			if _, spi := got.spis.first(); err == nil && !bytes.Equal(spi, answer.Proposals[0].SPI) {
				t.Errorf("%s: the SPI is %x, want %x", c.Name, spi, answer.Proposals[0].SPI)
			}
			seen++
		}
	}
	if seen < 30 {
		t.Errorf("only %d quick modes", seen)
	}
}

// recordedSA returns the SA payload that one end has sent in a quick mode.
func recordedSA(t *testing.T, c *recorded.Case, q recorded.QuickMode, direction string) wire.SA {
	t.Helper()
	for _, m := range c.SAs[0].Messages {
		if m.Direction != direction || !bytes.Equal(m.MessageID, q.MessageID) {
			continue
		}
		for _, p := range m.Payloads {
			if wire.PayloadType(p.Type) == wire.PayloadSA {
				parsed, err := wire.ParsePayloads(wire.Header{}, wire.PayloadSA, slices.Concat([]byte{0, 0, byte((len(p.Body) + 4) >> 8), byte(len(p.Body) + 4)}, p.Body))
				if err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				return parsed.Payloads[0].(wire.SA)
			}
		}
	}
	t.Fatalf("%s: quick mode %x has no SA payload %s", c.Name, q.MessageID, direction)
	return wire.SA{}
}
