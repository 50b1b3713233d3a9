package iketest

import (
	"fmt"
	"strconv"
	"time"

	"sallyport/ike"
	"sallyport/ike/wire"
)

// Words of a host line about NAT traversal and long messages:
//
//	nat=off|force       `nat traversal` of the peer; detected if left out
//	natt=rfc|03|02n|02  the only version that the host knows; all of them if left out
//	keepalive=20s       `ike nat-keepalive-timer`
//	frag=off|SIZE       of the peer: no fragmentation, or its size

// setNAT reads these words.
func (p *plan) setNAT(c *ike.Config, policy *ike.Policy) error {
	switch p.get("nat") {
	case "off":
		policy.Peer.NAT = ike.NATOff
	case "force":
		policy.Peer.NAT = ike.NATForce
	}
	if _, known := versions[p.get("natt")]; !known && p.get("natt") != "" {
		return fmt.Errorf("natt=%s is no version", p.get("natt"))
	}
	if text := p.get("keepalive"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		c.NATKeepAlive = d
	}
	return setFragmentation(policy.Peer, p.get("frag"))
}

// versions are the vendor IDs of NAT traversal.
var versions = map[string]wire.VendorID{
	"rfc": wire.VendorRFC3947, "03": wire.VendorNATT03, "02n": wire.VendorNATT02N, "02": wire.VendorNATT02,
}

// speak returns what an older peer makes of a message that it sends or gets: of the versions of NAT
// traversal it knows one alone. Vendor IDs are not authenticated, so nobody notices. nil: the message
// stays as it is.
func (p *plan) speak(octets []byte) *wire.Message {
	only := p.get("natt")
	m, err := wire.Parse(octets)
	if only == "" || err != nil || m.Find(wire.PayloadVendorID) < 0 {
		return nil
	}
	older := &wire.Message{Header: m.Header}
	for _, payload := range m.Payloads {
		if id, ok := payload.(wire.VendorID); !ok || !otherVersion(id, only) {
			older.Payloads = append(older.Payloads, payload)
		}
	}
	return older
}

// otherVersion reports whether a vendor ID names another version of NAT traversal.
func otherVersion(id wire.VendorID, only string) bool {
	for version, known := range versions {
		if id.Is(known) && version != only {
			return true
		}
	}
	return false
}

// setFragmentation reads the word frag.
func setFragmentation(peer *ike.Peer, text string) (err error) {
	switch text {
	case "":
	case "off":
		peer.Fragmentation.Off = true
	default:
		peer.Fragmentation.Size, err = strconv.Atoi(text)
	}
	return err
}

// pieceText says which piece of a message octets are, and "" if they are a whole one.
func pieceText(octets []byte) string {
	m, err := wire.Parse(octets)
	if err != nil || len(m.Payloads) != 1 {
		return ""
	}
	if f, ok := m.Payloads[0].(wire.Fragment); ok {
		return f.String() + "  "
	}
	return ""
}
