// Package recorded reads the recorded exchanges of testdata/ike/recorded for
// tests: octets of another implementation with all secrets. The README there
// says where they come from and what each field is. Nothing but tests imports
// it.
//
// Start at [All].
package recorded

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Hex are octets that the files hold in hexadecimal.
type Hex []byte

// UnmarshalText reads hexadecimal digits.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.AppendDecode(nil, text)
	*h = b
	return err
}

// A Case is one file: what two peers said to each other.
type Case struct {
	Name string      `json:"name"`
	PSK  string      `json:"psk_ascii"`
	SAs  []ISAKMPSA  `json:"isakmp_sas"`
	ESP  []ESPPacket `json:"esp"` // up to two per SPI, in wire order
}

// An ISAKMPSA is one phase 1 and everything under it.
type ISAKMPSA struct {
	Mode       string     `json:"mode"` // "main" or "aggressive"
	Auth       string     `json:"auth"` // "psk", "rsa-sig", "ecdsa-256", "xauth-init-psk", "hybrid-init-rsa"
	Attributes Attributes `json:"attributes"`
	CookieI    Hex        `json:"cky_i"`
	CookieR    Hex        `json:"cky_r"`
	SA         Hex        `json:"SAi_b"`
	PublicI    Hex        `json:"g_xi"`
	PublicR    Hex        `json:"g_xr"`
	Shared     Hex        `json:"g_xy"`
	NonceI     Hex        `json:"Ni_b"`
	NonceR     Hex        `json:"Nr_b"`
	IDi        Hex        `json:"IDii_b"`
	IDr        Hex        `json:"IDir_b"`
	SKEYID     Hex        `json:"skeyid"`
	SKEYIDd    Hex        `json:"skeyid_d"`
	SKEYIDa    Hex        `json:"skeyid_a"`
	SKEYIDe    Hex        `json:"skeyid_e"`
	Expansion  Hex        `json:"key_expansion_Ka"` // nil where SKEYID_e was long enough
	Encryption Hex        `json:"encryption_key"`
	IV         Hex        `json:"phase1_iv"`
	HashI      Hex        `json:"hash_i"`
	HashR      Hex        `json:"hash_r"`

	Signed map[string]Hex `json:"signature_block"` // by "HASH_I" and "HASH_R": what RSA signed, block type 1 around the hash

	QuickModes []QuickMode `json:"quick_modes"`
	Messages   []Message   `json:"messages"` // in wire order
}

// Attributes are the numbers of the transform that phase 1 agreed on.
type Attributes struct {
	Encryption   uint16 `json:"encryption"`
	KeyLength    uint16 `json:"key-length"` // bits; 0: none
	Hash         uint16 `json:"hash"`
	Group        uint16 `json:"group"`
	Auth         uint16 `json:"auth"`
	LifeType     uint16 `json:"life-type"`
	LifeDuration uint64 `json:"life-duration"`
}

// A Message is one ISAKMP message as it was on the wire.
type Message struct {
	Frame     int       `json:"frame"` // in the capture; ESP packets count along
	Src       string    `json:"src"`
	SrcPort   uint16    `json:"sport"`
	Dst       string    `json:"dst"`
	DstPort   uint16    `json:"dport"`
	Marker    bool      `json:"non_esp_marker"`
	Whole     bool      `json:"reassembled"` // of the fragments before it; was not a datagram itself
	Direction string    `json:"direction"`   // "i->r" or "r->i", of the ISAKMP SA's initiator
	Exchange  uint8     `json:"exchange"`
	Flags     uint8     `json:"flags"`
	MessageID Hex       `json:"message_id"`
	Raw       Hex       `json:"raw"`           // marker removed
	IV        Hex       `json:"iv"`            // nil of clear ones
	Plaintext Hex       `json:"plaintext"`     // padding included; nil of clear ones
	Length    int       `json:"payload_bytes"` // of the payloads, without header and padding
	HashInput Hex       `json:"hash_input_after_key"`
	Payloads  []Payload `json:"payloads"`
	NATD      []NATD    `json:"nat_d"`
}

// A Payload is one payload of a message. Fragments have no body but the three
// fields behind it.
type Payload struct {
	Type       uint8  `json:"type"`
	Name       string `json:"name"`
	Body       Hex    `json:"body"`
	FragmentID uint16 `json:"fragment_id"`
	Number     uint8  `json:"number"`
	Last       uint8  `json:"last"` // 1 for the last one

	Transaction Transaction `json:"decoded"` // of payload 14; without contents in others
}

// A Transaction is what a payload of the transaction exchange holds.
type Transaction struct {
	Type       uint8 `json:"cfg_type"`
	Identifier uint16
	Attributes []TransactionAttribute
}

// A TransactionAttribute is one attribute of a transaction.
type TransactionAttribute struct {
	Type   uint16
	Format string // "basic" or "variable"
	Octets Hex    `json:"value_hex"` // of a variable one
	Value  json.Number
}

// A NATD is what a NAT-D payload should cover and what came.
type NATD struct {
	IP       string `json:"ip"`
	Port     uint16 `json:"port"`
	Expected Hex    `json:"expected"`
	Received Hex    `json:"received"` // another one where a NAT was on the way, or was pretended
}

// A QuickMode is one quick mode and the keys it made.
type QuickMode struct {
	MessageID   Hex       `json:"message_id"`
	InitiatedBy string    `json:"initiated_by"` // "i" or "r", of the ISAKMP SA
	IV          Hex       `json:"phase2_iv"`
	NonceI      Hex       `json:"ni"`
	NonceR      Hex       `json:"nr"`
	Shared      Hex       `json:"g_xy_qm"` // nil without PFS
	Hash1       Hex       `json:"hash1"`
	Hash2       Hex       `json:"hash2"`
	Hash3       Hex       `json:"hash3"`
	Protocol    uint8     `json:"protocol"`
	Transform   Transform `json:"transform"`
	SAs         []SA      `json:"sas"`
}

// A Transform is what quick mode agreed on.
type Transform struct {
	Number     uint8       `json:"number"`
	ID         uint8       `json:"id"`
	Attributes []Attribute `json:"attributes"`
}

// An Attribute is one attribute of a transform.
type Attribute struct {
	Type  uint16 `json:"type"`
	Value uint64 `json:"value"`
}

// Value returns the value of the first attribute of a type, 0 if there is none.
func (t Transform) Value(of uint16) uint64 {
	for _, a := range t.Attributes {
		if a.Type == of {
			return a.Value
		}
	}
	return 0
}

// An SA is one direction of what a quick mode made.
type SA struct {
	Direction  string `json:"direction"` // "to-initiator" or "to-responder", of the ISAKMP SA
	SPI        Hex    `json:"spi"`
	Keymat     Hex    `json:"keymat"`
	Encryption Hex    `json:"encryption_key"` // GCM, GMAC: with the salt
	Auth       Hex    `json:"auth_key"`
}

// An ESPPacket is one ESP packet and what is in it.
type ESPPacket struct {
	Frame      int    `json:"frame"`
	Src        string `json:"src"`
	SrcPort    uint16 `json:"sport"`
	Dst        string `json:"dst"`
	DstPort    uint16 `json:"dport"`
	SPI        Hex    `json:"spi"`
	Sequence   uint32 `json:"sequence"`
	Packet     Hex    `json:"packet"`    // from the SPI on, ICV included
	Decrypted  Hex    `json:"decrypted"` // inner packet, padding, pad length, next header
	PadLength  int    `json:"pad_length"`
	NextHeader uint8  `json:"next_header"`
	Inner      Hex    `json:"inner"`
}

// Has reports whether a message of an exchange of that type, such as 6 of the
// transaction exchange, is under the ISAKMP SA.
func (sa ISAKMPSA) Has(exchange uint8) bool {
	return slices.ContainsFunc(sa.Messages, func(m Message) bool { return m.Exchange == exchange })
}

// folder is where the files are, from the module's root.
const folder = "testdata/ike/recorded"

// All returns all cases in the order of their names, or ends the test.
func All(t testing.TB) []*Case {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded exchange in %s: %v", folder, err)
	}
	cases := make([]*Case, len(files))
	for i, file := range files {
		if cases[i], err = read(file); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

// Load returns the case of that name, such as "psk-main", or ends the test.
func Load(t testing.TB, name string) *Case {
	t.Helper()
	c, err := read(filepath.Join(root(t), folder, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(file string) (*Case, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c := &Case{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	return c, nil
}

// root returns the module's root: the folder with go.mod above the package
// whose test runs.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = above
	}
}
