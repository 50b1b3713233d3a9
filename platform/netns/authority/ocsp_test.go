package authority

import (
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"testing"

	"golang.org/x/crypto/ocsp"
)

// status asks the responder for a certificate over HTTP.
func status(t *testing.T, r *Responder, c *Credential) int {
	t.Helper()
	issuer := r.ca.Credential().Certificate
	request, err := ocsp.CreateRequest(c.Certificate, issuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.Post(r.URL(netip.MustParseAddr("127.0.0.1")), "application/ocsp-request", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	der, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ocsp.ParseResponseForCert(der, c.Certificate, issuer)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	if !answer.Certificate.Equal(r.Signer().Certificate) {
		t.Errorf("%s: the answer is signed by %v, want %s", c.Name, answer.Certificate.Subject, r.Signer().Name)
	}
	return answer.Status
}

// The responder knows what is issued and revoked while it runs.
func TestResponder(t *testing.T) {
	t.Parallel()
	RequireOCSP(t)
	root := New(t, "root")
	early := root.Issue(Request{Name: "early"})
	r := root.ServeOCSP(Here{})
	late := root.Issue(Request{Name: "late", OCSP: r.URL(netip.MustParseAddr("127.0.0.1"))})
	for _, c := range []*Credential{early, late} {
		if got := status(t, r, c); got != ocsp.Good {
			t.Errorf("%s is %d, want %d, good", c.Name, got, ocsp.Good)
		}
	}
	root.Revoke(late)
	if got := status(t, r, late); got != ocsp.Revoked {
		t.Errorf("the revoked certificate is %d, want %d, revoked", got, ocsp.Revoked)
	}
	if got := status(t, r, early); got != ocsp.Good {
		t.Errorf("the other is %d, want %d, good", got, ocsp.Good)
	}
	r.Stop()
	if _, err := http.Get(r.URL(netip.MustParseAddr("127.0.0.1"))); err == nil {
		t.Error("after Stop the responder still answers")
	}
}

func TestAcceptPort(t *testing.T) {
	for line, want := range map[string]uint16{
		"ACCEPT [::]:35157 PID=20412": 35157,
		"ACCEPT 0.0.0.0:80 PID=1":     80,
		"ACCEPT":                      0,
		"ACCEPT here":                 0,
		"":                            0,
		"listening on [::]:35157":     0,
	} {
		if got, err := acceptPort(line); got != want || (err == nil) != (want != 0) {
			t.Errorf("acceptPort(%q) = %d, %v, want %d", line, got, err, want)
		}
	}
}
