package commands

import (
	"strings"
	"testing"

	"sallyport/ipsec"
)

// documentedProposal is the command reference's example.
const documentedProposal = `Number of proposals: 1

IPSec proposal name: a
 Encapsulation mode: Tunnel
 Transform         : esp-new
 ESP protocol      : Authentication MD5-HMAC-96
                     Encryption DES
`

func seedProposal() *ipsec.Proposal {
	return &ipsec.Proposal{
		Name:        "a",
		Encryptions: []ipsec.Encryption{ipsec.DES},
		Integrities: []ipsec.Integrity{ipsec.MD5},
	}
}

func oddProposals() []*ipsec.Proposal {
	return []*ipsec.Proposal{
		{Name: "fifteen-letters", Mode: ipsec.Transport,
			Encryptions: []ipsec.Encryption{ipsec.AES256GCM, ipsec.AES128GCM}},
		{Name: "null", Integrities: []ipsec.Integrity{ipsec.SHA384, ipsec.SHA1}},
		{Name: "many",
			Encryptions: []ipsec.Encryption{ipsec.AES256, ipsec.TripleDES, ipsec.Null},
			Integrities: []ipsec.Integrity{ipsec.SHA512, ipsec.SHA256}},
		seedProposal(),
		{Name: "ah", Mode: ipsec.Auto, Transform: ipsec.TransformAH, AHIntegrities: []ipsec.Integrity{ipsec.SHA256, ipsec.MD5},
			Encryptions: []ipsec.Encryption{ipsec.AES256}, Integrities: []ipsec.Integrity{ipsec.SHA256}},
		{Name: "both", Transform: ipsec.TransformAHESP, AHIntegrities: []ipsec.Integrity{ipsec.SHA512},
			Encryptions: []ipsec.Encryption{ipsec.AES256}, ESN: true},
	}
}

func TestIPsecProposalDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		all        []*ipsec.Proposal
	}{
		{"none", "ipsec-proposal-none", nil},
		{"the seed's", "ipsec-proposal", []*ipsec.Proposal{seedProposal()}},
		{"odd ones", "ipsec-proposal-odd", oddProposals()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newIPsecProposalDisplay(test.all).text())
			golden(t, "display/"+test.file+"-brief.txt", newIPsecProposalDisplay(test.all).brief())
		})
	}
}

func TestIPsecProposalByName(t *testing.T) {
	golden(t, "display/ipsec-proposal-name.txt", newIPsecProposalLine(seedProposal()).text())
}

func TestIPsecProposalIsTheDocumented(t *testing.T) {
	sameText(t, "display ipsec proposal", newIPsecProposalDisplay([]*ipsec.Proposal{seedProposal()}).text(), documentedProposal)
}

func TestIPsecProposalOffsets(t *testing.T) {
	text := newIPsecProposalDisplay(oddProposals()).text()
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "                     "):
			if strings.Index(line, "Encryption ") != 21 {
				t.Errorf("the encryption of %q is not at 21", line)
			}
		case strings.HasPrefix(line, " ") && strings.Index(line, ":") != 19:
			t.Errorf("the colon of %q is at %d, want 19", line, strings.Index(line, ":"))
		}
	}
}

func TestESPAuthentication(t *testing.T) {
	for _, i := range ipsec.Integrities() {
		if name := authentication(i); !strings.Contains(name, "-HMAC-") {
			t.Errorf("authentication(%v) = %q, want a name", i, name)
		}
	}
	if got, want := authentication(ipsec.SHA256), "SHA2-HMAC-256"; got != want {
		t.Errorf("authentication(SHA256) = %q, want %q", got, want)
	}
}
