package commands

import (
	"net/netip"
	"time"

	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// established is when the samples' SAs were made; the displays are of then.
var (
	established = time.Date(2026, 5, 7, 15, 8, 1, 0, time.UTC)
	then        = established.Add(9*time.Minute + 31*time.Second)
)

var (
	here  = netip.MustParseAddr("192.0.2.1")
	there = netip.MustParseAddr("198.51.100.7")
)

// seedSAs are the SAs of the seed scenario, as the side that initiated has them.
func seedSAs() []ike.Status {
	return []ike.Status{{
		ConnectionID: 40131,
		Peer:         "b",
		Local:        netip.AddrPortFrom(here, 500),
		Remote:       netip.AddrPortFrom(there, 500),
		Cookies:      [2][8]byte{{0x4a, 0x5f, 0x0c, 0x77, 0x13, 0xde, 0x9a, 0x20}, {0x01, 0xb2, 0x77, 0x4e, 0x60, 0xf3, 0xdc, 0x18}},
		Initiator:    true,
		Ready:        true,
		Suite:        keymat.Suite{Cipher: keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 256}, Hash: wire.HashSHA256, Group: wire.Group14},
		Method:       wire.AuthPSK,
		RemoteID:     "198.51.100.7",
		Created:      established,
		Lifetime:     24 * time.Hour,
		Children:     []ike.ChildStatus{seedPair()},
	}}
}

// seedPair is DES with MD5 between 172.20.4.0/24 and 10.77.8.0/24.
func seedPair() ike.ChildStatus {
	pair := ike.ChildStatus{
		ConnectionID: 40136,
		Policy:       ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "policy1", Sequence: 1},
		Peer:         "b",
		Remote:       netip.AddrPortFrom(there, 500),
		Initiator:    true,
		Created:      established,
	}
	pair.Inbound, pair.Outbound = pairOf(ipsec.DES, ipsec.MD5)
	return pair
}

// pairOf returns two SAs with the seed's numbers and the algorithms given.
func pairOf(e ipsec.Encryption, i ipsec.Integrity) (in, out *ipsec.SA) {
	sa := ipsec.SA{
		ID:         ipsec.SAID{Destination: here, Protocol: ipsec.ESP, SPI: 1648830941},
		Direction:  ipsec.Inbound,
		Rule:       5,
		Local:      here,
		Remote:     there,
		Encryption: e,
		Integrity:  i,
		Selector:   ipsec.Selector{Local: subnet("172.20.4.0/24"), Remote: subnet("10.77.8.0/24")},
		Window:     1024,
		Hard:       ipsec.Lifetime{Duration: time.Hour, Octets: 1843200 << 10},
	}
	other := sa
	other.ID = ipsec.SAID{Destination: there, Protocol: ipsec.ESP, SPI: 3171402288}
	other.Direction = ipsec.Outbound
	return &sa, &other
}

// subnet returns the range of a prefix.
func subnet(text string) ipsec.Range { return ipsec.PrefixRange(netip.MustParsePrefix(text)) }

// span returns a range of addresses.
func span(first, last string) ipsec.Range {
	return ipsec.Range{First: netip.MustParseAddr(first), Last: netip.MustParseAddr(last)}
}

// seedCounters are what the seed's SAs have done.
func seedCounters(id ipsec.SAID) (ipsec.Counters, bool) {
	switch id.SPI {
	case 1648830941:
		return ipsec.Counters{Packets: 5, Octets: 420, Sequence: 5}, true
	case 3171402288:
		return ipsec.Counters{Packets: 6, Octets: 504, Sequence: 7}, true
	}
	return ipsec.Counters{}, false
}

// oddSAs are what a busy hub may have: an SA that is being rekeyed, with its
// pair's successor; one behind a NAT on a long port, whose SAs go in UDP, with a
// GCM and a NULL pair of another interface and group; one half open; a pair with extended
// sequence numbers that has outlived its SA.
func oddSAs() []ike.Status {
	rekeyed := seedSAs()[0]
	rekeyed.Initiator, rekeyed.Fading = false, true
	old, fresh := seedPair(), seedPair()
	old.Initiator, old.Replaced, old.Fading = false, true, true
	fresh.ConnectionID, fresh.Initiator, fresh.PFS = 40150, false, true
	fresh.Inbound, fresh.Outbound = pairOf(ipsec.AES256, ipsec.SHA512)
	rekeyed.Children = []ike.ChildStatus{old, fresh}
	return []ike.Status{natSA(), rekeyed, halfOpenSA(), orphanSA()}
}

func natSA() ike.Status {
	s := seedSAs()[0]
	remote := netip.MustParseAddrPort("255.255.255.255:65535")
	s.ConnectionID, s.Peer, s.NAT, s.NATVersion = 4294967294, "peer-of-15-char", true, "draft-ietf-ipsec-nat-t-ike-03"
	s.Local, s.Remote = netip.AddrPortFrom(here, 4500), remote
	s.RemoteID = "hub\x1b[2J.example"
	s.Children = []ike.ChildStatus{natPair(40149, ipsec.AES256GCM, ipsec.NoIntegrity), natPair(40148, ipsec.Null, ipsec.SHA384)}
	return s
}

// natPair returns a pair in UDP whose traffic is TCP to port 443 and whose far
// end is no subnet.
func natPair(id uint32, e ipsec.Encryption, i ipsec.Integrity) ike.ChildStatus {
	pair := seedPair()
	pair.ConnectionID = id
	pair.Policy = ipsec.PolicyID{Interface: "GigabitEthernet0/0/1", Name: "fifteen-letters", Sequence: 10000}
	pair.Remote = netip.MustParseAddrPort("255.255.255.255:65535")
	pair.Inbound, pair.Outbound = pairOf(e, i)
	for _, sa := range []*ipsec.SA{pair.Inbound, pair.Outbound} {
		sa.Remote = pair.Remote.Addr()
		sa.Rule = 4294967294
		sa.Encapsulation = ipsec.Ports{Local: 4500, Remote: 65535}
		sa.Selector.Remote = span("10.77.8.1", "10.77.8.9")
		sa.Selector.Protocol, sa.Selector.RemotePort = 6, 443
		sa.Hard, sa.Window = ipsec.Lifetime{}, 0
	}
	return pair
}

func halfOpenSA() ike.Status {
	return ike.Status{
		ConnectionID: 7,
		Peer:         "c",
		Local:        netip.AddrPortFrom(here, 500),
		Remote:       netip.MustParseAddrPort("203.0.113.20:1026"),
		Cookies:      [2][8]byte{{1}, {}},
		Created:      established,
	}
}

// orphanSA is what the engine says of a pair whose ISAKMP SA is gone.
func orphanSA() ike.Status {
	pair := seedPair()
	pair.ConnectionID, pair.Peer = 12, "c"
	pair.Policy.Sequence = 2
	pair.Remote = netip.MustParseAddrPort("203.0.113.99:500")
	pair.Inbound, pair.Outbound = pairOf(ipsec.TripleDES, ipsec.SHA1)
	for _, sa := range []*ipsec.SA{pair.Inbound, pair.Outbound} {
		sa.Remote, sa.ESN = pair.Remote.Addr(), true
	}
	return ike.Status{Peer: "c", Remote: pair.Remote, Created: established, Children: []ike.ChildStatus{pair}}
}

// partOf returns the first of what an SA counts for.
func partOf(sa *ipsec.SA) *saPart { return &saParts(sa)[0] }
