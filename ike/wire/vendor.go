package wire

import (
	"bytes"
	"encoding/hex"
)

// A VendorID says what its sender is or can do: RFC 2408 §3.16. Those that are
// known are known by their whole value.
type VendorID struct{ Data []byte }

// vendorID makes a VendorID of hexadecimal constants.
func vendorID(s string) VendorID {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err) // a constant of this file is wrong; the first test finds it
	}
	return VendorID{b}
}

// The vendor IDs that matter here. Nobody changes them.
var (
	VendorRFC3947   = vendorID("4a131c81070358455c5728f20e95452f") // NAT traversal as in RFC 3947
	VendorNATT03    = vendorID("7d9419a65310ca6f2c179d9215529d56") // draft-ietf-ipsec-nat-t-ike-03
	VendorNATT02N   = vendorID("90cb80913ebb696e086381b5ec427b1f") // draft-ietf-ipsec-nat-t-ike-02 with a line feed, as most sent it
	VendorNATT02    = vendorID("cd60464335df21f87cfdb2fc68b6a448") // draft-ietf-ipsec-nat-t-ike-02
	VendorNATT00    = vendorID("4485152d18b6bbcd0be8a8469579ddcc") // draft-ietf-ipsec-nat-t-ike-00
	VendorDPD       = vendorID("afcad71368a1f1c96b8696fc77570100") // RFC 3706
	VendorXAUTH     = vendorID("09002689dfd6b712")                 // draft-ietf-ipsec-isakmp-xauth-06
	VendorUnity     = vendorID("12f5f28c457168a9702d9fe274cc0100") // Cisco Unity
	VendorFragments = vendorID("4048b7d56ebce88525e7de7f00d6c2d3") // IKE fragmentation, without capabilities
)

// fragmentCapabilities is the length of what may follow VendorFragments.
const fragmentCapabilities = 4

// vendorNames prints the known ones.
var vendorNames = []struct {
	id   VendorID
	name string
}{
	{VendorRFC3947, "RFC3947"}, {VendorNATT03, "NAT-T-03"}, {VendorNATT02N, "NAT-T-02n"},
	{VendorNATT02, "NAT-T-02"}, {VendorNATT00, "NAT-T-00"}, {VendorDPD, "DPD"},
	{VendorXAUTH, "XAUTH"}, {VendorUnity, "Unity"}, {VendorFragments, "FRAGMENTATION"},
	{vendorID("1e2b516905991c7d7c96fcbfb587e461"), "Windows"}, {vendorID("621b04bb09882ac1e15935fefa24aeee"), "GSSAPI"},
	{vendorID("882fe56d6fd20dbc2251613b2ebe5beb"), "strongSwan"}, {vendorID("7003cbc1097dbe9c2600ba6983bc8b35"), "racoon"},
	{vendorID("26244d38eddb61b3172a36e3d0cfb819"), "Vid-Initial-Contact"},
}

// withTail are those that four octets of version or capabilities may follow.
var withTail = map[string]bool{"FRAGMENTATION": true, "Windows": true}

// Type returns PayloadVendorID.
func (VendorID) Type() PayloadType { return PayloadVendorID }

// Equal reports whether the two are the same, to the last octet.
func (v VendorID) Equal(w VendorID) bool { return bytes.Equal(v.Data, w.Data) }

// String returns, for example, "VID[RFC3947]", or the octets of an unknown one.
func (v VendorID) String() string {
	for _, known := range vendorNames {
		rest, ok := bytes.CutPrefix(v.Data, known.id.Data)
		if ok && (len(rest) == 0 || withTail[known.name] && len(rest) == fragmentCapabilities) {
			return "VID[" + known.name + "]"
		}
	}
	return "VID[" + hexText(v.Data) + "]"
}

func parseVendorID(r *reader) Payload { return VendorID{r.rest()} }

func (v VendorID) appendTo(b []byte) []byte { return append(b, v.Data...) }
