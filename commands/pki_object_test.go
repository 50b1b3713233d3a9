package commands

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/pki"
)

// keptBox is a box whose PKI holds files of testdata/pki, imported by these lines.
func keptBox(t *testing.T, lines ...string) *box {
	t.Helper()
	b := newBox(t)
	s := b.session(operator, "system-view", "pki domain corp", "pki domain other", "quit")
	for _, line := range lines {
		if out := s.Exec(t.Context(), line); out.Err != nil {
			t.Fatalf("%q: %v", line, out.Err)
		}
	}
	return b
}

// allImports are lines after which the PKI holds something of every kind.
var allImports = []string{
	"pki import rsa-key-pair gw pem gw-key.pem", "pki import ecc-key-pair ec pem ecc-key.pem", "pki import-certificate ca domain corp filename ca.pem",
	"pki import-certificate ca filename sub.pem", "pki import-crl domain corp filename root.crl", "pki import-crl filename sub.crl",
	"pki import-certificate local domain corp filename gw.pem", "pki import-certificate local filename ecc.pem",
}

func TestObjectsAreReadAsTheyWereWritten(t *testing.T) {
	for _, o := range keptBox(t, allImports...).device.objects {
		text, err := o.Text()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePKIObject(o.Kind, o.Name, text)
		if err != nil {
			t.Fatalf("%s %s: %v", o.Kind, o.Name, err)
		}
		second, err := again.Text()
		if err != nil || string(second) != string(text) || again.Domain != o.Domain || ComparePKI(again, o) != 0 {
			t.Errorf("%s %s of domain %q is read as of %q, %v", o.Kind, o.Name, o.Domain, again.Domain, err)
		}
		for _, kind := range PKIKinds {
			certificate := func(k PKIKind) bool { return k == PKIAuthority || k == PKICertificate }
			if _, err := ParsePKIObject(kind, o.Name, text); kind != o.Kind && err == nil && !(certificate(kind) && certificate(o.Kind)) {
				t.Errorf("%s %s is taken for one of kind %s", o.Kind, o.Name, kind)
			}
		}
	}
	if _, err := ParsePKIObject("other", "x", nil); err == nil {
		t.Error("an object of a kind that there is not is read")
	}
}

// TestPrivateKeysAreInNoDisplay looks for the key's text in what is shown, logged and saved.
func TestPrivateKeysAreInNoDisplay(t *testing.T) {
	b := keptBox(t, allImports...)
	key, err := os.ReadFile(filepath.Join("..", "testdata", "pki", "gw-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s := b.session(operator)
	var shown strings.Builder
	for _, line := range []string{
		"display pki rsa local-key-pair public", "display pki certificate local", "display pki domain", "display current-configuration",
		"display pki rsa local-key-pair public | json",
	} {
		shown.WriteString(say(s, line))
	}
	for line := range strings.Lines(string(key)) {
		if line = strings.TrimSpace(line); len(line) > 30 && !strings.HasPrefix(line, "-") && strings.Contains(shown.String(), line) {
			t.Fatalf("the private key is shown: %s", line)
		}
	}
}

// TestPasswordOfAFileIsMasked has a line with a password in the log.
func TestPasswordOfAFileIsMasked(t *testing.T) {
	const line = "pki import-certificate local domain corp filename branch.p12 pkcs12 password Correct-Horse-1"
	if got := WithoutPassword(line); got != strings.TrimSuffix(line, "Correct-Horse-1")+asterisks {
		t.Errorf("logged as %q", got)
	}
}

func TestTrust(t *testing.T) {
	b := keptBox(t, allImports...)
	trust := b.running.Config().Trust(b.device.objects)
	if len(trust.Faults) > 0 || len(trust.Credentials) != 2 || trust.Credentials["gw.pem"] == nil || trust.Credentials["ecc.pem"] == nil {
		t.Fatalf("Trust has the faults %v and the credentials %v", trust.Faults, trust.Credentials)
	}
	if n := len(trust.Credentials["gw.pem"].Payloads()); n != 2 {
		t.Errorf("gw.pem is sent with %d certificates, want its authority's too", n)
	}
	for _, test := range []struct {
		domain string
		want   int // authorities that a peer is asked for
	}{{"corp", 1}, {"other", 0}, {"", 1}, {"none", 0}} {
		if got := len(trust.Store.Requests(test.domain)); got != test.want {
			t.Errorf("domain %q asks for %d authorities, want %d", test.domain, got, test.want)
		}
	}
	judge := pki.Judge{Now: b.device.About().Now, Store: trust.Store}
	leaf := pkiObjects(b.device.objects).find(PKICertificate, "gw.pem").Certificates[0]
	for domain, valid := range map[string]bool{"corp": true, "other": false, "": true} {
		judge.Domain = domain
		if _, err := judge.Do(leaf, nil); (err == nil) != valid {
			t.Errorf("in domain %q the certificate is judged %v, want valid: %v", domain, err, valid)
		}
	}
}

// TestTrustWithoutTheKey leaves out a certificate whose key is gone, and says so.
func TestTrustWithoutTheKey(t *testing.T) {
	b := keptBox(t, allImports...)
	trust := b.running.Config().Trust(without(b.device.objects, PKIKeyPair, "gw"))
	if len(trust.Credentials) != 1 || trust.Credentials["ecc.pem"] == nil || len(trust.Faults) != 1 ||
		!strings.Contains(trust.Faults[0].Error(), "local certificate gw.pem: its key") {
		t.Errorf("credentials %v, faults %v", trust.Credentials, trust.Faults)
	}
}

func TestChecksBecomeARule(t *testing.T) {
	for line, want := range map[string]pki.Revocation{
		"certificate-check crl": pki.RevocationCRL, "certificate-check ocsp": pki.RevocationOCSP, "certificate-check ocsp crl": pki.RevocationCRLOrOCSP,
		"certificate-check none": pki.RevocationNone, "crl check disable": pki.RevocationNone, "undo certificate-check": pki.RevocationCRL,
	} {
		b := newBox(t)
		b.session(operator, "system-view", "pki domain corp", "certificate-check ocsp", line)
		if got := b.running.Config().PKIDomains["corp"].revocation(); got != want {
			t.Errorf("%q is the rule %v, want %v", line, got, want)
		}
	}
	if got := (&PKIDomain{}).revocation(); got != pki.RevocationCRL {
		t.Errorf("no word is the rule %v: the zero value has to be the strict one", got)
	}
}

// TestBundleTrustsNobody imports a PKCS #12 file with its authorities.
func TestBundleTrustsNobody(t *testing.T) {
	b := keptBox(t, "pki import-certificate local filename branch.p12 pkcs12 password Correct-Horse-1")
	trust := b.running.Config().Trust(b.device.objects)
	if len(trust.Store.Requests("")) != 0 || len(pkiObjects(b.device.objects).of(PKIAuthority)) != 0 {
		t.Error("an authority of the file is trusted")
	}
	if c := trust.Credentials["branch.p12"]; c == nil || len(c.Payloads()) != 2 {
		t.Errorf("the credential is %v, want one with its intermediate", c)
	}
}

// TestImportThatCannotBeKept changes nothing.
func TestImportThatCannotBeKept(t *testing.T) {
	b := keptBox(t)
	b.device.faulty = os.ErrPermission
	s := b.session(operator, "system-view")
	for _, line := range allImports[:3] {
		if out := s.Exec(t.Context(), line); out.Err == nil || out.Text != "Error: Permission denied.\n" {
			t.Errorf("%q: %q", line, out.Text)
		}
	}
	if got := say(s, "pki rsa local-key-pair create new"); !strings.Contains(got, "Error: Permission denied.") || strings.Contains(got, "has been generated") {
		t.Errorf("a key that is not kept: %q", got)
	}
}

// TestKeyMadeTwice has two sessions make a key of one name at the same time.
func TestKeyMadeTwice(t *testing.T) {
	b := keptBox(t)
	first := b.session(operator, "system-view").Exec(t.Context(), "pki ecc local-key-pair create e")
	second := b.session(operator, "system-view").Exec(t.Context(), "pki ecc local-key-pair create e")
	print := func(string) {}
	if err := first.Long(t.Context(), print); err != nil {
		t.Fatal(err)
	}
	if err := second.Long(t.Context(), print); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("the second: %v", err)
	}
}

// TestPKICommandsNeedManagers are understood at level 3 alone; their displays at level 1.
func TestPKICommandsNeedManagers(t *testing.T) {
	b := keptBox(t, allImports...)
	for _, line := range []string{
		"pki rsa local-key-pair create x", "pki ecc local-key-pair destroy ec", "pki import rsa-key-pair x pem gw-key.pem", "pki import-certificate ca filename ca.pem",
		"pki import-crl filename sub.crl", "pki delete-certificate ca filename ca.pem", "pki delete-crl filename sub.crl", "pki request-certificate domain corp pkcs10",
		"pki validate-certificate ca filename ca.pem",
	} {
		s := b.session(Options{Level: 2}, "system-view")
		if out := s.Exec(t.Context(), line); out.Err == nil || s.question != nil {
			t.Errorf("%q runs at level 2", line)
		}
	}
	if out := b.session(Options{Level: 1}).Exec(t.Context(), "display pki certificate local"); out.Err != nil {
		t.Errorf("a display at level 1: %v", out.Err)
	}
}

func TestExpiries(t *testing.T) {
	b := keptBox(t, append(allImports[:4:4], "pki import-certificate local filename soon.pem", "pki import-crl filename stale.crl", "pki import-crl domain corp filename root.crl")...)
	end := time.Date(2026, 5, 27, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, test := range []struct {
		name string
		now  time.Time
		want []Expiry
	}{
		{"long before", end.Add(-31 * day), nil},
		{"a month before", end.Add(-29 * day), []Expiry{{PKICertificate, "soon.pem", "/C=ZZ/O=interop/CN=soon.example", end, false, false}}},
		{"six days before", end.Add(-6 * day), []Expiry{{PKICertificate, "soon.pem", "/C=ZZ/O=interop/CN=soon.example", end, false, true}}},
		{"the moment itself", end, []Expiry{{PKICertificate, "soon.pem", "/C=ZZ/O=interop/CN=soon.example", end, false, true}}},
		{"after it", end.Add(time.Second), []Expiry{{PKICertificate, "soon.pem", "/C=ZZ/O=interop/CN=soon.example", end, true, true}}},
	} {
		got := slices.DeleteFunc(Expiries(b.device.objects, test.now), func(e Expiry) bool { return e.Kind == PKIList })
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: Expiries = %+v, want %+v", test.name, got, test.want)
		}
	}
	lists := slices.DeleteFunc(Expiries(b.device.objects, end), func(e Expiry) bool { return e.Kind != PKIList })
	if len(lists) != 1 || lists[0].Name != "stale.crl" || !lists[0].Over || !lists[0].Grave {
		t.Errorf("lists that have expired: %+v, want stale.crl", lists)
	}
}

// TestListsCountForTheirDomain has a list that another domain was given.
func TestListsCountForTheirDomain(t *testing.T) {
	lines := slices.Clone(allImports)
	lines[5] = "pki import-crl domain other filename sub.crl"
	b := keptBox(t, lines...)
	got := say(b.session(operator, "system-view"), "pki validate-certificate local domain corp filename gw.pem")
	if !strings.Contains(got, "no revocation list of /C=ZZ/O=interop/CN=Sub is there") {
		t.Errorf("validated with a list of another domain: %s", got)
	}
}
