package commands

import (
	"strings"
	"testing"

	"sallyport/ike"
	"sallyport/ike/wire"
)

// identifiedDevice has an SA whose peer has said who it is.
type identifiedDevice struct {
	fakeDevice
	as wire.IDType
}

func (d *identifiedDevice) IKE() []ike.Status {
	s := seedSAs()[0]
	s.RemoteID, s.RemoteIDType = "hub.example", d.as
	return []ike.Status{s}
}

// TestRemoteIDType displays the SAs of an identity of one type: another type has other SAs, though the
// identity reads the same.
func TestRemoteIDType(t *testing.T) {
	for _, test := range []struct {
		as   wire.IDType
		args string
		want bool
	}{
		{wire.IDFQDN, "remote-id-type fqdn remote-id hub.example", true},
		{wire.IDFQDN, "remote-id hub.example", true},
		{wire.IDFQDN, "remote-id-type key-id remote-id hub.example", false},
		{wire.IDFQDN, "verbose remote-id-type user-fqdn remote-id hub.example", false},
		{wire.IDFQDN, "remote-id-type fqdn remote-id hub", false},
		{wire.IDKeyID, "remote-id-type key-id remote-id hub.example", true},
	} {
		s := NewSession(&identifiedDevice{as: test.as}, NewRunning(New()), Options{Level: everything})
		out := s.Exec(t.Context(), "display ike sa "+test.args)
		if text := out.Rendered().Text; out.Err != nil || strings.Contains(text, "198.51.100.7") != test.want {
			t.Errorf("%d: %s: %v, displayed %v, want %v:\n%s", test.as, test.args, out.Err, !test.want, test.want, text)
		}
	}
}
