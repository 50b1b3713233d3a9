package commands

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sallyport/ike"
)

// seedIKESA is what the seed's FW_A prints, from the command reference.
const seedIKESA = `current ike sa number: 2
---------------------------------------------------------------------
conn-id    peer                    flag          phase vpn
---------------------------------------------------------------------
40136      198.51.100.7            RD|ST         v1:2  public
40131      198.51.100.7            RD|ST         v1:1  public
`

func TestIKESADisplay(t *testing.T) {
	oneReady := seedSAs()
	oneReady[0].Children = nil
	tests := []struct {
		name, file string
		all        []ike.Status
	}{
		{"none", "ike-sa-none", nil},
		{"phase 1 alone", "ike-sa-phase1", oneReady},
		{"the seed's", "ike-sa", seedSAs()},
		{"odd ones", "ike-sa-odd", oddSAs()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newIKESADisplay(test.all, saFilter{}).text())
		})
	}
}

func TestIKESADisplayIsTheSeeds(t *testing.T) {
	sameText(t, "display ike sa", newIKESADisplay(seedSAs(), saFilter{}).text(), seedIKESA)
	responder := seedSAs()
	responder[0].Initiator, responder[0].Children[0].Initiator = false, false
	want := strings.ReplaceAll(seedIKESA, "RD|ST", "RD   ")
	sameText(t, "display ike sa", newIKESADisplay(responder, saFilter{}).text(), want)
}

func TestIKESADisplayOfNone(t *testing.T) {
	if got, want := newIKESADisplay(nil, saFilter{}).text(), "current sa Num :0\n"; got != want {
		t.Errorf("text() = %q, want %q", got, want)
	}
}

func TestIKESAOffsets(t *testing.T) {
	documented := []int{0, 11, 35, 49, 55}
	text := newIKESADisplay(oddSAs(), saFilter{}).text()
	cellsAt(t, lineWith(t, text, "conn-id"), documented, "conn-id", "peer", "flag", "phase", "vpn")
	cellsAt(t, lineWith(t, text, "4294967294", "v1:1"), documented,
		"4294967294", "255.255.255.255:65535", "RD|ST", "v1:1", "public")
	cellsAt(t, lineWith(t, text, "40150"), documented, "40150", "198.51.100.7", "RD", "v1:2", "public")
	cellsAt(t, lineWith(t, text, "1026"), documented, "7", "203.0.113.20:1026", "NEG", "v1:1", "public")
	ruleOf(t, text, "-", 69)
}

func TestIKESAFlags(t *testing.T) {
	pair := seedPair()
	half := seedPair()
	half.Outbound = nil
	tests := []struct {
		name  string
		entry saEntry
		want  string
	}{
		{"ready, they began", saEntry{status: &ike.Status{Ready: true}}, "RD"},
		{"ready, we began", saEntry{status: &ike.Status{Ready: true, Initiator: true}}, "RD|ST"},
		{"past its soft lifetime", saEntry{status: &ike.Status{Ready: true, Fading: true}}, "RD|FD"},
		{"a heartbeat was late", saEntry{status: &ike.Status{Ready: true, Heartbeat: true, TimedOut: true}}, "RD|TO|HRT"},
		{"replaced", saEntry{status: &ike.Status{Ready: true, Replaced: true}}, "RD|RL"},
		{"all at once", saEntry{status: &ike.Status{Ready: true, Initiator: true, Replaced: true, Fading: true}}, "RD|ST|RL|FD"},
		{"negotiating, they began", saEntry{status: &ike.Status{}}, "NEG"},
		{"negotiating, we began", saEntry{status: &ike.Status{Initiator: true}}, "NEG|ST"},
		{"a pair does not look at its ISAKMP SA", saEntry{&ike.Status{Fading: true}, &pair}, "RD|ST"},
		{"a pair of one", saEntry{&ike.Status{Ready: true}, &half}, "NEG|ST"},
		{"a pair that was replaced", saEntry{&ike.Status{}, &ike.ChildStatus{
			Inbound: pair.Inbound, Outbound: pair.Outbound, Replaced: true, Fading: true}}, "RD|RL|FD"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(test.entry.flags(), "|"); got != test.want {
				t.Errorf("flags() = %q, want %q", got, test.want)
			}
		})
	}
}

// sa returns an ISAKMP SA of that connection id with pairs of those.
func sa(id uint32, pairs ...uint32) ike.Status {
	s := ike.Status{ConnectionID: id, Remote: netip.AddrPortFrom(there, 500)}
	for _, pair := range pairs {
		s.Children = append(s.Children, ike.ChildStatus{ConnectionID: pair, Remote: s.Remote})
	}
	return s
}

func ids(entries []saEntry) []uint32 { return mapped(entries, saEntry.connectionID) }

func TestSAEntriesOrder(t *testing.T) {
	tests := []struct {
		name string
		all  []ike.Status
		want []uint32
	}{
		{"none", nil, []uint32{}},
		{"the pair before its SA", []ike.Status{sa(1, 2)}, []uint32{2, 1}},
		{"newest first, however they come", []ike.Status{sa(1, 2), sa(3, 4)}, []uint32{4, 3, 2, 1}},
		{"a late pair of an old SA", []ike.Status{sa(3, 4), sa(1, 2, 5)}, []uint32{5, 4, 3, 2, 1}},
		{"pairs that a younger SA took over", []ike.Status{sa(60, 40, 41), sa(50, 51)}, []uint32{41, 40, 60, 51, 50}},
		{"pairs that have outlived their SA", []ike.Status{sa(1, 2), sa(0, 4, 3)}, []uint32{4, 3, 2, 1}},
		{"SAs without pairs", []ike.Status{sa(1), sa(3), sa(2)}, []uint32{3, 2, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := ids(saEntries(test.all, saFilter{})); !slices.Equal(got, test.want) {
				t.Errorf("saEntries = %v, want %v", got, test.want)
			}
		})
	}
}

func TestSAFilter(t *testing.T) {
	all := oddSAs()
	tests := []struct {
		name string
		only saFilter
		want []uint32
	}{
		{"all", saFilter{}, []uint32{40149, 40148, 4294967294, 40150, 40136, 40131, 12, 7}},
		{"one address", saFilter{Remote: there}, []uint32{40150, 40136, 40131}},
		{"an address that nobody has", saFilter{Remote: here}, []uint32{}},
		{"a phase 1 connection", saFilter{ConnectionID: 40131}, []uint32{40131}},
		{"a phase 2 connection", saFilter{ConnectionID: 40136}, []uint32{40136}},
		{"one group", saFilter{Policy: "fifteen-letters"}, []uint32{40149, 40148}},
		{"one entry", saFilter{Policy: "policy1", Sequence: 1}, []uint32{40150, 40136}},
		{"another entry", saFilter{Policy: "policy1", Sequence: 2}, []uint32{12}},
		{"an entry without SAs", saFilter{Policy: "policy1", Sequence: 3}, []uint32{}},
		{"one identity", saFilter{RemoteID: "198.51.100.7", ConnectionID: 40131}, []uint32{40131}},
		{"an identity as it is printed", saFilter{RemoteID: `hub\x1b[2J.example`}, []uint32{40149, 40148, 4294967294}},
		{"an identity that nobody has", saFilter{RemoteID: "hub"}, []uint32{}},
		{"both must hold", saFilter{Remote: there, ConnectionID: 7}, []uint32{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := ids(saEntries(all, test.only)); !slices.Equal(got, test.want) {
				t.Errorf("saEntries(%+v) = %v, want %v", test.only, got, test.want)
			}
		})
	}
}

func TestChildEntries(t *testing.T) {
	if got, want := ids(childEntries(oddSAs(), saFilter{})), []uint32{40149, 40148, 40150, 40136, 12}; !slices.Equal(got, want) {
		t.Errorf("childEntries = %v, want %v", got, want)
	}
}
