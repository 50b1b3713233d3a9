package commands

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// seedSAFull is the command reference's form with the seed's values. Of the
// reference, path MTU and said are left out; the counts and the window are added.
const seedSAFull = `===============================
Interface: GigabitEthernet0/0/2
===============================

  -----------------------------
  IPsec policy name: "policy1"
  sequence number: 1
  mode: isakmp
  vpn: public
  -----------------------------
    connection id: 40136
    rule number: 5
    encapsulation mode: tunnel
    tunnel local: 192.0.2.1    tunnel remote: 198.51.100.7
    flow source: 172.20.4.0/255.255.255.0 0-65535 0
    flow destination: 10.77.8.0/255.255.255.0 0-65535 0

    [inbound ESP SAs]
      spi: 1648830941 (0x624729dd)
      vpn: public
      proposal: ESP-ENCRYPT-DES ESP-AUTH-MD5
      sa remaining key duration (bytes/sec): 1887436380/3029
      max received sequence-number: 5
      udp encapsulation used for nat traversal: N
      sa decrypted packets (number/bytes): 5/420
      anti-replay window size: 1024

    [outbound ESP SAs]
      spi: 3171402288 (0xbd07c230)
      vpn: public
      proposal: ESP-ENCRYPT-DES ESP-AUTH-MD5
      sa remaining key duration (bytes/sec): 1887436296/3029
      max sent sequence-number: 7
      udp encapsulation used for nat traversal: N
      sa encrypted packets (number/bytes): 6/504
`

func TestIPsecSADisplay(t *testing.T) {
	tests := []struct {
		name, file string
		all        []ike.Status
		only       saFilter
	}{
		{"none", "ipsec-sa-none", nil, saFilter{}},
		{"the seed's", "ipsec-sa", seedSAs(), saFilter{}},
		{"odd ones", "ipsec-sa-odd", oddSAs(), saFilter{}},
		{"of one entry", "ipsec-sa-policy", oddSAs(), saFilter{Policy: "fifteen-letters", Sequence: 10000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newIPsecSADisplay(then, saPairs(test.all, nil, test.only), seedCounters).text())
		})
	}
}

func TestIPsecSADisplayIsTheSeeds(t *testing.T) {
	sameText(t, "display ipsec sa", newIPsecSADisplay(then, saPairs(seedSAs(), nil, saFilter{}), seedCounters).text(), seedSAFull)
}

func TestIPsecSABlocks(t *testing.T) {
	s := seedSAs()
	for _, id := range []ipsec.PolicyID{
		{Interface: "GigabitEthernet0/0/2", Name: "policy1", Sequence: 2},
		{Interface: "GigabitEthernet0/0/1", Name: "policy1", Sequence: 2},
		{Interface: "GigabitEthernet0/0/2", Name: "policy0", Sequence: 9},
		{Interface: "GigabitEthernet0/0/2", Name: "policy1", Sequence: 2},
	} {
		pair := seedPair()
		pair.Policy = id
		pair.ConnectionID += uint32(len(s[0].Children))
		s[0].Children = append(s[0].Children, pair)
	}
	var blocks []string
	for line := range strings.Lines(newIPsecSADisplay(then, saPairs(s, nil, saFilter{}), seedCounters).text()) {
		for _, label := range []string{"Interface: GigabitEthernet0/0/", "IPsec policy name: ", "sequence number: ", "connection id: "} {
			if _, value, ok := strings.Cut(strings.TrimSpace(line), label); ok {
				blocks = append(blocks, value)
			}
		}
	}
	got := strings.Join(blocks, " ")
	want := `1 "policy1" 2 40138 2 "policy0" 9 40139 "policy1" 1 40136 "policy1" 2 40140 40137`
	if got != want {
		t.Errorf("blocks = %s, want %s", got, want)
	}
}

func TestIPsecSAState(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name string
		hard ipsec.Lifetime
		done ipsec.Counters
		age  time.Duration
		want string
	}{
		{"no bounds", ipsec.Lifetime{}, ipsec.Counters{}, time.Hour, "-/-"},
		{"a bound in time", ipsec.Lifetime{Duration: day}, ipsec.Counters{Octets: 9}, time.Hour, "-/82800"},
		{"a bound in octets", ipsec.Lifetime{Octets: 1000}, ipsec.Counters{Octets: 9}, time.Hour, "991/-"},
		{"used up exactly", ipsec.Lifetime{Duration: day, Octets: 9}, ipsec.Counters{Octets: 9}, day, "0/0"},
		{"beyond both", ipsec.Lifetime{Duration: day, Octets: 9}, ipsec.Counters{Octets: 10}, 2 * day, "0/0"},
		{"a clock that was set back", ipsec.Lifetime{Duration: time.Hour}, ipsec.Counters{}, -time.Hour, "-/7200"},
		{"a large bound", ipsec.Lifetime{Octets: 4294967295 << 10}, ipsec.Counters{Octets: 1}, 0, "4398046510079/-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in, _ := pairOf(ipsec.AES128, ipsec.SHA1)
			in.Hard = test.hard
			s := newIPsecSAState(test.age, *partOf(in), func(ipsec.SAID) (ipsec.Counters, bool) { return test.done, true })
			if got := left(s.RemainingOctets) + "/" + left(s.RemainingSeconds); got != test.want {
				t.Errorf("remaining = %s, want %s", got, test.want)
			}
		})
	}
}

// An SA that the dataplane no longer has is shown as one that did nothing.
func TestIPsecSAStateWithoutCounters(t *testing.T) {
	_, out := pairOf(ipsec.AES128, ipsec.SHA1)
	s := newIPsecSAState(0, *partOf(out), func(ipsec.SAID) (ipsec.Counters, bool) { return ipsec.Counters{}, false })
	if s.Packets != 0 || s.Octets != 0 || s.Sequence != 0 || s.Inbound {
		t.Errorf("state = %+v, want no counts", s)
	}
}

func TestIPsecSAWindow(t *testing.T) {
	if got := (ipsecSAState{Window: 64}).window(); got != "64" {
		t.Errorf("window = %q, want 64", got)
	}
	if got := (ipsecSAState{}).window(); got != "disable" {
		t.Errorf("window = %q, want disable", got)
	}
}

func TestFlowText(t *testing.T) {
	tests := []struct {
		name     string
		r        ipsec.Range
		port     uint16
		protocol uint8
		want     string
	}{
		{"a subnet", subnet("10.77.8.0/24"), 0, 0, "10.77.8.0/255.255.255.0 0-65535 0"},
		{"a host", subnet("10.77.8.9/32"), 0, 0, "10.77.8.9/255.255.255.255 0-65535 0"},
		{"everything", subnet("0.0.0.0/0"), 0, 0, "0.0.0.0/0.0.0.0 0-65535 0"},
		{"half of everything", subnet("128.0.0.0/1"), 0, 0, "128.0.0.0/128.0.0.0 0-65535 0"},
		{"a pair of hosts", subnet("10.0.0.2/31"), 0, 0, "10.0.0.2/255.255.255.254 0-65535 0"},
		{"a range", span("10.77.8.1", "10.77.8.9"), 0, 0, "10.77.8.1-10.77.8.9 0-65535 0"},
		{"a range as long as a subnet", span("10.77.8.1", "10.77.9.0"), 0, 0, "10.77.8.1-10.77.9.0 0-65535 0"},
		{"a range within a subnet", span("10.77.8.0", "10.77.8.254"), 0, 0, "10.77.8.0-10.77.8.254 0-65535 0"},
		{"the wrong way round", span("10.77.8.255", "10.77.8.0"), 0, 0, "10.77.8.255-10.77.8.0 0-65535 0"},
		{"a port", subnet("10.77.8.0/24"), 443, 6, "10.77.8.0/255.255.255.0 443-443 6"},
		{"a protocol", subnet("10.77.8.0/24"), 0, 47, "10.77.8.0/255.255.255.0 0-65535 47"},
		{"IPv6", span("2001:db8::", "2001:db8::ffff"), 0, 0, "2001:db8::-2001:db8::ffff 0-65535 0"},
		{"none", ipsec.Range{}, 0, 0, "--- 0-65535 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := ipsecFlow{test.r.First, test.r.Last, test.port, test.protocol}
			if got := f.text(); got != test.want {
				t.Errorf("text of %+v = %q, want %q", f, got, test.want)
			}
		})
	}
}

func TestTunnelEnd(t *testing.T) {
	for _, test := range []struct {
		end  netip.AddrPort
		want string
	}{
		{netip.AddrPortFrom(here, 0), "192.0.2.1"},
		{netip.AddrPortFrom(here, 4500), "192.0.2.1:4500"},
		{netip.AddrPort{}, "-"},
	} {
		if got := tunnelEnd(test.end); got != test.want {
			t.Errorf("tunnelEnd(%v) = %q, want %q", test.end, got, test.want)
		}
	}
}

func TestEncapsulationIsShown(t *testing.T) {
	text := newIPsecSADisplay(then, saPairs(oddSAs(), nil, saFilter{Remote: netip.MustParseAddr("255.255.255.255")}), seedCounters).text()
	for _, want := range []string{
		"    tunnel local: 192.0.2.1:4500    tunnel remote: 255.255.255.255:65535\n",
		"      udp encapsulation used for nat traversal: Y\n",
		"      anti-replay window size: disable\n",
		"    flow destination: 10.77.8.1-10.77.8.9 443-443 6\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
