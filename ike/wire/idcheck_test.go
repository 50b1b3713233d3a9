package wire

import (
	"bytes"
	"strings"
	"testing"
)

func TestIDCheck(t *testing.T) {
	long := bytes.Repeat([]byte("a"), 1025)
	for _, test := range []struct {
		name   string
		id     ID
		wanted string // empty: the ID is good
	}{
		{"FQDN", FQDNID("gw.example"), ""},
		{"FQDN of 256 octets", FQDNID(string(long[:256])), ""},
		{"FQDN of 257 octets", FQDNID(string(long[:257])), "1 to 256"},
		{"empty FQDN", FQDNID(""), "1 to 256"},
		{"FQDN with NUL", FQDNID("gw.example\x00.evil"), "printable"},
		{"user FQDN", UserFQDNID("user@example.com"), ""},
		{"user FQDN with escape", UserFQDNID("user\x1b[2J@example.com"), "printable"},
		{"KEY_ID", KeyIDID([]byte{0, 1, 2}), ""},
		{"KEY_ID of 257 octets", KeyIDID(long[:257]), "1 to 256"},
		{"empty KEY_ID", KeyIDID(nil), "1 to 256"},
		{"DN", DNID([]byte{0x30, 0}), ""},
		{"DN of 1024 octets", DNID(long[:1024]), ""},
		{"DN of 1025 octets", DNID(long), "1 to 1024"},
		{"empty DN", DNID(nil), "1 to 1024"},
		{"general name of 1025 octets", ID{IDType: IDDERASN1GN, Data: long}, "1 to 1024"},
		{"address", ID{IDType: IDIPv4Addr, Data: make([]byte, 4)}, ""},
		{"address of 3 octets", ID{IDType: IDIPv4Addr, Data: make([]byte, 3)}, "4 octets"},
		{"mask with a hole", ID{IDType: IDIPv4Subnet, Data: []byte{10, 0, 0, 0, 255, 0, 255, 0}}, "without holes"},
		{"range reversed", ID{IDType: IDIPv4Range, Data: []byte{10, 0, 0, 9, 10, 0, 0, 1}}, "ascends"},
		{"IPv6 range", ID{IDType: IDIPv6Range, Data: make([]byte, 32)}, ""},
		{"type 0", ID{}, "1 to 11"},
		{"type 12", ID{IDType: 12, Data: []byte("list")}, "1 to 11"},
	} {
		err := test.id.Check()
		if test.wanted != "" {
			checkError(t, test.name, err, PayloadID, 0, test.wanted)
		} else if err != nil {
			t.Errorf("%s: Check() = %v", test.name, err)
		}
		if text := test.id.String(); !printable(text) || len(text) > 160 {
			t.Errorf("%s: String() = %q", test.name, text)
		}
	}
}

func TestIDNamesBuilt(t *testing.T) {
	for _, test := range []struct {
		got  ID
		want string // body
	}{
		{FQDNID("ab"), "02000000" + "6162"},
		{UserFQDNID("a@b"), "03000000" + "614062"},
		{DNID([]byte{0x30, 0}), "09000000" + "3000"},
		{KeyIDID([]byte("group1")), "0b000000" + "67726f757031"},
	} {
		if got := Body(test.got); !bytes.Equal(got, octetsIn(t, test.want)) {
			t.Errorf("body of %v = %x, want %s", test.got, got, test.want)
		}
	}
	if text := FQDNID(strings.Repeat("\x00", 4000)).String(); len(text) > 160 {
		t.Errorf("String() has %d characters", len(text))
	}
}
