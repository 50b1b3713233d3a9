package pki

import (
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
)

// proved returns the proof of the scene's peer.
func (s *scene) proved(t testing.TB) Proof {
	t.Helper()
	v, err := s.do(t)
	if err != nil {
		t.Fatal(err)
	}
	return v.Proof
}

// TestProofOctets brings proofs there and back, and refuses what is none.
func TestProofOctets(t *testing.T) {
	s := newScene(t)
	s.verify.Domain = "vpn"
	short := s.proved(t)
	s.below(t, 3)
	for name, p := range map[string]Proof{"none": {}, "a leaf under its authority": short, "authorities between": s.proved(t)} {
		b := p.Octets()
		if got, err := ParseProof(b); err != nil || got != p {
			t.Errorf("%s: ParseProof(Octets()) = %v, %v, want the same", name, got, err)
		}
		for n := 1; n < len(b); n++ {
			if got, err := ParseProof(b[:n]); err == nil {
				t.Fatalf("%s: %d of %d octets are %v", name, n, len(b), got)
			}
		}
		if _, err := ParseProof(append(b, 0)); err == nil {
			t.Errorf("%s: an octet more is a proof", name)
		}
	}
}

// TestProofsAreTold apart by what they rest on.
func TestProofsAreToldApart(t *testing.T) {
	s := newScene(t)
	first := s.proved(t)
	if again := s.proved(t); again != first {
		t.Error("the same path has two proofs")
	}
	s.replace(sign(t, s.ca, rsaKey(), leafTemplate(t)))
	other := s.proved(t)
	s.verify.Domain = "vpn"
	restricted := s.proved(t)
	s.ca = authority(t, nil, "ca")
	s.domain.Authorities = []*x509.Certificate{s.ca.Certificate}
	s.replace(sign(t, s.ca, rsaKey(), leafTemplate(t)))
	if found := map[Proof]bool{first: true, other: true, restricted: true, s.proved(t): true}; len(found) != 4 {
		t.Errorf("%d proofs, want 4", len(found))
	}
}

func TestRecheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*testing.T, *scene)
		words  string // of the reason; empty: it stands
	}{
		{"nothing", func(*testing.T, *scene) {}, ""},
		{"no domain", func(_ *testing.T, s *scene) { s.domain = Domain{Name: "other"} }, "the authority /C=ZZ/O=interop/CN=ca is trusted no more"},
		{"an authority of the same name", func(t *testing.T, s *scene) {
			s.domain.Authorities = []*x509.Certificate{authority(t, nil, "ca").Certificate}
		}, "trusted no more"},
		{"it became one between", func(_ *testing.T, s *scene) {
			s.domain.Intermediates, s.domain.Authorities = s.domain.Authorities, nil
		}, "trusted no more"},
		{"a list with it", func(t *testing.T, s *scene) { s.lists(list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber)) },
			"revoked on 2026-11-21T10:00:00Z by the list of /C=ZZ/O=interop/CN=ca (keyCompromise)"},
		{"a list with it, where lists do not count", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber))
			s.domain.Revocation = RevocationOCSP
		}, ""},
		{"a list with another", func(t *testing.T, s *scene) { s.lists(list(t, s.ca, x509.RevocationList{}, big.NewInt(999999))) }, ""},
		{"a stale list with it", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{ThisUpdate: t0.Add(-2), NextUpdate: t0.Add(-1)}, s.leaf.SerialNumber))
		}, "revoked"},
		{"a list of another authority with its number", func(t *testing.T, s *scene) {
			other := authority(t, nil, "other")
			s.domain.Authorities = append(s.domain.Authorities, other.Certificate)
			s.lists(list(t, other, x509.RevocationList{}, s.leaf.SerialNumber))
		}, ""},
		{"a forged list with it", func(t *testing.T, s *scene) {
			s.lists(list(t, authority(t, nil, "ca"), x509.RevocationList{}, s.leaf.SerialNumber))
		}, ""},
		{"a newer list gives it back", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber), list(t, s.ca, x509.RevocationList{Number: big.NewInt(2)}))
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			p := s.proved(t)
			other := p
			other.serial = "another"
			s.domain.Revocation = RevocationCRLOrOCSP
			test.change(t, s)
			store, err := NewStore(s.domain)
			if err != nil {
				t.Fatal(err)
			}
			why := Recheck{Store: store, Proofs: []Proof{other, p}}.Do()[p]
			if (why == nil) != (test.words == "") || why != nil && (!strings.Contains(why.Reason, test.words) || why.Revoked != strings.Contains(test.words, "revoked")) {
				t.Errorf("Do() = %+v, want %q", why, test.words)
			}
		})
	}
}

// TestRecheckAbove looks at an authority between that is revoked: all below it are.
func TestRecheckAbove(t *testing.T) {
	s := newScene(t)
	chain := s.below(t, 2)
	p := s.proved(t)
	other := p
	other.serial = "another"
	for _, test := range []struct {
		name    string
		serial  *big.Int
		by      *entity
		revoked bool
	}{
		{"none", big.NewInt(999999), s.ca, false},
		{"the first", chain[1].SerialNumber, chain[2], true},
		{"the second", chain[2].SerialNumber, s.ca, true},
		{"the second, by whom it was not issued", chain[2].SerialNumber, chain[2], false},
	} {
		s.domain.Intermediates = []*x509.Certificate{chain[1].Certificate, chain[2].Certificate}
		s.lists(list(t, test.by, x509.RevocationList{}, test.serial))
		s.domain.Revocation = RevocationCRL
		store, err := NewStore(s.domain)
		if err != nil {
			t.Fatal(err)
		}
		found := Recheck{Store: store, Proofs: []Proof{p, other}}.Do()
		if (found[p] != nil) != test.revoked || (found[other] != nil) != test.revoked {
			t.Errorf("%s is on a list: Do() = %v, want both revoked: %v", test.name, found, test.revoked)
		}
	}
}
