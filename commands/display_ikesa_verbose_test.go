package commands

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
)

func TestIKESAVerboseDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		all        []ike.Status
		only       saFilter
	}{
		{"none", "ike-sa-none", nil, saFilter{}},
		{"the seed's", "ike-sa-verbose", seedSAs(), saFilter{}},
		{"phase 1 alone", "ike-sa-verbose-phase1", seedSAs(), saFilter{ConnectionID: 40131}},
		{"odd ones", "ike-sa-verbose-odd", oddSAs(), saFilter{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newIKESAVerboseDisplay(then, test.all, test.only).text())
		})
	}
}

// verboseFields returns the fields of a display of one SA.
func verboseFields(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if label, value, ok := strings.Cut(line, ":"); ok {
			fields[strings.TrimSpace(label)] = strings.TrimSpace(value)
		}
	}
	return fields
}

func TestIKESAVerboseFields(t *testing.T) {
	tests := []struct {
		name  string
		all   []ike.Status
		id    uint32
		label string
		want  string
	}{
		{"phase 1", seedSAs(), 40131, "IKE SA phase", "1"},
		{"phase 2", seedSAs(), 40136, "IKE SA phase", "2"},
		{"made", seedSAs(), 40131, "Establish time", "2026-05-07 15:08:01"},
		{"a day less nine minutes and a half", seedSAs(), 40131, "Remaining duration", "85829"},
		{"an hour less nine minutes and a half", seedSAs(), 40136, "Remaining duration", "3029"},
		{"no bound in time", oddSAs(), 40149, "Remaining duration", "0"},
		{"cookie with leading zeros", seedSAs(), 40131, "Responder cookie", "0x01b2774e60f3dc18"},
		{"no cookie yet", oddSAs(), 7, "Responder cookie", "0x0000000000000000"},
		{"port", oddSAs(), 40149, "Remote address", "255.255.255.255/65535"},
		{"identity with a control sequence", oddSAs(), 40149, "Remote ID", `hub\x1b[2J.example`},
		{"no identity yet", oddSAs(), 7, "Remote ID", ""},
		{"cipher", seedSAs(), 40131, "Encryption algorithm", "AES-256"},
		{"hash", seedSAs(), 40131, "Authentication algorithm", "SHA2-256"},
		{"no cipher yet", oddSAs(), 7, "Encryption algorithm", ""},
		{"group", seedSAs(), 40131, "DH group", "14"},
		{"no group yet", oddSAs(), 7, "DH group", ""},
		{"pairs that use it", oddSAs(), 40131, "Reference counter", "2"},
		{"no pair uses it", oddSAs(), 7, "Reference counter", "0"},
		{"flags", oddSAs(), 40136, "Flags", "RD|RL|FD"},
		{"a pair without an SA", oddSAs(), 12, "IKE peer name", "c"},
		{"no local address of a pair without an SA", oddSAs(), 12, "Local address", "-"},
		{"no NAT", seedSAs(), 40131, "NAT traversal version", ""},
		{"NAT", oddSAs(), 4294967294, "NAT traversal version", "draft-ietf-ipsec-nat-t-ike-03"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fields := verboseFields(newIKESAVerboseDisplay(then, test.all, saFilter{ConnectionID: test.id}).text())
			if got, ok := fields[test.label]; !ok || got != test.want {
				t.Errorf("%s of %d = %q, want %q", test.label, test.id, got, test.want)
			}
		})
	}
}

func TestIKESAVerboseLayout(t *testing.T) {
	text := newIKESAVerboseDisplay(then, seedSAs(), saFilter{ConnectionID: 40136}).text()
	for line := range strings.Lines(text) {
		if strings.Contains(line, ":") && strings.Index(line, ":") != 31 {
			t.Errorf("the colon of %q is at %d, want 31", line, strings.Index(line, ":"))
		}
	}
	if got, want := len(strings.TrimSpace(lineWith(t, text, "---"))), 53; got != want {
		t.Errorf("the first rule has %d dashes, want %d", got, want)
	}
	if !strings.HasSuffix(text, "\n"+strings.Repeat("-", 54)+"\n") {
		t.Errorf("the last rule has not 54 dashes:\n%s", text)
	}
}

func TestRemainingOfHalfAPair(t *testing.T) {
	s := seedSAs()
	s[0].Children[0].Inbound = nil
	d := newIKESAVerboseDisplay(then, s, saFilter{ConnectionID: 40136})
	if len(d.SAs) != 1 || d.SAs[0].Remaining != 0 {
		t.Errorf("display = %+v, want one SA with nothing remaining", d.SAs)
	}
	d = newIKESAVerboseDisplay(established.Add(48*time.Hour), s, saFilter{ConnectionID: 40131})
	if len(d.SAs) != 1 || d.SAs[0].Remaining != 0 {
		t.Errorf("display = %+v, want one SA with nothing remaining", d.SAs)
	}
}

func TestSlashed(t *testing.T) {
	if got, want := slashed(netip.MustParseAddrPort("192.0.2.1:500")), "192.0.2.1/500"; got != want {
		t.Errorf("slashed = %q, want %q", got, want)
	}
	if got, want := slashed(netip.AddrPort{}), "-"; got != want {
		t.Errorf("slashed of none = %q, want %q", got, want)
	}
}
