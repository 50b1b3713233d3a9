package commands

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

// tables are the displays whose rows scripts split at spaces: each row has as
// many words as the table has columns.
func tables() map[string]struct {
	text  string
	words int
} {
	return map[string]struct {
		text  string
		words int
	}{
		"display ike sa":               {newIKESADisplay(oddSAs(), saFilter{}).text(), 5},
		"display ipsec sa brief":       {newIPsecSABriefDisplay(saPairs(oddSAs(), nil, saFilter{})).text(), 5},
		"display ike peer brief":       {newIKEPeerDisplay(IKEGlobal{}, manyPeers()[:2]).brief(), 6},
		"display ipsec policy brief":   {newPolicyDisplay(oddPolicies(), "", 0).brief(), 4},
		"display ipsec proposal brief": {newIPsecProposalDisplay(oddProposals()).brief(), 6},
	}
}

func TestRowsHaveOneWordPerColumn(t *testing.T) {
	for name, table := range tables() {
		t.Run(name, func(t *testing.T) {
			rules, rows := 0, 0
			for line := range strings.Lines(table.text) {
				switch {
				case strings.HasPrefix(line, "---"):
					rules++
				case rules == 2:
					rows++
					if words := len(strings.Fields(line)); words != table.words {
						t.Errorf("%q has %d words, want %d", line, words, table.words)
					}
				}
			}
			if rules != 2 || rows < 2 {
				t.Errorf("%d rules and %d rows in\n%s", rules, rows, table.text)
			}
		})
	}
}

// A script that cuts rows at the documented offsets finds the values.
func TestIKESARowsCanBeCut(t *testing.T) {
	text := newIKESADisplay(seedSAs(), saFilter{}).text()
	line := lineWith(t, text, "40136")
	for _, test := range []struct {
		from, to int
		want     string
	}{
		{0, 11, "40136"}, {11, 35, "198.51.100.7"}, {35, 49, "RD|ST"}, {49, 55, "v1:2"}, {55, 61, "public"},
	} {
		if got := strings.TrimSpace(line[test.from:test.to]); got != test.want {
			t.Errorf("columns %d to %d of %q = %q, want %q", test.from, test.to, line, got, test.want)
		}
	}
}

func TestIPsecSARowsCanBeCut(t *testing.T) {
	text := newIPsecSABriefDisplay(saPairs(seedSAs(), nil, saFilter{})).text()
	line := lineWith(t, text, "3171402288")
	for _, test := range []struct {
		from, to int
		want     string
	}{
		{0, 16, "192.0.2.1"}, {16, 32, "198.51.100.7"}, {32, 43, "3171402288"}, {43, 53, "ESP"},
		{53, len(line), "E:DES;A:HMAC-MD5-96;"},
	} {
		if got := strings.TrimSpace(line[test.from:test.to]); got != test.want {
			t.Errorf("columns %d to %d of %q = %q, want %q", test.from, test.to, line, got, test.want)
		}
	}
}

// The counts above a table are those of its rows.
func TestCountsAreOfTheRows(t *testing.T) {
	for _, test := range []struct {
		name, text, count string
		row               string
	}{
		{"phases", newIKESADisplay(oddSAs(), saFilter{}).text(), "current ike sa number: ", " public\n"},
		{"SAs", newIPsecSABriefDisplay(saPairs(oddSAs(), nil, saFilter{})).text(), "current ipsec sa number: ", " ESP "},
		{"peers", newIKEPeerDisplay(IKEGlobal{}, manyPeers()).brief(), "Current ike peer number: ", " main "},
		{"errors", newIKEErrorDisplay(failures(), netip.Addr{}).text(), "  current info Num :", "2026/05/07"},
		{"policies", newPolicyDisplay(oddPolicies(), "", 0).brief(), "Number of policies: ", "isakmp"},
		{"proposals", newIPsecProposalDisplay(oddProposals()).text(), "Number of proposals: ", "IPSec proposal name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := test.count + strconv.Itoa(strings.Count(test.text, test.row)) + "\n"
			if !strings.Contains(test.text, want) {
				t.Errorf("no %q in\n%s", want, test.text)
			}
		})
	}
}

// Whatever the cells, a row keeps them in order, apart, and never before their
// offset.
func TestColumnsRowOfAnything(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		c := columns{draw.IntN(4), 0, 0, 0}
		cells := make([]string, len(c))
		for i := range c {
			if i > 0 {
				c[i] = c[i-1] + 1 + draw.IntN(12)
			}
			cells[i] = strings.Repeat("x", 1+draw.IntN(20))
		}
		line := c.row(cells...)
		if got := strings.Fields(line); strings.Join(got, " ") != strings.Join(cells, " ") {
			t.Fatalf("%v.row(%q) = %q: cells run together", c, cells, line)
		}
		if start := strings.LastIndex(line, " ") + 1; start < c[len(c)-1] {
			t.Fatalf("%v.row(%q) = %q: the last cell is at %d", c, cells, line, start)
		}
	}
}

// Every subnet is written with its netmask, and no range one address shorter is.
func TestFlowOfEverySubnet(t *testing.T) {
	for length := range 33 {
		prefix := netip.PrefixFrom(netip.MustParseAddr("171.205.171.205"), length).Masked()
		r := subnet(prefix.String())
		var mask [4]byte
		binary.BigEndian.PutUint32(mask[:], ^uint32(0)<<(32-length))
		want := prefix.Addr().String() + "/" + netip.AddrFrom4(mask).String()
		if got := (ipsecFlow{First: r.First, Last: r.Last}).addresses(); got != want {
			t.Errorf("addresses of %v = %q, want %q", prefix, got, want)
		}
		if length == 32 || length == 31 {
			continue // one shorter is empty, or a subnet again
		}
		short := ipsecFlow{First: r.First, Last: r.Last.Prev()}
		if got := short.addresses(); strings.Contains(got, "/") {
			t.Errorf("addresses of %v to %v = %q, want a range", short.First, short.Last, got)
		}
	}
}
