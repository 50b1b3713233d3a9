package commands

import (
	"net/netip"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec"
)

// TestManualStatusNamed shows which resets put a configured pair in anew.
func TestManualStatusNamed(t *testing.T) {
	sas := protection(t, replayed(t, byHand())).Manual
	m := ManualStatus{Policy: sas[0].Policy, Inbound: sas[0], Outbound: sas[1].Clone()}
	m.Outbound.AH = &ipsec.AHPart{SPI: 777}
	at := netip.MustParseAddr
	for _, test := range []struct {
		name  string
		reset ike.Reset
		want  bool
	}{
		{"all of phase 2", ike.Reset{ChildrenOnly: true}, true},
		{"all of phase 1", ike.Reset{}, false},
		{"its group", ike.Reset{ChildrenOnly: true, Policy: "m"}, true},
		{"its entry", ike.Reset{ChildrenOnly: true, Policy: "m", Sequence: 5}, true},
		{"another entry", ike.Reset{ChildrenOnly: true, Policy: "m", Sequence: 6}, false},
		{"another group", ike.Reset{ChildrenOnly: true, Policy: "n"}, false},
		{"its peer", ike.Reset{ChildrenOnly: true, Remote: at("192.0.2.2")}, true},
		{"another peer", ike.Reset{ChildrenOnly: true, Remote: at("192.0.2.1")}, false},
		{"a connection", ike.Reset{ChildrenOnly: true, ConnectionID: 5}, false},
		{"its inbound SA", ike.Reset{ChildrenOnly: true, SA: sas[0].ID}, true},
		{"its AH", ike.Reset{ChildrenOnly: true, SA: ipsec.SAID{Destination: at("192.0.2.2"), Protocol: ipsec.AH, SPI: 777}}, true},
		{"another SA", ike.Reset{ChildrenOnly: true, SA: ipsec.SAID{Destination: at("192.0.2.2"), Protocol: ipsec.ESP, SPI: 777}}, false},
	} {
		if got := m.Named(test.reset); got != test.want {
			t.Errorf("%s: Named = %v, want %v", test.name, got, test.want)
		}
	}
}
