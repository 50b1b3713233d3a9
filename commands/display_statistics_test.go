package commands

import (
	"strings"
	"testing"

	"sallyport/ipsec"
)

// documentedStatistics is the beginning of the command reference's example.
const documentedStatistics = ` IPSec statistics information:
 Number of IPSec tunnels: 1
 Number of standby IPSec tunnels: 0
 the security packet statistics:
   input/output security packets: 3/4
   input/output security bytes: 180/240
   input/output dropped security packets: 0/1
   dropped security packet detail:
     can't find SA: 1
`

func TestIPsecStatisticsDisplay(t *testing.T) {
	full := ipsec.Statistics{InPackets: 1<<64 - 1, OutPackets: 4, InOctets: 180, OutOctets: 1 << 40}
	for i := range full.Drops {
		full.Drops[i] = uint64(i) + 1
	}
	tests := []struct {
		name, file string
		sums       ipsec.Statistics
		tunnels    bool
		faults     []ipsec.Fault
	}{
		{"nothing yet", "ipsec-statistics-none", ipsec.Statistics{}, false, nil},
		{"every counter", "ipsec-statistics", full, true, nil},
		{"the system's own", "ipsec-statistics-faults", ipsec.Statistics{}, false, []ipsec.Fault{
			{Name: "XfrmInNoStates", Packets: 1<<64 - 1, Meaning: "no SA has the SPI"}, {Name: "odd\x1b[2J", Packets: 1, Meaning: "a\nb"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all := oddSAs()
			if !test.tunnels {
				all = nil
			}
			golden(t, "display/"+test.file+".txt", newIPsecStatisticsDisplay(test.sums, len(saPairs(all, nil, saFilter{})), test.faults).text())
		})
	}
}

func TestIPsecStatisticsAreAsDocumented(t *testing.T) {
	sums := ipsec.Statistics{InPackets: 3, OutPackets: 4, InOctets: 180, OutOctets: 240}
	sums.Drops[ipsec.DropNoSA] = 1
	got := newIPsecStatisticsDisplay(sums, 1, nil).text()
	if !strings.HasPrefix(got, documentedStatistics) {
		sameText(t, "display ipsec statistics", got, documentedStatistics)
	}
}

// Every reason is listed once and counted in one direction.
func TestIPsecStatisticsOfEachReason(t *testing.T) {
	tests := []struct {
		reason  ipsec.DropReason
		in, out uint64
	}{
		{ipsec.DropNoSA, 0, 7},
		{ipsec.DropUnknownSPI, 7, 0},
		{ipsec.DropShort, 7, 0},
		{ipsec.DropReplay, 7, 0},
		{ipsec.DropAuthentication, 7, 0},
		{ipsec.DropPadding, 7, 0},
		{ipsec.DropSelector, 7, 0},
		{ipsec.DropClear, 7, 0},
		{ipsec.DropTooBig, 0, 7},
		{ipsec.DropMalformed, 0, 7},
		{ipsec.DropExpired, 0, 7},
		{ipsec.DropSend, 0, 7},
	}
	if len(tests) != int(ipsec.DropReasons) {
		t.Fatalf("%d reasons are tested, there are %d", len(tests), ipsec.DropReasons)
	}
	for _, test := range tests {
		t.Run(test.reason.String(), func(t *testing.T) {
			var sums ipsec.Statistics
			sums.Drops[test.reason] = 7
			d := newIPsecStatisticsDisplay(sums, 0, nil)
			if d.InDropped != test.in || d.OutDropped != test.out {
				t.Errorf("dropped = %d/%d, want %d/%d", d.InDropped, d.OutDropped, test.in, test.out)
			}
			line := "     " + test.reason.String() + ": 7\n"
			if strings.Count(d.text(), line) != 1 {
				t.Errorf("not one %q in\n%s", line, d.text())
			}
		})
	}
}
