package ike

import (
	"bytes"
	"testing"
	"time"

	"sallyport/ipsec"
)

// TestKeySizes negotiates every offer there is and checks how KEYMAT is split.
func TestKeySizes(t *testing.T) {
	seen := 0
	for _, o := range everyOffer() {
		w := connected(t, 1, func(_ string, c *Config) { c.Policies[0].Proposals = []*ipsec.Proposal{only(o)} })
		if o.Transform() == ipsec.TransformAH {
			seen += checkAH(t, w, o.AH)
			continue
		}
		for _, s := range w.ends[0].sas {
			if (s.AH != nil) != (o.AH != ipsec.NoIntegrity) || s.AH != nil && (s.AH.Integrity != o.AH || len(s.AH.Key) != o.AH.KeyLen() || bytes.Equal(s.AH.Key, s.IntegrityKey)) {
				t.Errorf("%v: AH is %+v", o, s.AH)
			}
			if len(s.EncryptionKey) != o.Encryption.KeyLen() || len(s.IntegrityKey) != o.Integrity.KeyLen() || s.Encryption != o.Encryption || s.Integrity != o.Integrity {
				t.Errorf("%v: %v/%v with keys of %d and %d octets", o, s.Encryption, s.Integrity, len(s.EncryptionKey), len(s.IntegrityKey))
			}
			if cap(s.EncryptionKey) != len(s.EncryptionKey) {
				t.Errorf("%v: whoever appends to the cipher's key writes over the authenticator's", o)
			}
			seen++
		}
		in, out := w.ends[0].sas[w.ends[1].outbound().ID], w.ends[0].outbound()
		if len(in.EncryptionKey) > 0 && bytes.Equal(in.EncryptionKey, out.EncryptionKey) {
			t.Errorf("%v: both directions have one key", o)
		}
	}
	if seen < 2*33+2*5+2*5*39 {
		t.Errorf("only %d SAs", seen)
	}
}

// everyOffer returns every offer there is: of ESP, of AH, and of both.
func everyOffer() (all []ipsec.Offer) {
	for transform := ipsec.TransformESP; transform <= ipsec.TransformAHESP; transform++ {
		p := ipsec.Proposal{Transform: transform, Encryptions: ipsec.Encryptions(), Integrities: ipsec.Integrities(), AHIntegrities: ipsec.Integrities()}
		all = append(all, p.Offers()...)
		if p.Integrities = nil; transform == ipsec.TransformAHESP {
			all = append(all, p.Offers()...)
		}
	}
	return all
}

// only returns a proposal of one offer.
func only(o ipsec.Offer) *ipsec.Proposal {
	p := &ipsec.Proposal{Name: "one", Transform: o.Transform(), Encryptions: []ipsec.Encryption{o.Encryption}, AHIntegrities: []ipsec.Integrity{o.AH}}
	if o.Integrity != ipsec.NoIntegrity {
		p.Integrities = []ipsec.Integrity{o.Integrity}
	}
	return p
}

// checkAH checks the keys of AH alone and returns how many SAs there were.
func checkAH(t *testing.T, w *world, want ipsec.Integrity) int {
	t.Helper()
	keys := map[string]bool{}
	for id, s := range w.ends[0].sas {
		if id.Protocol != ipsec.AH || s.AH != nil || s.Integrity != want || len(s.IntegrityKey) != want.KeyLen() || s.Encryption != ipsec.NoEncryption {
			t.Errorf("AH with %v: %+v", want, s)
		}
		keys[string(s.IntegrityKey)] = true
	}
	if len(keys) != 2 {
		t.Errorf("AH with %v: %d keys for two directions", want, len(keys))
	}
	return len(keys)
}

// TestLimitsOfAnSA checks lifetime and selector of what is installed: the
// shorter of the two ends' lifetimes, soft limits below hard ones.
func TestLimitsOfAnSA(t *testing.T) {
	w := connected(t, 1, func(name string, c *Config) {
		c.Policies[0].Lifetime = ipsec.Lifetime{Duration: 2 * time.Hour, Octets: 1 << 20}
		if name == "branch" {
			c.Policies[0].Lifetime = ipsec.Lifetime{Duration: time.Hour, Octets: 1 << 30}
		}
	})
	for _, s := range w.ends[1].sas {
		if s.Hard.Octets != 1<<20 || s.Hard.Duration != time.Hour || s.Soft.Octets >= s.Hard.Octets || s.Soft.Octets < s.Hard.Octets*8/10 {
			t.Errorf("%v: soft %+v, hard %+v", s.ID, s.Soft, s.Hard)
		}
		if s.Window != 64 || s.Policy != kitPolicy || s.Rule != kitRule || s.Encapsulation != (ipsec.Ports{}) {
			t.Errorf("%v: %+v", s.ID, s)
		}
	}
	w.mustEnd()
}
