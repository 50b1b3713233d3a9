package commands

import (
	"net/netip"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// ahSAs are the SAs of three tunnels with AH: alone and in transport mode, around ESP,
// and of a tunnel interface with a profile.
func ahSAs() []ike.Status {
	s := seedSAs()[0]
	alone, bundle, profile := seedPair(), seedPair(), seedPair()
	for _, sa := range []*ipsec.SA{alone.Inbound, alone.Outbound} {
		sa.ID.Protocol, sa.Encryption, sa.Integrity, sa.Mode = ipsec.AH, ipsec.NoEncryption, ipsec.SHA1, ipsec.Transport
	}
	bundle.ConnectionID = 40140
	bundle.Policy.Sequence = 2
	bundle.Inbound.AH = &ipsec.AHPart{SPI: 5000, Integrity: ipsec.SHA256}
	bundle.Outbound.AH = &ipsec.AHPart{SPI: 5001, Integrity: ipsec.SHA256}
	profile.ConnectionID, profile.Policy = 40150, ipsec.PolicyID{Interface: "Tunnel1", Name: "policy1"}
	s.Children = []ike.ChildStatus{alone, bundle, profile}
	return []ike.Status{s}
}

// manualSAs is a configured pair.
func manualSAs() []ManualStatus {
	in, out := pairOf(ipsec.AES256, ipsec.SHA256)
	for _, sa := range []*ipsec.SA{in, out} {
		sa.Rule, sa.Window, sa.Hard = 0, 0, ipsec.Lifetime{}
		sa.Selector = ipsec.Selector{Local: subnet("0.0.0.0/0"), Remote: subnet("0.0.0.0/0")}
	}
	in.ID.SPI, out.ID.SPI = 300, 301
	return []ManualStatus{{Policy: ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "m", Sequence: 10}, Inbound: in, Outbound: out, Created: established}}
}

func TestPairsDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		only       saFilter
	}{
		{"all", "ah", saFilter{}},
		{"of a profile", "profile", saFilter{Profile: "policy1"}},
		{"of a group that a profile is named like", "ah-policy", saFilter{Policy: "policy1"}},
		{"configured", "manual", saFilter{Policy: "m", Sequence: 10}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pairs := saPairs(ahSAs(), manualSAs(), test.only)
			golden(t, "display/ipsec-sa-brief-"+test.file+".txt", newIPsecSABriefDisplay(pairs).text())
			golden(t, "display/ipsec-sa-"+test.file+".txt", newIPsecSADisplay(then, pairs, seedCounters).text())
		})
	}
}

// TestSAFilterOfManual shows which configured pairs are displayed.
func TestSAFilterOfManual(t *testing.T) {
	for _, test := range []struct {
		name string
		only saFilter
		want int
	}{
		{"all", saFilter{}, 1},
		{"its peer", saFilter{Remote: there}, 1},
		{"another peer", saFilter{Remote: netip.MustParseAddr("192.0.2.99")}, 0},
		{"a connection", saFilter{ConnectionID: 7}, 0},
		{"a peer's identity", saFilter{RemoteID: "198.51.100.7"}, 0},
		{"its entry", saFilter{Policy: "m", Sequence: 10}, 1},
		{"another entry", saFilter{Policy: "m", Sequence: 11}, 0},
		{"a profile", saFilter{Profile: "m"}, 0},
	} {
		if got := len(saPairs(nil, manualSAs(), test.only)); got != test.want {
			t.Errorf("%s: %d pairs, want %d", test.name, got, test.want)
		}
	}
}

// TestAHOfABundleEndsWithItsESP has AH count other octets than the ESP inside of it.
func TestAHOfABundleEndsWithItsESP(t *testing.T) {
	in, _ := pairOf(ipsec.AES256, ipsec.SHA256)
	in.AH = &ipsec.AHPart{SPI: 5000, Integrity: ipsec.SHA256}
	in.Hard = ipsec.Lifetime{Octets: 1000}
	count := func(id ipsec.SAID) (ipsec.Counters, bool) {
		if id.Protocol == ipsec.AH {
			return ipsec.Counters{Packets: 2, Octets: 900, Sequence: 2}, true
		}
		return ipsec.Counters{Packets: 1, Octets: 400, Sequence: 1}, true
	}
	ah := newIPsecSAState(time.Second, saParts(in)[1], count)
	if ah.Protocol != "AH" || ah.SPI != 5000 || *ah.RemainingOctets != 600 || ah.Packets != 2 || ah.Sequence != 2 {
		t.Errorf("AH is %+v, %d octets left", ah, *ah.RemainingOctets)
	}
}
