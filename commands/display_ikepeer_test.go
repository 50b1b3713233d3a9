package commands

import (
	"net/netip"
	"strings"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// documentedPeers is the command reference's example.
const documentedPeers = `Current ike peer number: 1
---------------------------------------------------------------------------
Peer name        Version  Exchange-mode   Proposal   Id-type   RemoteAddr
---------------------------------------------------------------------------
b                v1       main            10         IP        198.51.100.7
`

const sampleKey = "Admin@123-never-shown"

func seedPeer() *ike.Peer {
	return &ike.Peer{Name: "b", Proposal: 10, Key: secret.Octets(sampleKey), Remote: there, V1Only: true}
}

func manyPeers() []*ike.Peer {
	return []*ike.Peer{
		seedPeer(),
		{Name: "peer-of-15-char", Proposal: 1024, Remote: netip.MustParseAddr("255.255.255.255"),
			RemoteID: netip.MustParseAddr("10.1.1.1"), Local: here},
		ike.NewPeer(),
	}
}

func TestIKEPeerDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		all        []*ike.Peer
	}{
		{"none", "ike-peer-none", nil},
		{"the seed's", "ike-peer", []*ike.Peer{seedPeer()}},
		{"several", "ike-peer-many", manyPeers()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newIKEPeerDisplay(IKEGlobal{}, test.all)
			golden(t, "display/"+test.file+".txt", d.text())
			golden(t, "display/"+test.file+"-brief.txt", d.brief())
		})
	}
}

func TestIKEPeerBriefIsTheDocumented(t *testing.T) {
	sameText(t, "display ike peer brief", newIKEPeerDisplay(IKEGlobal{}, []*ike.Peer{seedPeer()}).brief(), documentedPeers)
}

func TestIKEPeerBriefOffsets(t *testing.T) {
	documented := []int{0, 17, 26, 42, 53, 63}
	text := newIKEPeerDisplay(IKEGlobal{}, manyPeers()).brief()
	cellsAt(t, lineWith(t, text, "Peer name"), documented,
		"Peer name", "Version", "Exchange-mode", "Proposal", "Id-type", "RemoteAddr")
	cellsAt(t, lineWith(t, text, "15-char"), documented,
		"peer-of-15-char", "v1", "main", "1024", "IP", "255.255.255.255")
	ruleOf(t, text, "-", 75)
}

func TestIKEPeerLayout(t *testing.T) {
	text := newIKEPeerDisplay(IKEGlobal{}, manyPeers()).text()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "   ") && strings.Index(line, ":") != 28 {
			t.Errorf("the colon of %q is at %d, want 28", line, strings.Index(line, ":"))
		}
	}
	ruleOf(t, text, "-", 43)
}

// A fieldTest is a peer and what a line of its display says.
type fieldTest struct {
	peer        *ike.Peer
	label, want string
}

// sentIDs are the IDs of peers that are told hq as our name.
func sentIDs() []fieldTest {
	of := func(t ike.IDType, id string, want string) fieldTest {
		return fieldTest{&ike.Peer{Name: "p", Local: here, LocalIDType: t, LocalID: id}, "Local ID", want}
	}
	return []fieldTest{
		of(ike.IDAddress, "", "192.0.2.1"), of(ike.IDAddress, "10.1.1.1", "10.1.1.1"),
		of(ike.IDFQDN, "", "hq"), of(ike.IDFQDN, "gw.example", "gw.example"),
		of(ike.IDUserFQDN, "", "hq"), of(ike.IDKeyID, "", "hq"), of(ike.IDDN, "", ""), of(ike.IDDN, "CN=gw", "CN=gw"),
	}
}

func TestIKEPeerFields(t *testing.T) {
	tests := []fieldTest{
		{seedPeer(), "Peer name", "b"},
		{seedPeer(), "IKE version", "v1"},
		{ike.NewPeer(), "IKE version", "v1"},
		{seedPeer(), "Proposal", "10"},
		{ike.NewPeer(), "Proposal", ""},
		{seedPeer(), "Pre-shared-key", "******"},
		{ike.NewPeer(), "Pre-shared-key", ""},
		{seedPeer(), "Remote IP", "198.51.100.7"},
		{ike.NewPeer(), "Remote IP", ""},
		{manyPeers()[1], "Local IP", "192.0.2.1"},
		{seedPeer(), "Authentic IP address", ""},
		{seedPeer(), "Remote ID", "198.51.100.7"},
		{manyPeers()[1], "Authentic IP address", "10.1.1.1"},
		{manyPeers()[1], "Remote ID", "10.1.1.1"},
		{seedPeer(), "Exchange mode", "Main"},
		{seedPeer(), "NAT-traversal", "Enable"},
		{seedPeer(), "DPD", "Disable"},
	}
	for _, test := range append(tests, sentIDs()...) {
		fields := verboseFields(newIKEPeerDisplay(IKEGlobal{LocalName: "hq"}, []*ike.Peer{test.peer}).text())
		if got, ok := fields[test.label]; !ok || got != test.want {
			t.Errorf("%s of peer %q = %q, want %q", test.label, test.peer.Name, got, test.want)
		}
	}
}
