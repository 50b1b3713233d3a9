package tunnel

import (
	"encoding/hex"
	"testing"

	"sallyport/ipsec"
)

func TestOuterHeaders(t *testing.T) {
	for _, test := range []struct {
		name    string
		outer   outer
		carried carried
		want    string // headers in front of 8 octets of ESP
	}{
		{
			"plain", outer{local: gateway.As4(), remote: peer.As4(), protocol: 50}, carried{},
			"4500001c1234000040" + "32" + "e478" + "c0000201c0000202",
		},
		{
			"DSCP, ECN and DF are carried over", outer{local: gateway.As4(), remote: peer.As4(), protocol: 50}, carried{tos: 0xb9, df: true},
			"45b9001c1234400040" + "32" + "a3bf" + "c0000201c0000202",
		},
		{
			"in UDP, checksum 0", outer{local: gateway.As4(), remote: peer.As4(), protocol: protoUDP, ports: ipsec.Ports{Local: 4500, Remote: 40000}}, carried{},
			"45000024123400004011e491c0000201c0000202" + "1194" + "9c40" + "0010" + "0000",
		},
	} {
		n := test.outer.size()
		packet := make([]byte, n+8)
		for i := range packet {
			packet[i] = 0xff // what was there must not shine through
		}
		test.outer.write(packet, test.carried, 0x1234)
		if got := hex.EncodeToString(packet[:n]); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		checkHeader(t, packet)
	}
}

func TestCarriedFrom(t *testing.T) {
	if got, want := carriedFrom(shape{tos: 0xb8, df: true}.build()), (carried{0xb8, true}); got != want {
		t.Errorf("carriedFrom = %+v, want %+v", got, want)
	}
	if got, want := carriedFrom(shape{more: true}.build()), (carried{}); got != want {
		t.Errorf("carriedFrom of a fragment = %+v, want %+v", got, want)
	}
}
