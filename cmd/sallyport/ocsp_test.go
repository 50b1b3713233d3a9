package main

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike/pki"
	"sallyport/platform/netns/authority"
)

// answering serves as a responder does, but for what change does instead.
func answering(t *testing.T, serve http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	return s.URL
}

func TestAskResponder(t *testing.T) {
	t.Parallel()
	url := answering(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != ocspRequest {
			t.Errorf("asked with %s, %q", r.Method, r.Header.Get("Content-Type"))
		}
		w.Header().Set("Content-Type", ocspResponse)
		w.Write(append([]byte("answer to "), body...))
	})
	if got, err := askResponder(url, []byte("question")); string(got) != "answer to question" || err != nil {
		t.Errorf("askResponder = %q, %v", got, err)
	}
	if responders.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy may be asked")
	}
}

func TestAskResponderRefuses(t *testing.T) {
	t.Parallel()
	elsewhere := answering(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirection was followed") })
	say := func(typ string, size int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", typ)
			w.Write([]byte(strings.Repeat("x", size)))
		}
	}
	for _, test := range []struct {
		name, words string
		serve       http.HandlerFunc
	}{
		{"a redirection", "status 307", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
		}},
		{"another redirection", "status 302", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, http.StatusFound) }},
		{"an error", "status 500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }},
		{"a page of another kind", `"text/html"`, say("text/html; charset=utf-8", 10)},
		{"more than is taken", "more than 16384 octets", say(ocspResponse, ocspMost+1)},
		{"no answer", "EOF", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		if got, err := askResponder(answering(t, test.serve), nil); got != nil || err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %d octets, %v, want an error with %q", test.name, len(got), err, test.words)
		}
	}
	if got, err := askResponder(answering(t, say(ocspResponse, ocspMost)), nil); len(got) != ocspMost || err != nil {
		t.Errorf("as much as is taken: %d octets, %v", len(got), err)
	}
}

// TestResponderOfOpenSSL has `openssl ocsp` say whether certificates of an authority hold.
func TestResponderOfOpenSSL(t *testing.T) {
	t.Parallel()
	authority.RequireOCSP(t)
	ca := authority.New(t, "ocsp-root")
	good, bad := ca.Issue(authority.Request{Name: "good", Key: authority.ECDSA}), ca.Issue(authority.Request{Name: "bad", Key: authority.ECDSA})
	ca.Revoke(bad)
	responder := ca.ServeOCSP(authority.Here{})
	store, err := pki.NewStore(pki.Domain{
		Name: "vpn", Authorities: []*x509.Certificate{ca.Credential().Certificate},
		Revocation: pki.RevocationOCSP, Responder: responder.URL(netip.MustParseAddr("127.0.0.1")),
	})
	if err != nil {
		t.Fatal(err)
	}
	judge := pki.Judge{Now: time.Now(), Store: store, Fetch: askResponder}
	if _, err := judge.Do(good.Certificate, nil); err != nil {
		t.Errorf("a good one: %v", err)
	}
	if _, err := judge.Do(bad.Certificate, nil); !says(err, "revoked on") {
		t.Errorf("a revoked one: %v", err)
	}
	responder.Stop()
	if _, err := judge.Do(good.Certificate, nil); !says(err, "OCSP responder http://127.0.0.1") {
		t.Errorf("without a responder: %v", err)
	}
}
