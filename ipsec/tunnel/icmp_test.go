package tunnel

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
)

func TestTooBig(t *testing.T) {
	for _, packet := range [][]byte{
		shape{size: 1500, df: true, tos: 0xb9}.build(),
		shape{size: 1500, options: []byte{0x94, 4, 0, 0}}.build(),
		shape{size: 30, protocol: protoICMP}.build(),
	} {
		packet[headerLen(packet)] = 8 // an echo request, if it is ICMP
		message, ok := tooBig(nil, packet, gateway, 1400)
		if !ok {
			t.Fatalf("no message about % x", packet[:ipv4Len])
		}
		checkHeader(t, message)
		if source(message) != gateway || destination(message) != host || message[ipProtocol] != protoICMP {
			t.Errorf("header is % x", message[:ipv4Len])
		}
		if message[ipTOS] != packet[ipTOS]&^ecnMask {
			t.Errorf("TOS is %#x, want %#x without ECN", message[ipTOS], packet[ipTOS])
		}
		body := message[ipv4Len:]
		if body[0] != 3 || body[1] != 4 || binary.BigEndian.Uint16(body[6:]) != 1400 || sum(body) != 0xffff {
			t.Errorf("ICMP is % x, want type 3 code 4, MTU 1400 and a right checksum", body[:icmpLen])
		}
		if quote := body[icmpLen:]; !bytes.HasPrefix(packet, quote) || len(quote) < min(len(packet), headerLen(packet)+8) {
			t.Errorf("quote is % x", quote)
		}
	}
}

// TestTooBigIsSilent: RFC 1122 §3.2.2.
func TestTooBigIsSilent(t *testing.T) {
	about := func(s shape, icmpType byte) []byte {
		p := s.build()
		p[headerLen(p)] = icmpType
		return p
	}
	for _, test := range []struct {
		name   string
		packet []byte
	}{
		{"an ICMP error", about(shape{protocol: protoICMP}, 3)},
		{"an ICMP redirect", about(shape{protocol: protoICMP}, 5)},
		{"an unknown ICMP type", about(shape{protocol: protoICMP}, 99)},
		{"ICMP without octets", shape{protocol: protoICMP, size: 20}.build()},
		{"a later fragment", shape{offset: 80}.build()},
		{"from a group", shape{from: netip.MustParseAddr("224.0.0.5"), to: server}.build()},
		{"from nobody", shape{from: netip.MustParseAddr("0.0.0.0"), to: server}.build()},
		{"from everybody", shape{from: netip.MustParseAddr("255.255.255.255"), to: server}.build()},
		{"from loopback", shape{from: netip.MustParseAddr("127.0.0.1"), to: server}.build()},
		{"to a group", shape{from: host, to: netip.MustParseAddr("239.1.2.3")}.build()},
	} {
		if b, ok := tooBig([]byte{1}, test.packet, gateway, 1400); ok || len(b) != 1 {
			t.Errorf("%s: a message of %d octets, want none", test.name, len(b)-1)
		}
	}
}
