package commands

import (
	"errors"
	"strings"
	"testing"
)

// TestFilesAreOffered has Tab offer the files that a command reads, and the objects that one is about.
func TestFilesAreOffered(t *testing.T) {
	b := newBox(t)
	b.device.saved = map[string]string{"ca.pem": "", "vpn.crl": "", "hq.p12": "", "old.cfg": "", "lines.txt": ""}
	b.device.objects = []*PKIObject{{Kind: PKIAuthority, Name: "root.pem"}, {Kind: PKICertificate, Name: "hq.pem"}, {Kind: PKIList, Name: "root.crl"}}
	s := b.session(operator, "system-view")
	for text, want := range map[string]string{
		"pki import-certificate ca filename ":      "ca.pem hq.p12",
		"pki import-certificate local filename h":  "hq.p12",
		"pki import-crl filename ":                 "ca.pem vpn.crl",
		"pki import-crl filename x":                "",
		"pki delete-certificate ca filename ":      "root.pem",
		"pki delete-certificate local filename ":   "hq.pem",
		"pki validate-certificate local filename ": "hq.pem",
		"pki delete-crl filename ":                 "root.crl",
		"display pki crl filename ":                "root.crl",
		"execute ":                                 "lines.txt old.cfg",
	} {
		if got := strings.Join(s.Complete(text), " "); got != want {
			t.Errorf("Tab after %q: %s, want %s", text, got, want)
		}
	}
	b.device.broken = errors.New("unreadable")
	if got := s.Complete("pki import-crl filename "); len(got) != 0 {
		t.Errorf("of a folder that cannot be read %q are offered", got)
	}
}
