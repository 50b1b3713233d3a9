package strongswan

import (
	"reflect"
	"testing"
)

// Recorded from strongSwan 5.9.8, addresses changed and most values left out.
const listing = `list-sa event {tunnel {uniqueid=1 version=1 state=ESTABLISHED local-host=192.0.2.1 remote-id=C=ZZ, O=x initiator=yes nat-any=yes child-sas {` +
	`net-1 {name=net uniqueid=1 reqid=1 state=REKEYED protocol=ESP spi-in=c6e83c6f spi-out=c5b39a4a encr-alg=AES_CBC encr-keysize=128 integ-alg=HMAC_SHA1_96 packets-in=3 packets-out=4 local-ts=[10.1.0.0/24]} ` +
	`net-2 {name=net uniqueid=2 reqid=1 state=INSTALLED protocol=ESP spi-in=624fbc26 spi-out=6d1fee4f encr-alg=AES_GCM_16 encr-keysize=256 dh-group=MODP_2048 packets-in=0 packets-out=0}}}}
list-sa event {tunnel {uniqueid=2 version=1 state=CONNECTING child-sas {}}}
list-sas reply {}
`

func TestParseSAs(t *testing.T) {
	tests := []struct {
		name, text string
		want       []SA
	}{
		{"nothing", "list-sas reply {}\n", nil},
		{"two, one with two children", listing, []SA{
			{ID: 1, State: "ESTABLISHED", Initiator: true, Children: []Child{
				{ID: 1, State: "REKEYED", SPIIn: "c6e83c6f", SPIOut: "c5b39a4a", Encryption: "AES_CBC",
					Integrity: "HMAC_SHA1_96", KeySize: 128, PacketsIn: 3, PacketsOut: 4},
				{ID: 2, State: "INSTALLED", SPIIn: "624fbc26", SPIOut: "6d1fee4f", Encryption: "AES_GCM_16",
					KeySize: 256, DHGroup: "MODP_2048"},
			}},
			{ID: 2, State: "CONNECTING"},
		}},
	}
	for _, test := range tests {
		if got, err := parseSAs(test.text); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: parseSAs = %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
}

func TestParseSAsRefuses(t *testing.T) {
	for _, text := range []string{
		"list-sa event {tunnel {uniqueid=1",
		"list-sa event {tunnel {uniqueid=1}}}",
		"list-sa event tunnel",
		"list-sa event {} {}",
	} {
		if got, err := parseSAs(text); err == nil {
			t.Errorf("parseSAs(%q) = %+v, want an error", text, got)
		}
	}
}
