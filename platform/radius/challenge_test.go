package radius

import (
	"net/netip"
	"reflect"
	"testing"
)

func TestChallengeIsKept(t *testing.T) {
	for _, state := range []string{"a b", "", " ", "\x00\xff"} {
		c := &Challenge{Server: netip.MustParseAddrPort("192.0.2.10:1812"), State: []byte(state), Prompt: "PIN"}
		want := &Challenge{Server: c.Server, State: c.State}
		if got, err := ParseChallenge(c.Octets()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseChallenge(%q) = %+v, %v, want %+v", c.Octets(), got, err, want)
		}
	}
	for _, octets := range []string{"", "192.0.2.10:1812", "192.0.2.10 x", "x y", " 192.0.2.10:1812 y"} {
		if got, err := ParseChallenge([]byte(octets)); err == nil {
			t.Errorf("ParseChallenge(%q) = %+v, want an error", octets, got)
		}
	}
}
