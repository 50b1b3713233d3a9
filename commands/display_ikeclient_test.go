package commands

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// clientSAs are an SA with a client of ours, by aggressive mode and XAUTH, whose heartbeats
// have been late, and one with a gateway that has given us an address.
func clientSAs() []ike.Status {
	gateway := seedSAs()[0]
	gateway.Children, gateway.Initiator, gateway.Aggressive = nil, false, true
	gateway.Method, gateway.User, gateway.RemoteID = wire.AuthXAUTHInitPSK, "alice\x1b of sales", "alice@example"
	gateway.Lease, gateway.Heartbeat, gateway.TimedOut = netip.MustParseAddr("10.9.0.5"), true, true
	gateway.MaxOctets, gateway.Octets = 4096<<10, 1024<<10
	client := seedSAs()[0]
	client.Children, client.ConnectionID, client.Method = nil, 9, wire.AuthHybridInitRSA
	client.User = "branch"
	client.Configured = &ike.Configured{
		Address: netip.MustParseAddr("10.9.0.6"), DNS: []netip.Addr{netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("10.0.0.54")},
		Domain: "example", Banner: "Authorised\nusers only", Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	return []ike.Status{gateway, client}
}

func TestIKESAVerboseOfClients(t *testing.T) {
	golden(t, "display/ike-sa-verbose-client.txt", newIKESAVerboseDisplay(then, clientSAs(), saFilter{}).text())
	golden(t, "display/ike-sa-client.txt", newIKESADisplay(clientSAs(), saFilter{}).text())
}

func TestIKESAOfSpentOctets(t *testing.T) {
	spent := clientSAs()[:1]
	spent[0].Octets = 2 * spent[0].MaxOctets
	if got := newIKESAVerboseDisplay(then, spent, saFilter{}).SAs[0]; got.Kilobytes != 0 {
		t.Errorf("%d kilobytes are left of an SA that has had twice its limit", got.Kilobytes)
	}
}

// fullPeers have what an ike peer can have.
func fullPeers() []*ike.Peer {
	a := netip.MustParseAddr
	return []*ike.Peer{
		{
			Name: "hub", Description: "the hub", Mode: ike.AggressiveMode, Key: secret.Octets(sampleKey), V1Only: true,
			Remote: a("192.0.2.2"), Backups: []netip.Addr{a("192.0.2.3"), a("192.0.2.4")},
			LocalIDType: ike.IDFQDN, LocalID: "branch.example", RemoteIDType: ike.IDDN, RemoteName: "CN=hub, O=Example",
			Certificate: "b.cer", Domain: "d", NAT: ike.NATForce, DPD: ike.DPD{Type: ike.DPDPeriodic, Order: ike.DPDNotifyHash, Retries: 9},
			LifetimeNotification: true, Fragmentation: ike.Fragmentation{Off: true, Size: 1000}, MasterKeyPFS: true, QuickModes: 5,
			XAUTH: ike.XAUTHClient, User: "alice", Password: secret.Octets(sampleKey), ConfigExchange: ike.ConfigAccept,
		},
		{
			Name: "spokes", Mode: ike.AutoMode, Remote: a("10.0.0.0"), RemoteLast: a("10.255.255.255"), RemoteIDType: ike.IDAny,
			UserTable: 3, NAT: ike.NATOff, XAUTH: ike.XAUTHGateway, ConfigExchange: ike.ConfigSet, Scheme: "staff",
		},
		{Name: "named", RemoteHost: "hub.example", RemoteID: a("10.0.0.1"), RemoteIDLast: a("10.0.0.9")},
	}
}

func TestIKEPeerInFull(t *testing.T) {
	d := newIKEPeerDisplay(IKEGlobal{DPD: ike.DPD{Idle: time.Minute}}, fullPeers())
	golden(t, "display/ike-peer-full.txt", d.text())
	golden(t, "display/ike-peer-full-brief.txt", d.brief())
	if strings.Contains(d.text(), sampleKey) {
		t.Error("a secret is shown")
	}
}

// TestProbesInForce has the peer's own word before the box's, and that before the default.
func TestProbesInForce(t *testing.T) {
	box := ike.DPD{Type: ike.DPDPeriodic, Idle: time.Minute, Retransmit: 5 * time.Second, Retries: 7, Order: ike.DPDNotifyHash}
	own := ike.DPD{Type: ike.DPDOnDemand, Idle: 10 * time.Second, Retransmit: 2 * time.Second, Retries: 1, Order: ike.DPDHashNotify}
	for _, test := range []struct {
		name     string
		own, box ike.DPD
		want     dpdLine
	}{
		{"nothing", ike.DPD{}, ike.DPD{}, dpdLine{"", 30, 15, 3, "seq-hash-notify"}},
		{"the box", ike.DPD{}, box, dpdLine{"periodic", 60, 5, 7, "seq-notify-hash"}},
		{"both", own,
			box, dpdLine{"on-demand", 10, 2, 1, "seq-hash-notify"}},
		{"some", ike.DPD{Retries: 2}, ike.DPD{Type: ike.DPDOnDemand, Idle: time.Minute}, dpdLine{"on-demand", 60, 15, 2, "seq-hash-notify"}},
	} {
		if got := newDPDLine(test.own, test.box); got != test.want {
			t.Errorf("%s: newDPDLine(%v, %v) = %v, want %v", test.name, test.own, test.box, got, test.want)
		}
	}
}

func TestIKEProposalsOfCertificates(t *testing.T) {
	var all []*IKEProposal
	for n, method := range []wire.AuthMethod{wire.AuthRSA, wire.AuthECDSA256, wire.AuthECDSA384, wire.AuthECDSA521, wire.AuthHybridInitRSA} {
		p := newIKEProposal()
		p.Number, p.Method, p.Octets = uint32(n+1), method, uint64(n)<<20
		all = append(all, p)
	}
	all[0].Group, all[1].Group = wire.Group24, wire.Group18
	golden(t, "display/ike-proposal-certificates.txt", newIKEProposalDisplay(all).text())
}

// TestEveryGroupHasAName looks at all groups that there is arithmetic for.
func TestEveryGroupHasAName(t *testing.T) {
	for g := range wire.Group(40) {
		if _, named := groupNames[g]; named != keymat.GroupSupported(g) {
			t.Errorf("group %d: named %v, supported %v", g, named, !named)
		}
	}
}
