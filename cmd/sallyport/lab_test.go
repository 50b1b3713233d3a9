package main

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"sallyport/testdata/seed"
)

func TestOverheard(t *testing.T) {
	const at = "2026-05-07 11:42:19.310456 "
	tests := []struct {
		line, want string
		message    bool
	}{
		{at + "send 192.0.2.1:500 192.0.2.2:500 Main 1 SA[1] VID", "  11:42:19.310456 FW_A > FW_B  Main 1 SA[1] VID", true},
		{at + "repeat 192.0.2.1:500 192.0.2.2:500 Main 1 (try 1)", "  11:42:19.310456 FW_A > FW_B  Main 1 (try 1)", true},
		{at + "received 192.0.2.2:500 192.0.2.1:500 Main 2 SA[1]", "", false},
		{at + "phase 1 up with peer b at 192.0.2.2:500, conn-id 1", "", false},
		{at + "up", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		got, ok := overheard("FW_A", test.line)
		if got != test.want || ok != test.message {
			t.Errorf("overheard(%q) = %q, %v, want %q, %v", test.line, got, ok, test.want, test.message)
		}
	}
	if got, _ := overheard("FW_B", at+"send b a Main 2 SA"); !strings.Contains(got, "FW_B > FW_A") {
		t.Errorf("overheard of FW_B = %q, want the other direction", got)
	}
}

func TestHeldLinesComeInOrder(t *testing.T) {
	var out strings.Builder
	w := &lineWriter{out: &out}
	w.printf("begin\n")
	w.hold("  00:00:02 b")
	w.hold("  00:00:01 a")
	w.printf("middle\n")
	w.hold("  00:00:03 c")
	w.silence()
	w.hold("  00:00:04 d")
	w.printf("end\n")
	if want := "begin\n  00:00:01 a\n  00:00:02 b\nmiddle\nend\n"; out.String() != want {
		t.Errorf("written %q, want %q", &out, want)
	}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name     string
		received int
		seen     sightings
		want     string // of the error
	}{
		{"all well", 5, sightings{espAB: 5, espBA: 5, ike: 9}, ""},
		{"the first was lost", 4, sightings{espAB: 5, espBA: 4}, ""},
		{"no answer", 0, sightings{espAB: 5}, "PC_B did not answer"},
		{"no ESP there", 5, sightings{espBA: 5}, "5 replies need"},
		{"no ESP back", 5, sightings{espAB: 5}, "5 replies need"},
		{"one in clear", 5, sightings{espAB: 5, espBA: 5, clear: 1}, "1 packets between the PCs went in clear"},
	}
	for _, test := range tests {
		var out strings.Builder
		l := &lab{out: &lineWriter{out: &out}}
		if err := l.judge(test.received, test.seen); !says(err, test.want) {
			t.Errorf("%s: judge() = %v, want %q", test.name, err, test.want)
		}
		if got := strings.Contains(out.String(), "came through IPsec"); got != (test.want == "") {
			t.Errorf("%s: printed %q", test.name, &out)
		}
	}
}

func TestCloseUndoesInReverse(t *testing.T) {
	l := lab{out: &lineWriter{}}
	var order string
	for _, name := range []string{"a", "b", "c"} {
		l.later(func() error { order += name; return errors.New(name) })
	}
	if err := l.close(); order != "cba" || !says(err, "b") {
		t.Errorf("close() undid %q, %v, want all of cba in spite of errors", order, err)
	}
}

func TestSitesOfTheSeed(t *testing.T) {
	a, err := newSite("a", seed.FWA)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newSite("b", seed.FWB)
	if err != nil {
		t.Fatal(err)
	}
	if !sameNetwork(a.outside.Addresses[0], b.outside.Addresses[0]) {
		t.Errorf("gateways %v and %v are not on one cable", a.outside.Addresses, b.outside.Addresses)
	}
	if sameNetwork(a.inside.Addresses[0], b.inside.Addresses[0]) {
		t.Errorf("PCs are in one network: %v, %v", a.inside.Addresses, b.inside.Addresses)
	}
	for _, s := range []*site{a, b} {
		if s.host().Addr() == s.router() || !sameNetwork(s.host(), s.inside.Addresses[0]) {
			t.Errorf("PC_%s is %v behind %v", s.letter, s.host(), s.router())
		}
	}
}

// sameNetwork reports whether two interface addresses share a network.
func sameNetwork(a, b netip.Prefix) bool { return a.Masked() == b.Masked() }

func TestNewSiteRefusesWhatCannotBeBuilt(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"nothing", "", "want an interface with a policy group and one without"},
		{"a bad line", "frobnicate", "fw_x.cfg:1:1: "},
		{"no policy", "interface GigabitEthernet0/0/1\n ip address 192.0.2.1 24\n", "want an interface with a policy group"},
	}
	for _, test := range tests {
		if _, err := newSite("x", test.config); !says(err, test.want) {
			t.Errorf("%s: newSite() = %v, want %q", test.name, err, test.want)
		}
	}
}
