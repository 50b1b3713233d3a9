package commands

import (
	"net/netip"
	"strings"
	"testing"

	"sallyport/ike"
)

// failures are four that a gateway meets: the newest first.
func failures() []ike.Failure {
	return []ike.Failure{
		{
			Time: then, Remote: netip.MustParseAddrPort("198.51.100.7:500"), Peer: "b",
			Category: "phase1 proposal mismatch",
			Reason:   "offered AES-128/SHA1/group 2, allowed AES-256/SHA2-256/group 14",
		},
		{
			Time: established, Remote: netip.MustParseAddrPort("255.255.255.255:65535"),
			Category: "peer address mismatch",
			Reason:   "no ike peer has remote-address 255.255.255.255",
		},
		{
			Time: established, Remote: netip.MustParseAddrPort("203.0.113.20:4500"), Peer: "peer-of-15-char",
			Category: "dynamic peers number reaches limitation",
			Reason:   "1000 of 1000\r\n\x1b[31mowned",
		},
		{Time: established, Category: strings.Repeat("a category that nobody foresaw ", 2) + "!", Reason: strings.Repeat("long ", 200)},
	}
}

func TestIKEErrorDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		all        []ike.Failure
		peer       netip.Addr
		verbose    bool
	}{
		{"none", "ike-error-info-none", nil, netip.Addr{}, false},
		{"one", "ike-error-info-one", failures()[:1], netip.Addr{}, false},
		{"several", "ike-error-info", failures(), netip.Addr{}, false},
		{"verbose", "ike-error-info-verbose", failures(), netip.Addr{}, true},
		{"verbose, none", "ike-error-info-none", nil, netip.Addr{}, true},
		{"one peer's", "ike-error-info-one", failures(), there, false},
		{"a peer that never failed", "ike-error-info-none", failures(), here, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newIKEErrorDisplay(test.all, test.peer)
			d.Verbose = test.verbose
			golden(t, "display/"+test.file+".txt", d.text())
		})
	}
}

func TestIKEErrorOffsets(t *testing.T) {
	offsets := []int{2, 21, 29, 70, 79}
	text := newIKEErrorDisplay(failures(), netip.Addr{}).text()
	cellsAt(t, lineWith(t, text, "error-reason"), offsets, "peer", "port", "error-reason", "version", "error-time")
	for _, line := range []string{lineWith(t, text, "phase1"), lineWith(t, text, "dynamic peers")} {
		cellsAt(t, line, offsets[3:], "v1", "2026/05/07  15:")
	}
	cellsAt(t, lineWith(t, text, "255.255.255.255"), offsets, "255.255.255.255", "65535", "peer address mismatch", "v1")
	ruleOf(t, text, "-", 101)
	if line := lineWith(t, text, "foresaw"); !strings.HasSuffix(line, " ! v1 2026/05/07  15:08:01") {
		t.Errorf("a long category's row is %q", line)
	}
}

func TestIKEErrorReasonIsOneSafeLine(t *testing.T) {
	for _, r := range newIKEErrorDisplay(failures(), netip.Addr{}).Rows {
		if strings.ContainsAny(r.Reason, "\r\n\x1b") || len(r.Reason) > mismatchLimit {
			t.Errorf("reason %q can upset a terminal", r.Reason)
		}
	}
}

// TestIKEErrorKeepsTheAdvice shows what an offer of many transforms is answered with: the lines to
// change stand at the end.
func TestIKEErrorKeepsTheAdvice(t *testing.T) {
	const advice = "to accept it: `undo pfs` in ipsec policy p 1"
	reason := "peer offers " + strings.Repeat("aes-cbc-256 sha1 ", 120) + "; p-1 allows " + strings.Repeat("esp-3des-cbc ", 150) + advice
	d := newIKEErrorDisplay([]ike.Failure{{Reason: reason}}, netip.Addr{})
	d.Verbose = true
	if text := d.text(); !strings.Contains(text, advice) {
		t.Errorf("%q does not say %q", text, advice)
	}
	if d = newIKEErrorDisplay([]ike.Failure{{Reason: strings.Repeat(reason, 2)}}, netip.Addr{}); len(d.Rows[0].Reason) != mismatchLimit {
		t.Errorf("a reason has %d octets, want %d at most", len(d.Rows[0].Reason), mismatchLimit)
	}
}
