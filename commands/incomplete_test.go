package commands

import (
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

// underIKE is a negotiated entry that is complete and applied beside [byHand]'s.
const underIKE = `acl number 3001
 rule 5 permit ip source 192.168.1.0 0.0.0.255 destination 172.17.0.0 0.0.0.255
ipsec proposal z
ike peer b
 undo version 2
 pre-shared-key sixteen-octets-or-more
 remote-address 198.51.100.2
ipsec policy n 7 isakmp
 security acl 3001
 ike-peer b
 proposal z
interface GigabitEthernet0/0/3
 ip address 198.51.100.1 24
 ipsec policy n
`

// personAt returns a session of a person in system view of a box with that configuration.
func personAt(t *testing.T, text string) *Session {
	t.Helper()
	b := newBox(t)
	b.running = NewRunning(replayed(t, text))
	return b.session(Options{Level: everything, Interactive: true}, "system-view")
}

// TestWarningOfIncomplete types lines that take something from an entry in force, or from
// one that is not: only the former warn, in one line.
func TestWarningOfIncomplete(t *testing.T) {
	const dropped, clear = ": its traffic is dropped.", ": its traffic is not protected any more."
	for _, test := range []struct{ lines, want string }{
		{"ipsec policy m 5\nundo sa spi inbound esp", "IPSec policy m 5 is incomplete (no sa spi inbound esp)" + dropped},
		{"ipsec policy m 5\nundo tunnel remote", "IPSec policy m 5 is incomplete (no tunnel remote)" + dropped},
		{"ipsec policy m 5\nundo proposal", "IPSec policy m 5 is incomplete (no proposal)" + dropped},
		{"ipsec policy m 5\nundo security acl", "IPSec policy m 5 is incomplete (no security acl)" + clear},
		{"ipsec policy m 5\ntunnel local interface g0/0/3\ninterface g0/0/3\nundo ip address",
			"IPSec policy m 5 is incomplete (no address of interface GigabitEthernet0/0/3), and 1 more" + dropped},
		{"ipsec policy n 7\nundo ike-peer", "IPSec policy n 7 is incomplete (no ike-peer)" + clear},
		{"ipsec policy n 7\nundo proposal z", "IPSec policy n 7 is incomplete (no proposal)" + clear},
		{"ike peer b\nundo pre-shared-key", "IPSec policy n 7 is incomplete (no pre-shared-key of IKE peer b)" + clear},
		{"ike proposal 5\nauthentication-method rsa-signature\nike peer b\nundo pre-shared-key\nike proposal 5\nundo authentication-method",
			"IPSec policy n 7 is incomplete (no pre-shared-key of IKE peer b)" + clear},
		{"ike proposal 5\nauthentication-method rsa-signature\nike peer b\nundo pre-shared-key\nundo ike proposal 5",
			"IPSec policy n 7 is incomplete (no pre-shared-key of IKE peer b)" + clear},
		{"ike proposal 5\nauthentication-method rsa-signature\nike peer b\nundo pre-shared-key", ""},
		{"interface g0/0/3\nundo ip address", "IPSec policy n 7 is incomplete (no address of interface GigabitEthernet0/0/3)" + clear},
		{"ipsec proposal z\nundo esp authentication-algorithm", "ESP without authentication is not offered, but with GCM, which authenticates by itself: " +
			"esp authentication-algorithm is missing.\nWarning: IPSec policy n 7 is incomplete (no algorithms in its IPSec proposals)" + clear},

		{"ipsec policy m 5\nsa spi inbound esp 999", ""},
		{"ike peer b\nlocal-address 198.51.100.1\ninterface g0/0/3\nundo ip address", ""},
		{"ipsec policy n 7\npfs dh-group19", ""},
		{"interface g0/0/2\nshutdown\nipsec policy m 5\nundo tunnel remote", ""},
		{"interface g0/0/2\nundo ipsec policy\nipsec policy m 5\nundo tunnel remote", ""},
		{"interface g0/0/2\nundo ipsec policy\nquit\nundo ipsec policy m 5", ""},
	} {
		s, got := personAt(t, byHand()+underIKE), ""
		for line := range strings.SplitSeq(test.lines, "\n") {
			out := s.Exec(t.Context(), line)
			if out.Err != nil {
				t.Errorf("%q: %v", line, out.Err)
			}
			got = out.Text
		}
		if want := strings.TrimPrefix("Warning: "+test.want+"\n", "Warning: \n"); got != want {
			t.Errorf("%q: %q, want %q", test.lines, got, want)
		}
	}
}

// TestIncompleteIsDisplayed has a script, which nobody warns, take things from an entry in force. What
// is displayed and what the log is given say that it is not used, and what becomes of its traffic.
func TestIncompleteIsDisplayed(t *testing.T) {
	const exposed, dropped = "ITS TRAFFIC IS NOT PROTECTED", "Its traffic is dropped, not sent in clear"
	for _, test := range []struct{ name, lines, lacks, fate, logged string }{
		{"complete", "", "", "", ""},
		{"no key", "ike peer b\n undo pre-shared-key", "pre-shared-key of IKE peer b", exposed, "n 7 on GigabitEthernet0/0/3"},
		{"no address", "interface g0/0/3\n undo ip address", "address of interface GigabitEthernet0/0/3", exposed, "n 7 on GigabitEthernet0/0/3"},
		{"no algorithms", "ipsec proposal z\n undo esp authentication-algorithm",
			"algorithms in its IPSec proposals", exposed, "n 7 on GigabitEthernet0/0/3"},
		{"no list", "ipsec policy n 7\n undo security acl", "security acl", exposed, "n 7 on GigabitEthernet0/0/3"},
		{"by hand", "ipsec policy m 5\n undo tunnel remote", "tunnel remote", dropped, "m 5 on GigabitEthernet0/0/2"},
		{"not applied", "ike peer b\n undo pre-shared-key\ninterface g0/0/3\n undo ipsec policy", "pre-shared-key of IKE peer b", "", ""},
		{"shut down", "ike peer b\n undo pre-shared-key\ninterface g0/0/3\n shutdown", "pre-shared-key of IKE peer b", "", ""},
	} {
		c := replayed(t, byHand()+underIKE+test.lines)
		protection(t, c)
		text, logged := newPolicyDisplay(c, "", 0).text(), ""
		for _, p := range c.Incomplete() {
			logged += p.String()
		}
		if lacks := "incomplete: no " + test.lacks + "\n"; strings.Contains(text, lacks) != (test.lacks != "") {
			t.Errorf("%s: %q is not in\n%s", test.name, lacks, text)
		}
		for _, fate := range []string{exposed, dropped} {
			if strings.Contains(text, fate) != (test.fate == fate) {
				t.Errorf("%s: want %q, got\n%s", test.name, test.fate, text)
			}
		}
		if !strings.Contains(logged, test.logged) || !strings.Contains(logged, test.lacks) && test.logged != "" || (logged == "") != (test.logged == "") {
			t.Errorf("%s: logged %q, want %q", test.name, logged, test.logged)
		}
	}
}

// TestIncompleteTwice takes a second thing from an entry: that is no news. Then one that a
// script changes: nobody is there to be warned.
func TestIncompleteTwice(t *testing.T) {
	s := personAt(t, byHand())
	s.Exec(t.Context(), "ipsec policy m 5")
	s.Exec(t.Context(), "undo tunnel remote")
	if out := s.Exec(t.Context(), "undo tunnel local"); out.Text != "" {
		t.Errorf("the second line printed %q", out.Text)
	}
	b := newBox(t)
	b.running = NewRunning(replayed(t, byHand()))
	script := b.session(operator, "system-view", "ipsec policy m 5")
	if out := script.Exec(t.Context(), "undo tunnel remote"); out.Text != "" || out.Err != nil {
		t.Errorf("a script was told %q, %v", out.Text, out.Err)
	}
}

// TestTunnelLocalOfNoInterface warns of an end that is not there yet.
func TestTunnelLocalOfNoInterface(t *testing.T) {
	s := personAt(t, byHand())
	s.Exec(t.Context(), "ipsec policy m 5")
	if out := s.Exec(t.Context(), "tunnel local 192.0.2.77"); out.Text != "Warning: No interface has the address 192.0.2.77.\n" {
		t.Errorf("printed %q", out.Text)
	}
	if out := s.Exec(t.Context(), "tunnel local 192.0.2.1"); out.Text != "" {
		t.Errorf("of its own address it printed %q", out.Text)
	}
}

// TestBadKeys has keys that are none: what stands there is a value, and no unknown word.
func TestBadKeys(t *testing.T) {
	s := personAt(t, byHand()+underIKE)
	for _, test := range []struct{ view, line string }{
		{"ipsec policy m 5", "sa encryption-hex inbound esp xyz"},
		{"ipsec policy m 5", `sa encryption-hex inbound esp ""`},
		{"ipsec policy m 5", "sa authentication-hex inbound esp a" + digits(20, "a1")},
		{"ipsec policy m 5", "sa authentication-hex inbound esp " + digits(65, "a1")},
		{"ipsec policy m 5", "sa authentication-hex inbound esp cipher xyz"},
		{"ipsec policy m 5", `sa string-key inbound esp ""`},
		{"ipsec policy m 5", "sa string-key inbound esp " + digits(128, "xy")},
		{"ike peer b", `pre-shared-key ""`},
	} {
		s.Exec(t.Context(), test.view)
		out := s.Exec(t.Context(), test.line)
		bad, is := out.Err.(*grammar.Error)
		if !is || bad.Problem != grammar.Wrong || bad.Offset != strings.LastIndex(test.line, " ")+1 {
			t.Errorf("%q: %+v, want %v at its key", test.line, out.Err, grammar.Wrong)
		}
	}
}

// TestNoSuchPolicy asks for the SAs of what does not exist.
func TestNoSuchPolicy(t *testing.T) {
	s := personAt(t, byHand())
	s.Exec(t.Context(), "return")
	for line, want := range map[string]string{
		"display ipsec sa policy zz":  "Error: The IPSec policy does not exist.\n",
		"display ipsec sa policy m 6": "Error: The IPSec policy does not exist.\n",
		"display ipsec sa profile zz": "Error: The IPSec profile does not exist.\n",
		"display ipsec sa profile m":  "Error: The IPSec profile does not exist.\n",
		"reset ipsec sa policy zz":    "Error: The IPSec policy does not exist.\n",
		"display ipsec sa policy m":   "",
		"display ipsec sa policy m 5": "",
	} {
		out := s.Exec(t.Context(), line)
		if out.Text != want || (out.Err == nil) != (want == "") {
			t.Errorf("%q: %q, %v, want %q", line, out.Text, out.Err, want)
		}
	}
}
