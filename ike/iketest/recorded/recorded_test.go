package recorded

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// contents says what a case has of what not every case has.
type contents struct {
	mode, auth   string
	transactions int // messages of transaction exchanges
	fragments    int
	whole        int // messages that were put together of fragments
	signed       int // signature blocks
}

// special has the cases that are not the usual: main mode with a pre-shared key.
var special = map[string]contents{
	"cert-aggr":      {mode: "aggressive", auth: "rsa-sig", fragments: 2, whole: 1, signed: 2},
	"cert-ecdsa":     {mode: "main", auth: "ecdsa-256"},
	"cert-main":      {mode: "main", auth: "rsa-sig", fragments: 2, whole: 1, signed: 2},
	"cert-main-frag": {mode: "main", auth: "rsa-sig", fragments: 6, whole: 2, signed: 2},
	"hybrid":         {mode: "main", auth: "hybrid-init-rsa", transactions: 6, signed: 1},
	"modecfg-pull":   {mode: "main", auth: "psk", transactions: 2},
	"modecfg-push":   {mode: "main", auth: "psk", transactions: 2},
	"psk-fqdn-aggr":  {mode: "aggressive", auth: "psk"},
	"psk-nat-aggr":   {mode: "aggressive", auth: "psk"},
	"xauth-psk-aggr": {mode: "aggressive", auth: "xauth-init-psk", transactions: 6},
	"xauth-psk-main": {mode: "main", auth: "xauth-init-psk", transactions: 4},
}

func TestAll(t *testing.T) {
	const count = 30
	cases := All(t)
	if len(cases) != count {
		t.Errorf("All() = %d cases, want %d", len(cases), count)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			checkComplete(t, c)
			want, ok := special[c.Name]
			if !ok {
				want = contents{mode: "main", auth: "psk"}
			}
			if got := contentsOf(c.SAs[0]); got != want {
				t.Errorf("the case has %+v, want %+v", got, want)
			}
		})
	}
}

func contentsOf(sa ISAKMPSA) contents {
	got := contents{mode: sa.Mode, auth: sa.Auth, signed: len(sa.Signed)}
	for _, m := range sa.Messages {
		if m.Exchange == 6 {
			got.transactions++
		}
		if m.Payloads[0].Type == fragment {
			got.fragments++
		}
		if m.Whole {
			got.whole++
		}
	}
	return got
}

const fragment = 132

// TestEveryCaseIsExplained checks that the README names every file, and no other.
func TestEveryCaseIsExplained(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, row := range strings.Split(string(text), "\n") {
		if cells := strings.Split(row, "|"); len(cells) > 2 {
			for _, name := range strings.Split(cells[1], ",") {
				named[strings.TrimSpace(name)] = true
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(root(t), folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".json"); !named[name] {
			t.Errorf("the README does not name %s", name)
		}
	}
	if got := len(named) - len(files); got != 2 { // the head of the table and the line below
		t.Errorf("the README names %d cases that there are not", got-2)
	}
}

// checkComplete checks that no field that every file has was misspelt here.
func checkComplete(t *testing.T, c *Case) {
	if c.PSK == "" || len(c.SAs) != 1 || len(c.SAs[0].QuickModes) != 2 {
		t.Fatalf("%d ISAKMP SAs, want 1 with two quick modes and a pre-shared key", len(c.SAs))
	}
	sa := c.SAs[0]
	for name, v := range map[string]Hex{
		"cky_i": sa.CookieI, "cky_r": sa.CookieR, "SAi_b": sa.SA, "g_xi": sa.PublicI, "g_xr": sa.PublicR, "g_xy": sa.Shared,
		"Ni_b": sa.NonceI, "Nr_b": sa.NonceR, "IDii_b": sa.IDi, "IDir_b": sa.IDr, "skeyid": sa.SKEYID,
		"skeyid_d": sa.SKEYIDd, "skeyid_a": sa.SKEYIDa, "skeyid_e": sa.SKEYIDe, "encryption_key": sa.Encryption,
		"phase1_iv": sa.IV, "hash_i": sa.HashI, "hash_r": sa.HashR,
	} {
		if len(v) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	for i, m := range sa.Messages {
		if len(m.Payloads) != 0 && m.Payloads[0].Type == fragment {
			m.Length = len(m.Raw) // no file says it of a fragment
		}
		if len(m.Raw) == 0 || len(m.Payloads) == 0 || m.Length == 0 || m.Src == "" || m.SrcPort == 0 || len(m.MessageID) != 4 {
			t.Errorf("message %d is not complete", i+1)
		}
	}
	for i, q := range sa.QuickModes {
		if len(q.SAs) != 2 || len(q.NonceI) == 0 || len(q.Hash3) == 0 || len(q.Transform.Attributes) == 0 {
			t.Errorf("quick mode %d is not complete", i+1)
		}
	}
	for _, p := range c.ESP {
		if !bytes.HasPrefix(p.Packet, p.SPI) || !bytes.HasPrefix(p.Decrypted, p.Inner) || len(p.Inner) == 0 {
			t.Errorf("ESP packet of frame %d does not add up", p.Frame)
		}
	}
}

func TestLoad(t *testing.T) {
	c := Load(t, "gmac")
	if got := c.SAs[0].QuickModes[0].Transform.Value(4); c.Name != "gmac" || got == 0 {
		t.Errorf("Load(gmac) is %q with encapsulation mode %d", c.Name, got)
	}
	if got := c.SAs[0].QuickModes[0].Transform.Value(0xffff); got != 0 {
		t.Errorf("Value of an attribute that is not there = %d, want 0", got)
	}
}

func TestHas(t *testing.T) {
	sa := Load(t, "modecfg-pull").SAs[0]
	if !sa.Has(6) || !sa.Has(2) || sa.Has(4) {
		t.Errorf("Has: transaction %v, main %v, aggressive %v; want all but the last", sa.Has(6), sa.Has(2), sa.Has(4))
	}
}

func TestReadRefuses(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"no JSON", "gmac"},
		{"an odd number of digits", `{"isakmp_sas":[{"cky_i":"123"}]}`},
		{"no digits", `{"isakmp_sas":[{"cky_i":"xy"}]}`},
	} {
		file := filepath.Join(t.TempDir(), "case.json")
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(file); err == nil {
			t.Errorf("%s: read() = nil error, want one", test.name)
		}
	}
	if _, err := read(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("no file: read() = nil error, want one")
	}
}
