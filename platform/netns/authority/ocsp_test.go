package authority

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"testing"

	"golang.org/x/crypto/ocsp"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// get asks by GET, post by POST.
func get(at string, request []byte) (*http.Response, error) {
	return http.Get(at + "/" + url.PathEscape(base64.StdEncoding.EncodeToString(request)))
}

func post(at string, request []byte) (*http.Response, error) {
	return http.Post(at, "application/ocsp-request", bytes.NewReader(request))
}

// status asks the responder for a certificate.
func status(t *testing.T, r *Responder, c *Credential, ask func(string, []byte) (*http.Response, error)) int {
	t.Helper()
	issuer := r.ca.Credential().Certificate
	request, err := ocsp.CreateRequest(c.Certificate, issuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := ask(r.URL(loopback), request)
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
		t.Fatalf("%s: %v: %s", c.Name, err, der)
	}
	if !answer.Certificate.Equal(r.Signer().Certificate) {
		t.Errorf("%s: the answer is signed by %v, want %s", c.Name, answer.Certificate.Subject, r.Signer().Name)
	}
	return answer.Status
}

// The responder knows at once what is issued and revoked while it runs.
func TestResponder(t *testing.T) {
	t.Parallel()
	RequireOCSP(t)
	root := New(t, "root")
	early := root.Issue(Request{Name: "early"})
	r := root.ServeOCSP(Here{})
	late := root.Issue(Request{Name: "late", OCSP: r.URL(loopback)})
	steps := []struct {
		name string
		of   *Credential
		want int
	}{
		{"issued before it ran", early, ocsp.Good},
		{"issued while it runs", late, ocsp.Good},
		{"revoked", late, ocsp.Revoked},
		{"the other one, after that", early, ocsp.Good},
	}
	for i, step := range steps {
		if i == 2 {
			root.Revoke(late)
		}
		for name, ask := range map[string]func(string, []byte) (*http.Response, error){"GET": get, "POST": post} {
			if got := status(t, r, step.of, ask); got != step.want {
				t.Errorf("%s, by %s: the status is %d, want %d", step.name, name, got, step.want)
			}
		}
	}
	r.Stop()
	if _, err := http.Get(r.URL(loopback)); err == nil {
		t.Error("after Stop the responder still answers")
	}
}

// Nonsense is refused and ends nothing.
func TestNonsense(t *testing.T) {
	t.Parallel()
	RequireOCSP(t)
	root := New(t, "root")
	leaf := root.Issue(Request{Name: "leaf"})
	r := root.ServeOCSP(Here{})
	for _, ask := range []func(string, []byte) (*http.Response, error){get, post} {
		reply, err := ask(r.URL(loopback), []byte("nonsense"))
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode == http.StatusOK {
			t.Errorf("nonsense is answered with %s", reply.Status)
		}
	}
	if got := status(t, r, leaf, post); got != ocsp.Good {
		t.Errorf("after nonsense the status is %d, want %d, good", got, ocsp.Good)
	}
}
