package ipsec

import (
	"slices"
	"strings"
	"testing"
)

func TestOffers(t *testing.T) {
	for _, test := range []struct {
		name        string
		encryptions []Encryption
		integrities []Integrity
		want        string // offers, in their words
	}{
		{"one of each", []Encryption{AES256}, []Integrity{SHA256}, "aes-256/sha2-256"},
		{"strongest first", []Encryption{DES, AES256, TripleDES}, []Integrity{MD5, SHA512}, "aes-256/sha2-512 aes-256/md5 3des/sha2-512 3des/md5 des/sha2-512 des/md5"},
		{"GCM goes alone", []Encryption{AES128, AES128GCM}, []Integrity{SHA1}, "aes-128-gcm-128 aes-128/sha1"},
		{"GCM without authenticators", []Encryption{AES256GCM, AES128GCM, AES192GCM}, nil, "aes-256-gcm-128 aes-192-gcm-128 aes-128-gcm-128"},
		{"no cipher is NULL", nil, []Integrity{SHA1, SHA256}, "null/sha2-256 null/sha1"},
		{"NULL comes last", []Encryption{Null, DES}, []Integrity{MD5}, "des/md5 null/md5"},
		{"twice the same", []Encryption{DES, DES}, []Integrity{MD5, SHA1, MD5}, "des/sha1 des/md5"},
		{"nothing protects", nil, nil, ""},
		{"a cipher without authenticator", []Encryption{AES128, AES256GCM}, nil, "aes-256-gcm-128"},
		{"none among others", []Encryption{NoEncryption, DES}, []Integrity{NoIntegrity, MD5}, "des/md5"},
		{"all authenticators", []Encryption{AES192}, []Integrity{SHA384, MD5, SHA512, SHA1, SHA256}, "aes-192/sha2-512 aes-192/sha2-384 aes-192/sha2-256 aes-192/sha1 aes-192/md5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := Proposal{Encryptions: slices.Clone(test.encryptions), Integrities: slices.Clone(test.integrities)}
			var words []string
			for _, o := range p.Offers() {
				words = append(words, o.String())
			}
			if got := strings.Join(words, " "); got != test.want {
				t.Errorf("Offers() = %q, want %q", got, test.want)
			}
			if !slices.Equal(p.Encryptions, test.encryptions) || !slices.Equal(p.Integrities, test.integrities) {
				t.Error("Offers() changed the proposal")
			}
		})
	}
}

// TestOffersAreValid makes an SA of every offer there can be.
func TestOffersAreValid(t *testing.T) {
	p := Proposal{Encryptions: Encryptions(), Integrities: Integrities()}
	offers := p.Offers()
	if want := 3 + 6*len(Integrities()); len(offers) != want {
		t.Errorf("%d offers, want %d", len(offers), want)
	}
	for _, o := range offers {
		if err := newSA(o.Encryption, o.Integrity).Validate(); err != nil {
			t.Errorf("offer %v: %v", o, err)
		}
	}
}

func TestNewProposal(t *testing.T) {
	p := NewProposal()
	if got, want := p.Offers(), []Offer{{Encryption: AES256, Integrity: SHA256}}; !slices.Equal(got, want) || p.Mode != Tunnel || p.Transform != TransformESP {
		t.Errorf("NewProposal() = %+v, offers %v, want ESP tunnel with %v", p, got, want)
	}
}
