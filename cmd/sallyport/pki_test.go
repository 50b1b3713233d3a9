package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/commands"
	"sallyport/platform/netns/authority"
)

// A pkiBox is a box with an operator, whose engine writes down what it is told.
type pkiBox struct {
	*boxFolder
	stage   *stage
	session *commands.Session
	running *commands.Running
}

func newPKIBox(t *testing.T) *pkiBox {
	b := &pkiBox{boxFolder: newBoxFolder(t)}
	b.start()
	return b
}

// start is another start of the box, from what it has saved.
func (b *pkiBox) start() {
	b.t.Helper()
	d, s := newStage()
	d.files, d.accounts, d.seal, d.host = newFiles(b.gateway), newAccounts(b.gateway), b.gateway.seal, newHost(b.gateway)
	d.vault = openVault(b.state, s, b.log)
	d.parts.engine = &trusting{s, d.vault}
	b.device, b.stage = d, s
	b.t.Cleanup(func() { d.files.close() })
	config, err := b.startUp()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := d.Apply(config); err != nil {
		b.t.Fatal(err)
	}
	b.running = commands.NewRunning(config)
	b.session = commands.NewSession(d, b.running, commands.Options{Level: 3})
}

// says types lines and returns what the last one says.
func (b *pkiBox) says(lines ...string) (text string) {
	b.t.Helper()
	for _, line := range lines {
		out := b.session.Exec(b.t.Context(), line).Rendered()
		text = out.Text
		if out.Long != nil {
			if err := out.Long(b.t.Context(), func(more string) { text += more }); err != nil {
				text += err.Error() + "\n"
			}
		}
	}
	return text
}

// must types lines none of which may be refused.
func (b *pkiBox) must(lines ...string) {
	b.t.Helper()
	for _, line := range lines {
		if text := b.says(line); strings.Contains(text, "Error:") {
			b.t.Fatalf("%q: %s", line, text)
		}
	}
}

// certified gives the box an authority, and a certificate of it.
func (b *pkiBox) certified() *authority.CA {
	b.t.Helper()
	ca := authority.New(b.t, "pki-root")
	c := ca.Issue(authority.Request{Name: "hq", Key: authority.ECDSA})
	b.put("ca.pem", string(ca.Credential().PEM()))
	b.put("hq.pem", string(c.PEM()))
	b.put("hq-key.pem", string(c.KeyPEM()))
	b.put("ca.crl", string(ca.CRLPEM()))
	b.must("system-view", "pki domain corp", "quit", "pki import ecc-key-pair hq pem hq-key.pem", "pki import-certificate ca domain corp filename ca.pem",
		"pki import-crl domain corp filename ca.crl", "pki import-certificate local filename hq.pem")
	return ca
}

func TestObjectsSurviveARestart(t *testing.T) {
	b := newPKIBox(t)
	b.certified()
	b.must("save", "y")
	before := b.says("display pki certificate ca") + b.says("display pki certificate local") + b.says("display pki crl") + b.says("display pki ecc local-key-pair public")
	for _, flash := range []string{"ca.pem", "hq.pem", "hq-key.pem", "ca.crl"} { // what was imported is a copy
		b.must("return", "delete "+flash, "y", "system-view")
	}
	b.put(filepath.Join(pkiFolder, "ca", ".ca.pem.tmp1"), "half")
	b.start()
	after := b.says("display pki certificate ca") + b.says("display pki certificate local") + b.says("display pki crl") + b.says("display pki ecc local-key-pair public")
	if after != before {
		t.Errorf("after the restart:\n%s\nwant\n%s", after, before)
	}
	c := b.stage.config
	if c == nil || c.Credentials["hq.pem"] == nil || len(c.Store.Requests("corp")) != 1 {
		t.Errorf("the engine is told %+v", c)
	}
	if got := b.says("system-view", "pki validate-certificate local filename hq.pem"); !strings.Contains(got, "is valid in PKI domain corp") {
		t.Errorf("validated: %s", got)
	}
	if log := b.logged(); strings.Contains(log, "left out") || strings.Contains(log, "PKI") {
		t.Errorf("logged %s", log)
	}
}

// Every file is its owner's alone, whatever the umask.
func TestObjectsAreTheOwnersAlone(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	b := newPKIBox(t)
	defer b.log.close()
	b.certified()
	b.must("pki ecc local-key-pair create new", "pki entity e", "common-name e", "pki domain corp", "certificate request entity e",
		"certificate request key-pair new", "pki request-certificate domain corp pkcs10")
	files := 0
	err := filepath.WalkDir(filepath.Join(b.state, pkiFolder), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		files++
		return ownerOnly(path)
	})
	if err != nil || files != 1+4+5 { // the folder, one of each kind, two keys and three others
		t.Errorf("%d files and folders, %v", files, err)
	}
	if err := ownerOnly(filepath.Join(b.state, "corp.req")); err != nil {
		t.Error(err)
	}
}

// TestObjectsThatAreDamaged are told and left out; a key that others can read is not used.
func TestObjectsThatAreDamaged(t *testing.T) {
	b := newPKIBox(t)
	b.certified()
	b.put(filepath.Join(pkiFolder, "ca", "bad.pem"), "no certificate")
	b.put(filepath.Join(pkiFolder, "crl", "-odd.crl"), "x")
	if err := unix.Mkfifo(filepath.Join(b.state, pkiFolder, "local", "pipe.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(b.state, pkiFolder, "key", "hq"), 0o640); err != nil {
		t.Fatal(err)
	}
	b.must("save", "y")
	b.start()
	if n := len(b.device.PKIObjects()); n != 3 {
		t.Errorf("%d objects are read, want 3", n)
	}
	if c := b.stage.config; len(c.Credentials) != 0 || len(c.Store.Requests("corp")) != 1 {
		t.Errorf("the engine is told %+v", c)
	}
	log := b.logged()
	for _, want := range []string{"bad.pem is left out", "-odd.crl is left out", "pipe.pem is left out: it is no file", "can be read by others", "local certificate hq.pem: its key"} {
		if !strings.Contains(log, want) {
			t.Errorf("logged %q, want %q", log, want)
		}
	}
}

// TestChangesAreInForceAtOnce looks at what the engine is told after each line. The policies
// stay the same.
func TestChangesAreInForceAtOnce(t *testing.T) {
	b := newPKIBox(t)
	defer b.log.close()
	ca := b.certified()
	first := b.stage.config
	b.must("pki domain corp", "signature sha1 enable")
	if b.stage.config.Store == first.Store {
		t.Error("a domain that has changed is not in force")
	}
	second := b.stage.config
	b.must("sysname H")
	if b.stage.config.Store != second.Store {
		t.Error("another line has made the store anew")
	}
	ca.Revoke(ca.Issue(authority.Request{Name: "gone", Key: authority.ECDSA}))
	b.put("ca.crl", string(ca.CRLPEM()))
	b.must("pki import-crl domain corp filename ca.crl")
	if b.stage.config.Store == second.Store || b.stage.lines[len(b.stage.lines)-1] != "ike.SetConfig" {
		t.Error("a newer list is not in force")
	}
	b.must("pki delete-certificate local filename hq.pem")
	if c := b.stage.config; len(c.Credentials) != 0 || len(c.Policies) != len(first.Policies) {
		t.Errorf("a certificate that is gone is still in force: %v", c.Credentials)
	}
	b.must("pki ecc local-key-pair destroy hq", "y")
	if entries, err := os.ReadDir(filepath.Join(b.state, pkiFolder, "key")); err != nil || len(entries) != 0 {
		t.Errorf("the key is still there: %v, %v", entries, err)
	}
}

// TestDomainsOfARefusedConfiguration has those that were in force stay there.
func TestDomainsOfARefusedConfiguration(t *testing.T) {
	b := newPKIBox(t)
	defer b.log.close()
	b.certified()
	b.stage.refuse = "network of 0"
	if got := b.says("pki domain other"); !strings.Contains(got, "refused network of 0") {
		t.Fatalf("not refused: %s", got)
	}
	if n := len(b.stage.config.Store.Requests("corp")); n != 1 || b.running.Config().PKIDomains["other"] != nil {
		t.Errorf("the engine asks for %d authorities of the domain, want 1; the other is there: %v", n, b.running.Config().PKIDomains["other"] != nil)
	}
}

// The state folder has files that are no one's to import or to write.
func TestFlash(t *testing.T) {
	b := newPKIBox(t)
	defer b.log.close()
	b.put(sealFile, "secret")
	if err := unix.Mkfifo(filepath.Join(b.state, "pipe.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(b.state, sealFile), 0); err != nil {
		t.Fatal(err)
	}
	b.put("large.crl", "")
	if err := os.Truncate(filepath.Join(b.state, "large.crl"), mostFlash+1); err != nil {
		t.Fatal(err)
	}
	for name, words := range map[string]string{
		sealFile: "does not exist", "../x.pem": "does not exist", "none.pem": "does not exist", "pipe.pem": "it is no file", "large.crl": "at most 16777216",
	} {
		if data, err := b.device.ReadFlash(name); data != nil || !says(err, words) {
			t.Errorf("ReadFlash(%s) = %q, %v, want an error with %q", name, data, err, words)
		}
	}
	for _, name := range []string{sealFile, "../x.req", ""} {
		if err := b.device.WriteFlash(name, nil); err == nil {
			t.Errorf("WriteFlash(%q) writes", name)
		}
	}
	b.put("b.pem", "x")
	if got := b.says("dir"); !strings.Contains(got, "b.pem") || strings.Contains(got, sealFile) {
		t.Errorf("dir shows\n%s", got)
	}
}

// TestExpiriesAreLogged has the day of each come.
func TestExpiriesAreLogged(t *testing.T) {
	for _, test := range []struct {
		left time.Duration
		want string // mnemonic of the line; empty: none
	}{{31 * 24 * time.Hour, ""}, {8 * 24 * time.Hour, "expires within a month"}, {time.Hour, "expires within a week"}, {-time.Hour, "has expired at"}} {
		b := newPKIBox(t)
		b.certified()
		b.device.vault.tellExpiries(b.device.PKIObjects()[2].Certificates[0].NotAfter.Add(-test.left))
		var told []string
		for line := range strings.Lines(b.logged()) {
			if strings.Contains(line, "in local file hq.pem") {
				told = append(told, line)
			}
		}
		if test.want == "" && len(told) > 0 || test.want != "" && (len(told) != 1 || !strings.Contains(told[0], test.want) || !strings.Contains(told[0], "CN=hq")) {
			t.Errorf("%v before the end it is told %q, want %q", test.left, told, test.want)
		}
	}
}

// openSSL runs openssl, which must be content.
func openSSL(t *testing.T, input []byte, args ...string) string {
	t.Helper()
	authority.RequireOCSP(t)
	c := exec.Command("openssl", args...)
	c.Stdin = bytes.NewReader(input)
	text, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v: %v: %s", args, err, text)
	}
	return string(text)
}

// TestRequestsForOpenSSL has openssl check a request of each sort of key, and issue the
// certificate, which is then imported.
func TestRequestsForOpenSSL(t *testing.T) {
	b := newPKIBox(t)
	defer b.log.close()
	ca := b.certified()
	dir := t.TempDir()
	if err := authority.Write(dir, map[string][]byte{"ca.pem": ca.Credential().PEM(), "ca.key": ca.Credential().KeyPEM()}); err != nil {
		t.Fatal(err)
	}
	b.must("pki entity e", "country ZZ", "organization-unit \"R/D, +1\"", "common-name gw.example", "fqdn gw.example", "ip-address 192.0.2.1", "email noc@gw.example",
		"pki domain corp", "certificate request entity e", "quit")
	for _, sort := range []string{"rsa", "ecc"} {
		b.must("pki "+sort+" local-key-pair create my-"+sort, "pki domain corp", "certificate request key-pair my-"+sort, "quit",
			"pki request-certificate domain corp pkcs10 filename "+sort+".req")
		request := filepath.Join(b.state, sort+".req")
		text := openSSL(t, nil, "req", "-verify", "-noout", "-text", "-in", request)
		for _, want := range []string{"verify OK", "CN = gw.example", `"R/D, +1"`, "DNS:gw.example", "IP Address:192.0.2.1", "email:noc@gw.example"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: openssl does not read %q in\n%s", sort, want, text)
			}
		}
		issued := filepath.Join(b.state, sort+".pem")
		openSSL(t, nil, "x509", "-req", "-in", request, "-CA", filepath.Join(dir, "ca.pem"), "-CAkey", filepath.Join(dir, "ca.key"),
			"-set_serial", "77", "-days", "90", "-copy_extensions", "copy", "-out", issued)
		b.must("pki import-certificate local domain corp filename " + sort + ".pem")
		if got := b.says("pki validate-certificate local filename " + sort + ".pem"); !strings.Contains(got, "is valid in PKI domain corp") {
			t.Errorf("%s: validated: %s", sort, got)
		}
		kept, err := os.ReadFile(filepath.Join(b.state, pkiFolder, "local", sort+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		again := openSSL(t, kept, "x509", "-noout", "-fingerprint", "-sha256")
		if _, print, _ := strings.Cut(strings.TrimSpace(again), "="); print == "" || !strings.Contains(b.says("display pki certificate local filename "+sort+".pem"), print) {
			t.Errorf("%s: openssl's fingerprint %q is not displayed", sort, again)
		}
		openSSL(t, nil, "pkey", "-check", "-noout", "-in", filepath.Join(b.state, pkiFolder, "key", "my-"+sort))
	}
}

// TestPKCS12OfOpenSSL imports what openssl has bundled.
func TestPKCS12OfOpenSSL(t *testing.T) {
	b := newPKIBox(t)
	defer b.log.close()
	ca := authority.New(t, "pki-root")
	c := ca.Issue(authority.Request{Name: "bundled", Key: authority.ECDSA})
	dir := t.TempDir()
	if err := authority.Write(dir, map[string][]byte{"all.pem": append(c.PEM(), c.KeyPEM()...), "ca.pem": ca.Credential().PEM()}); err != nil {
		t.Fatal(err)
	}
	bundle := openSSL(t, nil, "pkcs12", "-export", "-in", filepath.Join(dir, "all.pem"), "-certfile", filepath.Join(dir, "ca.pem"), "-passout", "pass:Correct-Horse-1")
	b.put("b.pfx", bundle)
	if got := b.says("system-view", "pki import-certificate local filename b.pfx pkcs12 password wrong"); !strings.Contains(got, "the password is not that") {
		t.Errorf("a wrong password: %s", got)
	}
	b.must("pki import-certificate local filename b.pfx pkcs12 password Correct-Horse-1")
	if got := b.says("display pki ecc local-key-pair public name b"); !strings.Contains(got, "b.pfx") {
		t.Errorf("the key pair: %s", got)
	}
}
