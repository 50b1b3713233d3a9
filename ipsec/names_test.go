package ipsec

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestNames(t *testing.T) {
	peer := netip.MustParseAddr("198.51.100.2")
	for _, test := range []struct {
		value fmt.Stringer
		want  string
	}{
		{ESP, "ESP"}, {AH, "AH"}, {Protocol(17), "protocol 17"},
		{Inbound, "inbound"}, {Outbound, "outbound"},
		{Tunnel, "tunnel"}, {Transport, "transport"}, {Auto, "auto"},
		{SAID{peer, ESP, 0xb3254c1}, "ESP 0xb3254c1 to 198.51.100.2"},
		{SAID{peer, AH, 0xffffffff}, "AH 0xffffffff to 198.51.100.2"},
		{SAID{}, "protocol 0 0x0 to invalid IP"},
		{PolicyID{"GigabitEthernet0/0/2", "policy1", 10, 0}, "GigabitEthernet0/0/2 policy1-10"},
		{PolicyID{"GigabitEthernet0/0/2", "policy1", 10, 3}, "GigabitEthernet0/0/2 policy1-10 instance 3"},
		{PolicyID{Name: "policy1", Sequence: 10}, "policy1-10"},
		{DropReplay, "replay packet"}, {DropReasons, ""},
		{AES128GCM, "AES-128-GCM-128"}, {Encryption(200), ""}, {NoEncryption, ""},
		{SHA256, "HMAC-SHA2-256-128"}, {SHA256Short, "HMAC-SHA2-256-96"}, {Integrity(200), ""}, {NoIntegrity, ""},
	} {
		if got := test.value.String(); got != test.want {
			t.Errorf("String() of %T = %q, want %q", test.value, got, test.want)
		}
	}
}

// TestModes checks what proposals of a mode ask for and accept.
func TestModes(t *testing.T) {
	for _, test := range []struct {
		mode, proposed    Mode
		tunnel, transport bool
	}{
		{Tunnel, Tunnel, true, false},
		{Transport, Transport, false, true},
		{Auto, Tunnel, true, true},
	} {
		if got := test.mode.Proposed(); got != test.proposed {
			t.Errorf("%v proposes %v, want %v", test.mode, got, test.proposed)
		}
		if a, b := test.mode.Allows(Tunnel), test.mode.Allows(Transport); a != test.tunnel || b != test.transport {
			t.Errorf("%v allows tunnel %v and transport %v", test.mode, a, b)
		}
	}
}

// TestDropReasonsHaveNames fails for a reason without a text of its own.
func TestDropReasonsHaveNames(t *testing.T) {
	seen := map[string]DropReason{}
	for r := range DropReasons {
		if other, ok := seen[r.String()]; ok || r.String() == "" {
			t.Errorf("reason %d is %q, and so is %d", r, r, other)
		}
		seen[r.String()] = r
	}
}

func TestEventsAreEvents(t *testing.T) {
	for _, e := range []Event{Acquire{}, Expired{}, Moved{}} {
		e.ipsecEvent()
	}
}
