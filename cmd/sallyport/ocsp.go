package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// Bounds of a question to an OCSP responder.
const (
	ocspPatience = 5 * time.Second
	ocspMost     = 16 << 10 // octets of an answer
	ocspRequest  = "application/ocsp-request"
	ocspResponse = "application/ocsp-response"
)

// responders asks OCSP responders: RFC 6960, appendix A. It goes where the configuration
// says and nowhere else: neither a redirection nor a proxy of the environment leads it away,
// and nothing is kept between two questions.
var responders = &http.Client{
	Timeout:       ocspPatience,
	Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: ocspMost},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// askResponder posts a request and returns the answer.
func askResponder(url string, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ocspPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", ocspRequest)
	answer, err := responders.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers with status %d, want %d", answer.StatusCode, http.StatusOK)
	}
	if typ, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); typ != ocspResponse {
		return nil, fmt.Errorf("it answers with %q, want %s", typ, ocspResponse)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, ocspMost+1))
	if err != nil {
		return nil, err
	}
	if len(body) > ocspMost {
		return nil, fmt.Errorf("it answers with more than %d octets", ocspMost)
	}
	return body, nil
}
