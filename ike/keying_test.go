package ike

import (
	"bytes"
	"testing"
	"time"

	"sallyport/ipsec"
)

// TestKeySizes negotiates every offer there is and checks how KEYMAT is split.
func TestKeySizes(t *testing.T) {
	all := ipsec.Proposal{Encryptions: ipsec.Encryptions(), Integrities: ipsec.Integrities()}
	seen := 0
	for _, o := range all.Offers() {
		w := connected(t, 1, func(_ string, c *Config) {
			p := &ipsec.Proposal{Name: "one", Encryptions: []ipsec.Encryption{o.Encryption}}
			if o.Integrity != ipsec.NoIntegrity {
				p.Integrities = []ipsec.Integrity{o.Integrity}
			}
			c.Policies[0].Proposals = []*ipsec.Proposal{p}
		})
		for _, s := range w.ends[0].sas {
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
	if seen < 60 {
		t.Errorf("only %d SAs", seen)
	}
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
