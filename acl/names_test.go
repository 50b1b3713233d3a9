package acl

import (
	"slices"
	"strconv"
	"testing"
)

// TestProtocolNamesBothWays reads back what is written for every protocol.
func TestProtocolNamesBothWays(t *testing.T) {
	var named []string
	for p := range 256 {
		word := ProtocolName(uint8(p))
		if got, ok := ParseProtocol(word); !ok || got != uint8(p) {
			t.Errorf("ParseProtocol(%q) = %d, %v, want %d", word, got, ok, p)
		}
		if got, ok := ParseProtocol(strconv.Itoa(p)); !ok || got != uint8(p) {
			t.Errorf("ParseProtocol(%d) = %d, %v", p, got, ok)
		}
		if word != strconv.Itoa(p) {
			named = append(named, word)
		}
	}
	if words := ProtocolNames(); !slices.Equal(named, words) {
		t.Errorf("protocols with names are %v, ProtocolNames() = %v", named, words)
	}
}

func TestParseProtocol(t *testing.T) {
	for _, test := range []struct {
		text string
		want uint8
		ok   bool
	}{
		{"ip", 0, true}, {"icmp", 1, true}, {"igmp", 2, true}, {"ipinip", 4, true}, {"tcp", 6, true}, {"udp", 17, true},
		{"gre", 47, true}, {"esp", 50, true}, {"ah", 51, true}, {"ospf", 89, true}, {"255", 255, true},
		{"256", 0, false}, {"-1", 0, false}, {"", 0, false}, {"sctp", 0, false}, {"TCP", 0, false},
	} {
		if got, ok := ParseProtocol(test.text); ok != test.ok || ok && got != test.want {
			t.Errorf("ParseProtocol(%q) = %d, %v, want %d, %v", test.text, got, ok, test.want, test.ok)
		}
	}
}

// TestPortNamesBothWays reads back what is written for every port.
func TestPortNamesBothWays(t *testing.T) {
	for _, protocol := range []uint8{TCP, UDP} {
		for port := range 65536 {
			word := portText(protocol, uint16(port))
			if got, ok := ParsePort(word); !ok || got != uint16(port) {
				t.Fatalf("ParsePort(%q) = %d, %v, want %d", word, got, ok, port)
			}
		}
	}
}

func TestParsePort(t *testing.T) {
	for _, test := range []struct {
		text string
		want uint16
		ok   bool
	}{
		{"www", 80, true}, {"telnet", 23, true}, {"ftp", 21, true}, {"ssh", 22, true}, {"domain", 53, true},
		{"dns", 53, true}, {"snmp", 161, true}, {"bootps", 67, true}, {"ntp", 123, true},
		{"0", 0, true}, {"65535", 65535, true},
		{"65536", 0, false}, {"-1", 0, false}, {"", 0, false}, {"http", 0, false}, {"8o", 0, false},
	} {
		if got, ok := ParsePort(test.text); ok != test.ok || ok && got != test.want {
			t.Errorf("ParsePort(%q) = %d, %v, want %d, %v", test.text, got, ok, test.want, test.ok)
		}
	}
}
