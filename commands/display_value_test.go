package commands

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// same compares the typed value of a display.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s =\n%+v, want\n%+v", what, got, want)
	}
}

func TestIKESARows(t *testing.T) {
	remote := netip.AddrPortFrom(there, 500)
	same(t, "rows", newIKESADisplay(seedSAs(), saFilter{}).Rows, []ikeSALine{
		{ConnectionID: 40136, Peer: remote, Flags: []string{"RD", "ST"}, Version: "v1", Phase: 2, VPN: "public"},
		{ConnectionID: 40131, Peer: remote, Flags: []string{"RD", "ST"}, Version: "v1", Phase: 1, VPN: "public"},
	})
}

func TestIKESADetailOfPhase1(t *testing.T) {
	got := newIKESAVerboseDisplay(then, oddSAs(), saFilter{ConnectionID: 40131}).SAs
	same(t, "SAs", got, []ikeSADetail{{
		Phase:          1,
		Established:    established,
		Peer:           "b",
		ConnectionID:   40131,
		Version:        "v1",
		Mode:           "Main",
		CookieI:        "0x4a5f0c7713de9a20",
		CookieR:        "0x01b2774e60f3dc18",
		Local:          netip.AddrPortFrom(here, 500),
		Remote:         netip.AddrPortFrom(there, 500),
		RemoteID:       "198.51.100.7",
		Authentication: "PRE_SHARED",
		Encryption:     "AES-256",
		Hash:           "SHA2-256",
		Group:          14,
		Remaining:      85829,
		References:     2,
		Flags:          []string{"RD", "FD"},
	}})
}

// A pair's own times, connection id and flags stand beside its ISAKMP SA's
// cookies and algorithms.
func TestIKESADetailOfPhase2(t *testing.T) {
	all := seedSAs()
	all[0].Children[0].Created = then
	all[0].Children[0].Fading = true
	d := newIKESAVerboseDisplay(then.Add(time.Minute), all, saFilter{ConnectionID: 40136}).SAs
	if len(d) != 1 {
		t.Fatalf("%d SAs, want 1", len(d))
	}
	same(t, "phase", d[0].Phase, 2)
	same(t, "established", d[0].Established, then)
	same(t, "remaining", d[0].Remaining, 3540)
	same(t, "references", d[0].References, 1)
	same(t, "flags", d[0].Flags, []string{"RD", "ST", "FD"})
	same(t, "cookie", d[0].CookieI, "0x4a5f0c7713de9a20")
	same(t, "group", d[0].Group, 14)
}

func TestIKEErrorRows(t *testing.T) {
	same(t, "rows", newIKEErrorDisplay(failures()[:2], netip.Addr{}).Rows, []ikeErrorLine{
		{
			Peer: netip.MustParseAddrPort("198.51.100.7:500"), PeerName: "b",
			Error:   "phase1 proposal mismatch",
			Reason:  "offered AES-128/SHA1/group 2, allowed AES-256/SHA2-256/group 14",
			Version: "v1", Time: then,
		},
		{
			Peer:    netip.MustParseAddrPort("255.255.255.255:65535"),
			Error:   "peer address mismatch",
			Reason:  "no ike peer has remote-address 255.255.255.255",
			Version: "v1", Time: established,
		},
	})
}

func TestIKEErrorDetail(t *testing.T) {
	tests := []struct {
		row  ikeErrorLine
		want string
	}{
		{ikeErrorLine{Reason: "x"}, "Reason: x"},
		{ikeErrorLine{PeerName: "b", Reason: "x"}, "Reason (peer b): x"},
		{ikeErrorLine{}, "Reason: "},
	}
	for _, test := range tests {
		if got := test.row.detail(); got != test.want {
			t.Errorf("detail of %+v = %q, want %q", test.row, got, test.want)
		}
	}
}

func TestIKEProposalRows(t *testing.T) {
	same(t, "proposals", newIKEProposalDisplay([]*IKEProposal{oddProposal(), builtIn()}).Proposals, []ikeProposalLine{
		{
			Number: 1024, Method: "PRE_SHARED",
			Hashes:      []string{"SHA1", "MD5"},
			Encryptions: []string{"3DES", "DES"},
			Group:       "MODP-768", Duration: 604800,
			Integrity: []string{"HMAC-SHA1-96", "AES-XCBC-96"},
			PRF:       []string{"HMAC-MD5"},
		},
		{
			Method:      "PRE_SHARED",
			Hashes:      []string{"SHA2-512", "SHA2-384", "SHA2-256"},
			Encryptions: []string{"AES-256", "AES-192", "AES-128"},
			Group:       "MODP-2048", Duration: 86400,
			Integrity: []string{"HMAC-SHA2-256"},
			PRF:       []string{"HMAC-SHA2-256"},
		},
	})
}

func TestIKEPeerRows(t *testing.T) {
	probes := dpdLine{Idle: 30, Retransmit: 15, Retries: 3, Order: "seq-hash-notify"}
	same(t, "peers", newIKEPeerDisplay(IKEGlobal{}, manyPeers()[:2]).Peers, []ikePeerLine{
		{Name: "b", Version: "v1", Mode: "main", Proposal: 10, IDType: "IP", RemoteIDType: "IP", Remote: there, Backups: []netip.Addr{},
			PreSharedKey: true, NATTraversal: true, Probes: probes, Fragmentation: true, FragmentSize: 1280},
		{Name: "peer-of-15-char", Version: "v1", Mode: "main", Proposal: 1024, IDType: "IP", SentID: "192.0.2.1", RemoteIDType: "IP", Local: here,
			Remote: netip.MustParseAddr("255.255.255.255"), RemoteID: netip.MustParseAddr("10.1.1.1"), Backups: []netip.Addr{}, NATTraversal: true,
			Probes: probes, Fragmentation: true, FragmentSize: 1280},
	})
}

func TestIPsecSABriefRows(t *testing.T) {
	same(t, "display", newIPsecSABriefDisplay(saPairs(seedSAs(), nil, saFilter{})), ipsecSABriefDisplay{
		Tunnels: 1, InClear: []clearLine{},
		Rows: []ipsecSALine{
			{here, there, 3171402288, "ESP", "E:DES;A:HMAC-MD5-96;"},
			{there, here, 1648830941, "ESP", "E:DES;A:HMAC-MD5-96;"},
		},
	})
}

func TestIPsecSAPair(t *testing.T) {
	pair := natPair(40149, ipsec.AES256GCM, ipsec.NoIntegrity)
	pair.PFS = true
	got := newIPsecSAPair(then, negotiated(&pair), seedCounters)
	state := ipsecSAState{
		Protocol: "ESP", VPN: "public", Proposal: "ESP-ENCRYPT-AES-256-GCM-128", Encapsulated: true,
	}
	in, out := state, state
	in.Inbound, in.SPI, in.Sequence, in.Packets, in.Octets = true, 1648830941, 5, 5, 420
	out.SPI, out.Sequence, out.Packets, out.Octets = 3171402288, 7, 6, 504
	same(t, "pair", got, ipsecSAPair{
		ConnectionID: 40149,
		Rule:         4294967294,
		Mode:         "Tunnel",
		Local:        netip.AddrPortFrom(here, 4500),
		Remote:       netip.MustParseAddrPort("255.255.255.255:65535"),
		Source:       ipsecFlow{netip.MustParseAddr("172.20.4.0"), netip.MustParseAddr("172.20.4.255"), 0, 6},
		Destination:  ipsecFlow{netip.MustParseAddr("10.77.8.1"), netip.MustParseAddr("10.77.8.9"), 443, 6},
		PFS:          true,
		SAs:          []ipsecSAState{in, out},
	})
}

// A pair that is being set up shows the SA that there is.
func TestIPsecSAPairOfOne(t *testing.T) {
	for _, test := range []struct {
		name    string
		cut     func(*ike.ChildStatus)
		inbound bool
	}{
		{"inbound alone", func(c *ike.ChildStatus) { c.Outbound = nil }, true},
		{"outbound alone", func(c *ike.ChildStatus) { c.Inbound = nil }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pair := seedPair()
			test.cut(&pair)
			got := newIPsecSAPair(then, negotiated(&pair), seedCounters)
			if len(got.SAs) != 1 || got.SAs[0].Inbound != test.inbound || got.Rule != 5 || got.Local.Addr() != here {
				t.Errorf("pair = %+v", got)
			}
		})
	}
}

func TestPolicyEntryValue(t *testing.T) {
	c := oddPolicies()
	same(t, "entry", displayed(c, PolicyKey{"policy1", 10}), policyEntry{
		Sequence: 10, Mode: "isakmp", ACL: "3999", Peer: "peer-of-15-char", PFS: wire.Group19,
		Proposals: []string{"fifteen-letters", "b"},
		Seconds:   604800, Kilobytes: 4294967295, Window: 256, Auto: true, Missing: []string{}, InClear: []clearLine{}, Sides: []policySide{},
	})
	same(t, "entry", displayed(c, PolicyKey{"policy1", 2}), policyEntry{
		Sequence: 2, Mode: "isakmp", Proposals: []string{}, Seconds: 3600, Kilobytes: 2560, Window: 1024, Sides: []policySide{},
		Missing: []string{"security acl", "ike-peer", "proposal"}, InClear: []clearLine{}, Exposed: true,
	})
}

func TestACLValue(t *testing.T) {
	same(t, "list", newACLDisplay(oddACL()), aclDisplay{
		Number: 3999, Name: "to-branch", Step: 10, Description: "what goes to the branch",
		Rules: []aclLine{
			{ID: 0, Command: "rule 0 deny ip"},
			{
				ID:          4294967294,
				Command:     "rule 4294967294 permit udp source 172.20.0.1 0.0.255.0 source-port range 1024 65535",
				Description: "the last one",
			},
		},
	})
	if d := newACLDisplay(acl.New(2001)); !d.Basic || d.Step != 5 {
		t.Errorf("display of a basic list = %+v", d)
	}
}

// Displaying changes nothing of what is displayed: the engine's answer, sorted
// and filtered, is a copy only at its surface.
func TestDisplaysChangeNothing(t *testing.T) {
	all, peers, lists, config := oddSAs(), manyPeers(), documentedLists(), oddPolicies()
	for range 2 {
		_ = newIKESADisplay(all, saFilter{Remote: there}).text()
		_ = newIKESAVerboseDisplay(then, all, saFilter{}).text()
		_ = newIPsecSABriefDisplay(saPairs(all, nil, saFilter{Policy: "policy1"})).text()
		_ = newIPsecSADisplay(then, saPairs(all, nil, saFilter{}), seedCounters).text()
		_ = newIKEPeerDisplay(IKEGlobal{}, peers).text()
		_ = newACLsDisplay(lists).text()
		_ = newPolicyDisplay(config, "policy1", 0).text()
	}
	same(t, "SAs afterwards", all, oddSAs())
	same(t, "lists afterwards", lists, documentedLists())
	same(t, "policies afterwards", config.Policies, oddPolicies().Policies)
	for i, p := range manyPeers() {
		if peers[i].Name != p.Name || !peers[i].Key.Equal(p.Key) {
			t.Errorf("peer %d afterwards = %+v", i, peers[i])
		}
	}
}

// What a display holds can be changed without changing the configuration.
func TestPolicyDisplaySharesNothing(t *testing.T) {
	c := withPolicies(seedPolicy())
	newPolicyDisplay(c, "", 0).Groups[0].Entries[0].Proposals[0] = "changed"
	if got := c.Policies[PolicyKey{"policy1", 1}].Proposals[0]; got != "a" {
		t.Errorf("the configuration's proposal is %q, want a", got)
	}
}
