package commands

import (
	"strings"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec"
)

// seedSABrief is what the seed's FW_A prints, from the command reference.
const seedSABrief = `current ipsec sa number: 2
current ipsec tunnel number: 1
---------------------------------------------------------------------
Src Address     Dst Address     SPI        Protocol  Algorithm
---------------------------------------------------------------------
192.0.2.1       198.51.100.7    3171402288 ESP       E:DES;A:HMAC-MD5-96;
198.51.100.7    192.0.2.1       1648830941 ESP       E:DES;A:HMAC-MD5-96;
`

func TestIPsecSABriefDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		all        []ike.Status
		only       saFilter
	}{
		{"none", "ipsec-sa-none", nil, saFilter{}},
		{"an ISAKMP SA without a pair", "ipsec-sa-none", []ike.Status{halfOpenSA()}, saFilter{}},
		{"the seed's", "ipsec-sa-brief", seedSAs(), saFilter{}},
		{"odd ones", "ipsec-sa-brief-odd", oddSAs(), saFilter{}},
		{"of one address", "ipsec-sa-brief-remote", oddSAs(), saFilter{Remote: there}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newIPsecSABriefDisplay(saPairs(test.all, nil, test.only)).text())
		})
	}
}

func TestIPsecSABriefDisplayIsTheSeeds(t *testing.T) {
	sameText(t, "display ipsec sa brief", newIPsecSABriefDisplay(saPairs(seedSAs(), nil, saFilter{})).text(), seedSABrief)
}

func TestIPsecSABriefOffsets(t *testing.T) {
	documented := []int{0, 16, 32, 43, 53}
	text := newIPsecSABriefDisplay(saPairs(oddSAs(), nil, saFilter{})).text()
	cellsAt(t, lineWith(t, text, "Src Address"), documented, "Src Address", "Dst Address", "SPI", "Protocol", "Algorithm")
	cellsAt(t, lineWith(t, text, "255.255.255.255 192", "GCM"), documented,
		"255.255.255.255", "192.0.2.1", "1648830941", "ESP", "E:AES-256-GCM-128;")
	ruleOf(t, text, "-", 69)
}

func TestIPsecSABriefCountsHalfAPair(t *testing.T) {
	s := seedSAs()
	s[0].Children[0].Outbound = nil
	d := newIPsecSABriefDisplay(saPairs(s, nil, saFilter{}))
	if d.Tunnels != 1 || len(d.Rows) != 1 || d.Rows[0].Source != there {
		t.Errorf("display = %+v, want the inbound SA of one tunnel", d)
	}
}

func TestAlgorithmsOfSAs(t *testing.T) {
	tests := []struct {
		name            string
		encryption      ipsec.Encryption
		integrity       ipsec.Integrity
		brief, proposal string
	}{
		{"the seed's", ipsec.DES, ipsec.MD5, "E:DES;A:HMAC-MD5-96;", "ESP-ENCRYPT-DES ESP-AUTH-MD5"},
		{"3DES", ipsec.TripleDES, ipsec.SHA1, "E:3DES;A:HMAC-SHA1-96;", "ESP-ENCRYPT-3DES ESP-AUTH-SHA1"},
		{"the default", ipsec.AES256, ipsec.SHA256, "E:AES-256;A:HMAC-SHA2-256-128;", "ESP-ENCRYPT-AES-256 ESP-AUTH-SHA2-256-128"},
		{"longest", ipsec.AES192, ipsec.SHA512, "E:AES-192;A:HMAC-SHA2-512-256;", "ESP-ENCRYPT-AES-192 ESP-AUTH-SHA2-512-256"},
		{"no cipher", ipsec.Null, ipsec.SHA384, "E:NULL;A:HMAC-SHA2-384-192;", "ESP-ENCRYPT-NULL ESP-AUTH-SHA2-384-192"},
		{"GCM", ipsec.AES128GCM, ipsec.NoIntegrity, "E:AES-128-GCM-128;", "ESP-ENCRYPT-AES-128-GCM-128"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sa, _ := pairOf(test.encryption, test.integrity)
			if got := partOf(sa).algorithms(); got != test.brief {
				t.Errorf("algorithms = %q, want %q", got, test.brief)
			}
			if got := partOf(sa).proposal(); got != test.proposal {
				t.Errorf("proposal = %q, want %q", got, test.proposal)
			}
		})
	}
}

func TestAHNames(t *testing.T) {
	sa := &ipsec.SA{ID: ipsec.SAID{Protocol: ipsec.AH}, Integrity: ipsec.SHA1}
	if got, want := newIPsecSALine(*partOf(sa)).Protocol, "AH"; got != want {
		t.Errorf("protocol = %q, want %q", got, want)
	}
	if got, want := partOf(sa).algorithms(), "A:HMAC-SHA1-96;"; got != want {
		t.Errorf("algorithms = %q, want %q", got, want)
	}
	if got := partOf(sa).proposal(); !strings.HasPrefix(got, "AH-") {
		t.Errorf("proposal = %q, want AH", got)
	}
}
