package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// A VendorID says what its sender is or can do: RFC 2408 §3.16. Those that are
// known are known by their whole value: [VendorID.Is].
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
	VendorFragments = vendorID("4048b7d56ebce88525e7de7f00d6c2d3") // IKE fragmentation; capabilities may follow
	VendorWindows   = vendorID("1e2b516905991c7d7c96fcbfb587e461") // Microsoft Windows; a version may follow
	VendorGSSAPI    = vendorID("621b04bb09882ac1e15935fefa24aeee") // Kerberos, whose method has XAUTH's number 65001
	VendorSallyport = vendorID("909a623b37a70097c16fe15be8028207") // ours, which zeros follow
)

// A vendor is a known vendor ID and its name in texts.
type vendor struct {
	id   VendorID
	name string
	tail int // octets of a version or of capabilities that may follow; anyTail: any number
}

// anyTail is the tail of a vendor ID that fills up its message.
const anyTail = -1

var vendors = []vendor{
	{VendorRFC3947, "RFC3947", 0}, {VendorNATT03, "NAT-T-03", 0}, {VendorNATT02N, "NAT-T-02n", 0},
	{VendorNATT02, "NAT-T-02", 0}, {VendorNATT00, "NAT-T-00", 0}, {VendorDPD, "DPD", 0},
	{VendorXAUTH, "XAUTH", 0}, {VendorUnity, "Unity", 0}, {VendorFragments, "FRAGMENTATION", 4},
	{VendorWindows, "Windows", 4}, {VendorGSSAPI, "GSSAPI", 0}, {VendorSallyport, "Sallyport", anyTail},
	{vendorID("882fe56d6fd20dbc2251613b2ebe5beb"), "strongSwan", 0}, {vendorID("7003cbc1097dbe9c2600ba6983bc8b35"), "racoon", 0},
	{vendorID("26244d38eddb61b3172a36e3d0cfb819"), "Vid-Initial-Contact", 0},
	{vendorID("1f07f70eaa6514d3b0fa96542a50"), "Cisco-VPN3000", 2},
	{vendorID("4df37928e9fc4fd1b3262170d515c662"), "NAT-T", 0}, {vendorID("9909b64eed937c6573de52ace952fa6b"), "NAT-T-04", 0},
	{vendorID("80d0bb3def54565ee84645d4c85ce3ee"), "NAT-T-05", 0}, {vendorID("4d1e0e136deafa34c4f3ea9f02ec7285"), "NAT-T-06", 0},
	{vendorID("439b59f8ba676c4c7737ae22eab8f582"), "NAT-T-07", 0}, {vendorID("8f8d83826d246b6fc7a8a6a428c11de8"), "NAT-T-08", 0},
}

// Is reports whether v is a known vendor ID: the whole value, after which only a
// fragmentation ID's capabilities, a version of some vendors or the zeros of ours may come.
func (v VendorID) Is(known VendorID) bool {
	rest, ok := bytes.CutPrefix(v.Data, known.Data)
	tail := known.tail()
	return ok && (len(rest) == 0 || len(rest) == tail || tail == anyTail)
}

// tail returns how many octets may follow a known vendor ID.
func (v VendorID) tail() int {
	for _, known := range vendors {
		if v.Equal(known.id) {
			return known.tail
		}
	}
	return 0
}

// Known reports whether v is one that has a name in texts.
func (v VendorID) Known() bool {
	return slices.ContainsFunc(vendors, func(known vendor) bool { return v.Is(known.id) })
}

// With returns the vendor ID followed by four octets: capabilities, a version.
func (v VendorID) With(tail uint32) VendorID {
	return VendorID{binary.BigEndian.AppendUint32(bytes.Clone(v.Data), tail)}
}

// Filled returns the vendor ID followed by n zeros, which say nothing and make it longer.
func (v VendorID) Filled(n int) VendorID {
	return VendorID{append(bytes.Clone(v.Data), make([]byte, n)...)}
}

// Type returns PayloadVendorID.
func (VendorID) Type() PayloadType { return PayloadVendorID }

// Equal reports whether the two are the same, to the last octet.
func (v VendorID) Equal(w VendorID) bool { return bytes.Equal(v.Data, w.Data) }

// String returns, for example, "VID[RFC3947]", or the octets of an unknown one.
func (v VendorID) String() string {
	for _, known := range vendors {
		if v.Is(known.id) {
			return "VID[" + known.name + "]"
		}
	}
	return "VID[" + hexText(v.Data) + "]"
}

func parseVendorID(r *reader) Payload { return VendorID{r.rest()} }

func (v VendorID) appendTo(b []byte) []byte { return append(b, v.Data...) }
