package recorded

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestAll(t *testing.T) {
	const least = 19 // as the README lists them
	cases := All(t)
	if len(cases) < least {
		t.Errorf("All() = %d cases, want at least %d", len(cases), least)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { checkComplete(t, c) })
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
