package commands

import (
	"slices"
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

func TestSessionHelp(t *testing.T) {
	s := newBox(t).session(operator, "system-view")
	for _, test := range []struct{ text, want string }{
		{"ike ", "call dpd heartbeat heartbeat-timer limit local-name nat-keepalive-timer peer proposal sa user-table"},
		{"ike proposal ", "INTEGER<1-1024>"},
		{"ike proposal 10 ", "<cr>"},
		{"ipsec policy p 1 ", "isakmp manual <cr>"},
		{"undo ip", "ip ipsec"},
		{"ip route-static 10.0.0.0 ", "IP_ADDR<X.X.X.X>/INTEGER<0-32>"},
		{"ip route-static 10.0.0.0 8 ", "IP_ADDR<X.X.X.X> STRING<1-30>"},
		{"ip route-static 10.0.0.0 8 192.0.2.1 ", "preference <cr>"},
		{"acl ", "INTEGER<2000-2999> INTEGER<3000-3999> name number"},
	} {
		var got []string
		for _, h := range s.hints(test.text) {
			got = append(got, h.Text)
		}
		if joined := strings.Join(got, " "); joined != test.want {
			t.Errorf("%q?\n%s\nwant\n%s", test.text, joined, test.want)
		}
	}
}

func TestSessionHelpOfARule(t *testing.T) {
	s := newBox(t).session(operator, "system-view", "acl 3001")
	for text, want := range map[string]string{
		"rule permit ":                         "<1-255> ah esp gre icmp igmp ip ipinip ospf tcp udp",
		"rule permit tcp ":                     "destination destination-port source source-port <cr>",
		"rule permit icmp ":                    "destination source <cr>",
		"rule permit ip source ":               "IP_ADDR<X.X.X.X> any",
		"rule permit ip source 192.0.2.9 ":     "IP_ADDR<X.X.X.X> 0",
		"rule permit tcp source-port range 5 ": "INTEGER<0-65535>/NAME",
		"undo rule 5 ":                         "description destination destination-port source source-port <cr>",
	} {
		var got []string
		for _, h := range s.hints(text) {
			got = append(got, h.Text)
		}
		if joined := strings.Join(got, " "); joined != want {
			t.Errorf("%q?\n%s\nwant\n%s", text, joined, want)
		}
	}
}

func TestSessionComplete(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "ike proposal 7", "ike peer hq", "ike peer branch", "ipsec proposal strong", "acl 3000",
		"interface eth1", "ipsec policy one 1 isakmp", "ipsec policy one 2 isakmp", "ipsec policy two 1 isakmp", "quit")
	for text, want := range map[string]string{
		"dis":                "display",
		"undo ike peer ":     "branch hq",
		"undo ike peer H":    "hq",
		"undo ipsec policy ": "one two",
		"interface ":         "Tunnel eth1",
		"interface Tu":       "Tunnel", // and then a number
		"undo acl ":          "3000 all name number",
		"undo ike proposal ": "7",
		"ipsec proposal s":   "strong",
		"zz":                 "",
	} {
		if got := strings.Join(s.Complete(text), " "); got != want {
			t.Errorf("Complete(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestNamesOfNothing asks for names that there are none of.
func TestNamesOfNothing(t *testing.T) {
	if got := New().names("something else"); got != nil {
		t.Errorf("names %q", got)
	}
}

func TestHelpHidesWhatIsAboveTheLevel(t *testing.T) {
	low := newBox(t).session(Options{Level: 1})
	has := func(hints []grammar.Hint, text string) bool {
		return slices.ContainsFunc(hints, func(h grammar.Hint) bool { return h.Text == text })
	}
	if hints := low.hints(""); has(hints, "save") || has(hints, "reset") || !has(hints, "display") {
		t.Errorf("at level 1: %v", hints)
	}
}
