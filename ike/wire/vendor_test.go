package wire

import (
	"bytes"
	"crypto/md5"
	"testing"
)

// TestVendorsAreHashes computes vendor IDs from the texts that they are hashes of.
func TestVendorsAreHashes(t *testing.T) {
	texts := map[string]string{
		"RFC3947": "RFC 3947", "NAT-T-03": "draft-ietf-ipsec-nat-t-ike-03", "NAT-T-02n": "draft-ietf-ipsec-nat-t-ike-02\n",
		"NAT-T-02": "draft-ietf-ipsec-nat-t-ike-02", "NAT-T-00": "draft-ietf-ipsec-nat-t-ike-00", "NAT-T": "draft-ietf-ipsec-nat-t-ike",
		"NAT-T-04": "draft-ietf-ipsec-nat-t-ike-04", "NAT-T-05": "draft-ietf-ipsec-nat-t-ike-05", "NAT-T-06": "draft-ietf-ipsec-nat-t-ike-06",
		"NAT-T-07": "draft-ietf-ipsec-nat-t-ike-07", "NAT-T-08": "draft-ietf-ipsec-nat-t-ike-08",
		"XAUTH": "draft-ietf-ipsra-isakmp-xauth-06.txt", "Unity": "CISCO-UNITY", "FRAGMENTATION": "FRAGMENTATION",
		"Windows": "MS NT5 ISAKMPOAKLEY", "GSSAPI": "GSSAPI", "strongSwan": "strongSwan", "racoon": "KAME/racoon",
		"Vid-Initial-Contact": "Vid-Initial-Contact", "Cisco-VPN3000": "ALTIGA GATEWAY", "Sallyport": "Sallyport IKEv1",
	}
	const cut = 14 // Unity and Cisco-VPN3000 go on with a version
	for _, v := range vendors {
		text, ok := texts[v.name]
		sum := md5.Sum([]byte(text))
		if n := min(len(v.id.Data), cut); v.name != "DPD" && (!ok || !bytes.Equal(sum[:n], v.id.Data[:n])) {
			t.Errorf("%s is %x, the hash of %q is %x", v.name, v.id.Data, text, sum)
		}
	}
	if len(texts) != len(vendors)-1 {
		t.Errorf("%d texts for %d vendor IDs", len(texts), len(vendors)-1)
	}
}

func TestVendorIs(t *testing.T) {
	for _, test := range []struct {
		name string
		v    VendorID
		of   VendorID
		want bool
	}{
		{"the whole value", VendorDPD, VendorDPD, true},
		{"another one", VendorDPD, VendorXAUTH, false},
		{"part of it", VendorID{VendorDPD.Data[:8]}, VendorDPD, false},
		{"more than it", VendorDPD.With(0), VendorDPD, false},
		{"empty", VendorID{}, VendorDPD, false},
		{"fragmentation alone", VendorFragments, VendorFragments, true},
		{"fragmentation with capabilities", VendorFragments.With(0xc0000000), VendorFragments, true},
		{"fragmentation with one octet", VendorID{append(bytes.Clone(VendorFragments.Data), 1)}, VendorFragments, false},
		{"fragmentation with eight octets", VendorFragments.With(1).With(2), VendorFragments, false},
		{"Windows with a version", VendorWindows.With(9), VendorWindows, true},
		{"Windows is not fragmentation", VendorWindows.With(9), VendorFragments, false},
		{"ours", VendorSallyport, VendorSallyport, true},
		{"ours with zeros", VendorSallyport.Filled(300), VendorSallyport, true},
		{"part of ours", VendorID{VendorSallyport.Data[:15]}, VendorSallyport, false},
	} {
		if got := test.v.Is(test.of); got != test.want {
			t.Errorf("%s: Is = %t, want %t", test.name, got, test.want)
		}
	}
	if got := len(VendorFragments.Data); got != 16 {
		t.Errorf("With has changed what it was called on: %d octets", got)
	}
	for text, v := range map[string]VendorID{
		"VID[FRAGMENTATION]": VendorFragments.With(0x80000000), "VID[Windows]": VendorWindows.With(9), "VID[GSSAPI]": VendorGSSAPI,
		"VID[Cisco-VPN3000]": {[]byte("\x1f\x07\xf7\x0e\xaa\x65\x14\xd3\xb0\xfa\x96\x54\x2a\x50\x03\x05")},
	} {
		if got := v.String(); got != text {
			t.Errorf("String() = %s, want %s", got, text)
		}
	}
}
