package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
)

func TestIDRange(t *testing.T) {
	for _, test := range []struct {
		name   string
		of     IDType
		octets []byte
		range_ string // first-last; empty: refused
		prefix string // empty: refused
	}{
		{"address", IDIPv4Addr, []byte{10, 0, 0, 1}, "10.0.0.1-10.0.0.1", "10.0.0.1/32"},
		{"address of 3 octets", IDIPv4Addr, []byte{10, 0, 0}, "", ""},
		{"address of 5 octets", IDIPv4Addr, []byte{10, 0, 0, 1, 2}, "", ""},
		{"empty address", IDIPv4Addr, nil, "", ""},
		{"subnet", IDIPv4Subnet, []byte{10, 1, 0, 0, 255, 255, 255, 0}, "10.1.0.0-10.1.0.255", "10.1.0.0/24"},
		{"subnet with host bits", IDIPv4Subnet, []byte{10, 1, 0, 7, 255, 255, 255, 0}, "10.1.0.0-10.1.0.255", "10.1.0.0/24"},
		{"everything", IDIPv4Subnet, make([]byte, 8), "0.0.0.0-255.255.255.255", "0.0.0.0/0"},
		{"subnet of one", IDIPv4Subnet, []byte{10, 1, 0, 1, 255, 255, 255, 255}, "10.1.0.1-10.1.0.1", "10.1.0.1/32"},
		{"mask with a hole", IDIPv4Subnet, []byte{10, 1, 0, 0, 255, 0, 255, 0}, "", ""},
		{"wildcard for a mask", IDIPv4Subnet, []byte{10, 1, 0, 0, 0, 0, 0, 255}, "", ""},
		{"subnet without mask", IDIPv4Subnet, []byte{10, 1, 0, 0}, "", ""},
		{"range", IDIPv4Range, []byte{10, 1, 0, 1, 10, 1, 0, 9}, "10.1.0.1-10.1.0.9", ""},
		{"range that is a subnet", IDIPv4Range, []byte{10, 1, 0, 0, 10, 1, 1, 255}, "10.1.0.0-10.1.1.255", "10.1.0.0/23"},
		{"range of one", IDIPv4Range, []byte{10, 1, 0, 1, 10, 1, 0, 1}, "10.1.0.1-10.1.0.1", "10.1.0.1/32"},
		{"range reversed", IDIPv4Range, []byte{10, 1, 0, 9, 10, 1, 0, 1}, "", ""},
		{"half a range", IDIPv4Range, []byte{10, 1, 0, 9}, "", ""},
		{"IPv6 address", IDIPv6Addr, append([]byte{0xfd}, make([]byte, 15)...), "fd00::-fd00::", "fd00::/128"},
		{"IPv6 subnet", IDIPv6Subnet, append(append([]byte{0xfd}, make([]byte, 15)...), append([]byte{0xff}, make([]byte, 15)...)...), "fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00::/8"},
		{"IPv6 of 4 octets", IDIPv6Addr, []byte{10, 0, 0, 1}, "", ""},
		{"name", IDFQDN, []byte("10.0.0.1"), "", ""},
		{"unknown type", 77, []byte{10, 0, 0, 1}, "", ""},
	} {
		id := ID{IDType: test.of, Data: test.octets}
		first, last, err := id.Range()
		checkIDResult(t, test.name, err, first.String()+"-"+last.String(), test.range_)
		prefix, err := id.Prefix()
		checkIDResult(t, test.name, err, prefix.String(), test.prefix)
	}
}

// checkIDResult checks a result, or a *SyntaxError if none is wanted.
func checkIDResult(t *testing.T, name string, err error, got, want string) {
	t.Helper()
	var syntax *SyntaxError
	switch {
	case want == "" && (!errors.As(err, &syntax) || syntax.Payload != PayloadID || syntax.Wanted == ""):
		t.Errorf("%s: %s, error %v; want a *SyntaxError of an ID", name, got, err)
	case want != "" && (err != nil || got != want):
		t.Errorf("%s: %s, %v; want %s", name, got, err, want)
	}
}

func TestIDBuilt(t *testing.T) {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	for _, test := range []struct {
		got  ID
		want ID
	}{
		{AddrID(addr("10.0.0.1")), ID{IDType: IDIPv4Addr, Data: []byte{10, 0, 0, 1}}},
		{AddrID(addr("::ffff:10.0.0.1")), ID{IDType: IDIPv4Addr, Data: []byte{10, 0, 0, 1}}},
		{AddrID(addr("fd00::")), ID{IDType: IDIPv6Addr, Data: append([]byte{0xfd}, make([]byte, 15)...)}},
		{PrefixID(prefix("10.1.0.0/24")), ID{IDType: IDIPv4Subnet, Data: []byte{10, 1, 0, 0, 255, 255, 255, 0}}},
		{PrefixID(prefix("10.1.0.9/20")), ID{IDType: IDIPv4Subnet, Data: []byte{10, 1, 0, 0, 255, 255, 240, 0}}},
		{PrefixID(prefix("0.0.0.0/0")), ID{IDType: IDIPv4Subnet, Data: make([]byte, 8)}},
		{PrefixID(prefix("10.0.0.1/32")), ID{IDType: IDIPv4Addr, Data: []byte{10, 0, 0, 1}}},
		{RangeID(addr("10.0.0.1"), addr("10.0.0.9")), ID{IDType: IDIPv4Range, Data: []byte{10, 0, 0, 1, 10, 0, 0, 9}}},
	} {
		if test.got.IDType != test.want.IDType || !bytes.Equal(test.got.Data, test.want.Data) {
			t.Errorf("got %+v, want %+v", test.got, test.want)
		}
	}
	for _, p := range []string{"10.1.2.0/24", "0.0.0.0/0", "10.1.2.3/32", "128.0.0.0/1", "fd00::/8", "fd00::1/128"} {
		if back, err := PrefixID(prefix(p)).Prefix(); err != nil || back != prefix(p) {
			t.Errorf("PrefixID(%s).Prefix() = %v, %v", p, back, err)
		}
	}
	first, last, err := RangeID(addr("fd00::1"), addr("fd00::9")).Range()
	if err != nil || first != addr("fd00::1") || last != addr("fd00::9") {
		t.Errorf("RangeID.Range() = %v, %v, %v", first, last, err)
	}
}
