package main

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"sallyport/commands"
)

// witnessSites are two sites with the addresses that matter.
func witnessSites() (a, b *site) {
	at := func(prefix string) *commands.Interface {
		return &commands.Interface{Addresses: []netip.Prefix{netip.MustParsePrefix(prefix)}}
	}
	a = &site{inside: at("192.168.0.1/24"), outside: at("192.0.2.1/24")}
	b = &site{inside: at("192.168.1.1/24"), outside: at("192.0.2.2/24")}
	return a, b
}

// outer makes an IPv4 packet without what the witness does not look at.
func outer(from, to string, protocol byte, payload ...byte) []byte {
	packet := make([]byte, 20, 20+len(payload))
	packet[0], packet[9] = 0x45, protocol
	source, destination := netip.MustParseAddr(from).As4(), netip.MustParseAddr(to).As4()
	copy(packet[12:], source[:])
	copy(packet[16:], destination[:])
	return append(packet, payload...)
}

// onPort makes a UDP datagram to a port.
func onPort(port uint16, body ...byte) []byte {
	datagram := make([]byte, 8, 8+len(body))
	binary.BigEndian.PutUint16(datagram[2:], port)
	return append(datagram, body...)
}

func TestSightings(t *testing.T) {
	const gwA, gwB, pcA, pcB = "192.0.2.1", "192.0.2.2", "192.168.0.2", "192.168.1.2"
	tests := []struct {
		name   string
		packet []byte
		want   sightings
	}{
		{"nothing", nil, sightings{}},
		{"half a header", outer(gwA, gwB, 50)[:19], sightings{}},
		{"ARP", make([]byte, 28), sightings{}},
		{"ESP there", outer(gwA, gwB, 50), sightings{espAB: 1}},
		{"ESP back", outer(gwB, gwA, 50), sightings{espBA: 1}},
		{"ESP of a stranger", outer("192.0.2.9", gwB, 50), sightings{}},
		{"ESP in UDP there", outer(gwA, gwB, 17, onPort(4500, 0, 0, 1, 0, 0, 0, 0, 1)...), sightings{espAB: 1}},
		{"ESP in UDP back", outer(gwB, gwA, 17, onPort(4500, 1, 2, 3, 4)...), sightings{espBA: 1}},
		{"keep-alive", outer(gwA, gwB, 17, onPort(4500, 0xFF)...), sightings{}},
		{"IKE on 4500", outer(gwA, gwB, 17, onPort(4500, 0, 0, 0, 0, 1)...), sightings{ike: 1}},
		{"IKE on 500", outer(gwA, gwB, 17, onPort(500, 1, 2, 3)...), sightings{ike: 1}},
		{"other UDP", outer(gwA, gwB, 17, onPort(53, 1)...), sightings{}},
		{"half a UDP header", outer(gwA, gwB, 17, 0, 1, 2), sightings{}},
		{"the gateway's ping", outer(gwA, gwB, 1), sightings{}},
		{"clear there", outer(pcA, pcB, 1), sightings{clear: 1}},
		{"clear back", outer(pcB, pcA, 6), sightings{clear: 1}},
		{"clear from one PC", outer(pcA, gwB, 1), sightings{clear: 1}},
		{"clear to one PC", outer(gwA, pcB, 1), sightings{clear: 1}},
		{"ESP between the PCs is clear to us", outer(pcA, pcB, 50), sightings{clear: 1}},
	}
	a, b := witnessSites()
	for _, test := range tests {
		var got sightings
		got.count(test.packet, a, b)
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestSightingsWithOptions(t *testing.T) {
	packet := outer("192.0.2.1", "192.0.2.2", 17, append(make([]byte, 4), onPort(500, 1)...)...)
	packet[0] = 0x46
	a, b := witnessSites()
	var got sightings
	got.count(packet, a, b)
	if got != (sightings{ike: 1}) {
		t.Errorf("%+v, want the UDP header found behind the options", got)
	}
}

func TestNetworkOrder(t *testing.T) {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], networkOrder(0x0800))
	if b != [2]byte{8, 0} {
		t.Errorf("networkOrder(0x0800) is %x in memory, want 0800", b)
	}
}
