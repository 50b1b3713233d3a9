package commands

import (
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// documentedProposals is the command reference's example.
const documentedProposals = `Number of IKE Proposals: 2

-------------------------------------------
 IKE Proposal: 10
   Authentication Method      : PRE_SHARED
   Authentication Algorithm   : SHA2-256
   Encryption Algorithm       : AES-256
   Diffie-Hellman Group       : MODP-2048
   SA Duration(Seconds)       : 86400
   Integrity Algorithm        : HMAC-SHA2-256
   Prf Algorithm              : HMAC-SHA2-256
-------------------------------------------
 IKE Proposal: Default
   Authentication Method      : PRE_SHARED
   Authentication Algorithm   : SHA2-512 SHA2-384 SHA2-256
   Encryption Algorithm       : AES-256 AES-192 AES-128
   Diffie-Hellman Group       : MODP-2048
   SA Duration(Seconds)       : 86400
   Integrity Algorithm        : HMAC-SHA2-256
   Prf Algorithm              : HMAC-SHA2-256
-------------------------------------------
`

func numbered(n uint32) *IKEProposal {
	p := newIKEProposal()
	p.Number = n
	return p
}

// builtIn returns the proposal that `display ike proposal` lists last.
func builtIn() *IKEProposal {
	all := allProposals(New())
	return all[len(all)-1]
}

// oddProposal has the weakest algorithms and the longest life.
func oddProposal() *IKEProposal {
	return &IKEProposal{
		Proposal: ike.Proposal{
			Number:      1024,
			Method:      wire.AuthPSK,
			Encryptions: []keymat.Cipher{{Algorithm: wire.Enc3DES}, {Algorithm: wire.EncDES}},
			Hashes:      []wire.HashAlgorithm{wire.HashSHA1, wire.HashMD5},
			Group:       wire.Group1,
			Lifetime:    604800 * time.Second,
		},
		Integrity: []string{"hmac-sha1-96", "aes-xcbc-96"},
		PRF:       []string{"hmac-md5"},
	}
}

func TestIKEProposalDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		all        []*IKEProposal
	}{
		{"none", "ike-proposal-none", nil},
		{"the built-in alone", "ike-proposal-default", []*IKEProposal{builtIn()}},
		{"one and the built-in", "ike-proposal", []*IKEProposal{numbered(10), builtIn()}},
		{"weak ones", "ike-proposal-odd", []*IKEProposal{oddProposal(), builtIn()}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newIKEProposalDisplay(test.all).text())
		})
	}
}

func TestIKEProposalDisplayIsTheDocumented(t *testing.T) {
	d := newIKEProposalDisplay([]*IKEProposal{numbered(10), builtIn()})
	sameText(t, "display ike proposal", d.text(), documentedProposals)
}

func TestIKEProposalOffsets(t *testing.T) {
	text := newIKEProposalDisplay([]*IKEProposal{oddProposal()}).text()
	for _, label := range []string{"Method", "Authentication Algorithm", "Encryption", "Diffie", "Duration", "Integrity", "Prf"} {
		if line := lineWith(t, text, label); strings.Index(line, ":") != 30 {
			t.Errorf("the colon of %q is at %d, want 30", line, strings.Index(line, ":"))
		}
	}
	ruleOf(t, text, "-", 43)
}
