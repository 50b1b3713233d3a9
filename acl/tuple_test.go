package acl

import (
	"encoding/binary"
	"testing"
)

// A packet describes an IPv4 packet; zero fields are those of a plain UDP packet
// from pcA to pcB.
type packet struct {
	version, words int    // of the header
	total          int    // total length as written
	fragment       uint16 // flags and offset
	protocol       uint8
	payload        []byte
	trailing       int // octets after the total length
}

func (p packet) octets() []byte {
	words := 5
	if p.words > 5 {
		words = p.words
	}
	b := make([]byte, words*4, words*4+len(p.payload)+p.trailing)
	b[0] = byte(or(p.version, 4)<<4 | or(p.words, 5))
	binary.BigEndian.PutUint16(b[2:], uint16(or(p.total, len(b)+len(p.payload))))
	binary.BigEndian.PutUint16(b[6:], p.fragment)
	b[9] = or(p.protocol, UDP)
	copy(b[12:], pcA.AsSlice())
	copy(b[16:], pcB.AsSlice())
	b = append(b, p.payload...)
	return append(b, make([]byte, p.trailing)...)
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

const moreFragments = 0x2000

var portsOctets = []byte{0x1f, 0x90, 0, 53, 9, 9, 9, 9} // 8080 to 53

func TestParseTuple(t *testing.T) {
	for _, test := range []struct {
		name   string
		packet packet
		want   Tuple
	}{
		{"UDP", packet{payload: portsOctets}, Tuple{Protocol: UDP, SourcePort: 8080, DestinationPort: 53}},
		{"TCP", packet{payload: portsOctets, protocol: TCP}, Tuple{Protocol: TCP, SourcePort: 8080, DestinationPort: 53}},
		{"only the ports", packet{payload: portsOctets[:4]}, Tuple{Protocol: UDP, SourcePort: 8080, DestinationPort: 53}},
		{"options", packet{words: 15, payload: portsOctets}, Tuple{Protocol: UDP, SourcePort: 8080, DestinationPort: 53}},
		{"first fragment", packet{fragment: moreFragments, payload: portsOctets}, Tuple{Protocol: UDP, SourcePort: 8080, DestinationPort: 53}},
		{"do not fragment", packet{fragment: 0x4000, payload: portsOctets}, Tuple{Protocol: UDP, SourcePort: 8080, DestinationPort: 53}},
		{"later fragment", packet{fragment: moreFragments | 1, payload: portsOctets}, Tuple{Protocol: UDP, Fragment: true}},
		{"last fragment", packet{fragment: fragmentOffset, payload: portsOctets[:1]}, Tuple{Protocol: UDP, Fragment: true}},
		{"ICMP", packet{protocol: 1, payload: portsOctets}, Tuple{Protocol: 1}},
		{"nothing in it", packet{protocol: 1}, Tuple{Protocol: 1}},
		{"trailing octets", packet{payload: portsOctets, trailing: 6}, Tuple{Protocol: UDP, SourcePort: 8080, DestinationPort: 53}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Source, test.want.Destination = pcA, pcB
			if got, err := ParseTuple(test.packet.octets()); got != test.want || err != nil {
				t.Errorf("ParseTuple = %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestParseTupleRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		octets []byte
		want   PacketError
	}{
		{"nothing", nil, ShortHeader},
		{"19 octets", packet{}.octets()[:19], ShortHeader},
		{"IPv6", packet{version: 6, payload: portsOctets}.octets(), NotIPv4},
		{"version 0", make([]byte, 40), NotIPv4},
		{"header of 4 words", packet{words: 4, payload: portsOctets}.octets(), HeaderLength},
		{"options beyond the packet", packet{words: 15}.octets()[:59], HeaderLength},
		{"total below header", packet{words: 6, total: 23, payload: portsOctets}.octets(), TotalLength},
		{"total beyond packet", packet{total: 29, payload: portsOctets}.octets(), TotalLength},
		{"ports cut off", packet{payload: portsOctets[:3]}.octets(), ShortPorts},
		{"ports beyond the total length", packet{total: 23, payload: portsOctets}.octets(), ShortPorts},
		{"first fragment without ports", packet{protocol: TCP, fragment: moreFragments}.octets(), ShortPorts},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseTuple(test.octets)
			if err != error(test.want) || got != (Tuple{}) {
				t.Errorf("ParseTuple = %+v, %v, want %v", got, err, test.want)
			}
		})
	}
}

// TestParseTuplePrefixes refuses every packet that was cut off.
func TestParseTuplePrefixes(t *testing.T) {
	whole := packet{words: 7, protocol: TCP, payload: portsOctets}.octets()
	for n := range whole {
		if got, err := ParseTuple(whole[:n]); err == nil {
			t.Errorf("ParseTuple of the first %d octets = %+v", n, got)
		}
	}
}

func TestParseTupleDoesNotAllocate(t *testing.T) {
	good, bad := packet{payload: portsOctets}.octets(), packet{}.octets()
	if n := testing.AllocsPerRun(100, func() { ParseTuple(good); ParseTuple(bad) }); n != 0 {
		t.Errorf("ParseTuple allocates %v times", n)
	}
}

func TestPacketErrorTexts(t *testing.T) {
	seen := map[string]bool{}
	for e := ShortHeader; e <= ShortPorts+1; e++ {
		if text := e.Error(); text == "" || seen[text] {
			t.Errorf("text of error %d is %q, empty or another's too", e, text)
		}
		seen[e.Error()] = true
	}
}

func TestTupleReverse(t *testing.T) {
	there := Tuple{Source: pcA, Destination: pcB, Protocol: TCP, SourcePort: 1, DestinationPort: 2}
	back := Tuple{Source: pcB, Destination: pcA, Protocol: TCP, SourcePort: 2, DestinationPort: 1}
	if got := there.Reverse(); got != back {
		t.Errorf("Reverse() = %+v, want %+v", got, back)
	}
	if got := back.Reverse(); got != there {
		t.Errorf("Reverse() = %+v, want %+v", got, there)
	}
}

func FuzzParseTuple(f *testing.F) {
	f.Add(packet{payload: portsOctets}.octets())
	f.Add(packet{words: 15, protocol: TCP, payload: portsOctets}.octets())
	f.Add(packet{fragment: moreFragments | 7, payload: portsOctets}.octets())
	f.Fuzz(func(t *testing.T, octets []byte) {
		tuple, err := ParseTuple(octets)
		if err != nil {
			if _, ok := err.(PacketError); !ok {
				t.Fatalf("error is a %T", err)
			}
			return
		}
		if !tuple.Source.Is4() || !tuple.Destination.Is4() {
			t.Errorf("addresses are %v and %v", tuple.Source, tuple.Destination)
		}
		if !tuple.HasPorts() && (tuple.SourcePort != 0 || tuple.DestinationPort != 0) {
			t.Errorf("ports in %+v", tuple)
		}
	})
}

func BenchmarkParseTuple(b *testing.B) {
	octets := packet{protocol: TCP, payload: portsOctets}.octets()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseTuple(octets); err != nil {
			b.Fatal(err)
		}
	}
}
