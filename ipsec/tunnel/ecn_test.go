package tunnel

import "testing"

// TestDecapsulatedECN is RFC 6040's figure 4.
func TestDecapsulatedECN(t *testing.T) {
	const drop = 0xff
	want := [4][4]byte{ // by inner, then outer: Not-ECT, ECT(1), ECT(0), CE
		notECT: {notECT: notECT, ect1: notECT, ect0: notECT, ce: drop},
		ect0:   {notECT: ect0, ect1: ect1, ect0: ect0, ce: ce},
		ect1:   {notECT: ect1, ect1: ect1, ect0: ect1, ce: ce},
		ce:     {notECT: ce, ect1: ce, ect0: ce, ce: ce},
	}
	for inner := range byte(4) {
		for outer := range byte(4) {
			got, ok := decapsulatedECN(outer, inner)
			if !ok {
				got = drop
			}
			if got != want[inner][outer] {
				t.Errorf("decapsulatedECN(outer %d, inner %d) = %d, want %d", outer, inner, got, want[inner][outer])
			}
		}
	}
}

func TestSetECNMendsTheChecksum(t *testing.T) {
	for tos := range 256 {
		for ecn := range byte(4) {
			p := shape{tos: byte(tos), id: uint16(tos * 251)}.build()
			setECN(p, ecn)
			checkHeader(t, p)
			if want := byte(tos)&^3 | ecn; p[ipTOS] != want {
				t.Errorf("TOS %#x with ECN %d is %#x, want %#x", tos, ecn, p[ipTOS], want)
			}
		}
	}
}

func TestMendAllOnes(t *testing.T) {
	// RFC 1624 §4: the sum becomes 0, which an older formula got wrong.
	p := make([]byte, ipv4Len)
	p[ipChecksum], p[ipChecksum+1] = 0xdd, 0x2f
	mend(p, 0x5555, 0x3285)
	if p[ipChecksum] != 0 || p[ipChecksum+1] != 0 {
		t.Errorf("checksum = % x, want 00 00", p[ipChecksum:ipChecksum+2])
	}
}
